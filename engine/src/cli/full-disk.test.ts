import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder, trialStart, writeRecord } from '../record/testing.ts';
import { endOf, offswitch, spawnOffswitch } from './testing.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const log = fileURLToPath(new URL('../interop/testing/logs/claude-code.jsonl', import.meta.url));
/** What the limit of the shell is called, and how a full disk reads. */
const TOO_LARGE = /^offswitch: .*(EFBIG|ENOSPC|disk is full|disk I\/O error)/m;

const leftIn = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];

describe('where nothing more can be written', () => {
  const run = ['run', 'shutdown', '--sandbox', 'memory', '--model', 'control/complier', '--epochs', '2', '--no-config'];
  // Blocks of 512 bytes: the plan has about 8, a record more.
  it.for([
    ['run', 0, run],
    ['run', 1, run],
    ['run', 8, run],
    ['run', 16, run],
    ['import', 1, ['import', log]],
  ] as const)(
    '%s with files of at most %d blocks is one sentence, and leaves no part',
    async ([command, blocks, words]) => {
      using folder = createTemporaryFolder();
      const logDir = folder.file('logs');
      const to = command === 'run' ? '--log-dir' : '--to';
      const seen = await endOf(spawnOffswitch([...words, to, logDir], { cwd: folder.path, ulimit: `-f ${blocks}` }));
      expect(seen.notes).not.toMatch(/\n\s+at |should not/);
      if (seen.code !== 0) expect(seen).toMatchObject({ notes: expect.stringMatching(TOO_LARGE) as string });
      if (blocks < 16) expect([2, 3]).toContain(seen.code);
      expect(leftIn(logDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      if (command === 'import') expect(leftIn(logDir).filter((name) => name.endsWith('.jsonl'))).toEqual([]);
      else expect(await offswitch([...words, to, logDir])).toMatchObject({ code: 0 });
    },
  );

  it('the output of a command is one sentence', () => {
    using folder = createTemporaryFolder();
    mkdirSync(folder.file('trials'));
    const record = writeRecord(folder.file('trials/a.jsonl'), [trialStart()]);
    for (const words of [['show', record], ['report', folder.path], ['score', folder.path], ['list']]) {
      const line = `exec "$@" > /dev/full`;
      const { status, stderr } = spawnSync('sh', ['-c', line, 'sh', process.execPath, main, ...words], {
        encoding: 'utf8',
      });
      expect(stderr.trim()).toMatch(/^offswitch: the output could not be written: ENOSPC[^\n]*$/m);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(status).toBe(3);
    }
  });

  it('a report at a device is refused, and the device stays what it is', async () => {
    using folder = createTemporaryFolder();
    const record = writeRecord(folder.file('a.jsonl'), [trialStart()]);
    expect(await offswitch(['report', record, '--out', '/dev/full'])).toMatchObject({
      code: 2,
      notes: expect.stringMatching(/^offswitch: .*\/dev\/full.*a device or a pipe/) as string,
    });
    expect(readdirSync('/dev').filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
