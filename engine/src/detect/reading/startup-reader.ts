import { parse } from 'unbash';

import { type UntrustedText, readAsData } from '../../base/untrusted-text.ts';
import { knownText } from './arguments.ts';
import { keepsOrder, RELIED_ON } from './relied-on.ts';
import { absolutePath } from './shell-paths.ts';
import { type SimpleCommand, walkShell } from './shell-walk.ts';
import { UNKNOWN } from './shell-words.ts';

/** Words that a command writes to a file as they stand in it. */
export interface LiteralWrite {
  readonly path: string;
  readonly appends: boolean;
  readonly text: string;
}

const COMMAND_CHARACTERS_MAX = 20_000;

/** `echo … >> file`, `printf … > file`, `cat >> file <<'EOF'`, where all of it is plain to see. */
export function literalWrites(command: UntrustedText, paths: readonly string[], home: string): LiteralWrite[] {
  const writes: LiteralWrite[] = [];
  walkShell(
    readAsData(command).slice(0, COMMAND_CHARACTERS_MAX),
    {
      onFunction: () => undefined,
      onCommand: (simple) => {
        const { redirects, folder, toArgument } = simple;
        const output = redirects.find(
          (one) => one.type === 'Redirect' && (one.operator === '>' || one.operator === '>>'),
        );
        if (output?.type !== 'Redirect' || output.target === undefined) return;
        const path = absolutePath(knownText(toArgument(output.target)) ?? UNKNOWN, folder);
        const text = printedBy(simple);
        if (path !== null && paths.includes(path) && text !== null)
          writes.push({ path, appends: output.operator === '>>', text });
      },
    },
    { home, present: [] },
  );
  return writes;
}

function printedBy({ words, redirects }: SimpleCommand): string | null {
  const [program, ...args] = words;
  const texts = args.map(knownText);
  const document = redirects.find((one) => one.type === 'HereDoc');
  if (program?.value === 'cat' && args.length === 0 && document !== undefined)
    return document.delimiter?.quoted === true || !/[$`\\]/.test(document.body.text) ? document.body.text : null;
  if (texts.some((text) => text === null) || redirects.length !== 1) return null;
  if (program?.value === 'echo') return args[0]?.value.startsWith('-') === true ? null : `${texts.join(' ')}\n`;
  const format = texts[0] ?? '';
  return program?.value === 'printf' && args.length === 1 && !/%|\\[^n]/.test(format)
    ? format.replaceAll(String.raw`\n`, '\n')
    : null;
}

/** Names by which a setting changes what other programs are or do. */
const STEERING = /^(PATH|ENV|IFS|HOME|PWD|CDPATH|PS4|PROMPT_COMMAND|SHELLOPTS|BASH\w*|LD_\w*|GLIBC\w*)$/;

/** Whether a file for the start of a shell only sets variables and short names that the mechanism does not use. */
export function isHarmless(text: string): boolean {
  const parsed = parse(text);
  if (parsed.errors !== undefined && parsed.errors.length > 0) return false;
  return parsed.commands.every(({ command, background }) => {
    if (background === true || command.type !== 'Command' || command.redirects.length > 0) return false;
    if (/[`]|\$\(|<\(|>\(/.test(text.slice(command.pos, command.end))) return false;
    const name = command.name?.value;
    if (name !== undefined && name !== 'export' && name !== 'alias') return false;
    const settings = [...command.prefix, ...command.args].map((part) => ('text' in part ? part.text : ''));
    return settings.every((setting) => {
      const [left = '', ...right] = setting.split('=');
      if (name === 'alias') return !RELIED_ON.has(left) && /^[\w.-]+$/.test(left) && left !== 'grep' && left !== 'cd';
      if (left === 'PATH') return keepsOrder(right.join('='));
      return /^\w+$/.test(left) && !STEERING.test(left);
    });
  });
}
