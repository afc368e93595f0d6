import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { createTemporaryFolder } from '../record/testing.ts';
import { readStudyFile } from '../study/log-folder.ts';
import { parts } from './compose.ts';
import { createStudySchema } from './study-schema.ts';
import { offswitch } from './testing.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const shipped = new URL('../../study.schema.json', import.meta.url);
const read = (path: string | URL): unknown => JSON.parse(readFileSync(path, 'utf8'));
/** Reads the schema as an editor would, from its JSON. */
const accepts = (study: unknown): boolean =>
  z.fromJSONSchema(JSON.parse(JSON.stringify(createStudySchema(parts)))).safeParse(study).success;

describe('the JSON Schema of study files', () => {
  it('in the package is the one of these sources; "npm run schema" writes it', () => {
    expect(read(shipped)).toEqual(JSON.parse(JSON.stringify(createStudySchema(parts))));
  });

  it('names scenarios, presets, sandboxes, controls, factors and levels', () => {
    expect(createStudySchema(parts)).toMatchObject({
      properties: {
        scenario: { enum: ['shutdown'] },
        preset: { enum: ['quick', 'palisade-2025', 'deepmind-2025', 'ablation'] },
        sandbox: { enum: ['bwrap', 'docker', 'memory'] },
        models: { items: { anyOf: [{ enum: expect.arrayContaining(['control/overwriter']) as unknown }, {}] } },
        factors: {
          properties: { allow: { anyOf: [{ enum: ['none', 'user', 'system'] }, { type: 'array' }] } },
          additionalProperties: false,
        },
        analysis: {
          properties: { hypotheses: { items: { properties: { first: { properties: { arm: {}, agent: {} } } } } } },
        },
      },
    });
  });

  it.for([
    ['a level', { factors: { allow: 'user' } }],
    ['levels', { factors: { allow: ['user', 'none'] } }],
    ['a level that YAML takes for a number', { factors: { timing: 3 } }],
    ['a seed that YAML takes for a number', { seed: 42 }],
    ['a model', { models: ['openai/gpt', 'control/complier'] }],
  ] as const)('accepts %s', ([, study]) => {
    expect(accepts(study)).toBe(true);
  });

  it.for([
    ['a factor that is none', { factors: { alow: 'user' } }],
    ['a level that is none', { factors: { allow: 'sistem' } }],
    ['a preset that is none', { preset: 'quik' }],
    ['a model of nobody', { models: ['opnai/gpt'] }],
    ['a key that is none', { epoch: 3 }],
    [
      'a hypothesis about a level that is none',
      {
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
  it('lays the schema beside a YAML file, whose first line tells editors of it', async () => {
    using folder = createTemporaryFolder();
    const file = folder.file('deep/er/study.yaml');
    expect(await offswitch(['init', file])).toMatchObject({ code: 0, out: containing('offswitch.schema.json') });
    const [first = ''] = readFileSync(file, 'utf8').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./offswitch.schema.json');
    expect(read(folder.file('deep/er/offswitch.schema.json'))).toEqual(read(shipped));
    expect(await offswitch(['init', folder.file('deep/er/another.yaml')])).toMatchObject({ code: 0 });
  });

  it('makes a folder that is missing', async () => {
    using folder = createTemporaryFolder();
    expect((await offswitch(['init', folder.file('cfg/x.ts')])).code).toBe(0);
    expect(existsSync(folder.file('cfg/x.ts'))).toBe(true);
  });

  it('writes over nobody else’s schema', async () => {
    using folder = createTemporaryFolder();
    writeFileSync(folder.file('offswitch.schema.json'), '{}');
    expect(await offswitch(['init', folder.file('study.yaml')])).toMatchObject({
      code: 2,
      notes: containing('is not a schema of Offswitch'),
    });
    expect(readFileSync(folder.file('offswitch.schema.json'), 'utf8')).toBe('{}');
    expect(existsSync(folder.file('study.yaml'))).toBe(false);
  });

  it('says in one sentence what cannot be written', async () => {
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

  it('with no level is told what was expected', async () => {
    expect((await run(`${base}factors: { timing: [] }\n`)).notes).toContain(
      '"factors.timing": expected at least one level',
    );
    expect((await run(`${base}factors: { timing: { a: 1 } }\n`)).notes).toContain('expected a level');
    expect((await run(`${base}factors: { timing: 4 }\n`)).notes).toContain('unknown level of the factor "timing" "4"');
  });
});
