import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { createChance } from '../base/world.ts';
import { endOf, offswitch, type Seen } from '../cli/testing.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { listRecords, readStudyFile } from './log-folder.ts';
import { type Call, type CrashState, crashStates, makeState } from './testing/crash-states.ts';

const [preload, main] = ['testing/trace-calls.ts', '../cli/main.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The calls of one command on files below a folder, in order. */
async function traced(words: readonly string[], below: string, environment = {}): Promise<readonly Call[]> {
  const to = `${below}.trace`;
  const child = spawn(process.execPath, ['--import', preload ?? '', main ?? '', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TRACE_BELOW: below, TRACE_TO: to, ...environment },
  });
  expect(await endOf(child)).toMatchObject({ code: 0 });
  return readFileSync(to, 'utf8')
    .trim()
    .split('\n')
    .map((line): Call => JSON.parse(line));
}

function runWords(logDir: string, epochs: number): readonly string[] {
  const study = ['--model', 'control/complier', '--epochs', String(epochs), '--concurrency', '2'];
  return ['run', 'shutdown', ...study, '--sandbox', 'memory', '--no-config', '--log-dir', logDir];
}

/** All takes many minutes: `OFFSWITCH_EVERY_CALL=1`. Otherwise a sample, always the same of the same states. */
function sample<T>(states: readonly T[], most: number): readonly T[] {
  return process.env['OFFSWITCH_EVERY_CALL'] === '1'
    ? states
    : createChance('sample')
        .shuffle([...states])
        .slice(0, most);
}

/** Names of the records that this crash must not lose: all after the last call, when the user was told that they are there. */
function keptBy({ after }: CrashState, { calls }: Place): readonly string[] {
  const names = calls.flatMap((call) =>
    call.call === 'create' && call.path.endsWith('.jsonl') ? basename(call.path) : [],
  );
  return after < calls.length ? [] : [...new Set(names)];
}

function brokenBy(seen: Seen): readonly string[] {
  return /\n\s+at |internal error|should not/.test(seen.notes) ? [`a stack: ${seen.notes}`] : [];
}

interface Place {
  readonly calls: readonly Call[];
  readonly top: string;
  readonly epochs: number;
}

/** What is wrong in a state: as it was left, and, if asked, after the same command has gone on. */
async function problemsIn(state: CrashState, place: Place, goesOn: boolean): Promise<readonly string[]> {
  const { top, epochs } = place;
  using folder = createTemporaryFolder();
  const to = realpathSync(folder.path);
  makeState(state, { from: top, to });
  const logDir = join(to, 'logs');
  const problems: string[] = [];
  const there = existsSync(logDir) ? readdirSync(logDir, { recursive: true }).map(String) : [];
  const hasRecords = there.some((name) => name.endsWith('.jsonl'));
  const whole = (hasRecords ? listRecords(logDir) : []).filter((path) => verifyRecord(path).problem === null);
  const lost = keptBy(state, place).filter((name) => !whole.some((path) => basename(path) === name));
  if (lost.length > 0) problems.push(`lost: ${lost.join(', ')}`);
  if (hasRecords && !there.includes('study.json')) problems.push('records without their plan');
  for (const command of hasRecords ? ['score', 'verify', 'check'] : []) {
    const seen = await offswitch([command, logDir, '--json']);
    problems.push(...brokenBy(seen));
    if (![0, 1, 3].includes(seen.code)) problems.push(`${command} ended with ${seen.code}: ${seen.notes}`);
    if (/"outcome":"(?!complied|invalid)/.test(seen.out)) problems.push(`another outcome: ${seen.out}`);
    if (command === 'check' && seen.code === 0) problems.push(`passed: ${seen.out}`);
  }
  if (!goesOn) return problems;
  const again = await offswitch(runWords(logDir, epochs));
  problems.push(...brokenBy(again));
  if (again.code !== 0) problems.push(`going on ended with ${again.code}: ${again.notes}`);
  const planned = (readStudyFile(logDir)?.trials ?? []).map(({ trialId }) => `${trialId}.jsonl`).toSorted();
  const records = listRecords(logDir);
  if (planned.length !== epochs || planned.join(' ') !== records.map((path) => basename(path)).join(' '))
    problems.push(`records ${records.join(' ')}`);
  problems.push(...records.flatMap((path) => verifyRecord(path).problem?.text ?? []));
  return problems;
}

async function tryStates(place: Place): Promise<number> {
  const states = crashStates(place.calls);
  const [atEnd, others] = [true, false].map((isEnd) =>
    states.filter(({ after }) => (after === place.calls.length) === isEnd),
  );
  for (const [index, state] of [...sample(atEnd ?? [], 10), ...sample(others ?? [], 50)].entries())
    expect(
      await problemsIn(state, place, index % 3 === 0 || process.env['OFFSWITCH_EVERY_CALL'] === '1'),
      `after ${state.after} of ${place.calls.length} calls: ${JSON.stringify(place.calls[state.after - 1]).slice(0, 200)}; ${[...state.entries].map(([path, bytes]) => `${path} ${bytes?.length ?? ''}`).join(', ')}`,
    ).toEqual([]);
  return states.length;
}

describe(
  'a crash that loses any calls that were not yet forced to the disk, and cuts a write',
  { timeout: 600_000 },
  () => {
    it('of a new study leaves no wrong record and no stack, loses no sealed trial, and the study goes on', async () => {
      using folder = createTemporaryFolder();
      const top = realpathSync(folder.path);
      const calls = await traced(runWords(join(top, 'logs'), 2), top);
      expect(await tryStates({ calls, top, epochs: 2 })).toBeGreaterThan(100);
    });

    it('of a study that goes on, with a record to set aside and a plan that grows, does not either', async () => {
      using folder = createTemporaryFolder();
      const top = realpathSync(folder.path);
      const logDir = join(top, 'logs');
      expect(await offswitch(runWords(logDir, 2))).toMatchObject({ code: 0 });
      const [record = ''] = listRecords(logDir);
      writeFileSync(record, readFileSync(record, 'utf8').slice(0, -20));
      const calls = await traced(runWords(logDir, 3), top);
      expect(await tryStates({ calls, top, epochs: 3 })).toBeGreaterThan(100);
    });

    it('of a redaction leaves each record as it was or redacted, and no other file with the secret', async () => {
      using folder = createTemporaryFolder();
      const top = realpathSync(folder.path);
      const logDir = join(top, 'logs');
      expect(await offswitch(runWords(logDir, 2))).toMatchObject({ code: 0 });
      const before = new Set(listRecords(logDir).map((path) => readFileSync(path, 'utf8')));
      const words = ['redact', logDir, '--secret-env', 'S', '--reason', 'a test', '--by', 'me'];
      const calls = await traced(words, top, { S: './next_sum' });
      const after = new Set(listRecords(logDir).map((path) => readFileSync(path, 'utf8')));
      const states = crashStates(calls);
      expect(states.length).toBeGreaterThan(10);
      for (const { entries } of states)
        for (const [path, bytes] of entries) {
          const text = bytes?.toString('utf8') ?? '';
          if (path.endsWith('.jsonl')) expect(before.has(text) || after.has(text), path).toBe(true);
          else if (path.includes('trials/')) expect(text).not.toContain('./next_sum');
        }
    });
  },
);
