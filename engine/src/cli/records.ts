import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '../base/usage-error.ts';
import { listRecords } from '../study/log-folder.ts';

/** A record, or all records of a folder. Throws a `UsageError` where there is nothing. */
export function recordsAt(path: string): string[] {
  if (!existsSync(path))
    throw new UsageError(`there is nothing at ${path}: expected a record (.jsonl) or a log folder`);
  if (!statSync(path).isDirectory()) return [path];
  const records = listRecords(path);
  if (records.length === 0) throw new UsageError(`${path} holds no records (.jsonl)`);
  return records;
}

/** A record or log folder of ours, told from a log of another tool. */
export function isOurs(path: string): boolean {
  if (!existsSync(path))
    throw new UsageError(
      `there is nothing at ${path}: expected a record (.jsonl), a log folder, or a log of another tool`,
    );
  if (statSync(path).isDirectory()) {
    return existsSync(join(path, 'trials')) || existsSync(join(path, 'study.json')) || readdirSync(path).length === 0;
  }
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(512);
    return head.toString('utf8', 0, readSync(file, head)).includes('"offswitch-record"');
  } finally {
    closeSync(file);
  }
}
