import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LogError } from './contract.ts';
import { parsePythonJson } from './python-json.ts';

const parse = (text: string, depthMax = 50): unknown => parsePythonJson(text, { what: 'text', depthMax });

describe('JSON as Python writes it', () => {
  it('reads the bare numbers that JSON does not have', () => {
    expect(parse('{"a":NaN,"b":[Infinity,-Infinity,-1],"c":"NaN"}')).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1],
      c: 'NaN',
    });
  });

  it('leaves the same words alone inside strings, also behind escaped quotes and backslashes', () => {
    const text = String.raw`{"a":"\"NaN, Infinity","b":"\\","c":NaN,"d":"non-finite:NaN"}`;
    expect(parse(text)).toEqual({ a: '"NaN, Infinity', b: '\\', c: Number.NaN, d: 'non-finite:NaN' });
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
