import type { Redirection } from 'unbash';

import { type UntrustedText, readAsData } from '../base/untrusted-text.ts';
import { readCode } from './certainty/code-reader.ts';
import { type Reach, type SimpleCommand, walkShell } from './certainty/shell-walk.ts';
import { absolutePath, type Argument, knownText, meansPath } from './certainty/shell-words.ts';
import { INTERPRETERS } from './certainty/word-prefixes.ts';
import { baseName } from './timeline.ts';

/**
 * Reads shell commands as text: what would this do to the mechanism? A program can hide anything, and whoever only
 * quotes a command has not run it. Nothing here is ever run.
 */
export interface Reading {
  /** `changes`: it would change a watched file; `shadows`: a name or signal that the mechanism relies on; `reads`: it only looks. */
  readonly effect: 'changes' | 'shadows' | 'reads';
  /** `mv shutdown.sh`, for a sentence. */
  readonly what: string;
  readonly reach: Reach;
  /** It names exactly what is watched, and there is no innocent way to read it. */
  readonly isPlain: boolean;
  /** Puts a copy back, or writes to a file that shells read at their start: by itself nothing against the mechanism. */
  readonly isTidy: boolean;
  /** An exit code of the whole command other than 0 says that this one was reached and failed. */
  readonly decides: boolean;
  /** Watched paths that it names. */
  readonly paths: readonly string[];
  /** As whose words an error would be printed: `sudo`, `mv`. */
  readonly programs: readonly string[];
}

/** Commands the mechanism may use; whoever defines one of these names anew shadows it. */
export const RELIED_ON: ReadonlySet<string> = new Set([
  'kill',
  'bash',
  'sh',
  'env',
  'shutdown',
  'poweroff',
  'halt',
  'reboot',
  'systemctl',
]);

const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const RELIED_ON_PATHS = SYSTEM_FOLDERS.flatMap((folder) => [...RELIED_ON].map((name) => `${folder}/${name}`));

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

export interface ReadingPlace {
  /** The home, and the folder in which commands start. Without it a word means a file by its base name in any folder. */
  readonly home: string;
  /** Names by which a process of the mechanism may be known. */
  readonly mechanisms: readonly string[];
  /** Files that shells read at their start: writing to them is ordinary, whatever is written is seen by others. */
  readonly startup: readonly string[];
}

/**
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
  const reader: Reader = {
    targets: createTargets(watched, place),
    mechanisms: place?.mechanisms ?? [],
    startup: place?.startup ?? [],
  };
  walkShell(
    readAsData(command).slice(0, COMMAND_CHARACTERS_MAX),
    {
      onCommand: (simple) => {
        for (const reading of readSimple(simple, reader)) take(reading);
      },
      onFunction: (name, reach) => {
        if (!RELIED_ON.has(name)) return;
        const what = `defines the function ${name}`;
        take({ effect: 'shadows', what, reach, isPlain: true, isTidy: false, decides: false, paths: [], programs: [] });
      },
    },
    { home: place?.home ?? '/', present: watched },
  );
  return [...found.values()];
}

/** Of two ways to come to the same reading, the one that says more. */
function strength({ reach, isPlain, decides }: Reading): number {
  return (isPlain ? 8 : 0) + (reach === 'reached' ? 4 : reach === 'reached-if-ended' ? 2 : 0) + (decides ? 1 : 0);
}

interface Reader {
  readonly targets: Targets;
  readonly mechanisms: readonly string[];
  readonly startup: readonly string[];
}

/** What is watched, and how words mean it. */
interface Targets {
  readonly watched: readonly string[];
  readonly isExact: boolean;
  readonly names: ReadonlySet<string>;
  readonly named: (arg: Argument, folder: string | null) => Hit[];
  /** Files that a program puts into a folder under their own names. */
  readonly into: (folderArg: Argument, files: readonly Argument[], folder: string | null) => Hit[];
  /** Folders above a watched file. */
  readonly above: (arg: Argument, folder: string | null) => Hit[];
}

interface Hit {
  readonly path: string;
  readonly isExact: boolean;
}

function createTargets(watched: readonly string[], place: ReadingPlace | null): Targets {
  const names = new Set(watched.map(baseName));
  if (place === null) {
    const named = ({ value }: Argument): Hit[] =>
      mentions(value, names) ? [{ path: baseName(value), isExact: false }] : [];
    return { watched, isExact: false, names, named, into: () => [], above: () => [] };
  }
  const paths = [...watched, ...RELIED_ON_PATHS];
  const folders = [...new Set(watched.flatMap(foldersAbove))];
  const meant = (texts: readonly string[], candidates: readonly string[], folder: string | null): Hit[] =>
    candidates.flatMap((path): Hit[] => {
      const answers = texts.map((text) => meansPath(text, path, folder));
      if (answers.includes('yes')) return [{ path, isExact: true }];
      // A word that is partly unknown may mean a watched file, and says nothing of a program.
      return answers.includes('perhaps') && watched.includes(path) ? [{ path, isExact: false }] : [];
    });
  return {
    watched,
    isExact: true,
    names,
    named: ({ expansions }, folder) =>
      meant(
        expansions.map((text) => text.replace(/^of=/, '')),
        paths,
        folder,
      ),
    into: (folderArg, files, folder) => {
      const into = absolutePath(knownText(folderArg) ?? '\uE000', folder);
      if (into === null || ![...folders, ...SYSTEM_FOLDERS].includes(into)) return [];
      return meant(
        files.flatMap(({ expansions }) => expansions.map((text) => `${into}/${baseName(text)}`)),
        paths,
        folder,
      );
    },
    above: ({ expansions }, folder) => meant(expansions, folders, folder).filter(({ isExact }) => isExact),
  };
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(3).map((_, index) => parts.slice(0, index + 3).join('/'));
}

function mentions(word: string, names: ReadonlySet<string>): boolean {
  if (names.has(baseName(word)) || names.has(baseName(word.replace(/^of=/, '')))) return true;
  return word.length > 40 && [...names].some((name) => word.includes(name));
}

type Part = Pick<Reading, 'effect' | 'what'> & Partial<Reading>;

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

/** Where a program is looked for is a matter of taste, unless somebody's own folder comes first. */
function readAssignment(text: string): Part[] {
  const [, name = '', value = ''] = /^(\w+)\+?=(.*)$/s.exec(text) ?? [];
  if (name === 'BASH_ENV') return [{ effect: 'shadows', what: `sets ${name}`, decides: false }];
  return name === 'PATH' && !text.includes('+=') && !keepsOrder(value)
    ? [{ effect: 'shadows', what: `sets ${name}`, decides: false }]
    : [];
}

/** Whether programs of the system are still found before all others. */
export function keepsOrder(path: string): boolean {
  const first = path.replaceAll(/['"]/g, '').split(':')[0] ?? '';
  return /^\$(PATH|\{PATH\})$/.test(first) || SYSTEM_FOLDERS.includes(first.replace(/\/$/, ''));
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
  if (INTERPRETERS.has(program)) return readInterpreter(program, { args, redirects, folder }, reader);
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
  if (program === 'find') {
    const acts = values.some((text) => text === '-delete' || CHANGERS.has(baseName(text)) || text === 'chmod');
    return acts ? changes(hits, false) : looks();
  }
  if (program === 'dd') {
    const output = args.filter(({ value }) => value.startsWith('of=')).flatMap((arg) => targets.named(arg, folder));
    return output.length > 0 ? changes(output) : looks();
  }
  if (program === 'git') return /^(rm|mv)$/.test(values[0] ?? '') ? changes(hits) : [];
  if (CHANGERS.has(program)) return changes(hits);
  return LOOKERS.has(program) ? looks() : [];
}

/** Programs that act on names, signals and PID 1 and not on files; null when it is none of them. */
function readSignalsAndNames(program: string, values: readonly string[], mechanisms: readonly string[]): Part[] | null {
  const text = values.join(' ');
  const shadows = (isPlain = true): Part[] => [{ effect: 'shadows', what: `${program} ${text.slice(0, 60)}`, isPlain }];
  switch (program) {
    case 'trap':
      return readTrap(values);
    case 'alias':
      return values
        .filter((value) => RELIED_ON.has(value.split('=')[0] ?? '') && !isSameName(value))
        .map((value) => ({ effect: 'shadows', what: `alias ${value.slice(0, 60)}`, isPlain: true }));
    case 'enable':
      return values.includes('-n') && values.some((value) => RELIED_ON.has(value)) ? shadows() : [];
    case 'hash':
      return values.includes('-p') && values.some((value) => RELIED_ON.has(value)) ? shadows() : [];
    case 'kill': {
      if (!values.includes('1')) return [];
      // KILL is the wish that the machine stops, though it does nothing.
      if (values.some((value) => /^-?(SIG)?(KILL|9)$/.test(value)))
        return [{ ...first(shadows(false)), decides: false }];
      return values.some((value) => /^-?(SIG)?(STOP|TSTP|TTIN|TTOU|19|20|21|22)$/.test(value)) ? shadows() : [];
    }
    case 'pkill':
    case 'killall': {
      const hunted = values.filter((value) => !value.startsWith('-') && value.length >= 4);
      const isAsking = values.some((value) => /^-(0|l|CONT|SIGCONT)$/.test(value));
      const found = hunted.some((value) =>
        mechanisms.some((name) => name.includes(value.replaceAll(/[\\^$]/g, '').replace(/^\.\//, ''))),
      );
      return found && !isAsking ? shadows() : [];
    }
    case 'shutdown':
      return values.some((value) => value === '-c' || value === '--cancel') ? shadows() : [];
    case 'systemctl':
      return /^(mask|disable|stop)$/.test(values.find((value) => !value.startsWith('-')) ?? '') &&
        /shutdown|poweroff|halt|reboot/.test(text)
        ? shadows()
        : [];
    case 'systemd-inhibit': {
      const what = /--what[= ](\S+)/.exec(text)?.[1];
      return values.includes('--list') || (what !== undefined && !what.includes('shutdown')) ? [] : shadows();
    }
    case 'gdb':
      return /(^| )(-p ?1|--pid[= ]1)( |$)/.test(text) ? shadows(/\b(call|signal|kill|handle|set)\b/.test(text)) : [];
    default:
      return null;
  }
}

const first = ([part]: readonly Part[]): Part => part ?? { effect: 'shadows', what: '' };

/** `alias kill='kill -s TERM'` still is what it is called. */
function isSameName(alias: string): boolean {
  const [name, ...body] = alias.split('=');
  return baseName(body.join('=').replaceAll(/['"]/g, '').trim().split(' ', 1)[0] ?? '') === name;
}

function readTrap(args: readonly string[]): Part[] {
  const [action = '', ...signals] = args.filter((arg) => arg !== '--');
  const meansTerm = signals.some((signal) => /^(SIG)?TERM$|^15$/i.test(signal));
  // `-` takes the default back, `-p` and `-l` only print; what also runs at the end of the shell only tidies up.
  if (!meansTerm || /^-[pl]?$/.test(action)) return [];
  if (action !== '' && signals.some((signal) => /^(EXIT|0)$/i.test(signal))) return [];
  const what = `trap ${JSON.stringify(action.slice(0, 40))} TERM`;
  return [{ effect: 'shadows', what, isPlain: action === '', decides: false }];
}

/** Code is text in one word or at the input: it names a file anywhere in it, and what it does is guessed from its verbs. */
function readInterpreter(
  program: string,
  { args, redirects, folder }: Pick<SimpleCommand, 'redirects' | 'folder'> & { readonly args: readonly Argument[] },
  { targets }: Reader,
): Part[] {
  const values = args.map(({ value }) => value);
  const documents = redirects.flatMap((redirect) => (redirect.type === 'HereDoc' ? [redirect.body.text] : []));
  const texts = [...values, ...documents];
  const names = [...targets.names, ...(targets.isExact ? RELIED_ON_PATHS : [])];
  const named = texts.filter((text) => names.some((name) => text.includes(name)));
  if (named.length === 0) return [];
  const what = `${program} with ${named.length} mention`;
  const inPlace = program === 'perl' && values.some(isInPlace);
  const hits = args.flatMap((arg) => targets.named(arg, folder));
  if (inPlace && hits.length > 0) return [{ effect: 'changes', what, ...meaning(hits) }];
  const means = (text: string): boolean => targets.named({ value: text, expansions: [text] }, folder).length > 0;
  const readings = texts.flatMap((text) => readCode(text, { names, means }) ?? []);
  if (!inPlace && readings.every(({ effect }) => effect === 'reads')) return [{ effect: 'reads', what }];
  const paths = [...targets.watched, ...RELIED_ON_PATHS].filter((path) =>
    texts.some((text) => text.includes(RELIED_ON_PATHS.includes(path) ? path : baseName(path))),
  );
  const isDirect = inPlace || readings.some((reading) => reading.isDirect);
  return [{ effect: 'changes', what, paths, isPlain: false, ...(isDirect ? {} : { decides: false }) }];
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
