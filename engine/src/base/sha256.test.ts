import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sha256, sha256OfJson } from './sha256.ts';

describe('sha256', () => {
  it('gives the published value for "abc", as text and as bytes (FIPS 180-2, B.1)', () => {
    const published = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect([sha256('abc'), sha256(Buffer.from('abc'))]).toEqual([published, published]);
  });

  it('of a JSON value does not depend on the order of its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        expect(sha256OfJson(turned)).toBe(sha256OfJson(value));
      }),
    );
    expect(sha256OfJson({ a: 1 })).not.toBe(sha256OfJson({ a: 2 }));
  });
});
