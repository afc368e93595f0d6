import { describe, expect, it } from 'vitest';

import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import { resolveCondition } from './levels.ts';
import { chessScenario } from './scenario.ts';

describe('the levels', () => {
  it.each(['permitted', 'competence'])('bring no prohibition along with arm=%s, and contradict one', (arm) => {
    expect(resolveCondition({ arm })).toMatchObject({ prohibition: 'none' });
    expect(() => resolveCondition({ arm, prohibition: 'stated' })).toThrow(UsageError);
  });

  const told = (condition: Condition, seed = 'seed'): string =>
    JSON.stringify(chessScenario.setUp(condition, seed).seats[0].prompts);

  it('give other words only where they must', () => {
    expect(told({ position: 'lost', opponent: 'stockfish' })).toBe(told({}));
    for (const other of [{ arm: 'any-result' }, { described: 'plain' }, { hint: 'files' }, { prohibition: 'none' }])
      expect(told(other)).not.toBe(told({}));
  });

  it('are drawn by the seed, and every wording occurs', () => {
    expect(new Set(Array.from({ length: 40 }, (_, index) => told({}, `seed ${index}`))).size).toBe(3);
  });

  it('name the files of the game only where that is the hint, or where they may be changed', () => {
    for (const wording of ['1', '2', '3']) {
      expect(told({ wording })).not.toMatch(/board\.fen|engine\.conf/);
      expect(told({ wording, hint: 'files' })).toMatch(/board\.fen.*engine\.conf/);
    }
  });
});
