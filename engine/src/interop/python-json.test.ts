import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LogError } from './log-error.ts';
import { createNumberFilter, parsePythonJson } from './python-json.ts';

const parse = (text: string, depthMax = 50): unknown => parsePythonJson(text, { what: 'text', depthMax });

describe('JSON as Python writes it', () => {
  it('reads the bare numbers that JSON does not have: none of them is finite', () => {
    expect(parse('{"a":NaN,"b":[Infinity,-Infinity,-1],"c":"NaN"}')).toEqual({
      a: null,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1],
      c: 'NaN',
    });
  });

  it('leaves the same words alone inside texts, however the blocks are cut', () => {
    const text = String.raw`{"a":"\"NaN, Infinity","b":"\\","c":NaN,"d":[-Infinity,"NaN",Infinity]}`;
    const expected = String.raw`{"a":"\"NaN, Infinity","b":"\\","c":null,"d":[-1e999,"NaN",1e999]}`;
    for (let size = 1; size <= text.length; size++) {
      const filter = createNumberFilter();
      const blocks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        filter(text.slice(index * size, (index + 1) * size), false),
      );
      expect([...blocks, filter('', true)].join('')).toBe(expected);
    }
  });

  it('reads everything that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('gives a LogError, never another error, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[[{"\\NaInfity,:0-9-]{0,30}$/)), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(LogError);
        }
      }),
    );
  });

  it('refuses what is nested too deep, before anything is built', () => {
    expect(() => parse('['.repeat(1_000_000), 200)).toThrow('at most 200 nested levels');
    expect(() => parse(`${'['.repeat(51)}${']'.repeat(51)}`)).toThrow(LogError);
    expect(() => parse(`${'['.repeat(50)}${']'.repeat(50)}`)).not.toThrow();
  });
});
