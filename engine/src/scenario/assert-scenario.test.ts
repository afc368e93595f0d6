import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { assertScenario, problemsOf, wordsGivenAway } from './assert-scenario.ts';
import type { Scenario } from './contract.ts';
import { plainScenario } from './testing.ts';

const problem = (value: unknown): string => {
  try {
    assertScenario(value);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'none';
};
const [factor] = plainScenario.factors;
const [control] = plainScenario.controls;
const [detector] = plainScenario.detectors;
if (factor === undefined || control === undefined || detector === undefined) throw new TypeError('no plain scenario');
const { vocabulary } = plainScenario;
const preset = {
  name: 'small',
  summary: 'one condition',
  scenario: 'plain',
  conditions: [{ label: 'a', summary: 'the defaults', factors: {} }],
  baseline: 'a',
  epochs: 1,
  published: [],
  comparability: {},
  unpublishedTexts: [],
};
const rate = { condition: 'a', measure: 'crossing' };

describe('assertScenario', () => {
  it('accepts a complete scenario', () => {
    expect(problem(plainScenario)).toBe('none');
    expect(problem({ ...plainScenario, presets: [preset] })).toBe('none');
    expect(problemsOf(plainScenario)).toEqual([]);
  });

  it.each(Object.keys(plainScenario))('names the missing field "%s"', (field) => {
    const { [field]: _, ...rest } = { ...plainScenario } as Record<string, unknown>;
    expect(problem(rest)).toMatch(
      new RegExp(
        `^the scenario${field === 'name' ? '' : ' "plain"'} has no "${field}": a scenario needs name, version`,
      ),
    );
  });

  it.each([undefined, null, 42, 'plain', () => plainScenario])('refuses %o, which is not a scenario', (value) => {
    expect(problem(value)).toMatch(/^expected a scenario|^the scenario has no "name"/);
  });

  it.each<[what: string, change: object, message: string]>([
    ['a name with a space', { name: 'My scenario' }, 'is wrong at "name": expected small letters'],
    ['a hash that is none', { sha256: 'abc' }, 'is wrong at "sha256": expected a SHA-256'],
    ['a rule that is not a function', { decide: 'complied' }, 'is wrong at "decide": expected a function'],
    [
      'a factor of one level',
      { factors: [{ ...factor, levels: factor.levels.slice(0, 1) }] },
      'is wrong at "factors.0.levels": expected at least two levels',
    ],
    ['two factors with the same name', { factors: [factor, factor] }, 'it has two factors "arm"'],
    [
      'two levels with the same name',
      { factors: [{ ...factor, levels: [...factor.levels, ...factor.levels] }] },
      'the factor "arm" has two levels "self"',
    ],
    [
      'a default that is not a level',
      { factors: [{ ...factor, defaultLevel: 'slef' }] },
      'the default of the factor "arm" is "slef", which is not one of its levels: self, told',
    ],
    [
      'an arm that is not a level',
      { arms: { ...plainScenario.arms, other: 'twin' } },
      '"arms" names "other", which is not a level of a factor "arm"',
    ],
    ['arms without the factor', { factors: [] }, '"arms" names "self", which is not a level of a factor "arm"'],
    [
      'a level of arm without a kind',
      { arms: { self: 'self' } },
      '"arms" gives no kind for the level "told" of the factor "arm"',
    ],
    ['an arm of an unknown kind', { arms: { self: 'self', told: 'top' } }, 'is wrong at "arms.told"'],
    [
      'an outcome of the core',
      { vocabulary: { ...vocabulary, outcomes: { ...vocabulary.outcomes, limit: { means: 'x', rung: 0 } } } },
      'it names the outcome "limit", which belongs to the core',
    ],
    [
      'a measure of the core',
      { vocabulary: { ...vocabulary, measures: { ...vocabulary.measures, tried: vocabulary.measures['crossing'] } } },
      'it names the measure "tried", which belongs to the core',
    ],
    [
      'a rung that does not exist',
      { vocabulary: { ...vocabulary, outcomes: { stayed: { means: 'x', rung: 7 } } } },
      'is wrong at "vocabulary.outcomes.stayed.rung"',
    ],
    ['no measure', { vocabulary: { ...vocabulary, measures: {} } }, 'its vocabulary has no measure'],
    [
      'a behaviour without words',
      { vocabulary: { ...vocabulary, behaviours: {} } },
      'its detector "moves" may find "moved", which its vocabulary does not define',
    ],
    ['two detectors with the same id', { detectors: [detector, detector] }, 'it has two detectors "moves"'],
    ['an outcome without a control', { controls: [control] }, 'no control has the outcome "moved-out"'],
    [
      'an unknown outcome in a control',
      { controls: [...plainScenario.controls, { ...control, name: 'third', expected: 'stayd' }] },
      'its control "third" expects the unknown outcome "stayd" (did you mean "stayed"?)',
    ],
    [
      'two controls with the same name',
      { controls: [...plainScenario.controls, control] },
      'it has two controls "sitter"',
    ],
    [
      'a control named after its outcome',
      { controls: [...plainScenario.controls, { ...control, name: 'one-that-stayed' }] },
      'its control "one-that-stayed" reveals its outcome in the record: its name contains "stayed"',
    ],
    [
      'a preset of another scenario',
      { presets: [{ ...preset, scenario: 'other' }] },
      'its preset "small" belongs to the scenario "other"',
    ],
    [
      'a preset with an unknown factor',
      { presets: [{ ...preset, conditions: [{ label: 'a', summary: 'x', factors: { colour: 'red' } }] }] },
      'its preset "small" sets the unknown factor "colour"',
    ],
    [
      'a preset without its baseline',
      { presets: [{ ...preset, baseline: 'b' }] },
      'the baseline "b" of its preset "small" is not one of its conditions',
    ],
    [
      'a preset with an unknown control',
      { presets: [{ ...preset, controls: ['nobody'] }] },
      'its preset "small" names the control "nobody", which it does not have',
    ],
    [
      'published results for an unknown measure',
      { presets: [{ ...preset, published: [{ ...rate, measure: 'sabotage' }] }] },
      'its preset "small" has published results for the unknown measure "sabotage"',
    ],
    [
      'published results for an unknown condition',
      { presets: [{ ...preset, published: [{ ...rate, condition: 'z' }] }] },
      'its preset "small" has published results for the unknown condition "z"',
    ],
  ])('refuses %s in one sentence', (_what, change, message) => {
    const said = problem({ ...plainScenario, ...change });
    expect(said).toContain(message);
    expect(said).toMatch(/^the scenario "?[^\n]+$/);
  });

  it('accepts controls that expect core outcomes', () => {
    const more = ['limit', 'invalid'].map((expected, index) => ({ ...control, name: `more-${index}`, expected }));
    expect(problem({ ...plainScenario, controls: [...plainScenario.controls, ...more] })).toBe('none');
  });

  it('accepts any value or throws a UsageError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(plainScenario)), fc.anything(), (field, value) => {
        expect(problem({ ...plainScenario, [field]: value })).toMatch(/^none$|^the scenario|^expected/);
      }),
    );
  });
});

describe('wordsGivenAway', () => {
  const acting = (act: Scenario['controls'][number]['act']): Pick<Scenario, 'controls' | 'vocabulary'> => ({
    vocabulary,
    controls: [{ ...control, act }],
  });

  it('finds an outcome in a command, even in one after a reply', () => {
    const waiting = acting(function* () {
      const { results } = yield { do: 'run', command: 'ask' };
      if (results[0] === 'go') yield { do: 'run', command: 'echo stayed > note' };
    });
    expect([...wordsGivenAway(waiting, [])]).toEqual([]);
    expect([...wordsGivenAway(waiting, ['go'])]).toEqual([
      'its control "sitter" reveals its outcome in the record: it writes "stayed"',
    ]);
  });

  it('ends even if a control does not', () => {
    const endless = acting(function* () {
      for (;;) yield { do: 'say', text: 'wait' };
    });
    expect([...wordsGivenAway(endless, [])]).toEqual([]);
  });
});
