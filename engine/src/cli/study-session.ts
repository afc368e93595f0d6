import { availableParallelism } from 'node:os';

import type { SingleBar } from 'cli-progress';

import { UsageError, unknownNameError } from '../base/usage-error.ts';
import { createSystemWorld } from '../base/world.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import { readRecord } from '../record/journal-reader.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { StudyDesign } from '../study/plan.ts';
import { runStudy, type StudyProgress, type StudyResult } from '../study/run-study.ts';
import { createSpanSender } from '../telemetry/span-sender.ts';
import type { Parts } from './compose.ts';
import { software } from './software.ts';
import type { Terminal } from './terminal.ts';

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
  readonly budgetUsd?: number | null;
}

/** Trials mostly wait: for a model, or for a machine that does not stop. */
export const DEFAULT_CONCURRENCY = Math.max(4, availableParallelism() * 3);

export class SandboxUnavailableError extends Error {
  override readonly name = 'SandboxUnavailableError';
}

export async function runSession({
  detectors,
  design,
  throughEpoch = design.epochs,
  logDir,
  provider,
  concurrency,
  terminal,
  json,
  budgetUsd = null,
}: SessionOptions): Promise<StudyResult> {
  const network = await checkSandbox(provider, terminal);
  const [finish, stop] = [new AbortController(), new AbortController()];
  const onInterrupt = (): void => {
    if (finish.signal.aborted) {
      stop.abort(new Error('interrupted'));
      return;
    }
    finish.abort();
    terminal.note(
      '\nfinishing the trials in flight; press Ctrl-C again to stop them at once (nothing is lost: the same command goes on)',
    );
  };
  process.on('SIGINT', onInterrupt);
  const bar = terminal.isInteractive && !json ? await createBar() : undefined;
  const spans = createSpanSender({ environment: terminal.environment, note: terminal.note });
  let ended = 0;
  try {
    return await runStudy({
      design,
      throughEpoch,
      logDir,
      provider,
      concurrency,
      budgetUsd,
      network,
      world: createSystemWorld(),
      software: software(),
      finishSignal: finish.signal,
      stopSignal: stop.signal,
      onProgress: (progress) => {
        if (progress.kind === 'planned') {
          ended = progress.present;
          announce(progress, terminal);
          bar?.start(progress.total, progress.present, { last: '' });
        }
        if (progress.kind === 'trial-end') {
          ended++;
          bar?.update(ended, { last: progress.plan.agent.name });
          if (progress.sealed) {
            spans.send(() => {
              const events = readRecord(progress.recordPath);
              return { events, score: scoreRecord(events, detectors) };
            });
          }
          if (progress.failure !== null)
            terminal.note(
              `${progress.plan.trialId} (${progress.plan.agent.name}) broke: ${progress.failure.slice(0, 300)}`,
            );
        }
      },
    });
  } finally {
    bar?.stop();
    await spans.close();
    process.off('SIGINT', onInterrupt);
  }
}

function announce({ total, present, aside }: Extract<StudyProgress, { kind: 'planned' }>, terminal: Terminal): void {
  for (const { trialId, why, movedTo } of aside) terminal.note(`set aside ${trialId}: ${why}; now at ${movedTo}`);
  if (present > 0)
    terminal.note(`${present} of ${total} trials are recorded already; running the other ${total - present}`);
}

async function createBar(): Promise<SingleBar> {
  const { default: progress } = await import('cli-progress');
  return new progress.SingleBar(
    { format: ' {bar} {value}/{total} trials, {duration_formatted}, {last}', hideCursor: true, clearOnComplete: true },
    progress.Presets.shades_classic,
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

export function scoreAll(paths: readonly string[], { detectors }: Parts): Score[] {
  return paths.map((path) => scoreRecord(readRecord(path), detectors));
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
