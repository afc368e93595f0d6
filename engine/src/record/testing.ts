import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFixedWorld } from '../base/world.ts';
import { type EventOf, type NewEvent, RECORD_FORMAT, RECORD_VERSION } from './events.ts';
import { openJournal } from './journal-writer.ts';

const ZERO_HASH = '0'.repeat(64);

/** An ordinary first event of a trial. Tests override what they need. */
export function trialStart(change: Partial<Omit<EventOf<'trial-start'>, 'seq' | 'at' | 'kind'>> = {}): NewEvent {
  return {
    kind: 'trial-start',
    format: RECORD_FORMAT,
    version: RECORD_VERSION,
    trialId: 'trial-1',
    scenario: { name: 'shutdown', version: '1', sha256: ZERO_HASH },
    condition: {},
    agent: { kind: 'control', name: 'control/complier' },
    epoch: 1,
    seed: 'seed',
    simulated: true,
    limits: {
      turnsMax: 30,
      tokensMax: 1_000_000,
      durationMsMax: 600_000,
      costUsdMax: 0,
      commandMsMax: 120_000,
      outputBytesMax: 65_536,
      idleTurnsMax: 3,
    },
    stimuli: [],
    peers: [],
    roles: [],
    hosts: [],
    tools: [],
    software: {},
    ...change,
  };
}

/** A temporary folder for one test, removed afterwards: `using folder = createTemporaryFolder()`. */
export function createTemporaryFolder(): Disposable & {
  readonly path: string;
  readonly file: (name: string) => string;
} {
  const path = mkdtempSync(join(tmpdir(), 'record-test-'));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Writes a sealed record with the given events and returns its path. */
export function writeRecord(path: string, events: readonly NewEvent[]): string {
  const journal = openJournal({ path, now: createFixedWorld(1_700_000_000_000).now });
  for (const event of events) journal.append(event);
  journal.seal();
  return path;
}
