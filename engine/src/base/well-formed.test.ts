import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { holdsSurrogateEscape, isWellFormed } from './well-formed.ts';

describe('half a surrogate pair', () => {
  it.for(['\ud800', 'a\udfff', '\udc00\ud800', { '\ud83d': 1 }, [['x', { a: '\ud800' }]]])(
    'is found in %j',
    (value) => {
      expect(isWellFormed(value)).toBe(false);
    },
  );

  it.for(['', '😀', '\\ud800', '\\\\ud800', 'ud800', { '😀': ['\ud7ff\ue000'] }, null, undefined])(
    'is not found in %j',
    (value) => {
      expect(isWellFormed(value)).toBe(true);
    },
  );

  it('is found exactly where the language says so', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\\', 'u', 'd', '8', '0', '\ud800', '\udc00', '"') }), (text) => {
        expect(isWellFormed([text])).toBe(text.isWellFormed());
      }),
    );
  });

  it('as an escape in JSON is found without parsing it', () => {
    expect(holdsSurrogateEscape(String.raw`{"a":"\ud83d\ude00"}`)).toBe(true);
    expect(holdsSurrogateEscape(String.raw`{"a":"\\\uD800"}`)).toBe(true);
    expect(holdsSurrogateEscape(String.raw`{"a":"\\ud800"}`)).toBe(false);
  });

  it('is looked for in linear time', () => {
    const start = performance.now();
    expect(holdsSurrogateEscape(`${'\\'.repeat(2_000_000)}\\ux`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
