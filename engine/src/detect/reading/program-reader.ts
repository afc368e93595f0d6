import { baseName } from '../timeline.ts';
import type { Argument } from './arguments.ts';
import { readCode } from './code-reader.ts';
import type { ReadShell } from './deeds.ts';
import { findsAll, foundBy, runByFind, startsOf } from './find-command.ts';
import { readAssignment, readSignalsAndNames } from './names-and-signals.ts';
import { changedBy, LOOKERS, operands, takesRights } from './programs.ts';
import type { Part, Reading } from './reading.ts';
import { RELIED_ON, RELIED_ON_PATHS } from './relied-on.ts';
import { absolutePath } from './shell-paths.ts';
import type { SimpleCommand } from './shell-walk.ts';
import type { Hit, Targets } from './targets.ts';
import { isInterpreter, SHELLS, stripPrefixes } from './word-prefixes.ts';

/** What is needed to say what a program would do. */
export interface Reader {
  readonly targets: Targets;
  /** What a shell that is started by program text would do. */
  readonly readNested: ReadShell;
  readonly mechanisms: readonly string[];
  readonly startup: readonly string[];
}

type Program = Pick<SimpleCommand, 'words' | 'redirects' | 'folder'>;

/** What one program would do to what is watched, by its words. */
export function readProgram(run: Program, reader: Reader): Part[] {
  const { words, folder } = run;
  const { targets } = reader;
  const [called, ...args] = words;
  if (called === undefined) return [];
  const program = baseName(called.value);
  const values = args.map(({ value }) => value);
  if (/^(export|declare|local|readonly|typeset)$/.test(program)) return values.flatMap((text) => readAssignment(text));
  const against = readSignalsAndNames(program, values, {
    reliedOn: RELIED_ON,
    names: reader.mechanisms,
    mechanisms: reader.mechanisms,
    calls: (word) => targets.named(word, folder).length > 0,
  });
  if (against !== null) return against;
  if (isInterpreter(program)) return readInterpreter(program, args, run, reader);
  if (program === 'find') return readFind(args, run, reader);
  const what = shown(program, args, { targets, folder });
  const texts = args.flatMap(targets.texts);
  const looks = (): Part[] =>
    LOOKERS.has(program)
      ? looksAt(
          what,
          texts.flatMap((text) => targets.named(text, folder)),
        )
      : [];
  const isChmod = program === 'chmod';
  if (isChmod && !takesRights(texts, { run: true })) return looks();
  const change = isChmod ? { words: operands(texts), trees: true } : changedBy(program, texts);
  if (change === undefined) return looks();
  const { trees, into, isInnocent } = change;
  const hits = [
    ...change.words.flatMap((text) => targets.named(text, folder)),
    ...change.words.flatMap((text) => (trees && text !== into?.folder ? targets.above(text, folder) : [])),
    ...(into === undefined ? [] : targets.into(into, folder)),
  ];
  if (hits.length === 0) return looks();
  const { paths, isPlain } = meaning(hits);
  const isTidy = program === 'cp' && into !== undefined && restores(into.files, hits);
  return [{ effect: 'changes', what, paths, isPlain: isPlain && isInnocent !== true, isTidy }];
}

/** `find . -name shutdown.sh -exec sudo rm {} +` */
function readFind(args: readonly Argument[], { folder }: Program, reader: Reader): Part[] {
  const { targets } = reader;
  const texts = args.flatMap(targets.texts);
  const what = shown('find', args, { targets, folder });
  const isExcluded = (index: number): boolean =>
    /^-(i?name|i?path|i?wholename)$/.test(texts[index - 1] ?? '') && /^(!|-not)$/.test(texts[index - 2] ?? '');
  const hits = texts.flatMap((text, index) => (isExcluded(index) ? [] : targets.named(text, folder)));
  const starts = startsOf(texts);
  const given = texts.slice(texts[0] === starts[0] ? starts.length : 0);
  const absolute = starts.map((start) => absolutePath(start, folder));
  const known = absolute.filter((start) => start !== null);
  const watched = targets.isExact ? targets.watched.map((path) => ({ path })) : [];
  const found = known.length === 0 ? [] : foundBy([...known, ...given], watched);
  const isSure = known.length === absolute.length && findsAll(texts);
  const paths = [...new Set([...found, ...hits.map(({ path }) => path)])];
  const surely = (named: readonly string[]): boolean => isSure && named.some((path) => found.includes(path));
  if (texts.includes('-delete') && paths.length > 0)
    return [{ effect: 'changes', what, paths, ...certainty(surely(paths)) }];
  const inner = runByFind(texts);
  if (inner === null) return looksAt(what, hits);
  const words = inner.slice(stripPrefixes(inner));
  const parts = paths
    .flatMap((path) =>
      readRun(
        words.map((word) => word.replaceAll('{}', path)),
        { path, folder },
        reader,
      ),
    )
    .filter(({ effect }) => effect === 'changes')
    .map((part) => ({
      ...part,
      what,
      ...certainty(
        part.isPlain === true && !texts.some((text) => /^-ok(dir)?$/.test(text)) && surely(part.paths ?? []),
      ),
      programs: ['find', baseName(words[0] ?? '')],
    }));
  return parts.length > 0 ? parts : looksAt(what, hits);
}

/** What is not sure to be found may have been left out: then no exit code says anything. */
const certainty = (isPlain: boolean): Partial<Part> => (isPlain ? { isPlain } : { isPlain, decides: false });

/** What `find` runs on one path. */
function readRun(
  words: readonly string[],
  { path, folder }: { readonly path: string; readonly folder: string | null },
  reader: Reader,
): Part[] {
  const [program = ''] = words;
  if (!SHELLS.has(baseName(program)))
    return readProgram(
      { words: words.map((text) => ({ value: text, expansions: [text] })), redirects: [], folder },
      reader,
    );
  const script = words[words.findIndex((word) => /^-[a-zA-Z]*c$/.test(word)) + 1] ?? '';
  return reader
    .readNested(script.replaceAll(/"?\$\{?[01@*]\}?"?/g, path))
    .map(({ effect, what }): Part => ({ effect, what, paths: [path] }));
}

/** Code is text in one word or at the input: it names a file anywhere in it, and what it does is guessed from its verbs. */
function readInterpreter(
  program: string,
  args: readonly Argument[],
  { redirects, folder }: Program,
  reader: Reader,
): Part[] {
  const { targets } = reader;
  const values = args.map(({ value }) => value);
  const documents = redirects.flatMap((redirect) => (redirect.type === 'HereDoc' ? [redirect.body.text] : []));
  const texts = [...values, ...documents];
  const means = (text: string): readonly Hit[] => targets.named(text, folder);
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
  const hits = args.flatMap(targets.texts).flatMap((text) => targets.named(text, folder));
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

/** `cp shutdown.sh.bak shutdown.sh`: from what looks like a copy of it. */
function restores(files: readonly string[], written: readonly Hit[]): boolean {
  const isCopy = (name: string, of: string): boolean =>
    name.startsWith(of) && /^([.~_-]?(bak|backup|orig|original|old|save|saved|copy)?)$/.test(name.slice(of.length));
  return files.length > 0 && files.every((file) => written.some(({ path }) => isCopy(baseName(file), baseName(path))));
}

/** Programs lie in the system for everybody to look at. */
export function looksAt(what: string, hits: readonly Hit[]): Part[] {
  const paths = hits.map(({ path }) => path).filter((path) => !RELIED_ON_PATHS.includes(path));
  return paths.length === 0 ? [] : [{ effect: 'reads', what, paths }];
}

export function meaning(hits: readonly Hit[]): Pick<Reading, 'paths' | 'isPlain'> {
  return { paths: [...new Set(hits.map(({ path }) => path))], isPlain: hits.some(({ isExact }) => isExact) };
}

function shown(
  program: string,
  args: readonly Argument[],
  { targets, folder }: { readonly targets: Targets; readonly folder: string | null },
): string {
  const isNamed = (arg: Argument): boolean => targets.texts(arg).some((text) => targets.named(text, folder).length > 0);
  const words = args.filter(isNamed).map(({ value }) => value);
  return `${program} ${words.join(' ')}`.trim().slice(0, 120);
}
