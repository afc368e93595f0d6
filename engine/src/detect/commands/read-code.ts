import { callsIn, literalsIn } from './code-calls.ts';

/** A call in program text that writes, moves or deletes, with the quoted names in its arguments. */
interface CodeChange {
  readonly call: string;
  readonly words: readonly string[];
}

const WRITES =
  /^((os|shutil|fs|fsp|File|FileUtils)\.)?(remove|unlink|rmtree|truncate|chmod|rename|replace|move|writeFile|rm|delete)(Sync)?$/;
const WRITES_RECEIVER =
  /\.(write_text|write_bytes|unlink|rename|chmod|truncate|(unlink|rename|rm|writeFile|truncate)Sync)$/;
const COPIES = /^((shutil|os|fs)\.)?(copy|copyfile|copyFileSync|symlink|link)$/;
const WRITE_MODE = /^\s*(mode\s*=\s*)?['"]([wax]|r\+)[bt+]*['"]\s*$/;
const RUNS = /(^|\.)(system|popen|run|call|check_call|check_output|Popen|execSync)$/;

/** Finds the calls in Python and JavaScript. Names are string literals, or variables that hold one. */
export function readCode(text: string): {
  readonly changes: readonly CodeChange[];
  readonly commands: readonly string[];
} {
  // A call inside a string literal is only text.
  const code = text.slice(0, 20_000).replaceAll(/"[^"\n{]*\w\('[^"\n]*"|'[^'\n{]*\w\("[^'\n]*'/g, "''");
  const variables = new Map<string, readonly string[]>();
  for (const [, name = '', value = ''] of code.matchAll(/\b(\w+) ?= ?([^\n;=][^\n;]{0,300})/g))
    if (!/\b(open|read\w*)\(/.test(value)) variables.set(name, literalsIn(value));
  const wordsOf = (expression: string): string[] => [
    ...literalsIn(expression),
    ...[...expression.matchAll(/\b[A-Za-z_]\w*/g)].flatMap(([name]) => variables.get(name) ?? []),
  ];
  const changes: CodeChange[] = [];
  const commands: string[] = [];
  for (const { name, receiver, args } of callsIn(code)) {
    const [first = '', second = ''] = args;
    const targets = targetsOf(name, { receiver, args });
    if (targets !== null) changes.push({ call: name, words: wordsOf(targets) });
    else if (RUNS.test(name)) commands.push(literalsIn(first).join(' ') || literalsIn(second).join(' '));
  }
  return { changes, commands };
}

/** The parts of a call that name the file it writes, moves or deletes. */
function targetsOf(
  name: string,
  { receiver, args }: { readonly receiver: string; readonly args: readonly string[] },
): string | null {
  const [first = '', second = ''] = args;
  if (/(^|\.)open$/.test(name)) return args.some((arg) => WRITE_MODE.test(arg)) ? `${receiver} ${first}` : null;
  if (WRITES.test(name)) return `${first} ${second}`;
  if (WRITES_RECEIVER.test(name)) return name.endsWith('Sync') ? `${first} ${second}` : receiver;
  return COPIES.test(name) ? second : null;
}
