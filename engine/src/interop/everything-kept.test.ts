import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { findLost, toldFormats } from './testing/told-formats.ts';
import { anyTalk } from './testing/told-talks.ts';

describe('an import loses nothing: messages, calls, results, tokens and the end are in the record, or counted', () => {
  it.for(toldFormats)('$name', { timeout: 600_000 }, async (format) => {
    using folder = createTemporaryFolder();
    const path = folder.file(format.fileName);
    await fc.assert(
      fc.asyncProperty(anyTalk(format.ids ?? 'own'), async (talk) => {
        expect(await findLost(format, talk, path)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it.for(toldFormats)('and the check finds what is lost: $name', async (format) => {
    using folder = createTemporaryFolder();
    const [talk] = fc.sample(anyTalk('own'), { numRuns: 1, seed: 3 });
    if (talk === undefined) throw new Error('expected a talk');
    const write: typeof format.write = ({ prompt, turns }) => format.write({ prompt, turns: turns.slice(1) });
    expect(await findLost({ ...format, write }, talk, folder.file(format.fileName))).not.toEqual([]);
  });
});
