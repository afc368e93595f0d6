import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateFileName } from 'yauzl';

import { createTemporaryFolder } from '../../../record/testing.ts';
import { DEFAULT_LOG_LIMITS } from '../../limits.ts';
import { forgeZip } from './testing.ts';
import { createZip, openZip } from './zip.ts';

const MiB = 1024 * 1024;

async function readMember(path: string, name: string, bytesMax = 64 * MiB): Promise<string> {
  using zip = await openZip(path, DEFAULT_LOG_LIMITS);
  const member = zip.members.get(name);
  if (member === undefined) throw new Error(`no member ${name}`);
  return await zip.readText(member, bytesMax);
}

describe('ZIP archives', () => {
  it('give back what was written, for any names and texts', async () => {
    using folder = createTemporaryFolder();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc
            .string({ minLength: 1, unit: 'grapheme' })
            .filter((name) => validateFileName(name) === null && !name.endsWith('/')),
          fc.string({ unit: 'grapheme' }),
          { maxKeys: 8 },
        ),
        async (texts) => {
          const path = folder.file(`${++number}.zip`);
          const zip = createZip(path);
          for (const [name, text] of Object.entries(texts)) await zip.add(name, text);
          expect(await zip.finish()).toBe(readFileSync(path).length);
          using read = await openZip(path, DEFAULT_LOG_LIMITS).catch(() => null);
          for (const [name, text] of Object.entries(texts)) {
            const member = read?.members.get(name);
            expect(member && (await read?.readText(member, MiB))).toBe(text);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(['stored', 'deflate', 'zstd'] as const)('are read with members packed as %s', async (method) => {
    using folder = createTemporaryFolder();
    expect(
      await readMember(forgeZip(folder.file('a.zip'), [{ name: 'm', data: 'hello '.repeat(1000), method }]), 'm'),
    ).toBe('hello '.repeat(1000));
  });

  it('are read where zstd comes in several frames', async () => {
    using folder = createTemporaryFolder();
    const data = Array.from({ length: 5000 }, (_, index) => `line ${index}`).join('\n');
    expect(
      await readMember(forgeZip(folder.file('a.zip'), [{ name: 'm', data, method: 'zstd', frames: 7 }]), 'm'),
    ).toBe(data);
  });

  it('give the last of members with the same name', async () => {
    using folder = createTemporaryFolder();
    const path = forgeZip(folder.file('a.zip'), [
      { name: 'm', data: 'old' },
      { name: 'm', data: 'new' },
    ]);
    expect(await readMember(path, 'm')).toBe('new');
  });

  it.each([
    ['claims fewer bytes than it holds', { claimedBytes: 3 }, 'expected 3 bytes as its header says, got 5000'],
    ['claims more bytes than it holds', { claimedBytes: 9000 }, 'expected 9000 bytes as its header says, got 5000'],
    ['claims more than the limit', { claimedBytes: 0xfffffffe }, 'at most 67108864 bytes'],
    ['has a wrong checksum', { claimedCrc: 1 }, 'its checksum does not fit'],
    ['is encrypted', { encrypted: true }, 'is encrypted'],
    ['is packed by a method that Inspect never wrote', { method: 14 }, 'expected packing method 0, 8 or 93, got 14'],
  ])('refuse a member that %s', async (_what, lie, sentence) => {
    using folder = createTemporaryFolder();
    await expect(
      readMember(forgeZip(folder.file('a.zip'), [{ name: 'm', data: 'x'.repeat(5000), ...lie }]), 'm'),
    ).rejects.toThrow(sentence);
  });

  it.each(['deflate', 'zstd'] as const)('refuse a bomb packed as %s without unpacking it', async (method) => {
    using folder = createTemporaryFolder();
    const path = forgeZip(folder.file('a.zip'), [
      { name: 'm', data: Buffer.alloc(200 * MiB), method, claimedBytes: 1000 },
    ]);
    const before = process.memoryUsage().rss;
    await expect(readMember(path, 'm', 256 * MiB)).rejects.toThrow(/looks like a bomb/);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * MiB);
  });

  it('keep to the total of all members together', async () => {
    using folder = createTemporaryFolder();
    const path = forgeZip(folder.file('a.zip'), [
      { name: 'a', data: 'a'.repeat(600) },
      { name: 'b', data: 'b'.repeat(600) },
    ]);
    using zip = await openZip(path, { ...DEFAULT_LOG_LIMITS, totalBytesMax: 1000 });
    const [a, b] = [...zip.members.values()];
    if (a === undefined || b === undefined) throw new Error('two members expected');
    expect(await zip.readText(a, MiB)).toHaveLength(600);
    await expect(zip.readText(b, MiB)).rejects.toThrow('at most 400 bytes');
  });

  it('refuse more members than the limit, and a directory that holds fewer than it claims', async () => {
    using folder = createTemporaryFolder();
    const path = forgeZip(folder.file('a.zip'), [{ name: 'm', data: '' }], { claimedMembers: 60_000 });
    await expect(openZip(path, { ...DEFAULT_LOG_LIMITS, membersMax: 50_000 })).rejects.toThrow(
      'at most 50000 members, got 60000',
    );
    await expect(openZip(path, DEFAULT_LOG_LIMITS)).rejects.toThrow('directory of the archive cannot be read');
  });

  it('whose members share their bytes are refused: a small one could unpack to any size', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('a.zip');
    const zip = createZip(path);
    await zip.add('a', 'x'.repeat(50_000));
    await zip.finish();
    const whole = readFileSync(path);
    const end = whole.length - 22;
    const directory = whole.subarray(whole.readUInt32LE(end + 16), end);
    const tail = Buffer.from(whole.subarray(end));
    const times = 200;
    tail.writeUInt16LE(times, 8);
    tail.writeUInt16LE(times, 10);
    // A directory entry is shorter than the packed text, so many of them outweigh the file.
    tail.writeUInt32LE(directory.length * times, 12);
    writeFileSync(path, Buffer.concat([whole.subarray(0, end), Buffer.concat(Array(times - 1).fill(directory)), tail]));
    await expect(openZip(path, DEFAULT_LOG_LIMITS)).rejects.toThrow('they overlap');
  });

  it('are refused with a sentence wherever they were cut', async () => {
    using folder = createTemporaryFolder();
    const members = Array.from({ length: 4 }, (_, index) => ({ name: `m${index}`, data: `text ${index} `.repeat(50) }));
    const path = folder.file('cut.zip');
    const whole = readFileSync(forgeZip(path, members));
    for (let size = 0; size < whole.length; size += 7) {
      writeFileSync(path, whole.subarray(0, size));
      await expect(openZip(path, DEFAULT_LOG_LIMITS)).rejects.toMatchObject({ name: 'LogError', code: 'damaged' });
    }
  });

  it('never fail with anything but a LogError, whatever byte is changed', async () => {
    using folder = createTemporaryFolder();
    const whole = readFileSync(
      forgeZip(folder.file('whole.zip'), [
        { name: 'a', data: 'text'.repeat(30) },
        { name: 'b', data: 'more', method: 'zstd' },
      ]),
    );
    const path = folder.file('changed.zip');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        writeFileSync(path, bytes);
        try {
          using zip = await openZip(path, DEFAULT_LOG_LIMITS);
          for (const member of zip.members.values()) await zip.readText(member, MiB);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LogError' });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are never written over another file, and leave nothing behind when they fail', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('a.zip');
    writeFileSync(path, 'mine');
    const zip = createZip(path);
    await zip.add('m', 'text');
    await expect(zip.finish()).rejects.toThrow('is there already');
    zip.abort();
    expect(readdirSync(folder.path)).toEqual(['a.zip']);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
