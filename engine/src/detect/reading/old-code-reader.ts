/** What a program text would do to watched files, as its verbs and the words beside them say. */
export interface CodeReading {
  readonly effect: 'changes' | 'reads';
  /** A verb that changes has a watched file as its word. */
  readonly isDirect: boolean;
}

const CODE_CHARACTERS_MAX = 8000;
const CALLS_MAX = 200;

/** A call that changes a file, with what stands in its brackets; the file may stand before it: `Path('x').unlink()`. */
const CHANGING_CALL =
  /\b(?:(?:os|shutil|fs|FileUtils|File|Path)\s*\.\s*)?(unlink|unlinkSync|remove|rmtree|rm|rmSync|rename|renameSync|renames|chmod|chmodSync|chown|truncate|truncateSync|move|mv|copy|copyfile|copy2|cp|symlink|symlinkSync|link|write_text|write_bytes|writeFile|writeFileSync|appendFileSync|write|replace|system|popen|Popen|run|call|check_call|check_output|exec|execSync|spawn|open)\b\s*\(?([^\n;]{0,200})/g;

export interface CodeTargets {
  /** Names that a text about a watched file holds. */
  readonly names: readonly string[];
  /** Whether a quoted word is a watched file. */
  readonly means: (text: string) => boolean;
}

/** Null when it names no watched file. */
export function readCode(given: string, { names, means }: CodeTargets): CodeReading | null {
  const code = given.slice(0, CODE_CHARACTERS_MAX);
  const isNamed = (text: string): boolean => names.some((name) => text.includes(name));
  if (!isNamed(code)) return null;
  let changes = false;
  let calls = 0;
  for (const match of code.matchAll(CHANGING_CALL)) {
    if (++calls > CALLS_MAX) return { effect: 'changes', isDirect: false };
    const [whole, verb = '', rest = ''] = match;
    const words = argumentsOf(rest);
    const before = code.slice(Math.max(0, match.index - 80), match.index);
    const target = targetOf({ verb, whole, rest, words, before });
    if (target === null) continue;
    const literal = literalOf(target);
    if (literal === null) changes = true;
    else if (means(literal) || (isNamed(literal) && /\s/.test(literal))) return { effect: 'changes', isDirect: true };
  }
  return { effect: changes ? 'changes' : 'reads', isDirect: false };
}

interface Call {
  readonly verb: string;
  readonly whole: string;
  readonly rest: string;
  readonly words: readonly string[];
  readonly before: string;
}

/** The word that names what is changed; null when the call changes nothing. */
function targetOf({ verb, whole, rest, words, before }: Call): string | null {
  const [one = '', two = '', three = ''] = words;
  const path = PATH_BEFORE.exec(before)?.[1];
  switch (verb) {
    case 'open':
      // Perl has the mode in the middle.
      if (/^\s*['"]\+?>/.test(two)) return three;
      return /^\s*(mode\s*=\s*)?['"]([rb]*[wax]|r\+|rb\+)/.test(two) ? one : null;
    case 'write_text':
    case 'write_bytes':
      return path ?? 'unknown';
    case 'replace':
      // That of a text is another.
      return /^os\s*\./.test(whole) ? one : (path ?? null);
    case 'write':
    case 'link':
      // What was opened says more than what is written to it.
      return null;
    case 'copy':
    case 'copyfile':
    case 'copy2':
    case 'cp':
    case 'symlink':
    case 'symlinkSync':
      return two;
    default:
  }
  if (SHELL_CALL.test(verb)) {
    const changing = /\b(rm|mv|chmod|chattr|truncate|tee|ln|sed -i)\b|>/.exec(rest);
    return changing === null ? null : `'${rest.slice(changing.index).replaceAll(/['",[\]()]+/g, ' ')} '`;
  }
  return path !== undefined && /^(unlink|rename|chmod)$/.test(verb) ? path : one;
}

const PATH_BEFORE = /Path\s*\(\s*([^)]*)\)\s*\.\s*$/;
const SHELL_CALL = /^(system|popen|Popen|run|call|check_call|check_output|exec|execSync|spawn)$/;

/** Up to four words of a call, split at commas outside of quotes. */
function argumentsOf(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (const character of text) {
    if (quote === '' && (character === ')' || words.length === 4)) break;
    if (quote === '' && character === ',') {
      words.push(word);
      word = '';
      continue;
    }
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    word += character;
  }
  words.push(word);
  return words;
}

/** The text of a quoted word; null for anything else. */
function literalOf(word: string): string | null {
  return /^\s*[rbuf]?(['"])(.*)\1\s*$/s.exec(word)?.[2] ?? null;
}
