import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { keepBeside, readKept } from './kept-bytes.ts';
import { createTemporaryFolder } from './testing.ts';

describe('bytes kept beside a record', () => {
  it('come back as they were, under their hash, from where the record is moved to', () => {
    using folder = createTemporaryFolder();
    const keep = keepBeside(folder.file('trials/a.jsonl'));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const hash = keep(bytes);
        for (const path of ['trials/a.jsonl', 'aside/a.1.jsonl'])
          expect(readKept(folder.file(path), hash)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('are told apart when they are missing, changed, or no archive at all', () => {
    using folder = createTemporaryFolder();
    const record = folder.file('record.jsonl');
    const hash = keepBeside(record)(Buffer.from('a question'));
    const other = keepBeside(record)(Buffer.from('another'));
    const place = join(dirname(record), 'exchanges');
    expect(readdirSync(place)).toHaveLength(2);
    expect(readKept(record, '0'.repeat(64))).toBeNull();
    for (const content of [readKeptFile(place, other), Buffer.from('no archive'), Buffer.alloc(0)]) {
      writeFileSync(join(place, `${hash}.zst`), content);
      expect(readKept(record, hash)).toBe('changed');
    }
  });

  it('are never waited for: a pipe of that name is nothing that was kept', () => {
    using folder = createTemporaryFolder();
    const record = folder.file('record.jsonl');
    const hash = keepBeside(record)(Buffer.from('a question'));
    const file = join(dirname(record), 'exchanges', `${hash}.zst`);
    rmSync(file);
    execFileSync('mkfifo', [file]);
    expect(readKept(record, hash)).toBe('changed');
  });
});

function readKeptFile(place: string, hash: string): Buffer {
  return readFileSync(join(place, `${hash}.zst`));
}
