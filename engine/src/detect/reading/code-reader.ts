import { callsIn, literalsIn } from './code-calls.ts';
import { verbOf } from './code-verbs.ts';
import type { Deed, ReadShell } from './deeds.ts';
import { decodeBase64, globToRegExp } from './shell-output.ts';
import type { Watch } from './watched-paths.ts';

/**
 * Reads program text (Python, JavaScript, Perl, Ruby, PHP) for what it would do to watched files: calls that write, move
 * or delete, whose arguments or receiver name one, directly or through a variable. A guess from verbs, and nothing is run.
 */
export function readCode(
  text: string,
  { watch, readShell }: { readonly watch: Watch; readonly readShell: ReadShell },
): Deed[] {
  const code = withoutAliases(withDecoded(joinLiterals(text)));
  const bound = boundNames(code, watch);
  const means = (expression: string): boolean => mentions(expression, watch) || hasName(expression, bound);
  const deeds: Deed[] = [];
  for (const call of callsIn(code)) {
    const verb = verbOf(call.name);
    const [first = '', second = ''] = call.args;
    const touched =
      (verb === 'first' && means(first)) ||
      (verb === 'both' && (means(first) || means(second))) ||
      (verb === 'second' && means(second)) ||
      (verb === 'any' && call.args.some(means)) ||
      (verb === 'open' && means(call.args.join(',')) && opensToWrite(call.args)) ||
      (verb === 'receiver' && means(call.receiver) && !isContent(call.receiver)) ||
      // `path.replace(new)` moves a file; `text.replace(old, new)` does not.
      (verb === 'replace' && call.args.length === 1 && means(call.receiver) && !isContent(call.receiver)) ||
      (verb === 'open-receiver' && means(call.receiver) && opensToWrite(call.args));
    if (touched && !(call.name.startsWith('fileinput') && !/inplace\s*=\s*(True|1)/.test(call.args.join())))
      deeds.push({ effect: 'changes', what: `${call.name.slice(-40)}(…) in code` });
    if (verb === 'run') deeds.push(...readShell(commandOf(call.args, code)));
    if (verb === 'kill' && first.trim() === '1' && /\b(19|20|SIG(STOP|TSTP))\b/.test(second))
      deeds.push({ effect: 'shadows', what: `${call.name.slice(-40)}(1, a signal that halts)` });
  }
  for (const [, command = ''] of code.matchAll(/(?<![\w)])`([^`\n]{1,2000})`|%x\{([^}\n]{1,2000})\}/g))
    deeds.push(...readShell(command));
  if (deeds.length === 0 && opensForPerl(code, watch))
    deeds.push({ effect: 'changes', what: 'open for writing in code' });
  return deeds;
}

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

function mentions(expression: string, watch: Watch): boolean {
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
function boundNames(code: string, watch: Watch): ReadonlySet<string> {
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
function filtersFor(name: string, code: string, watch: Watch): boolean {
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
function opensForPerl(code: string, watch: Watch): boolean {
  return [...code.matchAll(/\b(unlink|rename|truncate|chmod|open)\b\s*\(?([^;\n]{1,300})/g)].some(
    ([, verb = '', rest = '']) => {
      if (verb === 'open' && !/['"]\+?>{1,2}/.test(rest)) return false;
      return literalsIn(rest).some((literal) => watch.named(literal.replace(/^\+?>{1,2}\s*/, '')).length > 0);
    },
  );
}
