import { LogError, tooLarge } from './log-error.ts';

/**
 * Reads JSON as Python writes it, with bare `NaN`, `Infinity` and `-Infinity`. Half a surrogate pair becomes U+FFFD:
 * neither UTF-8 nor the canonical JSON of a record can hold it. Throws a `LogError`.
 */
export function parsePythonJson(text: string, options: { readonly what: string; readonly depthMax: number }): unknown {
  const { what, depthMax } = options;
  // Before parsing: whoever walks the value later may do so by recursion.
  if (isDeeper(text, depthMax)) throw tooLarge(what, `${depthMax} nested levels`, 'more');
  try {
    const value: unknown = JSON.parse(/NaN|Infinity/.test(text) ? createNumberFilter()(text, true) : text);
    return /\\u[dD][89a-fA-F]/.test(text) ? toWellFormed(value) : value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LogError('damaged', `${what}: expected JSON, got text that is none; it was cut or changed`, {
      cause: error,
    });
  }
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

export function toWellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(toWellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), toWellFormed(item)]));
}

/** What JSON has for them: nothing, and numbers too large to be finite. A score of either is none, and never zero. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['NaN', 'null'],
  ['Infinity', '1e999'],
  ['-Infinity', '-1e999'],
]);
const LONGEST = '-Infinity'.length;

/** Replaces Python's bare numbers, block by block. What a block may have cut is held back for the next one. */
export function createNumberFilter(): (block: string, isLast: boolean) => string {
  let inText = false;
  let held = '';
  return (block, isLast) => {
    const text = held + block;
    const until = isLast ? text.length : Math.max(0, text.length - LONGEST);
    const pieces: string[] = [];
    let done = 0;
    let end = until;
    for (const { 0: token, index } of text.matchAll(/\\.|"|NaN|-?Infinity/gs)) {
      if (index >= until) break;
      end = Math.max(until, index + token.length);
      const number = NUMBERS.get(token);
      if (token === '"') inText = !inText;
      else if (number !== undefined && !inText) {
        pieces.push(text.slice(done, index), number);
        done = index + token.length;
      }
    }
    held = text.slice(end);
    return [...pieces, text.slice(done, end)].join('');
  };
}

/** One pass; texts are skipped by `indexOf`. */
function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) index = endOfString(text, index);
    else if ((code === 0x7b || code === 0x5b) && ++depth > depthMax) return true;
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
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
