import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { createTemporaryFolder, trialStart, writeRecord } from '../record/testing.ts';
import { endOf, offswitch, ordinaryUser, type Seen, spawnOffswitch } from './testing.ts';

const isRoot = process.getuid?.() === 0;
const user = ordinaryUser();
const contains = (text: string | RegExp): string => expect.stringMatching(text) as string;

describe('a record without read permission', () => {
  using folder = createTemporaryFolder();
  const [good, bad] = [folder.file('trials/good.jsonl'), folder.file('trials/locked.jsonl')];
  beforeAll(() => {
    mkdirSync(folder.file('trials'), { recursive: true });
    for (const path of [good, bad]) writeRecord(path, [trialStart({ trialId: path.includes('good') ? 'a' : 'b' })]);
    chmodSync(folder.path, 0o755);
    chmodSync(bad, 0o000);
  });
  const asUser = (words: readonly string[]): Promise<Seen> =>
    endOf(spawnOffswitch(words, { cwd: '/', ...(user !== null && { uid: user }) }));

  it.skipIf(isRoot && user === null).for(['verify', 'score', 'show', 'compare', 'export', 'report', 'check'])(
    'is one sentence of %s, and exit code 2 if it is the only record',
    async (command) => {
      const more = { compare: [bad], export: ['--out', folder.file('out.eval')] }[command] ?? [];
      const seen = await asUser([command, bad, ...more]);
      expect(seen.notes + seen.out).not.toMatch(/\n\s+at |should not/);
      // These print why each record is left out, and then what remains.
      if (['compare', 'report', 'check'].includes(command)) {
        if (command === 'compare')
          expect(seen).toMatchObject({ code: 2, out: '', notes: contains(/locked\.jsonl: .*EACCES/) });
        return;
      }
      expect(seen).toMatchObject({ code: 2, out: '', notes: contains(/^offswitch: .*locked\.jsonl: .*EACCES/) });
      expect(seen.notes.trim().split('\n')).toHaveLength(1);
    },
  );

  it.skipIf(isRoot && user === null)('does not keep verify and score from reading the others', async () => {
    expect(await asUser(['verify', folder.path])).toMatchObject({
      code: 1,
      out: contains(/locked\.jsonl: the file cannot be read \(EACCES[^]*1 of 2 records are complete/),
    });
    expect(await asUser(['score', folder.path, '--json'])).toMatchObject({
      code: 1,
      notes: contains(/not scored: .*locked\.jsonl: .*EACCES/),
      out: contains(/"trials":1,"notScored":1/),
    });
  });
});

describe('a path that is not a record', () => {
  it.for(['verify', 'score', 'show'])('a folder named like a record is one sentence of %s', async (command) => {
    using folder = createTemporaryFolder();
    mkdirSync(folder.file('trials/folder.jsonl'), { recursive: true });
    const seen = await offswitch([command, folder.path]);
    expect(seen).toMatchObject({ code: 2, notes: contains(/folder\.jsonl: the file cannot be read \(EISDIR/) });
  });

  it('an unterminated line of any length is one sentence', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('long.jsonl');
    writeFileSync(path, Buffer.alloc(65 * 1024 * 1024, 'x'));
    expect(await offswitch(['verify', path])).toMatchObject({
      code: 1,
      out: contains(/expected at most 67108864 bytes/),
    });
  });

  it('a folder with one trial is shown as that trial', async () => {
    using folder = createTemporaryFolder();
    mkdirSync(join(folder.path, 'trials'));
    writeRecord(folder.file('trials/only.jsonl'), [trialStart()]);
    expect(await offswitch(['show', folder.path])).toMatchObject({ code: 0, out: contains('control/complier') });
  });

  it.each(['profile', 'trend', 'score', 'report'])(
    'a folder of log folders gets one sentence from %s',
    async (command) => {
      using folder = createTemporaryFolder();
      mkdirSync(folder.file('shutdown/trials'), { recursive: true });
      writeFileSync(folder.file('shutdown/study.json'), '{}');
      expect(await offswitch([command, folder.path])).toMatchObject({
        ...{ code: 2, out: '' },
        notes: contains(
          /^offswitch: .* has no records \(\.jsonl\): it has log folders: name one, e\.g\. .*shutdown, or several/,
        ),
      });
    },
  );
});
