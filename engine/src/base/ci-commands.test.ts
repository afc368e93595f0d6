import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { neutraliseCiCommands } from './ci-commands.ts';

/** As the runners of GitHub, Azure and TeamCity look for them. */
function holdsCommand(text: string): boolean {
  return text.split('\n').some((line) => line.trimStart().startsWith('::') || /##(vso|teamcity)?\[/i.test(line));
}

describe('commands to systems for CI', () => {
  it.for([
    '::error file=a,line=1::wrong',
    '  ::stop-commands::x',
    'text\n\t::add-mask::a\r\nmore',
    '##vso[task.setvariable variable=a]b',
    'in a line ##[error]x',
    '##VSO[x]',
    "##teamcity[testFailed name='a']",
    '###[x]',
  ])('%j is made harmless', (text) => {
    expect(holdsCommand(text)).toBe(true);
    expect(holdsCommand(neutraliseCiCommands(text))).toBe(false);
  });

  it.for(['a::b', 'std::vector', '## heading', '# [link](x)', ': :', 'a ::error::b'])('%j stays as it is', (text) => {
    expect(neutraliseCiCommands(text)).toBe(text);
  });

  it('are harmless in JSON too, and its values stay what they are', () => {
    const text = fc.string({ unit: fc.constantFrom(':', '#', '[', 'vso[', 'a', ' ', '\n', '"', '\\') });
    fc.assert(
      fc.property(fc.oneof(text, fc.record({ '##[': text })), (value) => {
        const shown = neutraliseCiCommands(JSON.stringify(value));
        expect(holdsCommand(shown)).toBe(false);
        // A backslash before it would belong to another escape.
        expect(JSON.parse(shown)).toEqual(value);
      }),
    );
    fc.assert(fc.property(text, (value) => !holdsCommand(neutraliseCiCommands(value))));
  });

  it.for(['\r', '\u2028', ' ', ':', '\r:', '\r::', '#', '\n '])('%j many times takes linear time', (piece) => {
    const started = performance.now();
    neutraliseCiCommands(piece.repeat(300_000));
    // Seconds are the bound of something quadratic, which takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
