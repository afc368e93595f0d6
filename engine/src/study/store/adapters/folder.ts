import { accessSync, constants, existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { syncDirectory, writeFileAtomic } from '../../../base/atomic-write.ts';
import { makeFolder } from '../../../base/make-folder.ts';
import { UsageError } from '../../../base/usage-error.ts';
import { readEvents, readLines, RecordFormatError } from '../../../record/journal-reader.ts';
import { listRecords, namesIn, readStudyFile } from '../../log-folder.ts';
import type { AsideTrial, Inventory, TrialStore } from '../contract.ts';

/**
 * A log folder: `study.json`, `trials/ID.jsonl`, and `aside/` for records that killed or failed runs left behind.
 * It is created if needed. One process at a time holds its lock; the kernel releases the lock when that process dies.
 * Throws a `UsageError` if the folder is in use or cannot be written.
 */
export function openFolder(path: string): TrialStore {
  const trials = join(path, 'trials');
  try {
    makeFolder(trials);
    accessSync(path, constants.W_OK);
    accessSync(trials, constants.W_OK);
  } catch (error) {
    throw new UsageError(
      `cannot write into the log folder ${path} (${reasonOf(error)}): choose another with --log-dir`,
      { cause: error },
    );
  }
  const lock = takeLock(path);
  return {
    name: path,
    readPlan: async () => readStudyFile(path),
    writePlan: async (study) => writeFileAtomic(join(path, 'study.json'), `${JSON.stringify(study, null, 2)}\n`),
    takeInventory: async () => takeInventory(path),
    begin: async (trialId) => join(trials, `${trialId}.jsonl`),
    // The record seals itself with its last line and is already in its final place.
    seal: async () => undefined,
    list: async () => listRecords(path),
    [Symbol.asyncDispose]: async () => lock.close(),
  };
}

function takeLock(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    // SQLite is used only for its lock: Node.js has no API for kernel file locks, and a lock file survives a crash.
    lock = new DatabaseSync(join(path, 'lock.db'));
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (!/locked/.test(reasonOf(error)))
      throw new UsageError(`cannot lock the log folder ${path} (${reasonOf(error)}): choose another with --log-dir`, {
        cause: error,
      });
    throw new UsageError(`another run is writing into ${path}: wait for it, or choose another folder with --log-dir`, {
      cause: error,
    });
  }
}

function takeInventory(path: string): Inventory {
  const sealed = new Map<string, string>();
  const dearestUsd = new Map<string, number>();
  let costUsd = 0;
  const count = ({ agent, cost }: Inspection): void => {
    costUsd += cost;
    if (agent !== null) dearestUsd.set(agent, Math.max(dearestUsd.get(agent) ?? 0, cost));
  };
  // Records set aside earlier were paid for too.
  for (const record of listAside(path)) count(inspect(record, null));
  const aside: AsideTrial[] = [];
  for (const record of listRecords(path)) {
    const trialId = record.slice(record.lastIndexOf('/') + 1, -'.jsonl'.length);
    const inspection = inspect(record, trialId);
    count(inspection);
    const { why } = inspection;
    if (why === null) sealed.set(trialId, record);
    else aside.push({ trialId, why, movedTo: moveAside(path, { record, trialId }) });
  }
  return { sealed, aside, costUsd, dearestUsd };
}

interface Inspection {
  /** Why the record is unusable; null if it is sealed, intact, of this trial, and without an infrastructure error. */
  readonly why: string | null;
  readonly cost: number;
  /** Null if the first line cannot be read. */
  readonly agent: string | null;
}

function inspect(record: string, trialId: string | null): Inspection {
  let why: string | null = null;
  let cost = 0;
  let agent: string | null = null;
  try {
    for (const read of readEvents(readLines(record))) {
      const event = read.kind === 'redaction' ? read.event : read;
      if (event.kind === 'trial-start') agent = event.agent.name;
      if (event.kind === 'trial-start' && trialId !== null && event.trialId !== trialId) {
        why ??= `it holds another trial, ${event.trialId}`;
      }
      if (event.kind === 'infrastructure-error') {
        why ??= `the harness failed (${event.stage}, ${event.code})`;
      }
      if (event.kind === 'model-call') cost += event.answer?.costUsd ?? 0;
    }
    return { why, cost, agent };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    // A newer Offswitch or another user wrote it. It may be valid, so do not move it.
    if (error.code === 'newer-version' || error.code === 'unreadable')
      throw new UsageError(`${record}: ${error.message}`, { cause: error });
    const unfinished = error.code === 'no-seal' || error.code === 'cut';
    return { why: unfinished ? 'unfinished: the run that wrote it was stopped' : error.message, cost, agent };
  }
}

function listAside(path: string): string[] {
  const folder = join(path, 'aside');
  if (!existsSync(folder)) return [];
  return namesIn(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(folder, name));
}

function moveAside(path: string, { record, trialId }: { readonly record: string; readonly trialId: string }): string {
  const folder = join(path, 'aside');
  makeFolder(folder);
  for (let number = 1; ; number++) {
    const target = join(folder, `${trialId}.${number}.jsonl`);
    if (existsSync(target)) continue;
    renameSync(record, target);
    syncDirectory(folder);
    syncDirectory(dirname(record));
    return target;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
