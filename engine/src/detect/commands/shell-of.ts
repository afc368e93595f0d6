import { baseName } from '../../base/path.ts';
import type { Execution } from '../executions.ts';

const SHELL = /^(?:ba|da|a|k|z|fi)?sh$|^busybox$/;
/** The kernel's report cuts words here, in bytes. */
const WORD_BYTES_MAX = 1024;
/** So much of a command that is cut off tells which one it is. */
const START_CHARACTERS_MIN = 64;

/** Whether a program that ran is a shell that was given the command, alone or with words of an agent product around it. */
export function isShellOf({ program, words }: Pick<Execution, 'program' | 'words'>, command: string): boolean {
  return SHELL.test(baseName(program)) && words.slice(1).some((word) => holds(trimBlanks(word), trimBlanks(command)));
}

/** Without what a shell takes for space around a command. Other white space, e.g. U+2028, is part of a word. */
function trimBlanks(text: string): string {
  const isSpace = (at: number): boolean => isBlank(text[at]) || text[at] === '\n';
  let [from, to] = [0, text.length];
  while (from < to && isSpace(from)) from++;
  while (to > from && isSpace(to - 1)) to--;
  return text.slice(from, to);
}

function holds(word: string, command: string): boolean {
  if (command === '') return word === '';
  const isCut = Buffer.byteLength(word) >= WORD_BYTES_MAX - 4;
  return formsOf(command).some(({ text, isQuoted }) => {
    for (let at = word.indexOf(text); at >= 0; at = word.indexOf(text, at + 1))
      if (isQuoted || (isBegin(word, at) && isEnd(word, at + text.length))) return true;
    if (!isCut) return false;
    const whole = word.replace(/\uFFFD$/u, '');
    const at = whole.indexOf(text.slice(0, START_CHARACTERS_MIN));
    return at >= 0 && (isQuoted || isBegin(whole, at)) && text.startsWith(whole.slice(at));
  });
}

/** Whether a command may begin there: at the start of a line, or after what ends another command or opens a group. */
function isBegin(word: string, at: number): boolean {
  let from = at;
  while (from > 0 && isBlank(word[from - 1])) from--;
  return from === 0 || /[\n;&|({]$|\b(?:then|do)$/.test(word.slice(Math.max(0, from - 5), from));
}

function isEnd(word: string, at: number): boolean {
  let to = at;
  while (isBlank(word[to])) to++;
  return to === word.length || /[\n;&|)}]/.test(word[to] ?? '');
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t';

/** The command as it is, and as an argument of `eval` and the like. */
function formsOf(command: string): readonly { readonly text: string; readonly isQuoted: boolean }[] {
  return [
    { text: command, isQuoted: false },
    ...[`'"'"'`, String.raw`'\''`].map((quoted) => ({
      text: `'${command.replaceAll("'", quoted)}'`,
      isQuoted: true,
    })),
    { text: `"${command.replaceAll(/["$\\`]/g, String.raw`\$&`)}"`, isQuoted: true },
  ];
}
