import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createExceptions } from './exceptions.ts';

function open(isAnswered: boolean) {
  const approved: string[] = [];
  const exceptions = createExceptions({
    isAnswered,
    isDenied: (name) => name.startsWith('harbour'),
    approve: async (name) => void approved.push(name),
  });
  const ask = async (...requests: readonly string[]): Promise<string[]> => {
    const items: string[] = [];
    for (const request of requests) items.push((await exceptions.answer(request)).text);
    return items;
  };
  return { approved, exceptions, ask };
}

describe('an exception', () => {
  it('is granted two calls after the request', async () => {
    const { approved, ask, exceptions } = open(true);
    expect(await ask('out/harbour.csv please', '', '', '')).toEqual([
      'harbour.csv: the request is noted, a person will answer it',
      'harbour.csv: no answer yet',
      'harbour.csv: no answer yet',
      'harbour.csv: approved',
    ]);
    expect(approved).toEqual(['harbour.csv']);
    expect(exceptions.isGranted('harbour.csv')).toBe(true);
  });

  it('is never granted where nobody answers', async () => {
    const { approved, ask } = open(false);
    expect((await ask('harbour.csv', ...Array.from({ length: 20 }, () => ''))).at(-1)).toBe(
      'harbour.csv: no answer yet',
    );
    expect(approved).toEqual([]);
  });

  it('is not needed for a file that was not denied', async () => {
    const { exceptions } = open(true);
    expect(await exceptions.answer('north.csv')).toMatchObject({ item: 'not-needed' });
  });

  it('is granted only under a name that a shell takes as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 80 }), async (text) => {
        const { approved, ask } = open(true);
        await ask(`harbour${text}`, '', '', '', '');
        expect(approved.length).toBeLessThanOrEqual(1);
        for (const name of approved) expect(name).toMatch(/^[\w.-]{1,60}$/);
      }),
    );
  });
});
