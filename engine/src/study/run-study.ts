import type { Agent } from '../agent/contract.ts';
import { createBoundedQueue } from '../base/bounded-queue.ts';
import { isExhausted, tellsOfExhaustion } from '../base/exhaustion.ts';
import { holdEventLoop } from '../base/hold-event-loop.ts';
import { sleep } from '../base/sleep.ts';
import { UsageError } from '../base/usage-error.ts';
import type { World } from '../base/world.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { TrialSpec } from '../trial/contract.ts';
import type { TrialResult } from '../trial/contract.ts';
import { runTrial } from '../trial/run-trial.ts';
import { bindPlan } from './bind-plan.ts';
import { createBudget } from './budget.ts';
import { keyInForce } from './key.ts';
import type { PlannedStudy } from './plan.ts';
import { checkQuestions } from './questions.ts';
import type { Resolver } from './resolve.ts';
import type { AsideTrial, TrialStore } from './store/contract.ts';

export interface RunStudyOptions {
  readonly study: PlannedStudy;
  /** Runs the plan only up to this epoch, e.g. up to an interim look. All epochs by default. */
  readonly throughEpoch?: number;
  readonly store: TrialStore;
  readonly resolver: Resolver;
  readonly provider: SandboxProvider;
  readonly world: World;
  readonly software: Readonly<Record<string, string>>;
  /** Number of trials in parallel. */
  readonly concurrency: number;
  /** Whether the network of each machine is recorded. Default: `none`. */
  readonly network?: 'none' | 'recorded';
  /** Aborting starts no new trials; those in flight are finished. */
  readonly finishSignal: AbortSignal;
  /** Aborting stops the trials in flight too. Their records stay unfinished, and the next run sets them aside. */
  readonly stopSignal: AbortSignal;
  readonly onProgress?: (progress: StudyProgress) => void;
}

export type StudyProgress =
  | {
      readonly kind: 'planned';
      readonly total: number;
      /** Existing records of planned trials. */
      readonly recordPaths: readonly string[];
      readonly aside: readonly AsideTrial[];
    }
  | { readonly kind: 'trial-start'; readonly spec: TrialSpec }
  | {
      readonly kind: 'trial-end';
      readonly spec: TrialSpec;
      readonly recordPath: string;
      readonly failure: string | null;
      readonly sealed: boolean;
      /** US dollars of all trials in the store so far, as far as prices are known. */
      readonly costUsd: number;
    };

export interface StudyResult {
  readonly planned: number;
  /** Number of planned trials with a usable record. */
  readonly present: number;
  /** Trials of this run with an infrastructure error. The next run sets them aside and repeats them. */
  readonly failures: number;
  readonly interrupted: boolean;
  /** True if no further trial fitted into the budget. */
  readonly budgetSpent: boolean;
  /** US dollars of all trials in the store, as far as prices are known. */
  readonly costUsd: number;
  /** Sealed records of planned trials in the order of the plan, including those with an infrastructure error. */
  readonly recordPaths: readonly string[];
  readonly stoppedAgents: readonly StoppedAgent[];
}

/** An agent whose remaining trials were not started because they would have failed too. */
export interface StoppedAgent {
  readonly because: string;
  /** `request`: the user can fix it, e.g. a wrong key. `service`: the server kept failing. */
  readonly fault: 'request' | 'service';
}

/** Failures that every further trial of the same agent would hit too. */
const HOPELESS_FOR_AGENT: Readonly<Record<string, string>> = {
  unauthorised: 'the server refuses the key (401 or 403): check the API key in the environment',
  'unknown-model':
    'the server does not know the model or the path (404): check the name after the slash and the base URL',
  rejected: 'the server refuses the request',
  unreachable: 'the server cannot be reached: check the base URL and that the server runs',
};
/** After this many failed trials in a row, no more trials of the agent are started. */
const FAILURES_IN_A_ROW_MAX = 6;
/** How long a worker waits after a lack of resources, for what else runs here to give some back. */
const EXHAUSTED_PAUSE_MS = 500;
/** Failures that every further trial of any agent would hit too. */
const HOPELESS: ReadonlySet<string> = new Set(['open-failed', 'unavailable']);

/** No further trial can run because something on this host is broken. Existing records are kept. */
export class StudyBrokenError extends Error {
  override readonly name = 'StudyBrokenError';
}

/**
 * Runs the missing trials of a study. Rejects with a `UsageError` if the store holds another study or every agent was
 * refused, with a `StudyBrokenError` if machines cannot be started, and with a `JournalError` if a record cannot be
 * written.
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyResult> {
  const { study, store, stopSignal, finishSignal, onProgress = () => undefined } = options;
  checkQuestions(study);
  assertCapable(study, options.provider);
  using _held = holdEventLoop();
  const agents = await openAgents(study, options.resolver);
  const { sealed, aside, costUsd: spentUsd, dearestUsd } = await bindPlan(store, study, options.world);
  const plan = await store.readPlan();
  const studyKey = plan === null ? undefined : keyInForce(plan);
  const trials = study.trials
    .map(({ spec }) => spec)
    .filter(({ epoch }) => epoch <= (options.throughEpoch ?? epoch))
    .map((spec): TrialSpec => ({
      ...spec,
      ...(studyKey !== undefined && { studyKey }),
      sandbox: { ...spec.sandbox, network: options.network ?? 'none' },
    }));
  const records = new Map(sealed);
  const present = new Set(trials.map(({ trialId }) => trialId).filter((trialId) => sealed.has(trialId)));
  const missing = trials.filter(({ trialId }) => !sealed.has(trialId));
  const pathsOf = (): string[] => trials.flatMap(({ trialId }) => records.get(trialId) ?? []);
  onProgress({ kind: 'planned', total: trials.length, recordPaths: pathsOf(), aside });

  const stopped = new Map<string, StoppedAgent>();
  const inARow = new Map<string, number>();
  let failures = 0;
  let fatal: Error | undefined;
  const isOver = (): boolean => fatal !== undefined || finishSignal.aborted || stopSignal.aborted;
  const budget = createBudget({ capUsd: study.plan.budgetUsd ?? null, spentUsd, dearestUsd, isOver });
  const nameOf = ({ agent }: TrialSpec): string => agents.get(agent.model)?.name ?? agent.model;
  const takeFailure = (
    spec: TrialSpec,
    { code, text }: NonNullable<TrialResult['failure']>,
    isAlone: boolean,
  ): void => {
    failures++;
    const { model } = spec.agent;
    // With fewer trials at once the next one may have what it needs.
    if (lacksResources({ code, text }) && !isAlone) return;
    const row = (inARow.get(model) ?? 0) + 1;
    inARow.set(model, row);
    const why = lacksResources({ code, text }) ? undefined : HOPELESS_FOR_AGENT[code];
    if (why !== undefined)
      stopped.set(model, { because: `${nameOf(spec)}: ${why} (${text.slice(0, 300)})`, fault: 'request' });
    else if (row >= FAILURES_IN_A_ROW_MAX && !stopped.has(model))
      stopped.set(model, {
        because: `${nameOf(spec)}: ${row} trials failed in a row, so no more were started (${code}: ${text.slice(0, 300)})`,
        fault: 'service',
      });
    if (HOPELESS.has(code))
      fatal ??= new StudyBrokenError(
        `${text.slice(0, 500)}. All records are kept: run the same command with --log-dir ${store.name} to continue`,
      );
  };
  const runOne = async (spec: TrialSpec, crew: Crew): Promise<number> => {
    const together = crew.size();
    onProgress({ kind: 'trial-start', spec });
    const recordPath = await store.begin(spec.trialId);
    const result = await runTrial(recordPath, await options.resolver.resolve(spec), {
      ...options,
      signal: stopSignal,
    }).catch(toExhaustedTrial);
    if (result.sealed) {
      await store.seal(spec.trialId);
      records.set(spec.trialId, recordPath);
    }
    if (result.sealed && result.failure === null) {
      present.add(spec.trialId);
      inARow.delete(spec.agent.model);
    }
    if (result.failure !== null) {
      takeFailure(spec, result.failure, together === 1);
      if (lacksResources(result.failure)) {
        crew.shrinkFrom(together);
        await sleep(EXHAUSTED_PAUSE_MS);
      }
    }
    onProgress({
      ...{ kind: 'trial-end', spec, recordPath, sealed: result.sealed },
      failure: result.failure?.text ?? null,
      costUsd: budget.spentUsd() + result.costUsd,
    });
    return result.costUsd;
  };

  const queue = createBoundedQueue<TrialSpec>(1);
  const crew = createCrew(Math.max(1, Math.min(options.concurrency, missing.length)));
  const worker = async (): Promise<void> => {
    for await (const spec of queue) {
      if (stopped.has(spec.agent.model)) continue;
      const reservation = await budget.reserve(nameOf(spec));
      if (reservation === null) continue;
      let costUsd = 0;
      try {
        costUsd = await runOne(spec, crew);
      } catch (error) {
        fatal ??= error instanceof Error ? error : new Error(String(error));
      } finally {
        reservation.settle(costUsd);
      }
      if (crew.leaves()) return;
    }
  };
  const workers = Array.from({ length: crew.size() }, worker);
  for (const spec of missing) {
    if (isOver() || budget.isSpent()) break;
    if (!stopped.has(spec.agent.model)) await queue.push(spec);
  }
  queue.close();
  await Promise.all(workers);
  if (fatal !== undefined) throw fatal;
  // If every agent was refused there is nothing to report, so the reasons become the error.
  const refused = [...stopped.values()].filter(({ fault }) => fault === 'request');
  if (refused.length > 0 && refused.length === agents.size && present.size === 0)
    throw new UsageError(refused.map(({ because }) => because).join('; '));
  return {
    planned: trials.length,
    present: present.size,
    failures,
    interrupted: finishSignal.aborted || stopSignal.aborted,
    budgetSpent: present.size < trials.length && budget.isSpent(),
    costUsd: budget.spentUsd(),
    recordPaths: pathsOf(),
    stoppedAgents: [...stopped.values()],
  };
}

/** The workers of a run. There are fewer after a lack of resources, and always one. */
interface Crew {
  /** How many may work at the same time. */
  readonly size: () => number;
  /** Halves the crew, once for all trials that ran together. */
  readonly shrinkFrom: (together: number) => void;
  /** Whether the worker that asks is one too many; then it must not work on. */
  readonly leaves: () => boolean;
}

function createCrew(workers: number): Crew {
  let allowed = workers;
  let present = workers;
  return {
    size: () => allowed,
    shrinkFrom: (together) => {
      if (together === allowed) allowed = Math.max(1, Math.floor(allowed / 2));
    },
    leaves: () => {
      if (present <= allowed) return false;
      present--;
      return true;
    },
  };
}

function lacksResources({ code, text }: Pick<NonNullable<TrialResult['failure']>, 'code' | 'text'>): boolean {
  return code === 'exhausted' || (code === 'unreachable' && tellsOfExhaustion(text));
}

/** A trial whose record could not even say what was lacking. It stays unfinished, if it was begun. */
function toExhaustedTrial(error: unknown): TrialResult {
  if (!isExhausted(error)) throw error;
  const text = error instanceof Error ? error.message : String(error);
  return { sealed: false, failure: { stage: 'trial', code: 'exhausted', text }, costUsd: 0 };
}

/** Refuses a study before its first trial if the sandbox lacks a capability that it needs. */
function assertCapable({ design, arms }: PlannedStudy, { name, can }: SandboxProvider): void {
  const lacking = arms.flatMap(({ needs }) => needs).find((need) => !can[need]);
  if (lacking === undefined) return;
  throw new UsageError(
    `the scenario "${design.scenario.name}" needs a sandbox with "${lacking}", which "${name}" does not have: choose another with --sandbox`,
  );
}

/** Opens all agents before the first trial, so that a missing key is found before anything is written. */
async function openAgents({ design, arms }: PlannedStudy, resolver: Resolver): Promise<ReadonlyMap<string, Agent>> {
  const agents = new Map<string, Agent>();
  for (const { agent, peers = {} } of arms)
    for (const spec of [agent, ...Object.values(peers)])
      agents.set(spec.model, await resolver.agent(spec, design.scenario));
  return agents;
}
