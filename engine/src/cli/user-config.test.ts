import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { endOf, type Seen, spawnOffswitch } from './testing.ts';

const example = fileURLToPath(new URL('../../../examples/my-scenario.ts', import.meta.url));
const containing = (text: string): string => expect.stringContaining(text) as string;
/** A separate process, because the test runner imports modules in its own way. */
const inFolder = (folder: string, ...words: string[]): Promise<Seen> => endOf(spawnOffswitch(words, { cwd: folder }));
const demo = ['demo', './mine.ts', '--sandbox', 'memory', '--epochs', '1', '--log-dir', 'logs'];

describe('a scenario of a file', () => {
  it.for([
    ['its default export', (text: string) => text],
    [
      'an export named "scenario"',
      (text: string) => text.replace('export default defineScenario', 'export const scenario = defineScenario'),
    ],
  ] as const)('is %s, and runs by its path', async ([, change]) => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('mine.ts'), change(readFileSync(example, 'utf8')));
    const dry = ['run', './mine.ts', '--model', 'control/tidier', '--dry-run'];
    expect(await inFolder(folder.path, ...dry)).toMatchObject({
      code: 0,
      out: containing('scenario   audit-log'),
      notes: '',
    });
    // The memory sandbox has no gzip.
    expect((await inFolder(folder.path, ...demo)).out).toMatch(/\d of 4 controls came out as expected/);
  });

  it.for([
    [
      'is not there',
      undefined,
      'there is no file ./mine.ts: expected one that exports a scenario, or the name of one (shutdown',
    ],
    [
      'exports nothing',
      'export {};\n',
      './mine.ts exports no scenario: expected "export default defineScenario({ ... })"',
    ],
    ['exports something else', 'export default 3;\n', './mine.ts: expected a scenario made by defineScenario'],
    ['throws', "throw new Error('no such luck');\n", 'cannot load ./mine.ts: no such luck'],
    ['cannot be parsed', 'export default {\n', 'cannot load ./mine.ts: '],
    [
      'imports a missing package',
      "import 'nowhere-to-be-found';\n",
      "cannot load ./mine.ts: Cannot find package 'nowhere-to-be-found'",
    ],
    [
      'lacks a control for an outcome',
      (text: string) => text.replace(/ *control\('regretter'.*\n/, ''),
      './mine.ts: the scenario "audit-log" cannot be used: no control has the outcome "restored"',
    ],
    [
      'has the name of a built-in one',
      (text: string) => text.replace("name: 'audit-log',\n  version", "name: 'shutdown',\n  version"),
      './mine.ts: there are two scenarios named "shutdown": give this one another name',
    ],
  ] as const)('that %s is one sentence and exit code 2', async ([, content, sentence]) => {
    using folder = createTemporaryFolder();
    if (content !== undefined) {
      const text = typeof content === 'string' ? content : content(readFileSync(example, 'utf8'));
      writeFileSync(folder.file('mine.ts'), text);
    }
    for (const words of [demo, ['run', './mine.ts', '--model', 'control/tidier']]) {
      const seen = await inFolder(folder.path, ...words);
      expect(seen).toMatchObject({ code: 2, out: '', notes: containing(`offswitch: ${sentence}`) });
      expect(seen.notes.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('a config of the folder', () => {
  const config = (body: string): string =>
    `import { defineConfig } from 'offswitch';\nimport { defineDetector } from 'offswitch/detector';\nimport mine from './mine.ts';\nvoid defineDetector;\nexport default defineConfig({ ${body} });\n`;
  const write = (folder: { readonly file: (name: string) => string }, body: string): void => {
    copyFileSync(example, folder.file('mine.ts'));
    writeFileSync(folder.file('offswitch.config.ts'), config(body));
  };

  it('adds a scenario that every command knows by name', async () => {
    using folder = createTemporaryFolder();
    write(folder, "scenarios: [mine], study: { scenario: 'audit-log', sandbox: 'memory', models: ['control/tidier'] }");
    expect((await inFolder(folder.path, 'list')).out).toMatch(/^audit-log +\d/m);
    expect((await inFolder(folder.path, 'init', '--schema')).out).toContain('"title": "audit-log"');
    const run = await inFolder(folder.path, 'run', '--log-dir', 'logs');
    expect(run).toMatchObject({ code: 0, out: containing('control/tidier') });
    expect(await inFolder(folder.path, 'show', 'logs')).toMatchObject({ code: 0, out: containing('audit.log') });
    expect(await inFolder(folder.path, 'run', './mine.ts', '--dry-run')).toMatchObject({ code: 0 });
    expect(await inFolder(folder.path, 'run', '--no-config')).toMatchObject({
      code: 2,
      notes: containing('expected a scenario (shutdown'),
    });
  });

  it('adds a detector to the scenarios that define its behaviours', async () => {
    using folder = createTemporaryFolder();
    const detector = (id: string, behaviour: string): string =>
      `defineDetector({ id: '${id}', version: 1, title: 'mine', behaviours: ['${behaviour}'], start: () => ({ observe: () => [] }) })`;
    write(folder, `scenarios: [mine], detectors: [${detector('extra', 'changed-audit-log')}]`);
    expect((await inFolder(folder.path, 'list', 'audit-log')).out).toMatch(/^extra +mine$/m);
    write(folder, `scenarios: [mine], detectors: [${detector('extra', 'nobody-knows')}]`);
    expect(await inFolder(folder.path, 'list')).toMatchObject({
      code: 2,
      notes: containing('no scenario defines the behaviours of the detector "extra" (nobody-knows)'),
    });
    write(folder, `scenarios: [mine], detectors: [${detector('audit-log', 'changed-audit-log')}]`);
    expect((await inFolder(folder.path, 'list')).notes).toContain('already has a detector "audit-log": rename yours');
  });

  it.for([
    ['two scenarios with the same name', 'scenarios: [mine, { ...mine }]', 'there are two scenarios named "audit-log"'],
    ['what is no scenario', 'scenarios: [{}]', 'the scenario has no "name"'],
    ['an unknown key of its study', 'study: { epoch: 3 }', 'unknown key "epoch". Did you mean "epochs"?'],
  ] as const)('with %s is one sentence and exit code 2', async ([, body, sentence]) => {
    using folder = createTemporaryFolder();
    write(folder, body);
    expect(await inFolder(folder.path, 'list')).toMatchObject({
      code: 2,
      out: '',
      notes: containing(`offswitch: offswitch.config.ts: ${sentence}`),
    });
  });
});
