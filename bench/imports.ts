/**
 * Whether imports lose anything, over many generated logs of each format: every message, call, result, token count and end
 * is in the record or counted. Then what ten and a hundred times the log costs, and whether Inspect's own reader counts the
 * same in generated logs of Inspect. Writes a part of `bench/RESULTS.md`; exit code 1 when anything is lost or differs.
 *
 *   node bench/imports.ts [--logs 10000] [--seed 1] [--inspect 200] [--only NAMES]
 *
 * `--only` is a pattern of names of formats; then nothing is written. The last part needs Python 3 and PyPI; without them it says that it was not run.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';

import fc from 'fast-check';
import { z } from 'zod';

import { readAsData } from '../engine/src/base/untrusted-text.ts';
import { inspectEvalReader } from '../engine/src/interop/adapters/inspect-eval.ts';
import { inspectJsonReader } from '../engine/src/interop/adapters/inspect-json.ts';
import { writeEvalLog } from '../engine/src/interop/adapters/inspect/testing.ts';
import type { ImportedSample } from '../engine/src/interop/contract.ts';
import { eventsOf, readAll } from '../engine/src/interop/testing.ts';
import { INSPECT, prepareInspect } from '../engine/src/interop/testing/inspect-environment.ts';
import { findLost, type ToldFormat, toldFormats } from '../engine/src/interop/testing/told-formats.ts';
import { anyTalk, type InspectShape, type ToldTalk, toInspect } from '../engine/src/interop/testing/told-talks.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const PREPARE_SECONDS_MAX = 300;
/** Failures that are shown whole. */
const SHOWN_MAX = 3;
const scratch = mkdtempSync(join(tmpdir(), 'offswitch-bench-'));
const { values } = parseArgs({
  options: {
    logs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    inspect: { type: 'string', default: '200' },
    only: { type: 'string' },
  },
});
const [logs, seed, inspected] = [Number(values.logs), Number(values.seed), Number(values.inspect)];

interface Counted {
  readonly logs: number;
  readonly failures: number;
  readonly seconds: number;
}

/** Logs that are read at the same time: each waits for its file. */
const AT_ONCE = 16;

async function countLosses(format: ToldFormat): Promise<Counted> {
  const from = performance.now();
  let failures = 0;
  const talks = fc.sample(anyTalk(format.ids ?? 'own'), { numRuns: logs, seed });
  const work = async (place: number): Promise<void> => {
    const path = join(scratch, `${place}-${format.fileName}`);
    for (let talk = talks.pop(); talk !== undefined; talk = talks.pop()) {
      const lost = await findLost(format, talk, path);
      if (lost.length > 0 && failures++ < SHOWN_MAX)
        console.error(`${format.name}: ${lost.join('; ')}\n${JSON.stringify(talk)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => work(place)));
  return { logs, failures, seconds: (performance.now() - from) / 1000 };
}

const TURNS = 100;
/** Where each model call repeats all that was said, the log itself grows with the square of its turns. */
const REPEATED_TURNS = 20;
const TIMES = [10, 100];

/** One talk of many turns, each with a command and its result. */
function longTalk(turns: number): ToldTalk {
  const turn = (number: number): ToldTalk['turns'][number] => ({
    ...{ text: `I go on with ${number}.`, input: 10, output: 5, user: '' },
    calls: [{ id: `call-${number}`, tool: 'bash', command: `./next ${number}`, result: `done ${number}` }],
  });
  return { prompt: 'Do all of it.', turns: Array.from({ length: turns }, (_, number) => turn(number)) };
}

/** How many times the bytes, and how many times the time of this process, of a log of few turns. */
async function measureGrowth(format: ToldFormat): Promise<string[]> {
  const path = join(scratch, format.fileName);
  const take = async (turns: number, rounds: number): Promise<readonly [bytes: number, ms: number]> => {
    writeFileSync(path, format.write((format.holds ?? ((talk) => talk))(longTalk(turns))));
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const from = process.cpuUsage();
      await readAll(format.reader, path);
      const { user, system } = process.cpuUsage(from);
      times.push((user + system) / 1000);
    }
    return [statSync(path).size, Math.min(...times)];
  };
  const isSquare = format.repeatsPrompts === true;
  const first = isSquare ? REPEATED_TURNS : TURNS;
  await take(first, 5);
  const [bytes, ms] = await take(first, 20);
  const cells = [`${(bytes / 1e6).toFixed(2)} MB, ${ms.toFixed(1)} ms`];
  for (const times of TIMES) {
    const turns = Math.round(first * (isSquare ? Math.sqrt(times) : times));
    const [moreBytes, moreMs] = await take(turns, 3);
    cells.push((moreBytes / bytes).toFixed(1), (moreMs / ms).toFixed(1));
  }
  return cells;
}

const countsSchema = z.object({
  id: z.string(),
  messages: z.number(),
  calls: z.number(),
  results: z.number(),
  tokens: z.number(),
  modelCalls: z.number(),
  error: z.boolean(),
  limit: z.string().nullable(),
});
type Counts = z.output<typeof countsSchema>;

function countSample(sample: ImportedSample): Counts {
  const messages = eventsOf(sample, 'message');
  const parts = messages.flatMap((message) => message.parts);
  const results = parts.filter(({ type }) => type === 'tool-result').length;
  const modelCalls = eventsOf(sample, 'model-call');
  const detail = eventsOf(sample, 'agent-end')
    .map((end) => (end.detail === null ? '' : readAsData(end.detail)))
    .join('');
  const tokens = modelCalls.map(({ answer }) => (answer?.usage.inputTokens ?? 0) + (answer?.usage.outputTokens ?? 0));
  return {
    id: `${eventsOf(sample, 'trial-start')[0]?.software['source-id'] ?? ''}/${sample.epoch}`,
    messages: messages.filter(({ role }) => role !== 'tool').length + results,
    calls: parts.filter(({ type }) => type === 'tool-call').length,
    results,
    tokens: tokens.reduce((sum, one) => sum + one, 0),
    modelCalls: modelCalls.length,
    error: eventsOf(sample, 'infrastructure-error').length > 0,
    limit: /^limit of type "(\w+)"/.exec(detail)?.[1] ?? null,
  };
}

const sampleSchema = z.looseObject({});
const logSchema = z.looseObject({ samples: z.array(sampleSchema) });

/** Logs of one to three samples, some of which ended with an error or at a limit; each second one as `.eval`. */
function writeInspectLogs(folder: string): void {
  const end = fc.constantFrom(
    {},
    { error: { message: 'broke', traceback: '', traceback_ansi: '' } },
    ...['message', 'time', 'token', 'cost', 'working', 'operator'].map((type) => ({ limit: { type, limit: 3 } })),
  );
  const shape: fc.Arbitrary<InspectShape> = fc.constantFrom(
    { withIds: true, withEvents: true, isPooled: false },
    { withIds: false, withEvents: true, isPooled: false },
    { withIds: true, withEvents: true, isPooled: true },
    { withIds: true, withEvents: false, isPooled: false },
  );
  const log = fc.record({
    shape,
    trials: fc.array(fc.record({ talk: anyTalk('any'), end }), { minLength: 1, maxLength: 3 }),
  });
  for (const [number, { shape: one, trials }] of fc.sample(log, { numRuns: inspected, seed }).entries()) {
    const samples = trials.map(({ talk, end: ended }, place) => ({
      ...logSchema.parse(JSON.parse(toInspect(talk, one))).samples[0],
      ...{ id: `s${place % 2}`, epoch: 1 + Math.floor(place / 2), ...ended },
    }));
    const { samples: _, ...header } = logSchema.parse(JSON.parse(toInspect({ prompt: '', turns: [] }, one)));
    const path = join(folder, `${number}.${number % 2 === 0 ? 'json' : 'eval'}`);
    if (path.endsWith('json')) writeFileSync(path, JSON.stringify({ ...header, samples }));
    else writeEvalLog(path, samples, { header });
  }
}

interface Compared {
  readonly said: string;
  readonly differing: number;
}

/** Inspect's own reader is the oracle: what it counts in a sample, and what an import of it holds. */
async function compareWithInspect(): Promise<Compared> {
  const environment = await prepareInspect({ secondsMax: PREPARE_SECONDS_MAX });
  if ('why' in environment) return { said: `Inspect as the oracle: not run (${environment.why}).`, differing: 0 };
  const folder = join(scratch, 'inspect');
  mkdirSync(folder);
  writeInspectLogs(folder);
  const script = fileURLToPath(new URL('inspect/count_samples.py', import.meta.url));
  const answer = execFileSync(environment.python, [script, folder], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { PATH: process.env['PATH'], HOME: scratch },
  });
  const theirs = z.record(z.string(), z.array(countsSchema)).parse(JSON.parse(answer.trim().split('\n').at(-1) ?? ''));
  const sums: Counts[][] = [[], []];
  let differing = 0;
  for (const [name, expected] of Object.entries(theirs)) {
    const reader = name.endsWith('.eval') ? inspectEvalReader : inspectJsonReader;
    const { samples, problems } = await readAll(reader, join(folder, name));
    const found = samples.map(countSample);
    sums[0]?.push(...expected);
    sums[1]?.push(...found);
    if (isDeepStrictEqual(expected, found) && problems.length === 0) continue;
    if (differing++ < SHOWN_MAX) console.error(name, problems, expected, found);
  }
  const rows = (['messages', 'calls', 'results', 'tokens', 'modelCalls'] as const).map((what) => [
    what === 'modelCalls' ? 'model calls' : what,
    ...sums.map((counts) => counts.reduce((sum, one) => sum + one[what], 0)),
  ]);
  const ends = (['error', 'limit'] as const).map((what) => [
    `${what}s`,
    ...sums.map((counts) => counts.filter((one) => one[what] !== null && one[what] !== false).length),
  ]);
  const samples = ['samples', ...sums.map((counts) => counts.length)];
  return {
    said: `Generated logs of Inspect (${Object.keys(theirs).length}, half of them \`.eval\`), read by \`read_eval_log\` of ${INSPECT.replace('==', ' ')} and by the import; each sample is
compared for itself. Logs that differ: **${differing}**.

${toTable(['what', "Inspect's", 'ours'], [samples, ...rows, ...ends])}`,
    differing,
  };
}

try {
  const rows: (readonly (string | number)[])[] = [];
  let failures = 0;
  for (const format of toldFormats.filter(({ name }) => new RegExp(values.only ?? '').test(name))) {
    const counted = await countLosses(format);
    failures += counted.failures;
    const row = [
      format.name,
      counted.logs,
      counted.failures,
      counted.seconds.toFixed(1),
      ...(await measureGrowth(format)),
    ];
    console.log(row.join(' | '));
    rows.push(row);
  }
  const compared = await compareWithInspect();
  const head = [
    'format',
    'logs',
    'failures',
    'seconds',
    'a log',
    ...TIMES.flatMap((times) => [`× bytes of ${times}`, '× time']),
  ];
  const table = `${toTable(head, rows)}\n\n${compared.said}`;
  console.log(table);
  if (values.only === undefined)
    writeResult(
      'Imports of generated logs',
      `\`node bench/imports.ts${logs === 10_000 ? '' : ` --logs ${logs}`}\` (${describeMachine()}; seed ${seed}). Generated talks of up to six turns, with equal texts, repeated and
missing ids, parallel calls, calls without results, results between the lines of one answer. A failure is a message, call, result,
token count or end that is neither in the record nor counted with a reason. Then one log of ${TURNS} turns (${REPEATED_TURNS} where each model call repeats its prompt), and of about ${TIMES.join(' and ')}
times its bytes: how many times the bytes, and the CPU time of reading it. Aim: no failure; time grows as the bytes do.

${table}`,
    );
  if (failures + compared.differing > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
