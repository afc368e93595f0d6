import { describe, expect, it } from 'vitest';

import { oneAtATime } from './one-at-a-time.ts';

describe('a function that runs one at a time', () => {
  it('starts a call when the previous one has ended, even if it failed', async () => {
    const seen: string[] = [];
    const work = oneAtATime(async (name: string, fails: boolean) => {
      seen.push(`${name} begins`);
      await new Promise(setImmediate);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
    const results = await Promise.allSettled([work('a', true), work('b', false)]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});
