import { createBoundedQueue } from '../base/bounded-queue.ts';
import { holdEventLoop } from '../base/hold-event-loop.ts';
import { UsageError } from '../base/usage-error.ts';
import type { World } from '../base/world.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import { runTrial, type TrialPlan } from '../trial/run-trial.ts';
import { createBudget } from './budget.ts';
import { amend, checkPlan, keyInForce, keyOf, planAt } from './key.ts';
import { type LogFolder, openLogFolder, type Stock } from './log-folder.ts';
import { differences, planTrials, type StudyDesign, type StudyFile, toStudyPlan } from './plan.ts';
import { checkQuestions } from './questions.ts';

export interface RunStudyOptions {
  readonly design: StudyDesign;
  /** Runs only the first so many epochs of the plan, e.g. up to a look; all when not given. */
  readonly throughEpoch?: number;
  readonly logDir: string;
  readonly provider: SandboxProvider;
  readonly world: World;
  readonly software: Readonly<Record<string, string>>;
  /** Trials at the same time. */
  readonly concurrency: number;
  /** Whether the network of each machine is recorded. */
  readonly network?: 'none' | 'recorded';
  /** US dollars over all trials of the folder; no trial is begun that may not fit (budget.ts). Null: no cap. */
  readonly budgetUsd?: number | null;
  /** Aborted: no new trials; those in flight are finished. */
  readonly finishSignal: AbortSignal;
  /** Aborted: trials in flight are stopped too; their records stay unfinished and the next run sets them aside. */
  readonly stopSignal: AbortSignal;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export type StudyProgress =
  | {
      readonly kind: 'planned';
      readonly total: number;
      /** Records of planned trials that are there already. */
      readonly recordPaths: readonly string[];
      readonly aside: Stock['aside'];
    }
  | { readonly kind: 'trial-start'; readonly plan: TrialPlan }
  | {
      readonly kind: 'trial-end';
      readonly plan: TrialPlan;
      readonly recordPath: string;
      readonly failure: string | null;
      readonly sealed: boolean;
      /** US dollars of the folder so far, as far as prices are known. */
      readonly costUsd: number;
    };

export interface StudyResult {
  readonly planned: number;
  /** Sealed records of planned trials that are in the folder now. */
  readonly present: number;
  /** Trials in which something broke; they are run again by the next run. */
  readonly failures: number;
  readonly interrupted: boolean;
  /** True when no further trial fitted into the budget. */
  readonly budgetSpent: boolean;
  /** US dollars of all trials in the folder, as far as prices are known. */
  readonly costUsd: number;
  readonly recordPaths: readonly string[];
}

/** Failures that every further trial would meet as well. */
const HOPELESS = new Set(['unauthorised', 'unknown-model', 'rejected', 'unreachable', 'open-failed', 'unavailable']);
/** Those of them that are no fault of what was asked for. */
const BROKEN = new Set(['open-failed', 'unavailable']);

/** No further trial can run, because something of this machine broke. What was recorded stays. */
export class StudyBrokenError extends Error {
  override readonly name = 'StudyBrokenError';
}

/**
 * Runs what is missing of a study. Rejects with a `UsageError` when going on makes no sense (the folder is in use or of
 * another study, the key is refused), with a `StudyBrokenError` when no machine starts any more, with a `JournalError` when
 * a record cannot be written.
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyResult> {
  const { design, logDir, finishSignal, stopSignal, onProgress = () => undefined } = options;
  checkQuestions(design);
  const through = Math.min(options.throughEpoch ?? design.epochs, design.epochs);
  using _held = holdEventLoop();
  using folder = openLogFolder(logDir);
  const existing = readOwnStudy(folder, design);
  const { sealed, aside, costUsd: spentUsd, dearestUsd } = folder.takeStock();
  const studyKey = keyInForce(bindFolder(folder, existing, { ...options, trialsSeen: sealed.size }));
  const plans = planTrials(design)
    .filter(({ epoch }) => epoch <= through)
    .map((plan) => ({ ...plan, studyKey }));
  const missing = plans.filter(({ trialId }) => !sealed.has(trialId));
  const pathsOf = (ids: ReadonlySet<string>): string[] =>
    plans.flatMap(({ trialId }) => (ids.has(trialId) ? [folder.recordPath(trialId)] : []));
  onProgress({ kind: 'planned', total: plans.length, recordPaths: pathsOf(sealed), aside });

  const queue = createBoundedQueue<TrialPlan>(1);
  const present = new Set(plans.map(({ trialId }) => trialId).filter((trialId) => sealed.has(trialId)));
  let failures = 0;
  let fatal: Error | undefined;
  const isOver = (): boolean => fatal !== undefined || finishSignal.aborted || stopSignal.aborted;
  const budget = createBudget({ capUsd: options.budgetUsd ?? null, spentUsd, dearestUsd, isOver });
  const worker = async (): Promise<void> => {
    for await (const plan of queue) {
      const reservation = await budget.reserve(plan.agent.name);
      if (reservation === null) continue;
      onProgress({ kind: 'trial-start', plan });
      const recordPath = folder.recordPath(plan.trialId);
      let costUsd = 0;
      try {
        const result = await runTrial(recordPath, plan, { ...options, signal: stopSignal });
        costUsd = result.costUsd;
        if (result.failure !== null) {
          failures++;
          if (BROKEN.has(result.failure.code))
            fatal ??= new StudyBrokenError(
              `${result.failure.text.slice(0, 500)}. What was recorded stays: the same command with --log-dir ${logDir} goes on`,
            );
          else if (HOPELESS.has(result.failure.code)) fatal ??= new UsageError(explain(plan, result.failure));
        } else if (result.sealed) present.add(plan.trialId);
        onProgress({
          kind: 'trial-end',
          plan,
          recordPath,
          failure: result.failure?.text ?? null,
          sealed: result.sealed,
          costUsd: budget.spentUsd() + costUsd,
        });
      } catch (error) {
        fatal ??= error instanceof Error ? error : new Error(String(error));
      } finally {
        reservation.settle(costUsd);
      }
    }
  };
  const workers = Array.from({ length: Math.max(1, Math.min(options.concurrency, missing.length)) }, worker);
  for (const plan of missing) {
    if (isOver() || budget.isSpent()) break;
    await queue.push(plan);
  }
  queue.close();
  await Promise.all(workers);
  if (fatal !== undefined) throw fatal;
  return {
    planned: plans.length,
    present: present.size,
    failures,
    interrupted: finishSignal.aborted || stopSignal.aborted,
    budgetSpent: present.size < plans.length && budget.isSpent(),
    costUsd: budget.spentUsd(),
    recordPaths: pathsOf(present),
  };
}

/** The study that the folder holds, if it is this one. A folder belongs to one design. */
function readOwnStudy(folder: LogFolder, design: StudyDesign): StudyFile | null {
  const existing = folder.readStudy();
  if (existing === null) return null;
  const [problem] = checkPlan(existing, []).problems;
  if (problem !== undefined)
    throw new UsageError(`${folder.path}: ${problem}: put it back as it was, or choose another folder with --log-dir`);
  const changed = differences(existing, design);
  if (changed.length === 0) return existing;
  const shown = changed.slice(0, 3).join('; ') + (changed.length > 3 ? `; and ${changed.length - 3} more` : '');
  throw new UsageError(
    `${folder.path} holds another study (${shown}): choose another folder with --log-dir, or repeat its settings to go on with it`,
  );
}

interface Binding extends Pick<RunStudyOptions, 'design' | 'budgetUsd' | 'world'> {
  readonly trialsSeen: number;
}

/** Fixes the plan before the first trial. More epochs or another budget later are written down as what they are. */
function bindFolder(
  folder: LogFolder,
  existing: StudyFile | null,
  { design, budgetUsd = null, world, trialsSeen }: Binding,
): StudyFile {
  const at = new Date(world.now()).toISOString();
  const plan = toStudyPlan(design, budgetUsd);
  if (existing === null) {
    const study = { format: 'offswitch-study', version: 2, key: keyOf(plan), createdAt: at, ...plan } as const;
    folder.writeStudy(study);
    return study;
  }
  // Fewer epochs than planned are a part of the plan.
  const more = design.epochs > existing.epochs;
  if (existing.version === 1) {
    if (!more) return existing;
    throw new UsageError(
      `${folder.path} was begun by an older Offswitch, whose plans cannot be extended: choose another folder with --log-dir`,
    );
  }
  if (!more && budgetUsd === (existing.budgetUsd ?? null)) return existing;
  const study = amend(existing, more ? plan : planAt(existing, { epochs: existing.epochs, budgetUsd }), {
    at,
    trials: trialsSeen,
  });
  folder.writeStudy(study);
  return study;
}

function explain(plan: TrialPlan, { code, text }: { readonly code: string; readonly text: string }): string {
  const what: Readonly<Record<string, string>> = {
    unauthorised: 'the server refuses the key (401 or 403): check the API key in the environment',
    'unknown-model':
      'the server does not know the model or the path (404): check the name after the slash and the base URL',
    rejected: 'the server refuses the request',
    unreachable: 'the server cannot be reached: check the base URL and that the server runs',
  };
  return `${plan.agent.name}: ${what[code] ?? 'cannot go on'} (${text.slice(0, 300)})`;
}
