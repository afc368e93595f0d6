/** The first commands of a new user, in an empty folder, without a key, a server or a model. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { registry } from './compose.ts';
import { endOf, offswitch, type Seen, spawnOffswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const containing = (text: string): string => expect.stringContaining(text) as string;
const inFolder = (folder: string, ...words: string[]): Promise<Seen> => endOf(spawnOffswitch(words, { cwd: folder }));

describe('a preset', () => {
  it.skipIf(!ready)(
    '"run --preset quick" runs its four cells on two controls, and states that they are not a model',
    async () => {
      using folder = createTemporaryFolder();
      const seen = await inFolder(folder.path, 'run', '--preset', 'quick');
      expect(seen).toMatchObject({
        code: 0,
        notes: containing('no model was named: running the controls control/complier and control/overwriter'),
        out: containing(
          'These are scripted controls, not a model. For a model: npx --no-install offswitch run --preset quick --model',
        ),
      });
      const [logs = ''] = readdirSync(folder.file('logs'));
      expect(readdirSync(folder.file(`logs/${logs}/trials`))).toHaveLength(40);
      expect(seen.out.match(/^control\/overwriter +(none|allow|competence|inanimate) /gm)).toHaveLength(4);
    },
  );

  it('"run --preset palisade-2025 --dry-run" prints the conditions by their letters and runs nothing', async () => {
    using folder = createTemporaryFolder();
    const seen = await inFolder(folder.path, 'run', '--preset', 'palisade-2025', '--dry-run', '--price', '3/15');
    expect(seen).toMatchObject({
      code: 0,
      notes: '',
      out: expect.stringMatching(/11 cells x 100 epochs = 1100\n.*\ncost +about \d+\.\d\d US dollars/) as string,
    });
    expect([...seen.out.matchAll(/^cell +([A-Z]) MODEL /gm)].map(([, letter]) => letter).join('')).toBe('ABCDEFGHIJK');
    expect(seen.out).toContain('none was named: the plan is for one model');
    expect(existsSync(folder.file('logs'))).toBe(false);
  });

  it('with published results requires a model, and explains how to name one', async () => {
    expect(await offswitch(['run', '--preset', 'palisade-2025'])).toMatchObject({
      code: 2,
      notes: containing('expected a model for the preset "palisade-2025"'),
    });
  });

  it('that is unknown is refused with a list of the known ones', async () => {
    expect(await offswitch(['run', '--preset', 'quik'])).toMatchObject({
      code: 2,
      notes: containing('Did you mean "quick"?'),
    });
  });
});

describe('a dry run', () => {
  const names = [
    ...registry.models.map(({ prefix }) => `${prefix}/some-model`),
    'openai-compatible/org/some-model',
  ].map((name) => name.replace('text-tools/', 'text-tools/llama-cpp/'));
  it.for(names)('of %s needs neither key nor server', async (model) => {
    const seen = await offswitch(['run', 'shutdown', '--model', model, '--dry-run']);
    expect(seen).toMatchObject({ code: 0, out: containing(`cell       ${model}  allow=`) });
  });

  it.for(['opnai/m', 'text-tools/opnai/m'])('still refuses an unknown provider: %s', async (model) => {
    expect(await offswitch(['run', 'shutdown', '--model', model, '--dry-run'])).toMatchObject({
      code: 2,
      notes: containing('Did you mean "openai"?'),
    });
  });

  it.for(['openai', 'openai/', '/m', 'text-tools/openai'])('still refuses an invalid name: %s', async (model) => {
    expect(await offswitch(['run', 'shutdown', '--model', model, '--dry-run'])).toMatchObject({
      code: 2,
      notes: containing('expected a model as provider/model'),
    });
  });
});

describe('a study file of the current folder', () => {
  const words = ['run', '--dry-run'];

  it.for(['offswitch.config.ts', 'offswitch.config.yaml'])('%s is found, and said', async (name) => {
    using folder = createTemporaryFolder();
    await inFolder(folder.path, 'init', name);
    const seen = await inFolder(folder.path, ...words);
    expect(seen).toMatchObject({
      code: 0,
      out: containing('6 cells x 10 epochs'),
      notes: containing(`config: ${name}`),
    });
    expect(await inFolder(folder.path, ...words, '--no-config')).toMatchObject({
      code: 2,
      notes: containing('expected a scenario'),
    });
    expect(await inFolder(folder.path, ...words, '--epochs', '2')).toMatchObject({
      out: containing('6 cells x 2 epochs'),
    });
  });

  it('is not guessed if there are two', async () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('offswitch.config.ts'), '');
    writeFileSync(folder.file('offswitch.config.yaml'), '');
    expect(await inFolder(folder.path, ...words)).toMatchObject({
      code: 2,
      notes: containing('choose one with --config'),
    });
  });
});

describe('what is printed', () => {
  it('uses the singular for one trial, and mentions no price if no model was called', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const run = ['run', 'shutdown', '--model', 'control/complier', '--sandbox', 'memory', '--log-dir', logDir];
    const dry = await offswitch([...run, '--dry-run']);
    expect(dry.out).toContain('\ncost       none: scripted agents call no model\n');
    expect(dry.out).not.toContain('--price');
    expect((await offswitch(run)).out).toContain('\nscripts only: no model was called, no cost\n');
    expect((await offswitch(['verify', logDir])).notes).toContain('1 record was run under the plan ');
    expect(await offswitch(['report', logDir, '--out', folder.file('a.html')])).toMatchObject({
      out: containing('a.html: 1 trial, 0 unfinished'),
    });
    expect(await offswitch(['export', logDir, '--out', folder.file('a.eval')])).toMatchObject({
      out: containing('a.eval: 1 sample of control/complier'),
    });
  });

  it('takes the format of a report from the ending of its file, unless --format names one', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    await offswitch(['run', 'shutdown', '--model', 'control/complier', '--sandbox', 'memory', '--log-dir', logDir]);
    const write = async (name: string, ...flags: string[]) => {
      await offswitch(['report', logDir, '--out', folder.file(name), ...flags]);
      return readFileSync(folder.file(name), 'utf8');
    };
    expect(await write('a.csv')).toMatch(/^[a-zA-Z_,]+\r\n/);
    expect(await write('a.MD')).toMatch(/^## /m);
    expect(await write('a.xml')).toContain('<testsuites');
    expect(await write('a.page')).toMatch(/^<!doctype html>/i);
    expect(await write('b.csv', '--format', 'svg')).toContain('<svg');
  });

  it('asks for a price if both a model and a script are named', async () => {
    const models = ['--model', 'control/complier', '--model', 'ollama/a'];
    const seen = await offswitch(['run', 'shutdown', ...models, '--dry-run']);
    expect(seen.out).toContain('\ncost       unknown: give --price');
  });

  it.for(['run', 'report', 'import'])('in the help of %s has no confusing default', async (name) => {
    const { out } = await offswitch([name, '--help']);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('may be given several times (default: none)');
    expect(out).not.toContain('[])');
  });
});
