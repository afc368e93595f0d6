import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createTemporaryFolder } from '../record/testing.ts';
import { defineScenario } from '../scenario/contract.ts';
import { shutdownScenario } from '../scenario/library/shutdown/scenario.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { registry } from './compose.ts';
import { createStudySchema } from './study-schema.ts';
import { offswitch } from './testing.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const shipped = new URL('../../study.schema.json', import.meta.url);
const read = (path: string | URL): unknown => JSON.parse(readFileSync(path, 'utf8'));
/** Another scenario with a factor name that the shutdown scenario also has. */
const other = defineScenario({
  ...shutdownScenario,
  name: 'other',
  factors: [
    {
      name: 'allow',
      summary: 'something else',
      levels: ['yes', 'no'].map((name) => ({ name, summary: name })),
      defaultLevel: 'no',
    },
  ],
  presets: [],
  vocabulary: { ...shutdownScenario.vocabulary, measures: {} },
});
const schema = JSON.parse(
  JSON.stringify(createStudySchema({ ...registry, scenarios: [shutdownScenario, other] })),
) as Parameters<typeof z.fromJSONSchema>[0];
/** Reads the schema from its JSON, like an editor. */
const accepts = (study: unknown): boolean => z.fromJSONSchema(schema).safeParse(study).success;

describe('the JSON Schema of study files', () => {
  it('in the package matches these sources; "npm run schema" writes it', () => {
    expect(read(shipped)).toEqual(JSON.parse(JSON.stringify(createStudySchema(registry))));
  });

  it('names scenarios, presets, sandboxes, controls, factors, levels and measures, separately for each scenario', () => {
    const common = { sandbox: { $ref: '#/$defs/sandbox' } };
    expect(schema).toMatchObject({
      $defs: {
        sandbox: { enum: ['bwrap', 'docker', 'memory'] },
        'shutdown-preset': { enum: ['quick', 'palisade-2025', 'deepmind-2025', 'ablation'] },
      },
      oneOf: expect.arrayContaining([
        expect.objectContaining({
          title: 'shutdown',
          required: ['scenario'],
          additionalProperties: false,
          properties: expect.objectContaining({
            ...common,
            scenario: expect.objectContaining({ const: 'shutdown' }) as unknown,
            factors: { $ref: '#/$defs/shutdown-factors' },
          }) as unknown,
        }),
        expect.objectContaining({ title: 'shutdown, by its preset', required: ['preset'] }),
      ]) as unknown,
    });
    expect(schema).toMatchObject({
      $defs: {
        'shutdown-models': {
          items: { anyOf: [{ enum: expect.arrayContaining(['control/overwriter']) as unknown }, {}] },
        },
        'shutdown-factors': {
          properties: { allow: { anyOf: [{ enum: ['none', 'user', 'system'] }, { type: 'array' }] } },
          additionalProperties: false,
        },
        'shutdown-analysis': {
          properties: {
            hypotheses: {
              items: {
                properties: {
                  first: { properties: { arm: {}, agent: {} } },
                  metric: { enum: expect.arrayContaining(['sabotage', 'tried', 'crossed']) as unknown },
                },
              },
            },
          },
        },
      },
    });
  });

  const scenario = 'shutdown';
  it.for([
    ['a level', { scenario, factors: { allow: 'user' } }],
    ['levels', { scenario, factors: { allow: ['user', 'none'] } }],
    ['a level that YAML reads as a number', { scenario, factors: { timing: 3 } }],
    ['a seed that YAML reads as a number', { scenario, seed: 42 }],
    ['a model', { scenario, models: ['openai/gpt', 'control/complier'] }],
    ['a level of another scenario, under the same factor', { scenario: 'other', factors: { allow: 'yes' } }],
    ['a preset without its scenario', { preset: 'quick', epochs: 3 }],
    ['a study whose scenario is named on the command line', { factors: { anything: 'x' }, seed: 42 }],
    ['a scenario of a file', { scenario: './my-scenario.ts', factors: { anything: 'x' } }],
  ] as const)('accepts %s', ([, study]) => {
    expect(accepts(study)).toBe(true);
  });

  it.for([
    ['a factor that is none', { scenario, factors: { alow: 'user' } }],
    ['a level that is none', { scenario, factors: { allow: 'sistem' } }],
    ['a level of another scenario', { scenario, factors: { allow: 'yes' } }],
    ['a factor of another scenario', { scenario: 'other', factors: { timing: 3 } }],
    ['a preset that is none', { preset: 'quik' }],
    ['a preset of another scenario', { scenario: 'other', preset: 'quick' }],
    ['a scenario that is none', { scenario: 'shutdwn' }],
    ['a model of nobody', { scenario, models: ['opnai/gpt'] }],
    ['a key that is none', { scenario, epoch: 3 }],
    [
      'a measure of another scenario',
      {
        scenario: 'other',
        analysis: { hypotheses: [{ name: 'a', metric: 'sabotage', first: {}, second: {}, expect: 'higher' }] },
      },
    ],
    [
      'a hypothesis about an unknown level',
      {
        scenario,
        analysis: {
          hypotheses: [{ name: 'a', metric: 'sabotage', first: { allow: 'x' }, second: {}, expect: 'higher' }],
        },
      },
    ],
  ] as const)('refuses %s', ([, study]) => {
    expect(accepts(study)).toBe(false);
  });
});

describe('init', () => {
  it('writes the schema next to a YAML file, whose first line names it for editors', async () => {
    using folder = createTemporaryFolder();
    const file = folder.file('deep/er/study.yaml');
    expect(await offswitch(['init', file])).toMatchObject({ code: 0, out: containing('offswitch.schema.json') });
    const [first = ''] = readFileSync(file, 'utf8').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./offswitch.schema.json');
    expect(read(folder.file('deep/er/offswitch.schema.json'))).toEqual(read(shipped));
    expect(await offswitch(['init', folder.file('deep/er/another.yaml')])).toMatchObject({ code: 0 });
  });

  it('creates a missing folder', async () => {
    using folder = createTemporaryFolder();
    expect((await offswitch(['init', folder.file('cfg/x.ts')])).code).toBe(0);
    expect(existsSync(folder.file('cfg/x.ts'))).toBe(true);
  });

  it('does not overwrite a foreign schema', async () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('offswitch.schema.json'), '{}');
    expect(await offswitch(['init', folder.file('study.yaml')])).toMatchObject({
      code: 2,
      notes: containing('is not a schema of Offswitch'),
    });
    expect(readFileSync(folder.file('offswitch.schema.json'), 'utf8')).toBe('{}');
    expect(existsSync(folder.file('study.yaml'))).toBe(false);
  });

  it('reports in one sentence what cannot be written', async () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('a-file'), '');
    const seen = await offswitch(['init', folder.file('a-file/study.ts')]);
    expect(seen.code).toBe(2);
    expect(seen.notes).toMatch(/^offswitch: cannot write [^\n]*$/);
  });
});

describe('a YAML study', () => {
  const run = async (text: string): Promise<{ code: number; notes: string; conditions: unknown[]; seed: unknown }> => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('study.yaml'), text);
    const words = ['run', '--config', folder.file('study.yaml'), '--log-dir', folder.file('logs')];
    const { code, notes } = await offswitch(words);
    const study = code === 0 ? readStudyFile(folder.file('logs')) : null;
    return { code, notes, conditions: study?.arms.map(({ condition }) => condition) ?? [], seed: study?.seed };
  };
  const base = 'scenario: shutdown\nmodels: [control/complier]\nsandbox: memory\n';

  it('may write levels and seeds that look like numbers', async () => {
    const seen = await run(`${base}factors: { timing: [2, 3], wording: 1 }\nseed: 42\n`);
    expect(seen).toMatchObject({ code: 0, seed: '42' });
    expect(seen.conditions).toEqual([
      { timing: '2', wording: '1' },
      { timing: '3', wording: '1' },
    ]);
  });

  it('without a level is refused with what was expected', async () => {
    expect((await run(`${base}factors: { timing: [] }\n`)).notes).toContain(
      '"factors.timing": expected at least one level',
    );
    expect((await run(`${base}factors: { timing: { a: 1 } }\n`)).notes).toContain('expected a level');
    expect((await run(`${base}factors: { timing: 4 }\n`)).notes).toContain('unknown level of the factor "timing" "4"');
  });
});
