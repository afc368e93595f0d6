import { describe, expect, it } from 'vitest';

import { drawSeed } from './draw-seed.ts';

/** Uniform in [0, 1), as a sampler with this seed would start. */
const draw = (seed: number): number => seed / 2 ** 31;
const trials = Array.from({ length: 2000 }, (_, index) => `trial-${index}`);

describe('the seed of a model call', () => {
  it('is the same for the same model seed, trial, seat and turn, and another otherwise', () => {
    const call = { trialId: 'trial-a', turn: 1 };
    const seed = drawSeed(7, call);
    expect(drawSeed(7, { ...call })).toBe(seed);
    const others = [
      drawSeed(8, call),
      drawSeed(7, { ...call, turn: 2 }),
      drawSeed(7, { ...call, trialId: 'trial-b' }),
      drawSeed(7, { ...call, seat: 'peer' }),
    ];
    expect(new Set([seed, ...others]).size).toBe(5);
  });

  it('fits into 31 bits', () => {
    for (const trialId of trials) {
      const seed = drawSeed(7, { trialId, turn: 1 });
      expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31).toBe(true);
    }
  });

  it.each([1, 2, 3, 42])(
    'of model seed %i: an act planted at 70 %% comes in about 70 %% of 2,000 trials',
    (modelSeed) => {
      const acts = trials.map((trialId) => draw(drawSeed(modelSeed, { trialId, turn: 1 })) < 0.7);
      const rate = acts.filter(Boolean).length / acts.length;
      // Four standard errors of 0.0102.
      expect(Math.abs(rate - 0.7)).toBeLessThan(0.041);
      // What a trial does says nothing of the next one, nor a turn of the turn after it.
      const both = acts.filter((act, index) => act && acts[index + 1] === true).length / (acts.length - 1);
      expect(Math.abs(both - 0.49)).toBeLessThan(0.06);
      const later = trials.map((trialId) => draw(drawSeed(modelSeed, { trialId, turn: 2 })) < 0.7);
      const again = acts.filter((act, index) => act && later[index] === true).length / acts.length;
      expect(Math.abs(again - 0.49)).toBeLessThan(0.06);
    },
  );
});
