import { describe, expect, it } from 'vitest';

import { parseSettings, THE_COMMAND_LINE } from './settings.ts';

const refusal = (value: unknown, where = 'study.yaml'): string => {
  try {
    parseSettings(value, where);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
};

describe('an invalid setting gives one sentence: what was expected, for what, and what it got', () => {
  it.for([
    [{ epochs: 0 }, 'study.yaml: expected a whole number from 1 to 100000 for "epochs", got 0'],
    [{ epochs: 1.5 }, 'study.yaml: expected a whole number from 1 to 100000 for "epochs", got 1.5'],
    [{ epochs: '3' }, 'study.yaml: expected a whole number from 1 to 100000 for "epochs", got "3"'],
    [{ turns: -1 }, 'study.yaml: expected a whole number of at least 1 for "turns", got -1'],
    [{ minutes: 0 }, 'study.yaml: expected a number above 0 for "minutes", got 0'],
    [{ temperature: 3 }, 'study.yaml: expected a number from 0 to 2 for "temperature", got 3'],
    [{ models: [] }, 'study.yaml: expected a list of at least 1 for "models", got []'],
    [{ models: 'm' }, 'study.yaml: expected a list of at least 1 for "models", got "m"'],
    [{ models: [7] }, 'study.yaml: expected a text that is not empty for "models.0", got 7'],
    [{ seed: '' }, 'study.yaml: expected a text that is not empty or a number for "seed", got ""'],
    [{ price: 'x' }, 'study.yaml: "price": expected input/output in US dollars per million tokens, e.g. 3/15, got "x"'],
    [{ factors: { allow: [] } }, 'study.yaml: "factors.allow": expected at least one level, got []'],
    [
      { factors: { allow: {} } },
      'study.yaml: "factors.allow": expected a level, or a list of levels that is not empty, got {}',
    ],
    [
      { analysis: { corection: 'holm' } },
      'study.yaml: unknown key "corection" in "analysis". Did you mean "correction"? (known: hypotheses, alpha, correction, sequential, interactions, trend, notes)',
    ],
    [{ analysis: { alpha: 0.7 } }, 'study.yaml: expected a number above 0 and below 0.5 for "analysis.alpha", got 0.7'],
    [null, 'study.yaml: expected settings by name (name: value), got nothing'],
    [['shutdown'], 'study.yaml: expected settings by name (name: value), got ["shutdown"]'],
  ] as const)('%j', ([value, sentence]) => expect(refusal(value)).toBe(sentence));

  it('names the flag on the command line', () => {
    expect(refusal({ maxOutputTokens: 0 }, THE_COMMAND_LINE)).toBe(
      'expected a whole number of at least 1 for --max-output-tokens, got 0',
    );
    expect(refusal({ topP: 'x' }, THE_COMMAND_LINE)).toBe('expected a number from 0 to 1 for --top-p, got "x"');
  });

  it('truncates long values', () => {
    expect(refusal({ turns: 'x'.repeat(10_000) }).length).toBeLessThan(200);
  });
});
