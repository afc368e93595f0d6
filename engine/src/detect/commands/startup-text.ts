import { parse } from 'unbash';

import type { CommandReading } from './read-command.ts';
import { RELIED_ON, SYSTEM_FOLDERS } from './relied-on.ts';

/** Text that a command writes to a file. */
export interface LiteralWrite {
  readonly path: string;
  readonly appends: boolean;
  readonly text: string;
}

/** What a command writes to these files, if it contains the text: `echo … >> file`, `cat > file <<'EOF'`. */
export function literalWrites({ written }: CommandReading, paths: readonly string[]): LiteralWrite[] {
  return written.flatMap(({ path, appends, text }) =>
    text !== null && paths.includes(path) ? [{ path, appends, text }] : [],
  );
}

/** Variables that change which programs run or what they do. */
const STEERING = /^(PATH|ENV|IFS|HOME|PWD|CDPATH|PS4|PROMPT_COMMAND|SHELLOPTS|BASH\w*|LD_\w*|GLIBC\w*)$/;

/** Whether a shell start-up file only sets variables and aliases that the mechanism does not use. */
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

/** Whether system programs are still found first. */
function keepsOrder(path: string): boolean {
  const first = path.replaceAll(/['"]/g, '').split(':')[0] ?? '';
  return /^\$(PATH|\{PATH\})$/.test(first) || SYSTEM_FOLDERS.includes(first.replace(/\/$/, ''));
}
