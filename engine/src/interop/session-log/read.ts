import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { EventOf, TrialEvent } from '../../record/events.ts';
import { readKept } from '../../record/kept-bytes.ts';
import type { ImportedSample, LogReader } from '../contract.ts';
import { LogError } from '../log-error.ts';
import { show } from '../transcript.ts';

/** One log that a product kept of its session, as it lies beside the record. */
export interface SessionLog {
  /** The event of the file; then that of what SQLite had not yet written into it, if there is one. */
  readonly files: readonly [EventOf<'session-log'>, ...EventOf<'session-log'>[]];
  /** Empty if it cannot be read; `problems` says why. */
  readonly samples: readonly ImportedSample[];
  /** One sentence for each thing that could not be read. */
  readonly problems: readonly string[];
}

/** Bytes of answers that are searched at most. */
const ASIDES_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Tells whether a call stands in an answer that the product got to another question than those of its work, e.g. for an
 * agent of its own: the record has those answers as bytes only.
 */
export function readAsides(path: string, events: readonly TrialEvent[]): (callId: string) => boolean {
  const texts: Buffer[] = [];
  let bytes = 0;
  for (const event of events) {
    if (event.kind !== 'exchange' || event.purpose !== 'aside') continue;
    bytes += event.answered.bytes;
    const answer = bytes > ASIDES_BYTES_MAX ? null : readKept(path, event.answered.sha256);
    if (answer !== null && answer !== 'changed') texts.push(Buffer.from(answer));
  }
  return (callId) => callId !== '' && texts.some((text) => text.includes(JSON.stringify(callId)));
}

const PROBLEMS_MAX = 20;
const WRITE_AHEAD = '-wal';
const UNKEPT = {
  missing: 'there is no such file in the machine',
  'too-large': 'it is too large to be kept',
  unreadable: 'it could not be read in the machine',
  'too-many': 'there are more such files, and the older ones were not kept',
} as const;

/** Reads the session logs of the record at `path`. What cannot be read is a problem of that log, never an error. */
export async function readSessionLogs(
  path: string,
  events: readonly TrialEvent[],
  readers: readonly LogReader[],
): Promise<readonly SessionLog[]> {
  const all = events.filter((event) => event.kind === 'session-log');
  const logs: SessionLog[] = [];
  for (const event of all) {
    const isBeside = (other: EventOf<'session-log'>): boolean => other.path === `${event.path}${WRITE_AHEAD}`;
    if (all.some((other) => event.path === `${other.path}${WRITE_AHEAD}`)) continue;
    logs.push(await readOne(path, [event, ...all.filter(isBeside)], readers));
  }
  return logs;
}

async function readOne(record: string, files: SessionLog['files'], readers: readonly LogReader[]): Promise<SessionLog> {
  const [{ format, path, problem }] = files;
  if (problem !== null) return { files, samples: [], problems: [UNKEPT[problem]] };
  const reader = readers.find(({ name }) => name === format);
  if (reader === undefined) return { files, samples: [], problems: [`no reader reads the format "${show(format)}"`] };
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-session-'));
  const samples: ImportedSample[] = [];
  const problems: string[] = [];
  let more = 0;
  const onProblem = (sentence: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(sentence);
    else more++;
  };
  try {
    // The name comes from the machine: only its end is taken, by which readers know their files.
    const copy = join(folder, 'session', `log${/\.\w{1,10}$/.exec(path)?.[0] ?? ''}`);
    mkdirSync(dirname(copy));
    for (const file of files) {
      const bytes = file.sha256 === null ? null : readKept(record, file.sha256);
      if (bytes === null) throw new LogError('unreadable', 'its bytes do not lie beside the record');
      if (bytes === 'changed') throw new LogError('unreadable', 'its bytes beside the record were changed');
      writeFileSync(file === files[0] ? copy : `${copy}${WRITE_AHEAD}`, bytes);
    }
    for await (const sample of reader.read(copy, { scoredBy: '', onProblem, onNote: () => undefined }))
      samples.push(sample);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    problems.push(error.message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (more > 0) problems.push(`${more} more parts could not be read`);
  return { files, samples, problems };
}
