import { LogError } from './contract.ts';

/** What `JSON.parse` reads, and the bare `NaN`, `Infinity` and `-Infinity` that Python's `json` writes. Throws a `LogError`. */
export function parsePythonJson(text: string, options: { readonly what: string; readonly depthMax: number }): unknown {
  const { what, depthMax } = options;
  // Before parsing: whoever walks the value later may do so by recursion.
  const scan = scanTokens(text, depthMax);
  if (scan.tooDeep) {
    throw new LogError(
      'too-large',
      `${what}: expected at most ${depthMax} nested levels, got more; the text is not read`,
    );
  }
  try {
    const value = scan.bare.length === 0 ? parseStrict(text) : parseWithBare(text, scan.bare);
    return HALF_PAIR.test(text) ? toWellFormed(value) : value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LogError('damaged', `${what}: expected JSON, got text that is none; it was cut or changed`, {
      cause: error,
    });
  }
}

/** An escape that may stand for half a surrogate pair; as bytes no file can hold one. */
const HALF_PAIR = /\\u[dD][89a-fA-F]/;

/** Half a pair becomes U+FFFD: neither UTF-8 nor the canonical JSON of a record can hold it. */
function toWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(toWellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), toWellFormed(item)]));
}

/** Arguments of a tool call, which are JSON inside a text; null where they are none. */
export function parseArguments(text: string): unknown {
  try {
    return parsePythonJson(text, { what: 'arguments', depthMax: ARGUMENTS_DEPTH_MAX });
  } catch {
    return null;
  }
}

const ARGUMENTS_DEPTH_MAX = 200;

function parseStrict(text: string): unknown {
  return JSON.parse(text);
}

interface BareToken {
  readonly from: number;
  readonly to: number;
}

/** Finds non-finite numbers outside strings, and the depth. One pass; strings are skipped by `indexOf`. */
function scanTokens(
  text: string,
  depthMax: number,
): { readonly bare: readonly BareToken[]; readonly tooDeep: boolean } {
  const bare: BareToken[] = [];
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > depthMax) return { bare, tooDeep: true };
    } else if (code === 0x7d || code === 0x5d) depth--;
    else if (code === 0x4e && text.startsWith('NaN', index)) bare.push({ from: index, to: (index += 3) });
    else if (code === 0x49 && text.startsWith('Infinity', index)) {
      const from = text.charCodeAt(index - 1) === 0x2d ? index - 1 : index;
      bare.push({ from, to: (index += 8) });
    } else continue;
    // The two tokens moved past their last character; the loop moves one more.
    if (code === 0x4e || code === 0x49) index--;
  }
  return { bare, tooDeep: false };
}

/** Index of the closing quote, or of the end of the text. */
function endOfString(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close !== -1; close = text.indexOf('"', close + 1)) {
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return close;
  }
  return text.length;
}

/** The tokens become marked strings, and the marked strings numbers. The mark is one that the text does not hold. */
function parseWithBare(text: string, bare: readonly BareToken[]): unknown {
  let mark = 'non-finite:';
  while (text.includes(mark)) mark = `_${mark}`;
  const pieces: string[] = [];
  let done = 0;
  for (const { from, to } of bare) {
    pieces.push(text.slice(done, from), `"${mark}${text.slice(from, to)}"`);
    done = to;
  }
  pieces.push(text.slice(done));
  const numbers = new Map([
    [`${mark}NaN`, Number.NaN],
    [`${mark}Infinity`, Number.POSITIVE_INFINITY],
    [`${mark}-Infinity`, Number.NEGATIVE_INFINITY],
  ]);
  return JSON.parse(pieces.join(''), (_key, value: unknown) =>
    typeof value === 'string' ? (numbers.get(value) ?? value) : value,
  );
}
