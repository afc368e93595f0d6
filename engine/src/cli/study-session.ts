import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';

import { isExhausted } from '../base/exhaustion.ts';
import { showInSentence, toUntrusted } from '../base/untrusted-text.ts';
import { createSystemWorld } from '../base/world.ts';
import { type RatedTrial, type Score, scoreRecord } from '../detect/score.ts';
import type { TrialEvent } from '../record/events.ts';
import { readRecord } from '../record/journal-reader.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { PlannedStudy } from '../study/plan.ts';
import type { Resolver } from '../study/resolve.ts';
import { runStudy, type StudyProgress, type StudyResult } from '../study/run-study.ts';
import type { TrialStore } from '../study/store/contract.ts';
import { loadBar, type Progress, type ShowProgress, startProgress } from './progress.ts';
import { software } from './software.ts';
import { EXIT, safe, type Terminal } from './terminal.ts';

/** Runs a study with a terminal: progress, one or two Ctrl-C, and the check that machines can start. */
export interface SessionOptions {
  readonly study: PlannedStudy;
  /** Limits the run to the first epochs, for example up to a look. */
  readonly throughEpoch?: number;
  readonly openStore: () => TrialStore;
  readonly resolver: Resolver;
  readonly provider: SandboxProvider;
  readonly concurrency: number;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly scores: ScoreKeeper;
}

/** Trials mostly wait for a model, or for a machine that does not stop. */
export const DEFAULT_CONCURRENCY = Math.max(4, availableParallelism() * 3);
/**
 * More than half of the controls make their machine survive. Their trials only wait, and no model limits their number.
 */
export const DEMO_CONCURRENCY = DEFAULT_CONCURRENCY * 2;

/** How long trials that were stopped may take to end. */
const STOP_MS_MAX = 15_000;

export class SandboxUnavailableError extends Error {
  override readonly name = 'SandboxUnavailableError';
}

export async function runSession(options: SessionOptions): Promise<StudyResult> {
  const { study, provider, concurrency, terminal, json, scores } = options;
  const network = await checkSandbox(provider, terminal);
  await using store = options.openStore();
  const world = createSystemWorld();
  const [finish, stop] = [new AbortController(), new AbortController()];
  const show: ShowProgress = json ? 'none' : terminal.isInteractive ? await loadBar() : 'lines';
  let progress: Progress | undefined;
  const note = (text: string): void => (progress ?? terminal).note(text);
  const onInterrupt = (): void => {
    if (stop.signal.aborted) return;
    if (finish.signal.aborted) {
      stop.abort(new Error('interrupted'));
      // What a trial waits for now is bounded. If that should fail, its machines still die with this process.
      setTimeout(() => process.exit(EXIT.interrupted), STOP_MS_MAX).unref();
      note(`stopped the trials in flight; to run them again, repeat the command with --log-dir ${safe(store.name)}`);
      return;
    }
    finish.abort();
    note(
      '\nfinishing the trials in flight; press Ctrl-C again to stop them at once (nothing is lost: the same command continues)',
    );
  };
  process.on('SIGINT', onInterrupt);
  let isOver = false;
  let earlier = Promise.resolve();
  /** Reads records one at a time between the steps of the trials, so that a study of thousands continues at once. */
  const countEarlier = async (paths: readonly string[], to: Progress): Promise<void> => {
    for (const path of paths) {
      await setImmediate();
      if (isOver) return;
      to.trialCounts(scores.add(path).outcome);
    }
  };
  /** If there are not enough descriptors to read a record, it is read at the end, when the machines are closed. */
  const countNow = (path: string): void => {
    try {
      progress?.trialCounts(scores.add(path).outcome);
    } catch (error) {
      if (!isExhausted(error)) throw error;
    }
  };
  const onProgress = (event: StudyProgress): void => {
    if (event.kind === 'planned') {
      const [total, present] = [event.total, event.recordPaths.length];
      announce(event, { terminal, concurrency, store: store.name, silent: json });
      progress = startProgress({
        ...{ terminal, total, present, show },
        priced: study.arms.some(({ agent }) => agent.price !== undefined),
        elapsed: world.elapsed,
      });
      // Unreadable records are reported when all are read.
      earlier = countEarlier(event.recordPaths, progress).catch(() => undefined);
    }
    if (event.kind === 'trial-start') progress?.trialStarts();
    if (event.kind === 'trial-end') {
      const { spec, recordPath, failure, sealed, costUsd } = event;
      // A broken trial is run again and does not count.
      if (sealed && failure === null) countNow(recordPath);
      // An interrupted trial has not ended.
      if (sealed || failure !== null) progress?.trialEnds(costUsd, failure !== null);
      if (failure !== null) note(`${spec.trialId} (${safe(spec.agent.model)}) broke: ${sentence(failure)}`);
    }
  };
  try {
    return await runStudy({
      ...{ study, store, resolver: options.resolver, provider, concurrency, network, world, onProgress },
      ...(options.throughEpoch !== undefined && { throughEpoch: options.throughEpoch }),
      software: software(),
      finishSignal: finish.signal,
      stopSignal: stop.signal,
    });
  } finally {
    isOver = true;
    await earlier;
    progress?.stop();
    process.off('SIGINT', onInterrupt);
  }
}

/** The error text of a server may contain anything. */
function sentence(failure: string): string {
  return showInSentence(toUntrusted(failure), 300);
}

type Planned = Extract<StudyProgress, { kind: 'planned' }>;

interface Announcement {
  readonly terminal: Terminal;
  readonly concurrency: number;
  /** Name of the store. */
  readonly store: string;
  readonly silent: boolean;
}

function announce(
  { total, recordPaths, aside }: Planned,
  { terminal, store, concurrency, silent }: Announcement,
): void {
  const present = recordPaths.length;
  for (const { trialId, why, movedTo } of aside)
    terminal.note(`set aside ${safe(trialId)}: ${safe(why)}; now at ${safe(movedTo)}`);
  if (present > 0)
    terminal.note(`${present} of ${total} trials are already recorded; running the other ${total - present}`);
  else if (!silent)
    terminal.note(
      `running ${total} ${total === 1 ? 'trial' : `trials, ${Math.min(concurrency, total)} at a time`}, into ${safe(store)}`,
    );
}

/** Throws if no trial can run. If only recordings of the network or of system calls are missing, prints warnings and continues. */
async function checkSandbox(provider: SandboxProvider, terminal: Terminal): Promise<'none' | 'recorded'> {
  const problems = (await provider.diagnose()).filter(({ ok }) => !ok);
  const blocking = problems.find(({ onlyFor }) => onlyFor === undefined);
  if (blocking !== undefined) {
    throw new SandboxUnavailableError(
      `the sandbox "${provider.name}" cannot run here: ${blocking.what}: ${blocking.seen}. What to do: ${blocking.fix}`,
    );
  }
  const noLedger = problems.find(({ onlyFor }) => onlyFor === 'ledger');
  if (noLedger !== undefined)
    terminal.note(`system calls of agents are not recorded: ${noLedger.seen}. What to do: ${noLedger.fix}`);
  if (!provider.can.network) return 'none';
  const noNetwork = problems.find(({ onlyFor }) => onlyFor === 'network');
  if (noNetwork === undefined) return 'recorded';
  terminal.note(`what agents try to reach is not recorded: ${noNetwork.seen}. What to do: ${noNetwork.fix}`);
  return 'none';
}

/** Scores each record once, when it exists, and keeps only the input of rates; findings stay in the records. */
export interface ScoreKeeper {
  readonly add: (recordPath: string) => RatedTrial;
  /** In the order of the plan, independent of when the trials ended. */
  readonly of: (recordPaths: readonly string[]) => RatedTrial[];
}

export function createScoreKeeper(
  scenario: Scenario,
  onScore: (score: Score, events: readonly TrialEvent[]) => void = () => undefined,
): ScoreKeeper {
  const kept = new Map<string, RatedTrial>();
  const add = (path: string): RatedTrial => {
    const before = kept.get(path);
    if (before !== undefined) return before;
    const events = readRecord(path);
    const score = scoreRecord(events, scenario);
    onScore(score, events);
    const { findings: _, because: __, ...rest } = score;
    kept.set(path, rest);
    return rest;
  };
  return { add, of: (paths) => paths.map(add) };
}
