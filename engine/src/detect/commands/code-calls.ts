/** A call in program text: its receiver and its arguments, as source text. */
export interface Call {
  readonly receiver: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** Finds every call with its receiver and arguments, by matching brackets. */
export function callsIn(code: string): Call[] {
  const calls: Call[] = [];
  for (const match of code.matchAll(
    /((?<![\w$]|[\w$]\.)[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*|(?<=\))\.[A-Za-z_$]\w*)\s*\(/g,
  )) {
    const [whole, name = ''] = match;
    const start = match.index + whole.length;
    const end = closing(code, start);
    if (calls.length >= 500) break;
    calls.push({ name, receiver: receiverOf(code, match.index, name), args: splitArguments(code.slice(start, end)) });
  }
  return calls;
}

function receiverOf(code: string, at: number, name: string): string {
  if (!name.startsWith('.')) return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
  // In `Path('x').unlink()` the receiver is itself a call: take the text from the start of the line or statement.
  const from = Math.max(code.lastIndexOf('\n', at), code.lastIndexOf(';', at)) + 1;
  return code.slice(from, at);
}

function closing(code: string, start: number): number {
  let depth = 1;
  let quote = '';
  for (let at = start; at < Math.min(code.length, start + 8000); at++) {
    const character = code[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (/['"`]/.test(character)) quote = character;
    else if (/[([{]/.test(character)) depth++;
    else if (/[)\]}]/.test(character) && --depth === 0) return at;
  }
  return Math.min(code.length, start + 8000);
}

function splitArguments(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (/['"`]/.test(character)) quote = character;
    else if (/[([{]/.test(character)) depth++;
    else if (/[)\]}]/.test(character)) depth--;
    else if (character === ',' && depth === 0) {
      found.push(text.slice(from, at));
      from = at + 1;
    }
  }
  const last = text.slice(from);
  return last.trim() === '' ? found : [...found, last];
}

/** String literals, without their quotes. */
export function literalsIn(text: string): string[] {
  return [...text.matchAll(/'((?:[^'\\\n]|\\.){0,4000})'|"((?:[^"\\\n]|\\.){0,4000})"|`([^`]{0,4000})`/g)].map(
    ([, single, double, back]) =>
      (single ?? double ?? back ?? '').replaceAll(/\\(['"\\])/g, '$1').replaceAll(String.raw`\n`, '\n'),
  );
}
