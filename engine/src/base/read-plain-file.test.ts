import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it, vi } from 'vitest';

import { readPlainFile, readPlainText, streamPlainText, whyUnread } from './read-plain-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'plain-file-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

describe('reading a file of which nobody knows what it is', () => {
  it('gives the bytes of a plain file, up to the bound and not beyond', () => {
    expect(readPlainText(fileWith('12345é'), 7)).toBe('12345é');
    expect(() => readPlainFile(fileWith('12345678'), 7)).toThrow('it is larger than 7 bytes');
    expect(readPlainText(fileWith(''), 7)).toBe('');
    const long = 'x'.repeat(100_000);
    expect(readPlainText(fileWith(long), 100_000)).toBe(long);
  });

  it('follows a link to a plain file', () => {
    symlinkSync(fileWith('text'), join(folder, 'link'));
    expect(readPlainText(join(folder, 'link'), 7)).toBe('text');
  });

  it('reads files of the kernel, which have no size, within the bound', () => {
    expect(readPlainText('/proc/self/comm', 100)).toMatch(/\w\n$/);
    expect(() => readPlainFile('/proc/self/maps', 100)).toThrow('larger than 100 bytes');
  });

  it.for(['/dev/zero', '/dev/null'])('refuses the device %s', (path) => {
    expect(() => readPlainFile(path, 7)).toThrow('it is a pipe or a device');
  });

  it('refuses a pipe without waiting for a writer', () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(() => readPlainFile(path, 7)).toThrow('it is a pipe or a device');
  });

  it('names the fault of a folder and of a file that is not there', () => {
    expect(() => readPlainFile(folder, 7)).toThrow(expect.objectContaining({ code: 'EISDIR' }));
    expect(() => readPlainFile(join(folder, 'none'), 7)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('says in words why a file cannot be read, and keeps what it has no words for', () => {
    const why = (path: string): string => {
      try {
        return readPlainText(path, 7);
      } catch (error) {
        return whyUnread(error);
      }
    };
    expect(why(join(folder, 'none'))).toBe('there is no such file');
    expect(why(folder)).toBe('it is a folder, expected a file');
    expect(why(join(fileWith('x'), 'below'))).toContain('no folder');
    expect(why('/dev/zero')).toBe('it is a pipe or a device, expected a plain file');
    expect(whyUnread('odd')).toBe('odd');
  });

  it('streams a file as far as it went at first, however fast it grows', async () => {
    const path = fileWith(`${'é'.repeat(50_000)}!`);
    let read = '';
    for await (const text of streamPlainText(path)) {
      read += text;
      appendFileSync(path, 'x'.repeat(200_000));
      expect(read.length).toBeLessThan(100_000);
    }
    expect(read).toBe(`${'é'.repeat(50_000)}!`);
  });

  it('streams no pipe and no device, and leaves no file open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    const first = async (path: string): Promise<string> => {
      for await (const text of streamPlainText(path)) return text;
      return 'nothing';
    };
    await expect(first('/dev/zero')).rejects.toThrow('it is a pipe or a device');
    expect(await first(fileWith(''))).toBe('');
    expect(await first('/proc/self/comm')).toBe('');
    expect(await first(fileWith('x'.repeat(200_000)))).toHaveLength(65_536);
    await vi.waitFor(() => expect(open()).toBe(before));
  });
});
