/**
 * Memory of reading other people's logs: made-up `.eval` files of growing size, each read and imported by a process of its
 * own, whose peak is asked of the kernel. Writes a part of `bench/RESULTS.md`. Run: node bench/log-memory.ts
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

import { inspectEvalReader } from '../engine/src/interop/adapters/inspect-eval.ts';
import { inspectHeader, toChunkedMembers } from '../engine/src/interop/adapters/inspect/testing.ts';
import { writeImportedSample } from '../engine/src/interop/write-sample.ts';
import { describeMachine, toTable, writeResult } from './results.ts';

const MB = 1_000_000;
const AT = '2026-01-02T03:04:05+00:00';

/** A sample with turns of one command, 40 kB of output each; stored more than once, as Inspect does. */
function toSample(id: number, turns: number): Record<string, unknown> {
  const messages: Record<string, unknown>[] = [{ id: 'm', role: 'user', content: 'Do the work.' }];
  const events: unknown[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const call = { id: `c${turn}`, function: 'bash', arguments: { cmd: `echo ${turn}` }, type: 'function' };
    const result = `${turn} `.repeat(40_000).slice(0, 40_000);
    messages.push(
      { id: `a${turn}`, role: 'assistant', content: 'Next.', tool_calls: [call] },
      { id: `t${turn}`, role: 'tool', tool_call_id: call.id, function: 'bash', content: result },
    );
    const answer = { message: messages.at(-2), stop_reason: 'tool_calls' };
    const common = { timestamp: AT, completed: AT };
    events.push(
      {
        event: 'model',
        ...common,
        model: 'm',
        input: [],
        input_refs: [[0, turn * 2 + 1]],
        output: { choices: [answer] },
      },
      { event: 'tool', ...common, ...call, result, message_id: `t${turn}`, events: [] },
      { event: 'sandbox', ...common, action: 'exec', cmd: `echo ${turn}`, output: result.slice(0, 2000) },
    );
  }
  return { id, epoch: 1, input: 'Do the work.', target: '', messages, events, events_data: { messages, calls: [] } };
}

/** Members one after the other into a file, stored. Below 4 GiB only. */
function writeArchive(
  path: string,
  members: Iterable<{ readonly name: string; readonly data: string | Buffer }>,
): void {
  const file = openSync(path, 'w');
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of members) {
    const bytes = Buffer.from(data);
    const common = Buffer.alloc(22);
    common.writeUInt32LE(crc32(bytes), 8);
    common.writeUInt32LE(bytes.length, 12);
    common.writeUInt32LE(bytes.length, 16);
    common.writeUInt16LE(name.length, 20);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0, 20, 0]), common, tail, Buffer.from(name)]));
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4, 20, 0]), common, Buffer.alloc(2), Buffer.from(name)]);
    offset += writeSync(file, local) + writeSync(file, bytes);
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  writeSync(file, Buffer.concat([list, end]));
  closeSync(file);
}

const HEADER = { name: 'header.json', data: JSON.stringify(inspectHeader()) };
const TURNS = 60;
const EVENTS_A_TURN = 3;

function* manySamples(bytes: number): Generator<{ readonly name: string; readonly data: string }> {
  for (let done = 0, id = 1; done < bytes; id++) {
    const data = JSON.stringify(toSample(id, TURNS));
    done += data.length;
    yield { name: `samples/${id}_epoch_1.json`, data };
  }
  yield HEADER;
}

/** One sample of that size. Most of it are events that no record has a kind for. */
function* oneInChunks(bytes: number): Generator<{ readonly name: string; readonly data: string | Buffer }> {
  const name = 'long_epoch_1';
  const blob = 'x'.repeat(2900);
  const perChunk = 1000;
  const filler = Array.from({ length: perChunk }, (_, index) => ({
    event: 'state',
    timestamp: AT,
    changes: [index, blob],
  }));
  const text = JSON.stringify(filler);
  const chunks = Math.ceil(bytes / text.length);
  const first = toChunkedMembers(toSample(1, TURNS), name, perChunk);
  for (const member of first) if (!member.name.endsWith('events/stats.json')) yield member;
  const counts = [TURNS * EVENTS_A_TURN, ...Array.from({ length: chunks }, () => perChunk)];
  const stats = counts.map((any) => ({ type_counts: { any } }));
  yield { name: `samples/${name}/events/stats.json`, data: JSON.stringify({ chunks: stats }) };
  for (let chunk = 0; chunk < chunks; chunk++)
    yield { name: `samples/${name}/events/${TURNS * EVENTS_A_TURN + chunk * perChunk}.json`, data: text };
  yield HEADER;
}

interface Measured {
  readonly samples: number;
  readonly seconds: number;
  readonly peakMiB: number;
  readonly keptMB: number;
}

/** What `offswitch import` does with a log, record and file beside it removed again. */
async function readWhole(path: string, folder: string): Promise<Measured> {
  const [record, beside] = [join(folder, 'record.jsonl'), join(folder, 'beside.jsonl')];
  const started = performance.now();
  let [samples, kept] = [0, 0];
  const onProblem = (sentence: string): void => {
    throw new Error(sentence);
  };
  for await (const sample of inspectEvalReader.read(path, { scoredBy: 'shutdown', onProblem })) {
    writeImportedSample({ record, beside }, sample);
    kept += statSync(record).size + statSync(beside).size;
    rmSync(record);
    samples++;
  }
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  return { samples, seconds: (performance.now() - started) / 1000, peakMiB, keptMB: kept / MB };
}

function measureAll(): void {
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-log-memory-'));
  try {
    const rows = [
      ['many samples', manySamples],
      ['one sample in chunks', oneInChunks],
    ] as const;
    const table = rows.flatMap(([what, make]) =>
      [100, 400, 1000].map((megabytes) => {
        const path = join(folder, 'log.eval');
        writeArchive(path, make(megabytes * MB));
        const size = statSync(path).size;
        const words = [fileURLToPath(import.meta.url), '--read', path, folder];
        const { samples, seconds, peakMiB, keptMB }: Measured = JSON.parse(
          execFileSync(process.execPath, words, { encoding: 'utf8' }),
        );
        rmSync(path);
        console.log(what, megabytes, peakMiB);
        const cells = [(size / MB).toFixed(0), samples, seconds.toFixed(1), peakMiB.toFixed(0), keptMB.toFixed(0)];
        return [what, ...cells];
      }),
    );
    writeResult(
      'Memory of reading a log',
      `\`node bench/log-memory.ts\` (${describeMachine()}). Made-up \`.eval\` files, stored, each imported by a process of its own: record and file
beside it written with fsync. Samples of many are about ${((JSON.stringify(toSample(1, TURNS)).length / MB) | 0).toFixed(0)} MB, of ${TURNS} commands. The one in chunks is the same sample with hundreds of
thousands of further events of a kind that no record has; they are kept beside it up to 384 Mi characters (\`foreignBytesMax\`), which
is what its memory grows to, and not with the log. Resident at a start without a log: about 100 MiB. Aim: flat.

${toTable(['log', 'MB', 'samples', 's', 'peak MiB', 'written MB'], table)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [flag, path = '', folder = ''] = process.argv.slice(2);
if (flag === '--read') console.log(JSON.stringify(await readWhole(path, folder)));
else measureAll();
