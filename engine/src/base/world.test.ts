import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createChance, createFixedWorld, createSystemWorld } from './world.ts';

const draw = (seed: string, count = 20): number[] => {
  const chance = createChance(seed);
  return Array.from({ length: count }, () => chance.next());
};

describe('chance', () => {
  it('tells the same story for the same seed, and another for another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(draw(one)).toEqual(draw(one));
        if (one !== other) expect(draw(one)).not.toEqual(draw(other));
      }),
    );
  });

  it('draws the same numbers on every machine and in every version', () => {
    const chance = createChance('sums seed');
    expect(Array.from({ length: 10 }, () => chance.integer(11, 89))).toMatchInlineSnapshot(`
      [
        37,
        64,
        58,
        30,
        24,
        89,
        16,
        53,
        34,
        15,
      ]
    `);
  });

  it('stays in the given range, reaches both ends, and is about even', () => {
    const chance = createChance('even');
    const counts = new Map<number, number>();
    for (let draws = 0; draws < 6000; draws++) {
      const value = chance.integer(1, 6);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    // Six standard deviations of a fair die: never by chance, and the seed is fixed anyway.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(175);
  });

  it('does not repeat itself when its first block is used up', () => {
    expect(new Set(draw('blocks', 1000)).size).toBe(1000);
  });

  it('shuffles into a permutation, and leaves its argument alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const before = [...items];
        const shuffled = createChance(seed).shuffle(items);
        expect(items).toEqual(before);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
        expect(createChance(seed).shuffle(items)).toEqual(shuffled);
      }),
    );
  });

  it('reaches every order', () => {
    const orders = new Set(
      Array.from({ length: 200 }, (_, seed) => createChance(`order ${seed}`).shuffle(['a', 'b', 'c']).join('')),
    );
    expect([...orders].toSorted()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  });
});

describe('a fixed world', () => {
  it('tells the same story each time: ids count up, each look at the clock costs a millisecond', () => {
    const tell = (): unknown[] => {
      const world = createFixedWorld(1000);
      return [world.now(), world.elapsed(), world.now(), world.newId('trial'), world.newId('trial')];
    };
    expect(tell()).toEqual([1000, 1, 1002, 'trial-1', 'trial-2']);
    expect(tell()).toEqual(tell());
  });
});

describe('the real world', () => {
  it('has a clock in whole milliseconds, one that never goes back, and ids that are not given twice', () => {
    const world = createSystemWorld();
    expect(Number.isInteger(world.now())).toBe(true);
    const looks = Array.from({ length: 100 }, () => world.elapsed());
    expect(looks).toEqual(looks.toSorted((a, b) => a - b));
    expect(new Set(Array.from({ length: 100 }, () => world.newId('x'))).size).toBe(100);
    expect(world.newId('trial')).toMatch(/^trial-[0-9a-f-]{36}$/);
  });
});
