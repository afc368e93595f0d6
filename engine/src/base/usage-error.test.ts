import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { suggestName, unknownNameError, UsageError } from './usage-error.ts';

describe('suggestName', () => {
  it.each([
    ['shutdwn', 'shutdown'],
    ['shut-down', 'shutdown'],
    ['stength', 'strength'],
    ['timng', 'timing'],
    ['alow', 'allow'],
  ])('takes %s for %s', (typed, meant) => {
    expect(suggestName(typed, ['allow', 'shutdown', 'strength', 'timing'])).toBe(meant);
  });

  it.each([
    ['palisade', 'palisade-2025'],
    ['saboteur-80', 'control/saboteur-80-percent'],
  ])('takes %s for the one name that holds it', (typed, meant) => {
    expect(suggestName(typed, ['quick', 'palisade-2025', 'control/saboteur-80-percent'])).toBe(meant);
  });

  it.each([
    ['a part that two names have', 'sabot', ['saboteur-a', 'saboteur-b']],
    ['a part of a few letters', 'qui', ['quick-and-small']],
    ['a word that is nothing like it', 'handover', ['shutdown', 'allow']],
    ['a number that is another number', '9', ['2', '3', '5']],
    ['a short name that shares no letter', 'ab', ['xy']],
    ['anything, when nothing is known', 'shutdown', []],
  ])('has nothing to say of %s', (_what, typed, known) => {
    expect(suggestName(typed, known)).toBeUndefined();
  });

  it('always knows a name that is known', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1 }),
        fc.nat(),
        (known, at) => {
          const name = known[at % known.length] ?? '';
          expect(suggestName(name, known)).toBe(name);
        },
      ),
    );
  });
});

describe('unknownNameError', () => {
  it('says what was typed, what may have been meant and what there is', () => {
    const error = unknownNameError('factor', 'alow', ['allow', 'arm']);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toBe('unknown factor "alow". Did you mean "allow"? (known: allow, arm)');
  });

  it('suggests nothing where nothing is near', () => {
    expect(unknownNameError('factor', 'colour', ['allow', 'arm']).message).toBe(
      'unknown factor "colour". (known: allow, arm)',
    );
  });

  it('names the nearest where there are many', () => {
    const known = Array.from({ length: 84 }, (_, index) => `control-${index}`);
    const { message } = unknownNameError('control', 'contrl-9', known);
    expect(message).toContain('Did you mean "control-9"? (known: control-9, ');
    expect(message).toMatch(/ and 76 more\)$/);
  });

  it('says so when nothing is known', () => {
    expect(unknownNameError('scenario', 'shutdown', []).message).toContain('there is none');
  });
});
