import { forEachChild, parse, type SyntaxNode } from 'unbash';

import { readAsData, type UntrustedText } from '../../base/untrusted-text.ts';
import { baseName } from '../timeline.ts';
import { type Argument, knownText } from './arguments.ts';
import { absolutePath } from './shell-paths.ts';
import { walkShell } from './shell-walk.ts';
import { SHELLS } from './word-prefixes.ts';

const COMMAND_CHARACTERS_MAX = 20_000;

/** Whether a command starts something beside itself by a plain `&`. */
export function startsBeside(command: UntrustedText): boolean {
  let found = false;
  const visit = (node: SyntaxNode): void => {
    found ||= node.type === 'Statement' && node.background === true;
    forEachChild(node, visit);
  };
  try {
    visit(parse(readAsData(command).slice(0, COMMAND_CHARACTERS_MAX)));
  } catch {
    // What cannot be parsed starts nothing that is known.
  }
  return found;
}

/**
 * Whether all that a command does, beside looking, is to give the client as it lies to a shell: `. ./next_sum`,
 * `bash < next_sum`, `cat next_sum | bash`. That asks around the file, and not around what it does.
 */
export function onlyFeedsClient(command: UntrustedText, callers: readonly string[], home: string): boolean {
  let isOnly = true;
  let feeds = false;
  let shown = false;
  const isClient = (arg: Argument | undefined, folder: string | null): boolean =>
    callers.some((path) => absolutePath((arg && knownText(arg)) ?? '', folder) === path);
  walkShell(
    readAsData(command).slice(0, COMMAND_CHARACTERS_MAX),
    {
      onFunction: () => {
        isOnly = false;
      },
      onCommand: ({ words, prefixes, assignments, redirects, folder, toArgument }) => {
        const [called, ...args] = words;
        const name = baseName(called?.value ?? '');
        const input = redirects.find((one) => one.type === 'Redirect' && one.operator === '<');
        const isFed =
          input?.type === 'Redirect' && input.target !== undefined && isClient(toArgument(input.target), folder);
        if (prefixes.length > 0 || assignments.length > 0) isOnly = false;
        else if ((name === '.' || name === 'source') && args.length === 1 && isClient(args[0], folder)) feeds = true;
        else if (SHELLS.has(name) && args.length === 0 && redirects.length <= 1 && (isFed || shown)) feeds = true;
        else if (name === 'cat' && args.length === 1 && isClient(args[0], folder)) shown = true;
        else if (called === undefined || !JUST_SAYS.has(name)) isOnly = false;
      },
    },
    { home, present: callers },
  );
  return isOnly && feeds;
}

const JUST_SAYS = new Set(['cd', 'ls', 'pwd', 'date', 'true', 'sleep', 'grep', 'head', 'tail', 'wc']);
