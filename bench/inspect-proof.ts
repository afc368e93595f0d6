/**
 * Proof that Inspect reads what we write: a real study of controls in bwrap, exported, read by Inspect's own readers
 * (read_eval_log, inspect log dump, samples_df, events_df) and held against the records; then its viewer in headless Chromium,
 * with screenshots. Run: npm run proof:inspect. Exit code 1 when anything differs. Needs bwrap, Python 3 and PyPI; the
 * environment for Inspect is made once, below the folder for temporary files. Without Chromium, the screenshots are not made.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { readAsData } from '../engine/src/base/untrusted-text.ts';
import { INSPECT, prepareInspect } from '../engine/src/interop/testing/inspect-environment.ts';
import type { TrialEvent } from '../engine/src/record/events.ts';
import { readRecord } from '../engine/src/record/journal-reader.ts';
import { takePictures } from './inspect/pictures.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const CONTROLS = ['complier', 'overwriter', 'failed-tamperer', 'mover'];
const PICTURED = 'overwriter';
const EPOCHS = 2;
const PREPARE_SECONDS_MAX = 300;

const count = z.record(z.string(), z.number());
const factsSchema = z.object({
  trialId: z.string(),
  epoch: z.number(),
  outcome: z.string().nullable(),
  messages: z.array(z.tuple([z.string(), z.string()])),
  commands: z.array(z.string()),
  prompts: z.array(z.number()),
  evidence: count,
});
type Facts = z.output<typeof factsSchema>;

const foundSchema = z.object({
  read: z.array(factsSchema),
  dumped: z.array(factsSchema),
  status: z.array(z.string()),
  scored: z.number(),
  reduced: z.number(),
  sampleRows: z.array(z.tuple([z.string(), z.number(), z.string().nullable()])),
  eventRows: z.number(),
  eventsRead: z.number(),
  eventKinds: count,
});

const program = fileURLToPath(new URL('../engine/bin/offswitch.js', import.meta.url));
const reader = fileURLToPath(new URL('inspect/read_back.py', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-proof-'));

function offswitch(...words: readonly string[]): string {
  return execFileSync(process.execPath, [program, ...words], { encoding: 'utf8', cwd: scratch });
}

/** What the records say, without a look at the export. */
function readFacts(logs: string): Facts[] {
  const outcomes = new Map(
    offswitch('score', logs, '--json')
      .trim()
      .split('\n')
      .map((line) =>
        z.looseObject({ trialId: z.string().optional(), outcome: z.string().optional() }).parse(JSON.parse(line)),
      )
      .map(({ trialId, outcome }) => [trialId, outcome]),
  );
  return readdirSync(join(logs, 'trials')).map((name) => {
    const events = readRecord(join(logs, 'trials', name));
    const [start] = events;
    if (start?.kind !== 'trial-start') throw new Error(`${name} has no start`);
    return {
      trialId: start.trialId,
      epoch: start.epoch,
      outcome: outcomes.get(start.trialId) ?? null,
      messages: events.flatMap(toMessages),
      commands: events.flatMap((event) =>
        event.kind === 'tool-call' && event.command !== null ? [readAsData(event.command)] : [],
      ),
      prompts: events.flatMap((event) => (event.kind === 'model-call' ? [promptLength(event, events)] : [])),
      evidence: countKinds(events),
    };
  });
}

/** Inspect has one message for each result of a tool. */
function toMessages(event: TrialEvent): [string, string][] {
  if (event.kind !== 'message') return [];
  const texts = event.parts.flatMap((part) => (part.type === 'tool-call' ? [] : [readAsData(part.text)]));
  return event.role === 'tool' ? texts.map((text) => ['tool', text]) : [[event.role, texts.join('')]];
}

function promptLength({ prompt }: Extract<TrialEvent, { kind: 'model-call' }>, events: readonly TrialEvent[]): number {
  return events
    .filter(
      (event) => event.kind === 'message' && prompt.some(({ from, to }) => event.index >= from && event.index < to),
    )
    .flatMap(toMessages).length;
}

/** Everything that is no message, no call and no submission is carried as it is. */
function countKinds(events: readonly TrialEvent[]): Record<string, number> {
  const native = new Set(['message', 'model-call', 'tool-call', 'tool-result', 'submission', 'seal']);
  const counts: Record<string, number> = {};
  for (const { kind } of events) if (!native.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

interface Claim {
  readonly what: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

function compare(ours: readonly Facts[], found: z.output<typeof foundSchema>): readonly Claim[] {
  const sorted = (facts: readonly Facts[]): readonly Facts[] =>
    facts.toSorted((one, other) => (one.trialId < other.trialId ? -1 : 1));
  const sum = (facts: readonly Facts[], key: 'messages' | 'commands' | 'prompts'): number =>
    facts.reduce((total, one) => total + one[key].length, 0);
  const mine = sorted(ours);
  const outcomes = (values: readonly (string | null)[]): string[] =>
    values.map((value) => value ?? 'unscored').toSorted();
  const by = (reads: readonly Facts[], name: string): Claim[] => {
    const theirs = sorted(reads);
    const parts = ['outcome', 'messages', 'commands', 'prompts', 'evidence'] as const;
    return [
      { what: `${name}: samples`, ours: mine.length, theirs: theirs.length },
      ...(['messages', 'commands', 'prompts'] as const).map((key) => ({
        what: `${name}: ${key === 'prompts' ? 'model calls' : key}`,
        ours: sum(mine, key),
        theirs: sum(theirs, key),
      })),
      ...parts.map((key) => ({
        what: `${name}: ${{ outcome: 'outcomes', messages: 'texts of messages', commands: 'texts of commands', prompts: 'lengths of prompts', evidence: 'evidence by kind' }[key]} that are the same`,
        ours: mine.length,
        theirs: mine.filter((one, index) => isDeepStrictEqual(one[key], theirs[index]?.[key])).length,
      })),
    ];
  };
  return [
    ...by(found.read, 'read_eval_log'),
    ...by(found.dumped, 'inspect log dump'),
    { what: 'samples_df: rows', ours: mine.length, theirs: found.sampleRows.length },
    {
      what: 'samples_df: outcomes',
      ours: outcomes(mine.map(({ outcome }) => outcome)).join(' '),
      theirs: outcomes(found.sampleRows.map(([, , outcome]) => outcome)).join(' '),
    },
    { what: 'events_df: rows, of events read', ours: found.eventsRead, theirs: found.eventRows },
    { what: 'events_df: tool', ours: sum(mine, 'commands') + submissions, theirs: found.eventKinds['tool'] },
    { what: 'events_df: model', ours: sum(mine, 'prompts'), theirs: found.eventKinds['model'] },
    {
      what: 'logs that succeeded',
      ours: CONTROLS.length,
      theirs: found.status.filter((one) => one === 'success').length,
    },
    { what: 'reductions: samples over their epochs', ours: CONTROLS.length, theirs: found.reduced },
  ];
}

let submissions = 0;

/** `inspect view` on a free port of loopback, until the work is done. */
async function withViewer<T>(inspect: string, logs: string, work: (url: string) => Promise<T>): Promise<T> {
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}`;
  const words = [
    'view',
    'start',
    '--log-dir',
    logs,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--display',
    'none',
  ];
  const child = spawn(inspect, words, { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: scratch } });
  try {
    for (let tries = 0; tries < 60; tries++) {
      if (
        await fetch(url).then(
          (answer) => answer.ok,
          () => false,
        )
      )
        return await work(url);
      await sleep(500);
    }
    throw new Error('inspect view did not answer within 30 s');
  } finally {
    child.kill('SIGTERM');
  }
}

try {
  const environment = await prepareInspect({ secondsMax: PREPARE_SECONDS_MAX, frames: true });
  if ('why' in environment) throw new Error(`not run: ${environment.why}`);
  const [logs, out] = [join(scratch, 'logs'), join(scratch, 'inspect')];
  const models = CONTROLS.flatMap((name) => ['--model', `control/${name}`]);
  offswitch('run', 'shutdown', ...models, '--epochs', String(EPOCHS), '--log-dir', logs);
  const files = offswitch('export', logs, '--to', 'inspect', '--out', out, '--json')
    .trim()
    .split('\n')
    .map((line) => z.object({ file: z.string(), model: z.string() }).parse(JSON.parse(line)));
  const log = basename(files.find(({ model }) => model === `control/${PICTURED}`)?.file ?? '');
  const ours = readFacts(logs);
  submissions = readdirSync(join(logs, 'trials'))
    .flatMap((name) => readRecord(join(logs, 'trials', name)))
    .filter(({ kind }) => kind === 'submission').length;
  const answer = execFileSync(environment.python, [reader, out, environment.inspect], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { PATH: process.env['PATH'], HOME: scratch },
  });
  const claims = compare(ours, foundSchema.parse(JSON.parse(answer.trim().split('\n').at(-1) ?? '')));
  const differing = claims.filter((claim) => claim.ours !== claim.theirs);
  const rows = claims.map((claim) => [claim.what, String(claim.ours), String(claim.theirs)]);
  console.log(toTable(['what', 'ours', "Inspect's"], rows));
  const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  const target = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
  const pictures =
    chromium === undefined
      ? 'The viewer was not opened: there is no Chromium.'
      : await withViewer(environment.inspect, out, async (url) => await takePictures({ chromium, url, log, target }));
  console.log(pictures);
  writeResult(
    'Read by Inspect itself',
    `\`npm run proof:inspect\` (${describeMachine()}; ${INSPECT.replace('==', ' ')}). ${CONTROLS.length} controls of the shutdown scenario, ${EPOCHS} epochs each, in
bwrap, exported; the left column is counted from the records. ${pictures}

${toTable(['what', 'ours', "Inspect's"], rows)}`,
  );
  if (differing.length > 0) {
    console.error(`different: ${differing.map(({ what }) => what).join('; ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
