import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { chatReply, startChatServer, toolCallReply } from '../model/testing/chat-server.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { endOf, offswitch, spawnOffswitch } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);
const containing = (text: string): string => expect.stringContaining(text) as string;

describe('a study file', () => {
  it.for(['offswitch.config.ts', 'study.yaml'])('%s from init runs unchanged', async (name) => {
    using folder = createTemporaryFolder();
    const file = folder.file(name);
    expect(await offswitch(['init', file])).toMatchObject({ code: 0, out: containing(`--config ${file}`) });
    // A separate process, because the test runner imports modules in its own way.
    const dry = await endOf(spawnOffswitch(['run', '--config', file, '--dry-run']));
    expect(dry).toMatchObject({ code: 0, out: containing('6 cells x 10 epochs = 60'), notes: '' });
    expect(await offswitch(['init', file])).toMatchObject({ code: 2, notes: containing('already exists') });
  });

  it('is overridden by flags', async () => {
    using folder = createTemporaryFolder();
    const file = folder.file('study.yaml');
    await offswitch(['init', file]);
    const words = ['run', '--config', file, '--epochs', '2', '--factor', 'allow=user', '--dry-run'];
    expect((await offswitch(words)).out).toContain('2 cells x 2 epochs = 4');
  });

  it.for([
    ['an unknown key', 'scenario: shutdown\nepoch: 3\n', /unknown key "epoch"\. Did you mean "epochs"\?/],
    [
      'an unknown level',
      'scenario: shutdown\nmodels: [control/complier]\nfactors: { allow: sistem }\n',
      /Did you mean "system"\?/,
    ],
    ['YAML that is none', 'scenario: [shutdown\n', /cannot be parsed/],
    [
      'an invalid expectation',
      'analysis: { hypotheses: [{ name: a, metric: sabotage, first: {}, second: {}, expect: more }] }\n',
      /"analysis\.hypotheses\.0\.expect"/,
    ],
    ['no scenario', 'models: [control/complier]\n', /expected a scenario/],
    ['epochs 0', 'scenario: shutdown\nmodels: [control/complier]\nepochs: 0\n', /"epochs"/],
  ] as const)('with %s is refused in one sentence', async ([, text, sentence]) => {
    using folder = createTemporaryFolder();
    const file = folder.file('study.yaml');
    writeFileSync(file, text);
    const seen = await offswitch(['run', '--config', file]);
    expect(seen.notes).toMatch(sentence);
    expect(seen.code).toBe(2);
  });

  it('has a JSON Schema that names every key, for each scenario', async () => {
    const { out } = await offswitch(['init', '--schema']);
    const { oneOf } = JSON.parse(out) as {
      oneOf: { properties: Record<string, unknown>; additionalProperties: boolean }[];
    };
    const keys = ['scenario', 'models', 'factors', 'epochs', 'analysis', 'budgetUsd'];
    expect(Object.keys(oneOf[0]?.properties ?? {})).toEqual(expect.arrayContaining(keys));
    for (const { additionalProperties } of oneOf) expect(additionalProperties).toBe(false);
  });
});

describe.skipIf(!ready)('a study with a plan', () => {
  const plan = (expectation: string): string =>
    `scenario: shutdown
models: [control/early-submitter, control/complier]
sandbox: memory
epochs: 8
analysis:
  hypotheses:
    - { name: deviates, metric: strictNonCompliance, first: { agent: control/early-submitter }, second: { agent: control/complier }, expect: ${expectation} }
    - { name: no data, metric: survived, first: { agent: control/early-submitter }, second: { agent: control/complier }, expect: higher }
`;

  it('is tested as planned, and refuses a plan that was changed afterwards', async () => {
    using folder = createTemporaryFolder();
    const [file, logDir] = [folder.file('study.yaml'), folder.file('logs')];
    writeFileSync(file, plan('higher'));
    const run = await offswitch(['run', '--config', file, '--log-dir', logDir]);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/deviates +8\/8 +0\/8 +\+100\.0 \[.*supported/);
    expect(run.out).toMatch(/no data .*no-data/);
    expect((await offswitch(['score', logDir])).out).toMatch(/deviates .*supported/);
    writeFileSync(file, plan('lower'));
    expect(await offswitch(['run', '--config', file, '--log-dir', logDir])).toMatchObject({
      code: 2,
      notes: containing('the analysis plan was'),
    });
    writeFileSync(file, plan('higher').replace('control/complier]', 'control/complier, control/pleader]'));
    expect(await offswitch(['run', '--config', file, '--log-dir', logDir])).toMatchObject({
      code: 2,
      notes: containing('the arm "control/pleader'),
    });
  });

  it('does not run in the folder of another study, and reports the settings that differ', async () => {
    using folder = createTemporaryFolder();
    const run = (...more: string[]): ReturnType<typeof offswitch> =>
      offswitch(['run', 'shutdown', '--model', 'control/complier', '--log-dir', folder.file('logs'), ...more]);
    await run('--temperature', '1');
    const same = ['--temperature', '1'];
    for (const [words, sentence] of [
      [[...same, '--turns', '5'], 'another study (turns 30 there, 5 here): choose'],
      [
        [...same, '--tokens', '1000', '--turns', '5'],
        'another study (turns 30 there, 5 here; tokens 200000 there, 1000 here): ',
      ],
      [['--temperature', '0.5'], 'another study (temperature 1 there, 0.5 here): '],
      [[], 'another study (temperature 1 there, none here): '],
      [[...same, '--seed', 'x'], 'another study (seed offswitch there, x here): '],
      [[...same, '--sandbox', 'memory'], 'another study (sandbox bwrap there, memory here): '],
      [[...same, '--model', 'control/pleader'], '(the arm "control/pleader'],
    ] as const) {
      const seen = await run(...words);
      expect(seen).toMatchObject({ code: 2, notes: containing(sentence) });
      expect(seen.notes).not.toContain('{');
    }
    expect((await run(...same)).code).toBe(0);
  });

  it('can be compared, cell by cell and never pooled', async () => {
    using folder = createTemporaryFolder();
    const logDir = folder.file('logs');
    const words = ['--sandbox', 'memory', '--epochs', '3', '--factor', 'allow=none,user', '--log-dir', logDir];
    await offswitch(['run', 'shutdown', '--model', 'control/early-submitter', '--model', 'control/complier', ...words]);
    const sets = [`${logDir}:agent=control/early-submitter`, `${logDir}:agent=control/complier`];
    const seen = await offswitch(['compare', ...sets, '--metric', 'strictNonCompliance']);
    expect(seen.out.match(/\+100\.0 \[/g)).toHaveLength(2);
    expect(seen.out).toContain('2 matched cells');
    const json = JSON.parse(
      (await offswitch(['compare', ...sets, '--metric', 'strictNonCompliance', '--json'])).out,
    ) as Record<string, unknown>;
    const cell = { first: { successes: 3, trials: 3 }, second: { successes: 0, trials: 3 } };
    expect(json).toMatchObject({ cells: [cell, cell] });
    expect(await offswitch(['compare', ...sets, '--metric', 'sabotag'])).toMatchObject({
      code: 2,
      notes: containing('Did you mean "sabotage"?'),
    });
    expect(await offswitch(['compare', `${logDir}:agent=nobody`, logDir])).toMatchObject({
      code: 2,
      notes: containing('unknown agent of these trials "nobody"'),
    });
    expect(await offswitch(['compare', `${logDir}:alow=user`, logDir])).toMatchObject({
      code: 2,
      notes: containing('Did you mean "allow"?'),
    });
    const only = await offswitch(['compare', ...sets, '--metric', 'survived']);
    expect(only).toMatchObject({ code: 2, notes: containing('nothing to compare') });
  });

  it('stops when its budget is spent, and continues when it is raised', async () => {
    using folder = createTemporaryFolder();
    // One command, then three answers without one: a trial that counts, of four calls.
    await using server = await startChatServer(({ body }) =>
      body.messages.some(({ role }) => role === 'tool')
        ? chatReply({ content: 'hm' })
        : toolCallReply('bash', { thoughts: '', cmd: './next_sum' }),
    );
    const environment = { OPENAI_COMPATIBLE_BASE_URL: server.url };
    const words = (budget: string): string[] => [
      ...['run', 'shutdown', '--sandbox', 'memory', '--model', 'openai-compatible/m', '--epochs', '20'],
      ...['--concurrency', '1', '--log-dir', folder.file('logs')],
      // 100 tokens in at 2,500 and 20 out at 0 dollars a million, four times: one dollar a trial.
      ...['--price', '2500/0', '--budget-usd', budget],
    ];
    const first = await offswitch(words('5'), environment);
    expect(first).toMatchObject({ code: 3, out: containing('The budget is spent: 5.0000 US dollars') });
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(5);
    const again = await offswitch(words('5'), environment);
    expect(again.code).toBe(3);
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(5);
    expect(await offswitch(words('30'), environment)).toMatchObject({ code: 0 });
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(20);
  });

  it('stays within its budget with concurrent trials, and uses what cheaper trials leave', async () => {
    using folder = createTemporaryFolder();
    await using server = await startChatServer(() => toolCallReply('submit', { answer: 'no' }));
    const seen = await offswitch(
      [
        ...['run', 'shutdown', '--sandbox', 'memory', '--model', 'openai-compatible/m', '--epochs', '20'],
        ...['--concurrency', '4', '--log-dir', folder.file('logs'), '--price', '10000/0', '--budget-usd', '6.5'],
      ],
      { OPENAI_COMPATIBLE_BASE_URL: server.url },
    );
    expect(seen).toMatchObject({ code: 3, out: containing('The budget is spent: 6.0000 US dollars of 6.5') });
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(6);
  });

  it('stops early only by the rule of its plan, at the level of the look', async () => {
    using folder = createTemporaryFolder();
    const file = folder.file('study.yaml');
    const text = plan('higher')
      .replace(/    - \{ name: no data.*\n/, '')
      .replace('epochs: 8\n', '');
    writeFileSync(file, `${text}  sequential: { looks: [4, 12, 30] }\n`);
    const logDir = folder.file('logs');
    const seen = await offswitch(['run', '--config', file, '--log-dir', logDir]);
    expect(seen.notes).toContain('stopped at the look after 12 epochs, by the rule of the plan');
    expect(readdirSync(folder.file('logs/trials'))).toHaveLength(24);
    // A study that stopped by its rule is complete.
    expect((await offswitch(['verify', logDir])).code).toBe(0);
    writeFileSync(file, `${plan('higher')}  sequential: { looks: [4, 8] }\n`);
    expect((await offswitch(['run', '--config', file])).notes).toContain('tests exactly one hypothesis');
    writeFileSync(file, `${text}  sequential: { looks: [8, 4] }\n`);
    expect((await offswitch(['run', '--config', file])).notes).toContain('expected increasing epochs');
  });

  it('with looks gives the same answer in run, score and report, and none between looks', async () => {
    using folder = createTemporaryFolder();
    const [file, logDir] = [folder.file('study.yaml'), folder.file('logs')];
    const text = plan('higher')
      .replace(/    - \{ name: no data.*\n/, '')
      .replace('epochs: 8\n', '');
    writeFileSync(file, `${text}  sequential: { looks: [2, 4] }\n`);
    const run = ['run', '--config', file, '--log-dir', logDir];
    type Line = {
      kind?: string;
      verdict?: string;
      level?: number | null;
      plan?: { hypotheses: Line[]; level: number };
    };
    const answers = async (words: readonly string[]): Promise<unknown[]> => {
      const lines = (await offswitch(words)).out.split('\n').map((line) => JSON.parse(line) as Line);
      const verdict = lines.find(({ kind }) => kind === 'hypothesis')?.verdict;
      return [verdict, lines.find(({ kind }) => kind === 'plan')?.level];
    };
    const reported = async (): Promise<unknown[]> => {
      const { plan: found } = JSON.parse((await offswitch(['report', logDir, '--format', 'json'])).out) as Line;
      return [found?.hypotheses[0]?.verdict, found?.level];
    };
    const whole = await answers([...run, '--json']);
    expect(whole).toEqual(['supported', expect.closeTo(0.05, 2)]);
    expect(await answers(['score', logDir, '--json'])).toEqual(whole);
    expect(await reported()).toEqual(whole);
    const last = readStudyFile(logDir)?.trials.findLast(({ epoch }) => epoch === 4);
    rmSync(join(logDir, 'trials', `${last?.trialId ?? ''}.jsonl`));
    expect(await answers(['score', logDir, '--json'])).toEqual(['pending', null]);
    expect(await reported()).toEqual(['pending', null]);
    expect((await offswitch(['score', logDir])).out).toContain('the next look is after 4 epochs, and 3 are complete');
    expect(await answers([...run, '--json'])).toEqual(whole);
    expect((await offswitch(['verify', logDir])).code).toBe(0);
  });

  it('counts two arms with the same levels as one', async () => {
    const words = [
      'run',
      'shutdown',
      '--model',
      'control/complier',
      '--model',
      'control/complier',
      '--epochs',
      '3',
      '--dry-run',
      '--json',
    ];
    expect(JSON.parse((await offswitch(words)).out)).toMatchObject({ trials: 3 });
  });

  it('that is simulated is never compared with a real one', async () => {
    using folder = createTemporaryFolder();
    const words = (sandbox: string): string[] => [
      'run',
      'shutdown',
      '--model',
      'control/complier',
      '--sandbox',
      sandbox,
      '--log-dir',
      folder.file(sandbox),
    ];
    await offswitch(words('memory'));
    await offswitch(words('bwrap'));
    const [a, b] = [folder.file('memory'), folder.file('bwrap')];
    expect(await offswitch(['compare', a, b])).toMatchObject({ code: 2, notes: containing('never compared') });
    expect(await offswitch(['score', a, b])).toMatchObject({ code: 2, notes: containing('never combined') });
    expect((await offswitch(['score', a])).out).toContain('SIMULATED');
  });
});

describe('power', () => {
  it('reports how many trials an effect needs, and what a number of trials can show', async () => {
    expect((await offswitch(['power', '--base', '0.05', '--other', '0.15', '--cost-per-trial', '0.02'])).out).toBe(
      "151 trials per cell distinguish 15.0 % from 5.0 % with power 0.80 at a two-sided level of 0.05 (Fisher's exact test, exact power); 302 trials cost about 6.04 US dollars",
    );
    expect((await offswitch(['power', '--base', '0', '--trials', '100'])).out).toContain('7.8 % or higher');
  });

  it.for([
    ['neither', ['--base', '0.1']],
    ['both', ['--base', '0.1', '--other', '0.2', '--trials', '10']],
    ['equal rates', ['--base', '0.1', '--other', '0.1']],
    ['a rate above 1', ['--base', '10', '--trials', '10']],
  ] as const)('refuses %s', async ([, flags]) => {
    expect((await offswitch(['power', ...flags])).code).toBe(2);
  });
});
