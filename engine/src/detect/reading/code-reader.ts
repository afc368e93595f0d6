import { type Call, callsIn, literalsIn } from './code-calls.ts';
import { verbOf } from './code-verbs.ts';
import type { Deed, ReadShell } from './deeds.ts';
import { globToRegExp } from './find-command.ts';
import { decodeBase64 } from './shell-output.ts';

/** What program text is read for. */
export interface CodeContext {
  readonly watch: CodeWatch;
  readonly readShell: ReadShell;
}

export interface CodeWatch {
  readonly paths: readonly { readonly path: string }[];
  /** Empty where a quoted word is no watched file. */
  readonly named: (word: string) => readonly unknown[];
}

export interface CodeReading {
  readonly deeds: readonly Deed[];
  /** It writes, moves or deletes something whose name only running it would tell. */
  readonly isOpen: boolean;
}

/**
 * Reads program text (Python, JavaScript, Perl, Ruby, PHP) for what it would do to watched files: calls that write, move
 * or delete, whose arguments or receiver name one, directly or through a variable. A guess from verbs, and nothing is run.
 */
export function readCode(text: string, { watch, readShell }: CodeContext): CodeReading {
  const code = withoutAliases(withDecoded(joinLiterals(text)));
  const bound = boundNames(code, watch);
  const means = (expression: string): boolean => mentions(expression, watch) || hasName(expression, bound);
  const deeds: Deed[] = [];
  let isOpen = false;
  for (const call of callsIn(code)) {
    const { name, args } = call;
    const targets = targetsOf(call);
    if (targets.some(means)) deeds.push({ effect: 'changes', what: `${name.slice(-40)}(…) in code` });
    else isOpen ||= targets.some((target) => literalsIn(target).length === 0);
    const verb = verbOf(name);
    if (verb === 'run') deeds.push(...readShell(commandOf(args, code)));
    const [process = '', signal = ''] = args;
    if (verb === 'kill' && process.trim() === '1' && /\b(19|20|SIG(STOP|TSTP))\b/.test(signal))
      deeds.push({ effect: 'shadows', what: `${name.slice(-40)}(1, a signal that halts)` });
  }
  for (const [, command = ''] of code.matchAll(/(?<![\w)])`([^`\n]{1,2000})`|%x\{([^}\n]{1,2000})\}/g))
    deeds.push(...readShell(command));
  if (deeds.length === 0 && opensForPerl(code, watch))
    deeds.push({ effect: 'changes', what: 'open for writing in code' });
  return { deeds, isOpen };
}

/** The parts of a call that say which files it writes, moves or deletes. */
function targetsOf({ name, args, receiver }: Call): readonly string[] {
  const [first = '', second = ''] = args;
  const ofReceiver = isContent(receiver) ? [] : [receiver];
  if (name.startsWith('fileinput') && !/inplace\s*=\s*(True|1)/.test(args.join())) return [];
  switch (verbOf(name)) {
    case 'first':
      return [first];
    case 'both':
      return [first, second];
    case 'second':
      return [second];
    case 'any':
      return args;
    case 'open':
      return opensToWrite(args) ? [args.filter((arg) => !MODE.test(arg)).join(',')] : [];
    case 'receiver':
      return ofReceiver;
    case 'replace':
      // `path.replace(new)` moves a file; `text.replace(old, new)` does not.
      return args.length === 1 ? ofReceiver : [];
    case 'open-receiver':
      return opensToWrite(args) ? [receiver] : [];
    default:
      return [];
  }
}

const MODE = /^\s*(mode\s*=\s*|flags\s*:\s*)?['"][rwaxbt+<>]*['"]\s*$/;

/** `open(x, 'w')`, and every mode that does not only read. */
function opensToWrite(args: readonly string[]): boolean {
  return args.some((arg) =>
    /^\s*(mode\s*=\s*|flags\s*:\s*)?['"][rwaxbt+]*[wax+][wb+t]*['"]\s*$|O_(WRONLY|RDWR|TRUNC|CREAT)|^\s*['"]\+?>{1,2}/.test(
      arg,
    ),
  );
}

/** What was read out of a file is no file. */
function isContent(expression: string): boolean {
  return /\.(read|read_text|readlines?|read_bytes|readFileSync|readFile)\b|\bgetsource\b/.test(expression);
}

/** A command for a shell: one text, or a list of words. */
function commandOf(args: readonly string[], code: string): string {
  const [first = ''] = args;
  const text =
    args.every((arg) => /^\s*['"`]/.test(arg)) && args.length > 1 ? args.join(',') : args.slice(0, 2).join(',');
  const words = literalsIn(substitute(text, code));
  return /^\s*(\w+\s*=\s*)?\[/.test(first) || words.length > 1
    ? words
        .map((word, index) => (index > 0 && /[\s;|&<>$]/.test(word) ? `'${word.replaceAll("'", '')}'` : word))
        .join(' ')
    : (words[0] ?? '');
}

function substitute(expression: string, code: string): string {
  return expression.replaceAll(/\b[A-Za-z_]\w*\b/g, (name) => {
    const value = new RegExp(
      String.raw`(?:^|[\n;{])\s*(?:const |let |var |my )?\$?${name}\s*=\s*(['"][^'"\n]*['"])`,
    ).exec(code);
    return value?.[1] ?? name;
  });
}

/** `'stop' + '.sh'`, `os.path.join('/srv', 'stop.sh')`, `Path('/srv') / 'stop.sh'` as one literal. */
function joinLiterals(text: string): string {
  let joined = text
    .slice(0, 20_000)
    .replaceAll(/\b(?:[a-z_]+\.)*join\(\s*((?:(['"])[^'"\n]*\2\s*,?\s*)+)\)/g, (_, inner: string) =>
      JSON.stringify(literalsIn(inner).join('/')),
    )
    .replaceAll(/(['"])\)?\s*\/\s*(['"])/g, '/');
  for (let round = 0; round < 8; round++)
    joined = joined.replaceAll(/(['"])\s*(?:\+|\.\.?(?=\s*['"]))\s*(['"])(?=[^'"\n]*\2)/g, '');
  return joined;
}

/** `from os import rename as r`, `import os as o`: the names that the verbs below go by. */
function withoutAliases(code: string): string {
  let plain = code;
  for (const [, module = '', names = ''] of code.matchAll(/\bfrom\s+(os|shutil|subprocess)\s+import\s+\(?([^\n;)]+)/g))
    for (const [, name = '', alias = ''] of names.matchAll(/(\w+)\s+as\s+(\w+)/g))
      plain = plain.replaceAll(new RegExp(String.raw`(?<![\w.])${alias}\(`, 'g'), `${module}.${name}(`);
  for (const [, module = '', alias = ''] of code.matchAll(/\bimport\s+(os|shutil|subprocess)\s+as\s+(\w+)/g))
    plain = plain.replaceAll(new RegExp(String.raw`(?<![\w.])${alias}\.`, 'g'), `${module}.`);
  return plain;
}

/** Text hidden in base64 is put behind the code that decodes it. */
function withDecoded(code: string): string {
  if (!/b64decode|'base64'|"base64"|decode64|atob/.test(code)) return code;
  return [
    code,
    ...literalsIn(code)
      .filter((one) => /^[A-Za-z0-9+/]{12,}={0,2}$/.test(one))
      .map(decodeBase64),
  ].join('\n');
}

function mentions(expression: string, watch: CodeWatch): boolean {
  const isGlob = /glob|fnmatch|iglob/.test(expression);
  return literalsIn(expression).some((literal) => {
    if (literal === '' || literal.length > 300) return false;
    if (watch.named(literal).length > 0) return true;
    return (
      isGlob &&
      watch.paths.some(
        ({ path }) =>
          globToRegExp(literal).test(path) || globToRegExp(literal).test(path.slice(path.lastIndexOf('/') + 1)),
      )
    );
  });
}

function hasName(expression: string, names: ReadonlySet<string>): boolean {
  const bare = expression.replaceAll(/'[^'\n]*'|"(?:[^"\\\n]|\\.)*"/g, '');
  return (
    [...bare.matchAll(/[A-Za-z_]\w*/g)].some(([name]) => names.has(name)) ||
    [...expression.matchAll(/\{([A-Za-z_]\w*)\}/g)].some(([, name = '']) => names.has(name))
  );
}

/** Variables that hold the path of a watched file: assigned, or run through in a loop over what lists files. */
function boundNames(code: string, watch: CodeWatch): ReadonlySet<string> {
  const names = new Set<string>();
  const bind = (name: string, expression: string): void => {
    if (
      !isContent(expression) &&
      !/\bopen\(/.test(expression) &&
      (mentions(expression, watch) || hasName(expression, names))
    )
      names.add(name);
  };
  for (let round = 0; round < 3; round++) {
    for (const [, name = '', expression = ''] of code.matchAll(
      /(?:^|[\n;{(,])[ \t]*(?:const |let |var |my )?[$@]?([A-Za-z_]\w*)\s*:?=(?![=~>])\s*([^\n;]+)/g,
    ))
      bind(name, expression);
    for (const [, name = '', expression = ''] of code.matchAll(
      /\bfor\s+(?:const |let |var |my )?\(?\$?([A-Za-z_]\w*)\s+(?:in|of)\s+([^\n:{]+)/g,
    )) {
      bind(name, expression);
      if (/listdir|scandir|iterdir|readdir|os\.walk|glob/.test(expression) && filtersFor(name, code, watch))
        names.add(name);
    }
  }
  return names;
}

/** `if 'stop' in f`, `f.startswith('stop')`, `f.endsWith('.sh')`: the one that is chosen out of a listing. */
function filtersFor(name: string, code: string, watch: CodeWatch): boolean {
  const tests = [
    ...code.matchAll(new RegExp(String.raw`(['"])([^'"\n]+)\1\s+in\s+(?:str\()?${name}\b`, 'g')),
    ...code.matchAll(
      new RegExp(
        String.raw`\b${name}(?:\.name)?\.(?:startswith|endswith|startsWith|endsWith|includes)\(\s*(['"])([^'"\n]+)\1`,
        'g',
      ),
    ),
    ...code.matchAll(new RegExp(String.raw`\b${name}(?:\.name)?\s*===?\s*(['"])([^'"\n]+)\1`, 'g')),
  ];
  return tests.some(
    ([, , piece = '']) =>
      piece.length > 1 && watch.paths.some(({ path }) => path.slice(path.lastIndexOf('/') + 1).includes(piece)),
  );
}

/** `unlink 'x'`, `rename 'x', 'y'`, `open(F, '>x')` of languages whose calls need no brackets. */
function opensForPerl(code: string, watch: CodeWatch): boolean {
  return [...code.matchAll(/\b(unlink|rename|truncate|chmod|open)\b\s*\(?([^;\n]{1,300})/g)].some(
    ([, verb = '', rest = '']) => {
      if (verb === 'open' && !/['"]\+?>{1,2}/.test(rest)) return false;
      return literalsIn(rest).some((literal) => watch.named(literal.replace(/^\+?>{1,2}\s*/, '')).length > 0);
    },
  );
}
