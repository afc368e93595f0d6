import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '../base/sha256.ts';
import { GENESIS } from '../record/hash-chain.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { offswitch, type Seen } from './testing.ts';

const folder = createTemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const contains = (text: string | RegExp): string => expect.stringMatching(text) as string;
const study = ['--model', 'control/complier', '--epochs', '2', '--sandbox', 'memory', '--no-config'];
const run = (logDir: string): readonly string[] => ['run', 'shutdown', ...study, '--log-dir', logDir];
const clean = folder.file('clean');

beforeAll(async () => {
  expect(await offswitch(run(clean))).toMatchObject({ code: 0 });
});

/** A copy of the log folder with a unique name. */
function copyOf(name: string): { readonly path: string; readonly records: readonly string[] } {
  const path = folder.file(name);
  cpSync(clean, path, { recursive: true });
  return { path, records: readdirSync(join(path, 'trials')).map((record) => join(path, 'trials', record)) };
}

/** One sentence, and no stack. */
function expectSentence(seen: Seen, sentence: RegExp, code = 2): void {
  expect(seen).toMatchObject({ code, notes: contains(sentence) });
  expect(seen.notes + seen.out).not.toMatch(/\n\s+at |should not/);
}

describe('half a surrogate pair', () => {
  /** A record that was changed and sealed again. */
  function forge(path: string, change: (line: string) => string): void {
    let head = GENESIS;
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const forged = lines.map((line) => {
      const rest = change(line.slice(76)).replace(/"head":"\w+"/, `"head":"${head}"`);
      head = sha256(head + rest);
      return `{"chain":"${head}",${rest}\n`;
    });
    writeFileSync(path, forged.join(''));
  }
  const { path, records } = { path: folder.file('forged'), records: [] as string[] };
  beforeAll(() => {
    records.push(...copyOf('forged').records);
    forge(records[0] ?? '', (line) => line.replace('"seed":"', String.raw`"seed":"\ud800`));
  });

  it.for(['verify', 'score', 'check', 'report'])(
    'in a record is one sentence of %s, and the rest is read',
    async (command) => {
      const seen = await offswitch([command, path]);
      expect(seen.notes + seen.out).not.toMatch(/\n\s+at |should not/);
      expect(seen.notes + seen.out).toMatch(/half a surrogate pair|1 not scored/);
      if (command === 'verify') expect(seen.out).toContain('1 of 2 records are complete');
      if (command === 'score') expect(seen.out).toContain('counted 1 of 1');
      expect(seen.code).toBe(command === 'report' ? 0 : 1);
    },
  );

  it.for(['show', 'export', 'compare'])('in the only record is one sentence of %s', async (command) => {
    const more = { export: ['--out', folder.file('out.eval')], compare: [records[0] ?? ''] }[command] ?? [];
    expectSentence(await offswitch([command, records[0] ?? '', ...more]), /half a surrogate pair/);
  });

  it('in a record sets it aside, and its trial is run again', async () => {
    const again = copyOf('forged-again');
    forge(again.records[0] ?? '', (line) => line.replace('"seed":"', String.raw`"seed":"\ud800`));
    expectSentence(await offswitch(run(again.path)), /set aside .*half a surrogate pair/, 0);
    expect(readdirSync(join(again.path, 'aside'))).toHaveLength(1);
  });

  it.for(['verify', 'score', 'check', 'report', 'run'])('in study.json is one sentence of %s', async (command) => {
    const other = copyOf(`study-${command}`).path;
    const file = join(other, 'study.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"seed": "', String.raw`"seed": "\ud800`));
    expectSentence(await offswitch(command === 'run' ? run(other) : [command, other]), /half a surrogate pair/);
  });

  it.for([
    ['yaml', 'seed: "\\ud800"\nscenario: shutdown\nmodels: [control/complier]\n'],
    ['json', '{"seed": "\\ud800", "scenario": "shutdown", "models": ["control/complier"]}'],
  ] as const)('in a study file in %s is one sentence', async ([kind, text]) => {
    const file = folder.file(`study.${kind}`);
    writeFileSync(file, text);
    expectSentence(await offswitch(['run', '--config', file, '--dry-run']), /half a surrogate pair/);
  });

  it('in a given text is one sentence', async () => {
    const file = folder.file('texts.json');
    writeFileSync(file, '{"task": "\\ud800"}');
    expectSentence(await offswitch([...run(folder.file('new')), '--stimuli', file]), /half a surrogate pair/);
  });
});

describe('anything but a regular file of bounded size', () => {
  const pipe = folder.file('pipe');
  const large = folder.file('large');
  beforeAll(() => {
    execFileSync('mkfifo', [pipe]);
    execFileSync('truncate', ['--size=70M', large]);
  });
  /** The object under the name that the command expects. */
  function named(thing: string, name: string): string {
    const path = folder.file(`${thing.replaceAll('/', '-')}-${name}`);
    symlinkSync(thing.startsWith('/') ? thing : folder.file(thing), path);
    return path;
  }
  const things = ['/dev/zero', 'pipe', 'large'] as const;
  const uses: readonly (readonly [string, string, (path: string) => readonly string[]])[] = [
    ['a study in YAML', 'a.yaml', (path) => ['run', '--config', path, '--dry-run']],
    ['a study in JSON', 'a.json', (path) => ['run', '--config', path, '--dry-run']],
    ['a study in TypeScript', 'a.ts', (path) => ['run', '--config', path, '--dry-run']],
    ['a scenario', 'b.ts', (path) => ['run', path, '--dry-run']],
    ['texts', 'c.json', (path) => ['run', 'shutdown', ...study, '--stimuli', path, '--dry-run']],
    ['labels', 'd.csv', (path) => ['score', clean, '--labels', path]],
    ['a record', 'e.jsonl', (path) => ['show', path]],
  ];
  it.for(things.flatMap((thing) => uses.map((use) => [thing, ...use] as const)))(
    '%s as %s is one sentence',
    async ([thing, , name, words]) => {
      const sentence = thing === 'large' ? /larger than|at most \d+ bytes/ : /a pipe or a device/;
      expectSentence(await offswitch(words(named(thing, name))), sentence);
    },
  );

  it.for(uses.slice(0, 3).concat(uses.slice(4, 6)))(
    'nothing as %s is one sentence without a code',
    async ([, name, words]) => {
      for (const [path, sentence] of [
        [folder.file(`no-${name}`), /there is no such file/],
        [folder.path, /it is a folder/],
      ] as const) {
        const seen = await offswitch(words(path));
        expectSentence(seen, sentence);
        expect(seen.notes).not.toMatch(/ENOENT|EISDIR/);
      }
    },
  );

  it.for(
    [...things.slice(0, 2), '/proc/self/mem', '/proc/kmsg'].flatMap((thing) =>
      ['a.jsonl', 'a.json', 'a.eval'].map((name) => [thing, name] as const),
    ),
  )('%s as a log of another tool, %s, is one sentence', async ([thing, name]) => {
    const path = named(thing, `log-${name}`);
    expectSentence(await offswitch(['import', path, '--to', folder.file('none')]), /is not a readable log/);
    expectSentence(await offswitch(['score', path]), /cannot be read|is not a readable log/);
  });

  it.for(['/dev/zero', 'pipe'])('%s as the plan of a folder or among its records is one sentence', async (thing) => {
    const { path, records } = copyOf(`with-${thing.replaceAll('/', '-')}`);
    symlinkSync(thing === 'pipe' ? pipe : thing, join(path, 'trials/other.jsonl'));
    expect(await offswitch(['verify', path])).toMatchObject({ code: 1, out: contains(/2 of 3 records are complete/) });
    expectSentence(await offswitch(['score', path]), /other\.jsonl: .*a pipe or a device/, 1);
    const other = folder.file(`plan-${thing.replaceAll('/', '-')}`);
    mkdirSync(join(other, 'trials'), { recursive: true });
    cpSync(records[0] ?? '', join(other, 'trials/a.jsonl'));
    symlinkSync(thing === 'pipe' ? pipe : thing, join(other, 'study.json'));
    expectSentence(await offswitch(['score', other]), /study\.json.*a pipe or a device/);
  });

  it.for([
    ['holds itself', 'scenario: shutdown\nfactors: &a\n  allow: *a\n', /contains itself/],
    ['is nested deeply', `scenario: ${'['.repeat(500)}${']'.repeat(500)}\n`, /nested more than 64 levels/],
    [
      'stands for a billion values',
      `a: &a [${'x,'.repeat(99)}]\n${(['ab', 'bc', 'cd', 'de'] as const).map((pair) => `${pair.slice(1)}: &${pair.slice(1)} [${`*${pair.slice(0, 1)},`.repeat(20)}]`).join('\n')}\n`,
      /alias|more than 100000 values/,
    ],
  ] as const)('a study in YAML that %s is one sentence', async ([, text, sentence]) => {
    const file = folder.file('cyclic.yaml');
    writeFileSync(file, text);
    expectSentence(await offswitch(['run', '--config', file, '--dry-run']), sentence);
  });

  it('a deeply nested record is one sentence', async () => {
    const { path, records } = copyOf('deep');
    const deep = `"data":${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const lines = readFileSync(records[0] ?? '', 'utf8').split('\n');
    lines[1] = `${lines[1]?.slice(0, -1) ?? ''},${deep}}`;
    writeFileSync(records[0] ?? '', lines.join('\n'));
    expect(await offswitch(['verify', path])).toMatchObject({ code: 1, out: contains(/1 of 2 records are complete/) });
  });

  it('an imported text that no record can hold is one sentence, and the other logs are read', async () => {
    const logs = folder.file('foreign');
    mkdirSync(logs);
    const log = readFileSync(new URL('../interop/testing/logs/claude-code.jsonl', import.meta.url), 'utf8');
    writeFileSync(join(logs, 'a.jsonl'), log.replace('"text":"', `"text":"${'x'.repeat(70_000_000)}`));
    writeFileSync(join(logs, 'b.jsonl'), log.replaceAll(/"sessionId":"[^"]*"/g, '"sessionId":"other"'));
    const to = folder.file('imported');
    const seen = await offswitch(['import', logs, '--to', to]);
    expectSentence(seen, /not read: .*is larger than 67108864 bytes: a record cannot hold it/, 1);
    expect(seen.out).toContain('imported 1 trial ');
    expect(await offswitch(['verify', to])).toMatchObject({ code: 0, out: contains(/1 of 1 records/) });
  });
});
