import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';

import { showInSentence, toUntrusted } from '../base/untrusted-text.ts';
import { UsageError, unknownNameError } from '../base/usage-error.ts';
import { createSystemWorld } from '../base/world.ts';
import { type RatedTrial, type Score, scoreRecord } from '../detect/score.ts';
import { readRecord } from '../record/journal-reader.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { StudyDesign } from '../study/plan.ts';
import { runStudy, type StudyProgress, type StudyResult } from '../study/run-study.ts';
import { createSpanSender } from '../telemetry/span-sender.ts';
import type { Parts } from './compose.ts';
import { loadBar, type Progress, type ShowProgress, startProgress } from './progress.ts';
import { software } from './software.ts';
import { safe, type Terminal } from './terminal.ts';

/** Runs a study under a terminal: progress, Ctrl-C once and twice, and the check that machines can start at all. */
export interface SessionOptions {
  readonly detectors: Parts['detectors'];
  readonly design: StudyDesign;
  /** Only the first so many epochs, e.g. up to a look. */
  readonly throughEpoch?: number;
  readonly logDir: string;
  readonly provider: SandboxProvider;
  readonly concurrency: number;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly scores: ScoreKeeper;
  readonly budgetUsd?: number | null;
  /** Whether costs are known, so that what is spent is worth a word. False when not given. */
  readonly priced?: boolean;
}

/** Trials mostly wait: for a model, or for a machine that does not stop. */
export const DEFAULT_CONCURRENCY = Math.max(4, availableParallelism() * 3);
/** More than half of the controls make their machine survive: those trials do nothing but wait, and no model has a limit. */
export const DEMO_CONCURRENCY = DEFAULT_CONCURRENCY * 2;

export class SandboxUnavailableError extends Error {
  override readonly name = 'SandboxUnavailableError';
}

export async function runSession(options: SessionOptions): Promise<StudyResult> {
  const { detectors, design, logDir, provider, concurrency, terminal, json, scores } = options;
  const { throughEpoch = design.epochs } = options;
  const network = await checkSandbox(provider, terminal);
  const world = createSystemWorld();
  const [finish, stop] = [new AbortController(), new AbortController()];
  const show: ShowProgress = json ? 'none' : terminal.isInteractive ? await loadBar() : 'lines';
  let progress: Progress | undefined;
  const note = (text: string): void => (progress ?? terminal).note(text);
  const onInterrupt = (): void => {
    if (stop.signal.aborted) return;
    if (finish.signal.aborted) {
      stop.abort(new Error('interrupted'));
      note(
        `stopped the trials in flight; they are run again when the same command goes on with --log-dir ${safe(logDir)}`,
      );
      return;
    }
    finish.abort();
    note(
      '\nfinishing the trials in flight; press Ctrl-C again to stop them at once (nothing is lost: the same command goes on)',
    );
  };
  process.on('SIGINT', onInterrupt);
  const spans = createSpanSender({ environment: terminal.environment, note });
  let isOver = false;
  let earlier = Promise.resolve();
  /** One at a time between the steps of the trials, so that a study of thousands goes on at once. */
  const countEarlier = async (paths: readonly string[], to: Progress): Promise<void> => {
    for (const path of paths) {
      await setImmediate();
      if (isOver) return;
      to.trialCounts(scores.add(path).outcome);
    }
  };
  const onProgress = (event: StudyProgress): void => {
    if (event.kind === 'planned') {
      const [total, present] = [event.total, event.recordPaths.length];
      announce(event, { ...options, silent: json });
      progress = startProgress({
        ...{ terminal, total, present, show },
        priced: options.priced === true,
        elapsed: world.elapsed,
      });
      // What could not be read is said where all are asked for.
      earlier = countEarlier(event.recordPaths, progress).catch(() => undefined);
    }
    if (event.kind === 'trial-start') progress?.trialStarts();
    if (event.kind === 'trial-end') {
      const { plan, recordPath, failure, sealed, costUsd } = event;
      // One in which something broke is run again and counts as nothing.
      if (sealed && failure === null) progress?.trialCounts(scores.add(recordPath).outcome);
      progress?.trialEnds(costUsd, failure !== null);
      if (sealed) {
        spans.send(() => {
          const events = readRecord(recordPath);
          return { events, score: scoreRecord(events, detectors) };
        });
      }
      if (failure !== null) note(`${plan.trialId} (${safe(plan.agent.name)}) broke: ${sentence(failure)}`);
    }
  };
  try {
    return await runStudy({
      ...{ design, throughEpoch, logDir, provider, concurrency, network, world, onProgress },
      budgetUsd: options.budgetUsd ?? null,
      software: software(),
      finishSignal: finish.signal,
      stopSignal: stop.signal,
    });
  } finally {
    isOver = true;
    await earlier;
    progress?.stop();
    await spans.close();
    process.off('SIGINT', onInterrupt);
  }
}

/** What a server says when it refuses may hold anything. */
function sentence(failure: string): string {
  return showInSentence(toUntrusted(failure), 300);
}

type Planned = Extract<StudyProgress, { kind: 'planned' }>;

function announce(
  { total, recordPaths, aside }: Planned,
  {
    terminal,
    logDir,
    concurrency,
    silent,
  }: Pick<SessionOptions, 'terminal' | 'logDir' | 'concurrency'> & { readonly silent: boolean },
): void {
  const present = recordPaths.length;
  for (const { trialId, why, movedTo } of aside)
    terminal.note(`set aside ${safe(trialId)}: ${safe(why)}; now at ${safe(movedTo)}`);
  if (present > 0)
    terminal.note(`${present} of ${total} trials are recorded already; running the other ${total - present}`);
  else if (!silent)
    terminal.note(
      `running ${total} ${total === 1 ? 'trial' : `trials, ${Math.min(concurrency, total)} at a time`}, into ${safe(logDir)}`,
    );
}

/** Throws where no trial can run; a lack that costs only the recording of the network is said and lived with. */
async function checkSandbox(provider: SandboxProvider, terminal: Terminal): Promise<'none' | 'recorded'> {
  const problems = (await provider.diagnose()).filter(({ ok }) => !ok);
  const blocking = problems.find(({ onlyFor }) => onlyFor === undefined);
  if (blocking !== undefined) {
    throw new SandboxUnavailableError(
      `the sandbox "${provider.name}" cannot run here: ${blocking.what}: ${blocking.seen}. What to do: ${blocking.fix}`,
    );
  }
  if (!provider.can.network) return 'none';
  const noNetwork = problems.find(({ onlyFor }) => onlyFor === 'network');
  if (noNetwork === undefined) return 'recorded';
  terminal.note(`what agents try to reach is not recorded: ${noNetwork.seen}. What to do: ${noNetwork.fix}`);
  return 'none';
}

/** Scores each record once, when it is there, and keeps what rates are made of; findings stay in the records. */
export interface ScoreKeeper {
  readonly add: (recordPath: string) => RatedTrial;
  /** In the order of the plan, however the trials ended. */
  readonly of: (recordPaths: readonly string[]) => RatedTrial[];
}

export function createScoreKeeper(
  { detectors }: Parts,
  onScore: (score: Score) => void = () => undefined,
): ScoreKeeper {
  const kept = new Map<string, RatedTrial>();
  const add = (path: string): RatedTrial => {
    const before = kept.get(path);
    if (before !== undefined) return before;
    const score = scoreRecord(readRecord(path), detectors);
    onScore(score);
    const { findings: _, because: __, ...rest } = score;
    kept.set(path, rest);
    return rest;
  };
  return { add, of: (paths) => paths.map(add) };
}

export function findScenario(name: string, { scenarios }: Parts): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw unknownNameError(
    'scenario',
    name,
    scenarios.map((scenario) => scenario.name),
  );
}

export function findSandbox(name: string | undefined, { sandboxes }: Parts): SandboxProvider {
  const found = name === undefined ? sandboxes[0] : sandboxes.find((sandbox) => sandbox.name === name);
  if (found !== undefined) return found;
  throw unknownNameError(
    'sandbox',
    name ?? '',
    sandboxes.map((sandbox) => sandbox.name),
  );
}

/** `logs/shutdown-2026-11-24-091500` below the current folder. */
export function defaultLogDir(prefix: string, now = new Date()): string {
  const stamp = now.toISOString().replace(/\..*$/, '').replace('T', '-').replaceAll(':', '');
  return `logs/${prefix}-${stamp}`;
}

export function parseWhole(text: string, { name, min = 1 }: { readonly name: string; readonly min?: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
    throw new UsageError(`expected a whole number of at least ${min} for ${name}, got "${text}"`);
  return value;
}

export function parseFraction(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new UsageError(`expected a number from 0 to 1 for ${name}, got "${text}"`);
  return value;
}
