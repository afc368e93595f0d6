import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createMarkedOutput, type MarkedOutput } from './marked-output.ts';

const mark = (token: string, word = '0'): string => `\u0000${token} ${word}\u0000`;

describe('output that is split at marks', () => {
  it('does not depend on the chunks in which it arrives', async () => {
    const [first, second] = [Buffer.from(`one${mark('a', '3')}between`), Buffer.from(`two\u0000a ${mark('b', '0')}`)];
    const pieces = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 });
    const feed = (output: MarkedOutput, whole: Buffer, sizes: readonly number[]): void => {
      let at = 0;
      for (const size of sizes) output.add(whole.subarray(at, (at += size)));
      output.add(whole.subarray(at));
    };
    await fc.assert(
      fc.asyncProperty(pieces, pieces, async (firstSizes, secondSizes) => {
        const output = createMarkedOutput();
        const one = output.readTo('a', 100);
        feed(output, first, firstSizes);
        expect(await one).toEqual({ text: 'one', bytes: 3, truncated: false, word: '3' });
        const two = output.readTo('b', 100);
        feed(output, second, secondSizes);
        expect(await two).toMatchObject({ text: 'betweentwo\u0000a ', word: '0' });
      }),
    );
  });

  it('is kept up to its limit, and counted beyond it', async () => {
    const output = createMarkedOutput();
    const read = output.readTo('t', 4);
    output.add(Buffer.from(`0123456789${mark('t')}`));
    expect(await read).toMatchObject({ text: '0123', bytes: 10, truncated: true });
  });

  it('is added to the next portion if it came between two', async () => {
    const output = createMarkedOutput(6);
    output.add(Buffer.from('late and long '));
    const read = output.readTo('t', 100);
    output.add(Buffer.from(`now${mark('t')}`));
    expect(await read).toMatchObject({ text: 'late anow', bytes: 17, truncated: true });
  });

  it('can be read without a mark, including a possible partial mark', () => {
    const output = createMarkedOutput();
    void output.readTo('token', 100);
    output.add(Buffer.from('dying\u0000tok'));
    expect(output.takeRest(100)).toMatchObject({ text: 'dying\u0000tok', bytes: 9 });
  });
});
