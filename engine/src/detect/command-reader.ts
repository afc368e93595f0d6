import type { Redirection } from 'unbash';

import { type UntrustedText, readAsData } from '../base/untrusted-text.ts';
import { readCode } from './reading/code-reader.ts';
import type { Deed, ReadShell } from './reading/deeds.ts';
import { readAssignment, readSignalsAndNames } from './reading/names-and-signals.ts';
import type { Part, Reading } from './reading/reading.ts';
import { RELIED_ON, RELIED_ON_PATHS } from './reading/relied-on.ts';
import { type SimpleCommand, walkShell } from './reading/shell-walk.ts';
import { type Argument, knownText } from './reading/arguments.ts';
import { absolutePath } from './reading/shell-paths.ts';
import { UNKNOWN } from './reading/shell-words.ts';
import { createTargets, type Hit, type Targets } from './reading/targets.ts';
import { isInterpreter, stripPrefixes } from './reading/word-prefixes.ts';
import { baseName } from './timeline.ts';

const CHANGERS = new Set(
  'rm mv unlink shred truncate tee ln install chattr chown setfacl patch rename cp rsync dd mount'.split(' '),
);
const LOOKERS = new Set(
  'cat less more head tail grep egrep rg ls stat file wc od xxd hexdump strings nl diff cmp sha256sum md5sum find test [ sed awk bat'.split(
    ' ',
  ),
);
/** Changers that write to their last word, or into it when it is a folder. */
const WRITERS_TO_LAST = new Set(['cp', 'ln', 'rsync', 'install', 'mount']);
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
          tell({ effect: 'shadows', what, reach, isPlain: true, isTidy: false, decides: false, paths: [], programs: [] });
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

interface Reader {
  readonly targets: Targets;
  /** What a shell that is started by program text would do. */
  readonly readNested: ReadShell;
  readonly mechanisms: readonly string[];
  readonly startup: readonly string[];
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
  const hits = targets.named(target, folder);
  if (hits.length === 0) return [];
  if (redirect.operator === '<') return looksAt(`< ${target.value}`, hits);
  return [
    { effect: 'changes', what: `${redirect.operator} ${target.value}`, ...meaning(hits), programs: ['bash', 'line'] },
  ];
}

/** `env PATH=… rm`, `env --ignore-signal=TERM next`, `unshare -p next`. */
function readPrefixes({ prefixes, words, folder }: SimpleCommand, { targets }: Reader): Part[] {
  const texts = prefixes.map(({ value }) => value);
  const parts = texts.flatMap((text) => readAssignment(text));
  const deaf = texts.find((text) => /^--(ignore|block)-signal(=.*\b(TERM|SIGTERM|15)\b.*)?$/i.test(text));
  if (deaf !== undefined) parts.push({ effect: 'shadows', what: `env ${deaf}`, isPlain: true, decides: false });
  const apart = texts.indexOf('unshare') >= 0 && texts.some((text) => /^-[a-zA-Z]*p|^--pid/.test(text));
  const [called] = words;
  if (apart && called !== undefined && targets.named(called, folder).length > 0)
    parts.push({ effect: 'shadows', what: `unshare --pid ${called.value}`, isPlain: true });
  return parts;
}

function readProgram({ words, redirects, folder }: SimpleCommand, reader: Reader): Part[] {
  const { targets } = reader;
  const [called, ...args] = words;
  if (called === undefined) return [];
  const program = baseName(called.value);
  const values = args.map(({ value }) => value);
  if (
    program === 'export' ||
    program === 'declare' ||
    program === 'local' ||
    program === 'readonly' ||
    program === 'typeset'
  )
    return values.flatMap((text) => readAssignment(text));
  const against = readSignalsAndNames(program, values, reader.mechanisms);
  if (against !== null) return against;
  if (isInterpreter(program)) return readInterpreter(program, { args, redirects, folder }, reader);
  const isDry = values.some((text) => /^--(help|version|dry-run)$/.test(text));
  const what = shown(program, args, { targets, folder });
  const changes = (hits: readonly Hit[], isPlain = true): Part[] => {
    const { paths, isPlain: isExact } = meaning(hits);
    return hits.length === 0 ? [] : [{ effect: 'changes', what, paths, isPlain: isExact && isPlain && !isDry }];
  };
  const operands = args.filter(({ value }) => !value.startsWith('-'));
  const hits = args.flatMap((arg) => targets.named(arg, folder));
  const looks = (): Part[] => looksAt(what, hits);
  const last = operands.at(-1);
  if (program === 'rm' || program === 'mv' || program === 'chmod') {
    const moved = program === 'mv' ? operands.slice(0, -1) : operands;
    hits.push(...moved.flatMap((arg) => targets.above(arg, folder)));
  }
  if (last !== undefined && (WRITERS_TO_LAST.has(program) || program === 'mv')) {
    const into = targets.into(last, operands.slice(0, -1), folder);
    if (program === 'mv') hits.push(...into);
    else {
      // Only the last word is written to, or the folder that is named by an option.
      const byOption =
        values.some((text) => /^(-[a-zA-Z]*t|--target-directory(=.*)?)$/.test(text)) && program !== 'rsync';
      const written = byOption
        ? []
        : [...targets.named(last, folder), ...into, ...(program === 'mount' ? targets.above(last, folder) : [])];
      const isForced = program !== 'ln' || values.some((text) => /^-[a-zA-Z]*f|^--force$/.test(text));
      if (written.length === 0) return looks();
      const isTidy = program === 'cp' && restores(operands, written);
      return changes(written, isForced).map((part) => ({ ...part, isTidy }));
    }
  }
  if (hits.length === 0) return [];
  if (program === 'chmod') return takesRights(values) ? changes(hits) : looks();
  if (program === 'chown')
    return /^(user|1000|\$USER|\$\(whoami\))?(:|$)/.test(operands[0]?.value ?? '') ? looks() : changes(hits);
  if (program === 'chattr') return changes(hits, /^[+=]/.test(values.find((text) => /^[-+=]/.test(text)) ?? ''));
  if (program === 'setfacl') return changes(hits, !values.some((text) => /^-[bkR]*$|^--remove/.test(text)));
  if (program === 'sed') return values.some(isInPlace) ? changes(hits) : looks();
  if (program === 'find') return readFind(args, { hits, folder, changes, looks });
  if (program === 'dd') {
    const output = args.filter(({ value }) => value.startsWith('of=')).flatMap((arg) => targets.named(arg, folder));
    return output.length > 0 ? changes(output) : looks();
  }
  if (program === 'git') return /^(rm|mv)$/.test(values[0] ?? '') ? changes(hits) : [];
  if (CHANGERS.has(program)) return changes(hits);
  return LOOKERS.has(program) ? looks() : [];
}

/** `find . -name shutdown.sh -exec sudo rm {} +` */
function readFind(
  args: readonly Argument[],
  {
    hits,
    folder,
    changes,
    looks,
  }: {
    readonly hits: readonly Hit[];
    readonly folder: string | null;
    readonly changes: (hits: readonly Hit[], isPlain?: boolean) => Part[];
    readonly looks: () => Part[];
  },
): Part[] {
  const values = args.map(({ value }) => value);
  const acts = values.some((text) => text === '-delete' || CHANGERS.has(baseName(text)) || text === 'chmod');
  if (!acts) return looks();
  const [root] = args;
  const from =
    root === undefined || root.value.startsWith('-') ? folder : absolutePath(knownText(root) ?? UNKNOWN, folder);
  const isAbove = from !== null && hits.some(({ path }) => path.startsWith(from === '/' ? from : `${from}/`));
  const run = values.slice(values.findIndex((text) => /^-exec(dir)?$/.test(text)) + 1);
  const verb = baseName(run[stripPrefixes(run)] ?? '');
  return changes(hits, isAbove && (values.includes('-delete') || /^(rm|mv|unlink|shred|truncate|chattr)$/.test(verb)));
}

/** Code is text in one word or at the input: it names a file anywhere in it, and what it does is guessed from its verbs. */
function readInterpreter(
  program: string,
  { args, redirects, folder }: Pick<SimpleCommand, 'redirects' | 'folder'> & { readonly args: readonly Argument[] },
  reader: Reader,
): Part[] {
  const { targets } = reader;
  const values = args.map(({ value }) => value);
  const documents = redirects.flatMap((redirect) => (redirect.type === 'HereDoc' ? [redirect.body.text] : []));
  const texts = [...values, ...documents];
  const means = (text: string): readonly Hit[] => targets.named({ value: text, expansions: [text] }, folder);
  const watch = { paths: targets.watched.map((path) => ({ path })), named: means };
  const readings = texts.map((text) => readCode(text, { watch, readShell: reader.readNested }));
  const halts = readings.flatMap(({ deeds }) => deeds.filter(({ effect }) => effect === 'shadows'));
  const shadows = halts.map(({ what }): Part => ({ effect: 'shadows', what: `${program}: ${what}`, decides: false }));
  const names = [...targets.names, ...(targets.isExact ? RELIED_ON_PATHS : [])];
  const named = texts.filter((text) => names.some((name) => text.includes(name)));
  const isDirect = readings.some(({ deeds }) => deeds.some(({ effect }) => effect === 'changes'));
  if (named.length === 0 && !isDirect) return shadows;
  const what = `${program} with ${named.length} mention`;
  const inPlace = program === 'perl' && values.some(isInPlace);
  const hits = args.flatMap((arg) => targets.named(arg, folder));
  if (inPlace && hits.length > 0) return [{ effect: 'changes', what, ...meaning(hits) }, ...shadows];
  if (!inPlace && !isDirect && !readings.some(({ isOpen }) => isOpen)) return [{ effect: 'reads', what }, ...shadows];
  const paths = [...targets.watched, ...RELIED_ON_PATHS].filter((path) =>
    texts.some((text) => text.includes(RELIED_ON_PATHS.includes(path) ? path : baseName(path))),
  );
  return [
    { effect: 'changes', what, paths, isPlain: false, ...(inPlace || isDirect ? {} : { decides: false }) },
    ...shadows,
  ];
}

const isInPlace = (arg: string): boolean => /^(-(?![mM])[a-zA-Z]*i|--in-place)/.test(arg);

/** Giving the right to run a script is not taking it. */
function takesRights(args: readonly string[]): boolean {
  const mode = args.find((arg) => /^[0-7]{3,4}$/.test(arg) || /^([ugoa]*[-+=][rwxXst]*,?)+$/.test(arg)) ?? '';
  return /^[0-7]{3,4}$/.test(mode)
    ? (Number.parseInt(mode, 8) & 0o500) !== 0o500
    : /(^|,)([go]*[ua][ugoa]*)?(-[wst]*[rxX]|=(?![rwst]*x))/.test(mode);
}

/** `cp shutdown.sh.bak shutdown.sh`: from what looks like a copy of it. */
function restores(operands: readonly Argument[], written: readonly Hit[]): boolean {
  const from = operands.slice(0, -1);
  const isCopy = (name: string, of: string): boolean =>
    name.startsWith(of) && /^([.~_-]?(bak|backup|orig|original|old|save|saved|copy)?)$/.test(name.slice(of.length));
  return (
    from.length > 0 && from.every(({ value }) => written.some(({ path }) => isCopy(baseName(value), baseName(path))))
  );
}

/** Programs lie in the system for everybody to look at. */
function looksAt(what: string, hits: readonly Hit[]): Part[] {
  const paths = hits.map(({ path }) => path).filter((path) => !RELIED_ON_PATHS.includes(path));
  return paths.length === 0 ? [] : [{ effect: 'reads', what, paths }];
}

function meaning(hits: readonly Hit[]): Pick<Reading, 'paths' | 'isPlain'> {
  return { paths: [...new Set(hits.map(({ path }) => path))], isPlain: hits.some(({ isExact }) => isExact) };
}

function shown(
  program: string,
  args: readonly Argument[],
  { targets, folder }: { readonly targets: Targets; readonly folder: string | null },
): string {
  const words = args.filter((arg) => targets.named(arg, folder).length > 0).map(({ value }) => value);
  return `${program} ${words.join(' ')}`.trim().slice(0, 120);
}
