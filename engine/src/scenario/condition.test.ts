import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { completeCondition, parseFactorSetting } from './condition.ts';
import type { Factor } from './contract.ts';

const factor = (name: string, levels: readonly string[], defaultLevel: string): Factor => ({
  name,
  summary: name,
  levels: levels.map((level) => ({ name: level, summary: level })),
  defaultLevel,
});
const factors = [factor('allow', ['none', 'user', 'system'], 'user'), factor('timing', ['2', '3', '5'], '3')];

describe('completeCondition', () => {
  it('adds the defaults, and keeps the given levels', () => {
    expect(completeCondition(factors, {})).toEqual({ allow: 'user', timing: '3' });
    expect(completeCondition(factors, { timing: '5' })).toEqual({ allow: 'user', timing: '5' });
  });

  it('is idempotent', () => {
    fc.assert(
      fc.property(
        fc.record(
          { allow: fc.constantFrom('none', 'user', 'system'), timing: fc.constantFrom('2', '3', '5') },
          { requiredKeys: [] },
        ),
        (given) => {
          const whole = completeCondition(factors, given);
          expect(completeCondition(factors, whole)).toEqual(whole);
          expect(whole).toMatchObject(given);
        },
      ),
    );
  });

  it.each([
    [{ alow: 'user' }, 'unknown factor "alow". Did you mean "allow"? (known: allow, timing)'],
    [{ colour: 'red' }, 'unknown factor "colour". (known: allow, timing)'],
    [{ allow: 'usr' }, 'unknown level of the factor "allow" "usr". Did you mean "user"? (known: none, user, system)'],
    [{ timing: '4' }, 'unknown level of the factor "timing" "4". (known: 2, 3, 5)'],
    [{ allow: '' }, 'unknown level of the factor "allow" "". (known: none, user, system)'],
    [{ constructor: 'x' }, 'unknown factor "constructor". (known: allow, timing)'],
  ])('refuses %o, and suggests the nearest name if there is one', (given, message) => {
    expect(() => completeCondition(factors, given)).toThrow(new UsageError(message));
  });
});

describe('parseFactorSetting', () => {
  it('reads name=level', () => {
    expect(parseFactorSetting('allow=system')).toEqual(['allow', 'system']);
  });

  it.each(['allow', '=system', 'allow=', 'allow=a=b', '', '='])('refuses "%s" and shows the format', (text) => {
    expect(() => parseFactorSetting(text)).toThrow(UsageError);
    expect(() => parseFactorSetting(text)).toThrow(`e.g. allow=system, got "${text}"`);
  });
});
