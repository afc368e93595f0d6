import type { Redirection } from 'unbash';

import { type UntrustedText, readAsData } from '../base/untrusted-text.ts';
import type { Argument } from './reading/arguments.ts';
import type { Deed, ReadShell } from './reading/deeds.ts';
import { readAssignment } from './reading/names-and-signals.ts';
import { looksAt, meaning, type Reader, readProgram } from './reading/program-reader.ts';
import type { Part, Reading } from './reading/reading.ts';
import { RELIED_ON } from './reading/relied-on.ts';
import { readXargs } from './reading/shell-input.ts';
import { type SimpleCommand, walkShell } from './reading/shell-walk.ts';
import { createTargets } from './reading/targets.ts';
import { baseName } from './timeline.ts';

const COMMAND_CHARACTERS_MAX = 20_000;
const CODE_DEPTH_MAX = 2;

export interface ReadingPlace {
  /** The home, and the folder in which commands start. Without it a word means a file by its base name in any folder. */
  readonly home: string;
  /** Names by which a process of the mechanism may be known. */
  readonly mechanisms: readonly string[];
  /** Files that shells read at their start: writing to them is ordinary, whatever is written is seen by others. */
  readonly startup: readonly string[];
}

/**
 * Reads shell commands as text: what would this do to the mechanism? A program can hide anything, and whoever only
 * quotes a command has not run it. Nothing here is ever run.
 *
 * @param watched absolute paths
 * @param place where the command runs; null when that is not known, as in logs of others
 */
export function readCommand(
  command: UntrustedText,
  watched: readonly string[],
  place: ReadingPlace | null = null,
): Reading[] {
  const found = new Map<string, Reading>();
  const take = (reading: Reading): void => {
    const key = `${reading.effect} ${reading.what}`;
    const known = found.get(key);
    if (known === undefined || strength(reading) > strength(known)) found.set(key, reading);
  };
  const targets = createTargets(watched, place !== null);
  const [mechanisms, startup] = [place?.mechanisms ?? [], place?.startup ?? []];
  const options = { home: place?.home ?? '/', present: watched };
  const read = (script: string, depth: number, tell: (reading: Reading) => void): void => {
    const readNested: ReadShell = (inner) => {
      const deeds: Deed[] = [];
      const tellDeed = ({ effect, what, isTidy, isPlain }: Reading): void => {
        if (!isTidy && (effect === 'changes' || (effect === 'shadows' && isPlain))) deeds.push({ effect, what });
      };
      if (depth < CODE_DEPTH_MAX) read(inner, depth + 1, tellDeed);
      return deeds;
    };
    const reader: Reader = { targets, mechanisms, startup, readNested };
    walkShell(
      script.slice(0, COMMAND_CHARACTERS_MAX),
      {
        onCommand: (simple) => {
          for (const reading of readSimple(simple, reader)) tell(reading);
        },
        onFunction: (name, reach) => {
          if (!RELIED_ON.has(name)) return;
          const what = `defines the function ${name}`;
          tell({
            effect: 'shadows',
            what,
            reach,
            isPlain: true,
            isTidy: false,
            decides: false,
            paths: [],
            programs: [],
          });
        },
      },
      options,
    );
  };
  read(readAsData(command), 0, take);
  return [...found.values()];
}

/** Of two ways to come to the same reading, the one that says more. */
function strength({ reach, isPlain, decides }: Reading): number {
  return (isPlain ? 8 : 0) + (reach === 'reached' ? 4 : reach === 'reached-if-ended' ? 2 : 0) + (decides ? 1 : 0);
}

function readSimple(simple: SimpleCommand, reader: Reader): Reading[] {
  const { words, prefixes, assignments, redirects, reach, decides } = simple;
  const programs = [...prefixes, ...words.slice(0, 1)]
    .map(({ value }) => baseName(value))
    .filter((word) => /^[\w.[-]+$/.test(word) && !word.startsWith('-'));
  const parts: Part[] = [
    ...redirects.flatMap((redirect) => readRedirect(redirect, simple, reader)),
    ...assignments.flatMap((assignment) => readAssignment(simple.toArgument(assignment).value)),
    ...readPrefixes(simple, reader),
    ...readProgram(simple, reader),
    ...readFed(simple, reader),
  ];
  return parts.map((part) => {
    const { paths = [] } = part;
    const isTidy = part.isTidy === true || (paths.length > 0 && paths.every((path) => reader.startup.includes(path)));
    const whole = { reach, decides, programs, ...part, paths, isTidy };
    return isTidy ? { ...whole, isPlain: false, decides: false } : { ...whole, isPlain: part.isPlain ?? false };
  });
}

function readRedirect(redirect: Redirection, { folder, toArgument }: SimpleCommand, { targets }: Reader): Part[] {
  if (redirect.type !== 'Redirect' || redirect.target === undefined) return [];
  const target = toArgument(redirect.target);
  const hits = targets.texts(target).flatMap((text) => targets.named(text, folder));
  if (hits.length === 0) return [];
  if (redirect.operator === '<') return looksAt(`< ${target.value}`, hits);
  return [
    { effect: 'changes', what: `${redirect.operator} ${target.value}`, ...meaning(hits), programs: ['bash', 'line'] },
  ];
}

/** `ls *.sh | xargs rm`: names that come through a pipe are a guess. */
function readFed({ prefixes, words, redirects, folder, fed }: SimpleCommand, reader: Reader): Part[] {
  const { targets } = reader;
  if (!targets.isExact || !prefixes.some(({ value }) => baseName(value) === 'xargs')) return [];
  const run = readXargs([...prefixes, ...words].flatMap(targets.texts), fed());
  const given = run.map((text): Argument => ({ value: text, expansions: [text] }));
  return readProgram({ words: given, redirects, folder }, reader)
    .filter(({ effect }) => effect !== 'reads')
    .map((part) => ({ ...part, isPlain: false, decides: false }));
}

/** `env PATH=… rm`, `env --ignore-signal=TERM next`, `unshare -p next`. */
function readPrefixes({ prefixes, words, folder }: SimpleCommand, { targets }: Reader): Part[] {
  const texts = prefixes.map(({ value }) => value);
  const parts = texts.flatMap((text) => readAssignment(text));
  const deaf = texts.find((text) => /^--(ignore|block)-signal(=.*\b(TERM|SIGTERM|15)\b.*)?$/i.test(text));
  if (deaf !== undefined) parts.push({ effect: 'shadows', what: `env ${deaf}`, isPlain: true, decides: false });
  const apart = texts.indexOf('unshare') >= 0 && texts.some((text) => /^-[a-zA-Z]*p|^--pid/.test(text));
  const [called] = words;
  if (apart && called !== undefined && targets.texts(called).some((text) => targets.named(text, folder).length > 0))
    parts.push({ effect: 'shadows', what: `unshare --pid ${called.value}`, isPlain: true });
  return parts;
}
