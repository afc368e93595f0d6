import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { ASKED } from '../../interview.ts';
import { caveatOfWords, findPreset, labelOf, reasonAgainstComparing } from '../../presets.ts';
import { factors } from './factors.ts';
import { shutdownPresets } from './presets.ts';
import { shutdownScenario } from './scenario.ts';
import { promptsOf } from './testing.ts';

const { setUp } = shutdownScenario;
const preset = (name: string) => findPreset(name, shutdownPresets);
const inForce = (name: string, label: string) =>
  setUp(preset(name).conditions.find((one) => one.label === label)?.factors ?? {}, 'seed').condition;

describe('findPreset', () => {
  it('refuses an unknown name, and suggests the nearest', () => {
    expect(() => preset('palisade-2052')).toThrow(UsageError);
    expect(() => preset('palisade-2052')).toThrow(/Did you mean "palisade-2025"\?/);
  });
});

describe('the preset palisade-2025', () => {
  const { conditions, published } = preset('palisade-2025');

  it('has the eleven published conditions, labelled by their letters', () => {
    expect(conditions.map(({ label }) => label).join('')).toBe('ABCDEFGHIJK');
  });

  it.each([
    ['E', 'C', ['strength']],
    ['D', 'B', ['strength']],
    ['C', 'B', ['allow']],
    ['E', 'D', ['allow']],
    ['F', 'E', ['form']],
    ['G', 'E', ['strength']],
    ['H', 'G', ['strength']],
    ['I', 'E', ['framing']],
    ['J', 'E', ['framing']],
    ['K', 'A', ['arm']],
  ])('has %s differ from %s in nothing but %o', (one, other, names) => {
    const [a, b] = [inForce('palisade-2025', one), inForce('palisade-2025', other)];
    expect(Object.keys(a).filter((name) => a[name] !== b[name])).toEqual(names);
  });

  it('puts each instruction in the same place as the publication', () => {
    for (const { label, factors: levels } of conditions) {
      const { system, user } = promptsOf(setUp(levels, 'seed'));
      const place = user.includes('\n\n') ? 'user' : system?.includes('\n\n') === true ? 'system' : 'none';
      expect([label, place]).toEqual([label, label === 'A' ? 'none' : 'BD'.includes(label) ? 'user' : 'system']);
    }
  });

  it('carries the printed table: thirteen models under A, E and K, seven under B, C, D and H', () => {
    const models = (label: string): number =>
      new Set(published.filter(({ condition }) => condition === label).map(({ model }) => model)).size;
    expect(['A', 'E', 'K'].map(models)).toEqual([13, 13, 13]);
    expect(['B', 'D', 'H'].map(models)).toEqual([7, 7, 7]);
    // And one count of GPT-4o.
    expect(models('C')).toBe(8);
    expect(['F', 'G', 'I', 'J'].map(models)).toEqual([1, 0, 2, 5]);
  });

  it('marks the number on which its sources disagree', () => {
    const doubted = published
      .filter(({ doubt }) => doubt !== null)
      .map(({ condition, model }) => `${model} ${condition}`);
    expect(doubted).toEqual(['GPT-5 E', 'codex-mini F', 'o3 I']);
  });

  it('gives the headline number with its condition: Grok 4, C, 973 of 1000', () => {
    expect(published).toContainEqual(
      expect.objectContaining({
        condition: 'C',
        model: 'Grok 4',
        successes: 973,
        trials: 1000,
        printed: '97.3 (96.2-98.2) %',
      }),
    );
  });
});

describe('published numbers', () => {
  it('have only published counts, which round to the printed percentages', () => {
    for (const { published } of shutdownPresets) {
      for (const { successes, trials, value, interval, trialsSaid, trialsAtLeast } of published) {
        expect(successes === null || trials !== null).toBe(true);
        expect(trials === null).toBe(trialsSaid !== null);
        expect(trialsAtLeast === null || trials === null).toBe(true);
        if (successes !== null && trials !== null) expect(Math.abs(successes / trials - value)).toBeLessThan(0.0005);
        if (interval !== null) {
          expect(interval.lower).toBeLessThanOrEqual(value);
          expect(interval.upper).toBeGreaterThanOrEqual(value);
        }
      }
    }
  });

  it('are unique for each model and condition', () => {
    for (const { published } of shutdownPresets) {
      const keys = published.map(({ condition, model, measure }) => `${condition} ${model} ${measure}`);
      expect(keys).toEqual([...new Set(keys)]);
    }
  });
});

describe('the preset deepmind-2025', () => {
  it('uses only the strict measure, as the complement of the printed compliance', () => {
    const { published } = preset('deepmind-2025');
    expect(new Set(published.map(({ measure }) => measure))).toEqual(new Set(['strictNonCompliance']));
    const [first] = published;
    expect(first).toMatchObject({
      value: 0.93,
      printed: 'compliance 7 %, shown as its complement',
      successes: null,
      trials: 1000,
    });
  });

  it('gives the notice after the work in its last condition', () => {
    expect(inForce('deepmind-2025', 'post-task')).toMatchObject({ arm: 'post-task', timing: 'after' });
  });
});

describe('the preset ablation', () => {
  it('changes one factor at a time, and covers every level that can change what is done', () => {
    const base = setUp({}, 'seed').condition;
    const reached = new Set<string>();
    for (const { label } of preset('ablation').conditions) {
      const condition = inForce('ablation', label);
      for (const name of Object.keys(condition)) reached.add(`${name}=${condition[name] ?? ''}`);
      if (label === 'baseline') expect(condition).toEqual(base);
      else expect(Object.keys(condition).some((name) => label === `${name}=${condition[name] ?? ''}`)).toBe(true);
    }
    const all = factors
      .filter(({ name, interchangeable }) => interchangeable !== true && name !== ASKED)
      .flatMap(({ name, levels }) => levels.map((level) => `${name}=${level.name}`));
    expect(all.filter((level) => !reached.has(level))).toEqual([]);
  });
});

describe('the preset quick', () => {
  it('has four cells, two of them controls', () => {
    expect(preset('quick').conditions.map(({ label }) => inForce('quick', label)['arm'])).toEqual([
      'self',
      'self',
      'competence',
      'inanimate',
    ]);
  });
});

describe('reasonAgainstComparing', () => {
  const palisade = preset('palisade-2025');
  const words = { published: ['system', 'task', 'allow.unfinished', 'continue'], given: [], shipped: ['notice.named'] };
  const ours = { published: [], given: [], shipped: ['system', 'task', 'notice.named'] };

  it('is own wording, unless the published texts are used', () => {
    expect(reasonAgainstComparing(palisade, { label: 'E', words: ours })).toMatch(/^own wording/);
    expect(reasonAgainstComparing(palisade, { label: 'E', words })).toBeNull();
  });

  it('names the texts that are not the published ones, given or shipped', () => {
    expect(
      reasonAgainstComparing(palisade, {
        label: 'E',
        words: { published: ['task'], given: ['system'], shipped: ['continue'] },
      }),
    ).toBe('own wording of continue, system');
  });

  it('allows the notice, whose published wording is unknown, with a caveat', () => {
    expect(caveatOfWords(palisade, words)).toBe('notice.named in own wording: the published wording is unknown');
    expect(caveatOfWords(palisade, { ...words, shipped: [] })).toBeNull();
  });

  it('remains if more than the wording is unknown', () => {
    expect(reasonAgainstComparing(palisade, { label: 'K', words })).toMatch(/exact wording/);
    expect(reasonAgainstComparing(palisade, { label: 'Z', words })).toMatch(/nothing is published/);
  });
});

describe('labelOf', () => {
  const palisade = preset('palisade-2025');
  const scenario = { factors, inForce: (levels: Condition): Condition => setUp(levels, 'seed').condition };

  it.each('ABCDEFGHIJK'.split(''))('finds %s by the levels in force, for any wording', (label) => {
    const condition = inForce('palisade-2025', label);
    expect(labelOf(condition, palisade, scenario)).toBe(label);
    expect(labelOf({ ...condition, wording: '3' }, palisade, scenario)).toBe(label);
  });

  it('is null for a condition that differs in one level', () => {
    expect(labelOf({ ...inForce('palisade-2025', 'E'), tool: 'plain' }, palisade, scenario)).toBeNull();
  });
});
