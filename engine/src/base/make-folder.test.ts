import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { makeFolder } from './make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'offswitch-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const url = (path: string): string => new URL(path, import.meta.url).href;

describe('makeFolder', () => {
  it('makes what is missing, and is content with what is there', () => {
    const deep = join(folder, 'a/b/c');
    for (let time = 0; time < 2; time++) makeFolder(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });

  it('forces the name of each new folder to the disk, also the first one in a folder that was there', () => {
    const real = realpathSync(folder);
    const count = join(real, 'count');
    const program = `import { makeFolder } from ${JSON.stringify(url('make-folder.ts'))}; makeFolder(process.argv[1]);`;
    const words = ['--import', url('../study/testing/fail-one-call.ts'), '--input-type=module', '--eval', program];
    execFileSync(process.execPath, [...words, join(real, 'logs/trials')], {
      env: { FAIL_CALL: 'fsync', FAIL_BELOW: real, FAIL_COUNT: count },
    });
    expect(readFileSync(count, 'utf8')).toBe('2');
  });

  it('throws where the kernel makes none, at once', ({ skip }) => {
    if (process.platform !== 'linux') skip('not run: there is no /proc');
    expect(() => makeFolder('/proc/offswitch/trials')).toThrow(/ENOENT/);
  });

  it('throws at a file, below a file, and at a link to nothing', () => {
    const [file, link] = [join(folder, 'file'), join(folder, 'link')];
    writeFileSync(file, '');
    symlinkSync(join(folder, 'nowhere'), link);
    for (const path of [file, join(file, 'x'), link]) expect(() => makeFolder(path)).toThrow();
    expect(() => makeFolder(join(link, 'x'))).toThrow();
  });
});
