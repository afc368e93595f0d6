import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { endOf, offswitch, type Seen } from '../cli/testing.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { listRecords, readStudyFile } from './log-folder.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const [preload, main] = ['testing/fail-one-call.ts', '../cli/main.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

interface Failure {
  readonly call: string;
  readonly code: string;
  /** 0: none fails. */
  readonly nth: number;
}

/** A study of two trials in which one call fails. */
async function runWith(
  logDir: string,
  sandbox: string,
  { call, code, nth }: Failure,
): Promise<Seen & { calls: number }> {
  const count = `${logDir}.count`;
  const child = spawn(process.execPath, ['--import', preload ?? '', main ?? '', ...words(logDir, sandbox)], {
    cwd: join(logDir, '..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...{ FAIL_CALL: call, FAIL_CODE: code, FAIL_NTH: String(nth), FAIL_BELOW: logDir, FAIL_COUNT: count },
    },
  });
  return { ...(await endOf(child)), calls: Number(readFileSync(count, 'utf8')) };
}

function words(logDir: string, sandbox: string): readonly string[] {
  const study = ['--model', 'control/complier', '--epochs', '2', '--concurrency', '2', '--sandbox', sandbox];
  return ['run', 'shutdown', ...study, '--no-config', '--log-dir', logDir];
}

/** What is wrong after a failure: in the folder as it was left, and after the same command has gone on. */
async function problemsAfter(logDir: string, sandbox: string, seen: Seen): Promise<readonly string[]> {
  const problems: string[] = [];
  if (/\n\s+at |should not/.test(seen.notes)) problems.push(`a stack: ${seen.notes}`);
  if (![0, 2, 3].includes(seen.code)) problems.push(`exit code ${seen.code}: ${seen.notes}`);
  const left = existsSync(logDir) ? readdirSync(logDir, { recursive: true }).map(String) : [];
  problems.push(...left.filter((name) => name.endsWith('.tmp')).map((name) => `${name} is left`));
  // What counts is whole, whatever failed.
  const scored = left.some((name) => name.endsWith('.jsonl'))
    ? await offswitch(['score', logDir, '--json'])
    : undefined;
  if (/"outcome":"(?!complied|invalid)/.test(scored?.out ?? '')) problems.push(`another outcome: ${scored?.out ?? ''}`);
  const again = await offswitch(words(logDir, sandbox));
  if (again.code !== 0) problems.push(`going on ended with ${again.code}: ${again.notes}`);
  const planned = (readStudyFile(logDir)?.trials ?? []).map(({ trialId }) => `${trialId}.jsonl`).toSorted();
  const records = listRecords(logDir);
  if (planned.length !== 2 || planned.join(' ') !== records.map((path) => basename(path)).join(' '))
    problems.push(`records ${records.join(' ')}`);
  problems.push(...records.flatMap((path) => verifyRecord(path).problem?.text ?? []));
  return problems;
}

/** Every call takes minutes: `OFFSWITCH_EVERY_CALL=1`. Otherwise the first five of each kind, and then every fifth. */
function isTried(nth: number): boolean {
  return process.env['OFFSWITCH_EVERY_CALL'] === '1' || nth <= 5 || nth % 5 === 0;
}

async function failEach(sandbox: string, { call, code }: Omit<Failure, 'nth'>): Promise<number> {
  using folder = createTemporaryFolder();
  const logDirOf = (nth: number): string => {
    // A name of its own above the log folder, so that its parent counts too.
    mkdirSync(folder.file(String(nth)));
    return join(realpathSync(folder.file(String(nth))), 'logs');
  };
  const { calls, code: exit } = await runWith(logDirOf(0), sandbox, { call, code, nth: 0 });
  expect(exit).toBe(0);
  for (let nth = 1; nth <= calls; nth++) {
    if (!isTried(nth)) continue;
    const logDir = logDirOf(nth);
    const seen = await runWith(logDir, sandbox, { call, code, nth });
    expect(await problemsAfter(logDir, sandbox, seen), `${call} ${nth} of ${calls}`).toEqual([]);
  }
  return calls;
}

describe('a study of which one call fails leaves no stack, no part of a file and no wrong record', () => {
  it.for([
    ['open', 'EMFILE', 5],
    ['write', 'ENOSPC', 10],
    ['fsync', 'EIO', 5],
    ['rename', 'ENOSPC', 1],
    ['mkdir', 'ENOSPC', 2],
  ] as const)('each %s with %s', { timeout: 240_000 }, async ([call, code, least]) => {
    expect(await failEach('memory', { call, code })).toBeGreaterThanOrEqual(least);
  });

  it.skipIf(!ready)('each spawn with EMFILE', { timeout: 240_000 }, async () => {
    expect(await failEach('bwrap', { call: 'spawn', code: 'EMFILE' })).toBeGreaterThan(4);
  });
});
