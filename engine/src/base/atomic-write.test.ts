import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { writeFileAtomic } from './atomic-write.ts';

describe('writeFileAtomic', () => {
  it('writes text and bytes whole, over what was there', () => {
    using folder = createTemporaryFolder();
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 5000 })), (content) => {
        const path = folder.file('state');
        writeFileAtomic(path, content);
        expect(readFileSync(path)).toEqual(Buffer.from(content as string));
        expect(readdirSync(folder.path)).toEqual(['state']);
      }),
    );
  });

  it('shows a reader the old text or the new one, never a part', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('state.json');
    const versions = ['a', 'b'].map((letter) => letter.repeat(300_000));
    writeFileAtomic(path, versions[0] ?? '');
    const { spawn } = await import('node:child_process');
    const reader = spawn(process.execPath, [
      '-e',
      `const { readFileSync } = require('node:fs');
       let reads = 0; let torn = 0; const until = Date.now() + 400;
       console.log('ready');
       while (Date.now() < until) {
         const text = readFileSync(process.argv[1], 'utf8'); reads++;
         if (text.length !== 300000 || text.replaceAll(text[0], '') !== '') torn++;
       }
       console.log(JSON.stringify({ reads, torn }));`,
      path,
    ]);
    let printed = '';
    reader.stdout.on('data', (block: Buffer) => (printed += block.toString()));
    const ended = new Promise((resolve) => reader.on('close', resolve));
    while (!printed.includes('ready')) await turn();
    for (let version = 0; !printed.includes('torn'); version++) {
      writeFileAtomic(path, versions[version % 2] ?? '');
      await turn();
    }
    await ended;
    const { reads, torn } = JSON.parse(printed.split('\n')[1] ?? '') as { reads: number; torn: number };
    expect(torn).toBe(0);
    expect(reads).toBeGreaterThan(10);
  });

  it('refuses to put a plain file in the place of a device or a pipe', () => {
    using folder = createTemporaryFolder();
    execFileSync('mkfifo', [folder.file('pipe')]);
    for (const path of ['/dev/full', '/dev/null', folder.file('pipe')])
      expect(() => writeFileAtomic(path, 'text')).toThrow(`could not write ${path}: it is a device or a pipe`);
    expect(readdirSync(folder.path)).toEqual(['pipe']);
  });

  it('leaves the old file, and nothing beside it, when the new one cannot be written', () => {
    using folder = createTemporaryFolder();
    const path = folder.file('state');
    writeFileSync(path, 'old');
    // Not a string and not bytes: what fails here, fails after the temporary file was made.
    expect(() => writeFileAtomic(path, { length: 10 } as never)).toThrow(TypeError);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder.path)).toEqual(['state']);
  });

  it('leaves nothing beside the target when it cannot take its place', () => {
    using folder = createTemporaryFolder();
    mkdirSync(folder.file('target'));
    writeFileSync(folder.file('target/inside'), 'kept');
    expect(() => writeFileAtomic(folder.file('target'), 'new')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder.path)).toEqual(['target']);
    expect(readFileSync(folder.file('target/inside'), 'utf8')).toBe('kept');
  });

  it('says what failed when the folder is not there', () => {
    using folder = createTemporaryFolder();
    expect(() => writeFileAtomic(folder.file('missing/state'), 'new')).toThrow(/ENOENT/);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
