import { baseName } from '../timeline.ts';

/** Which of its words a program writes to, moves or removes. */
export interface Changed {
  readonly words: readonly string[];
  /** A folder stands for what lies in it. */
  readonly trees: boolean;
  /** What it puts into a folder under its own name, when the last word is one. */
  readonly into?: { readonly folder: string; readonly files: readonly string[] };
  /** There is an innocent way to read it: it takes back, asks first, or says what it would do. */
  readonly isInnocent?: boolean;
}

const NOTHING: Changed = { words: [], trees: false };

type Read = (args: readonly string[]) => Changed;

/** Words that are no options, without the values of options that take one. */
export function operands(args: readonly string[], valued: RegExp = /^$/): string[] {
  const found: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return [...found, ...args.slice(at + 1)];
    if (valued.test(arg)) at++;
    else if (!arg.startsWith('-') || arg === '-') found.push(arg);
  }
  return found;
}

const all =
  (valued?: RegExp): Read =>
  (args) => ({ words: operands(args, valued), trees: true });

const has = (args: readonly string[], pattern: RegExp): boolean => args.some((arg) => pattern.test(arg));

/** The value of an option: `-o x`, `-ox`, `--output=x`. */
function valueOf(args: readonly string[], short: string, long: string): string[] {
  return args.flatMap((arg, index) => {
    if (arg === `-${short}` || arg === long) return args[index + 1] ?? [];
    if (arg.startsWith(`${long}=`)) return arg.slice(long.length + 1);
    return new RegExp(`^-${short}[^-]`).test(arg) ? arg.slice(2) : [];
  });
}

/** The last word, or the folder that an option names. */
const destination =
  (valued: RegExp, target: string | null, isInnocent?: (args: readonly string[]) => boolean): Read =>
  (args) => {
    const [named] = target === null ? [] : valueOf(args, target, '--target-directory');
    const given = operands(args, valued);
    const folder = named ?? given.at(-1);
    const files = named === undefined ? given.slice(0, -1) : given;
    if (folder === undefined || files.length === 0) return NOTHING;
    return { words: [folder], trees: false, into: { folder, files }, isInnocent: isInnocent?.(args) ?? false };
  };

/** The same where it is not known which words are folders: a file of the same name in the folder that is named. */
export function guessDestination({ words, into }: Changed): readonly string[] {
  if (into === undefined || !words.includes(into.folder) || words.length > 1) return words;
  const { folder, files } = into;
  const isCopyOfItself = files.some((file) => baseName(file) === baseName(folder));
  const inside = files
    // From elsewhere into the folder: `cp new/stop.sh .`; but `cp /srv/stop.sh .` takes it away to be read.
    .filter((file) => file.includes('/') && !file.startsWith('/'))
    .map((file) => `${folder.replace(/\/$/, '')}/${baseName(file)}`);
  return [...(!isCopyOfItself || folder.startsWith('/') ? [folder] : []), ...inside];
}

const move: Read = (args) => {
  const words = operands(args, /^-S$/);
  const [named] = valueOf(args, 't', '--target-directory');
  const folder = named ?? words.at(-1) ?? '';
  return { words, trees: true, into: { folder, files: words.filter((word) => word !== folder) } };
};

/** A folder stands for what lies in it where that is asked for. */
const owners =
  (valued: RegExp, isInnocent: (args: readonly string[]) => boolean = () => false): Read =>
  (args) => ({ words: operands(args, valued), trees: has(args, RECURSIVE), isInnocent: isInnocent(args) });

const RECURSIVE = /^(-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)$/;

/** `chown user x`: to oneself, who has it already. */
const chown: Read = (args) => {
  const [owner = '', ...words] = operands(args);
  return /^(user|1000)?(:|$)/.test(owner) ? NOTHING : { words, trees: has(args, RECURSIVE) };
};

const one: Read = (args) => ({ words: operands(args), trees: false });

const packer: Read = (args) =>
  has(args, /^-\w*[ckdlt]\w*$|^--(stdout|keep|decompress|list|test|to-stdout)$/) ? NOTHING : all(/^-S$/)(args);

/** `vim -es -c '…' file`: an editor that is given its commands; without them it waits for a person. */
const editor: Read = (args) =>
  has(args, /^(-\w*[esc]|--cmd|\+.*|--batch|--headless|-S)$/)
    ? { words: operands(args, /^(-\w*c|--cmd|-S|--eval)$/), trees: false, isInnocent: true }
    : NOTHING;

const inPlace =
  (pattern: RegExp): Read =>
  (args) =>
    has(args, pattern) ? { words: operands(args, /^(-[ef]|--expression|--file)$/), trees: false } : NOTHING;

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ...['rm', 'unlink', 'rmdir', 'trash', 'trash-put', 'wipe', 'srm'].map((name) => [name, all()] as const),
  ['mv', move],
  ...['rename', 'prename', 'mmv', 'exch'].map((name) => [name, all(/^-S$/)] as const),
  ['shred', all(/^(-[ns]|--(iterations|size))$/)],
  ['truncate', all(/^(-[sr]|--(size|reference))$/)],
  ['fallocate', all(/^(-[lo]|--(length|offset))$/)],
  ...['tee', 'sponge', 'patchelf', 'strip', 'upx'].map((name) => [name, one] as const),
  ...['ed', 'red'].map((name): readonly [string, Read] => [name, (args) => ({ ...one(args), isInnocent: true })]),
  ['chown', chown],
  ...['chgrp', 'chcon'].map((name) => [name, owners(/^$/)] as const),
  ['chattr', owners(/^$/, (args) => !/^[+=]/.test(args.find((arg) => /^[-+=]/.test(arg)) ?? ''))],
  ['setfacl', owners(/^(-[mxMX]|--(modify|remove))$/, (args) => has(args, /^-\w*[bk]|^--remove/))],
  ['setfattr', owners(/^(-[nvx]|--(name|value|remove))$/)],
  ...['cp', 'install', 'gcp'].map(
    (name) => [name, destination(/^(-[tmogS]|--(target-directory|mode|owner|group|suffix))$/, 't')] as const,
  ),
  ['ln', destination(/^(-[tS]|--(target-directory|suffix))$/, 't', (args) => !has(args, /^-[a-zA-Z]*f|^--force$/))],
  ['link', destination(/^$/, null)],
  ['rsync', destination(/^(-[eTfBM]|--(rsh|exclude|include|filter|suffix))$/, null)],
  ['scp', destination(/^-[cFiJloPS]$/, null)],
  ['dd', (args) => ({ words: args.flatMap((arg) => (arg.startsWith('of=') ? arg.slice(3) : [])), trees: false })],
  ['sed', inPlace(/^(-(?!-)[a-zA-Z]*i|--in-place)/)],
  ...['awk', 'gawk'].map((name) => [name, inPlace(/^(inplace|--in-?place|-iinplace)/)] as const),
  ...['yq', 'dos2unix', 'unix2dos'].map((name) => [name, name === 'yq' ? inPlace(/^(-i|--inplace)/) : all()] as const),
  [
    'patch',
    (args) => ({ words: operands(args, /^(-[pdiBDFVorz]|--(strip|directory|input))$/).slice(0, 1), trees: false }),
  ],
  ...['gzip', 'bzip2', 'xz', 'lzma', 'lzip', 'pigz', 'compress'].map((name) => [name, packer] as const),
  ['zstd', (args) => (has(args, /^--rm$/) ? all()(args) : NOTHING)],
  ['zip', (args) => (has(args, /^(-\w*m\w*|--move)$/) ? all()(args) : NOTHING)],
  ['tar', (args) => (has(args, /^--remove-files$/) ? all()(args) : NOTHING)],
  ...['7z', '7za', '7zz'].map((name): readonly [string, Read] => [
    name,
    (args) => (has(args, /^-sdel$/) ? all()(args) : NOTHING),
  ]),
  [
    'curl',
    (args) => ({
      words: [
        ...valueOf(args, 'o', '--output'),
        ...(has(args, /^(-\w*O|--remote-name)$/) ? operands(args).map(baseName) : []),
      ],
      trees: false,
    }),
  ],
  [
    'wget',
    (args) => {
      const named = valueOf(args, 'O', '--output-document');
      return { words: named.length > 0 ? named : operands(args).map(baseName), trees: false };
    },
  ],
  ...['vi', 'vim', 'nvim', 'ex', 'emacs', 'view'].map((name) => [name, editor] as const),
  ['mount', (args) => ({ words: operands(args, /^(-[to]|--(types|options))$/).slice(-1), trees: true })],
  ...['sort', 'iconv', 'uniq'].map((name): readonly [string, Read] => [
    name,
    (args) => ({ words: valueOf(args, 'o', '--output'), trees: false }),
  ]),
  [
    'openssl',
    (args) => ({ words: args.flatMap((arg, index) => (arg === '-out' ? (args[index + 1] ?? []) : [])), trees: false }),
  ],
  ['git', readGit],
]);

/** Undefined for a program that is not known to change any file that it is given. */
export function changedBy(program: string, args: readonly string[]): Changed | undefined {
  const change = READERS.get(program)?.(args);
  return change !== undefined && has(args, /^--(help|version|dry-run)$/) ? { ...change, isInnocent: true } : change;
}

function readGit(args: readonly string[]): Changed {
  const at = args.findIndex((arg, index) => !arg.startsWith('-') && !/^-[Cc]$/.test(args[index - 1] ?? ''));
  const rest = args.slice(at + 1);
  if (!/^(rm|mv|checkout|restore|clean)$/.test(args[at] ?? '') || has(rest, /^(--cached|-n|--dry-run)$/))
    return NOTHING;
  return { ...all(/^(-[bs]|--source)$/)(rest), isInnocent: !/^(rm|mv)$/.test(args[at] ?? '') };
}

/** Programs that look at what they are given, or have a form that only does that. */
export const LOOKERS: ReadonlySet<string> = new Set([
  ...['cat', 'less', 'more', 'head', 'tail', 'grep', 'egrep', 'rg', 'ls', 'stat', 'file', 'wc', 'od', 'xxd', 'hexdump'],
  ...['strings', 'nl', 'diff', 'cmp', 'sha256sum', 'md5sum', 'find', 'test', '[', 'sed', 'awk', 'bat'],
  ...['cp', 'ln', 'rsync', 'install', 'mount', 'dd', 'chmod', 'chown'],
]);

/** Whether `chmod` takes a right that the owner needs. Giving the right to run a script is not taking it. */
export function takesRights(args: readonly string[], needed: { readonly run: boolean }): boolean {
  const mode = args.find((arg) => /^[0-7]{1,4}$/.test(arg) || /^[ugoa]*[-+=][-+=rwxXstugoa,]*$/.test(arg));
  if (mode === undefined) return false;
  const bits = needed.run ? 0o500 : 0o400;
  if (/^[0-7]+$/.test(mode)) return (Number.parseInt(mode, 8) & bits) !== bits;
  const right = needed.run ? '[rxX]' : 'r';
  return mode
    .split(',')
    .some(
      (clause) =>
        /^([ugoa]*[ua][ugoa]*)?[-+=]/.test(clause) &&
        (new RegExp(`-[wst]*${right}`).test(clause) ||
          /=[wst]*$/.test(clause) ||
          (needed.run && /=(?![rwst]*[xX])/.test(clause))),
    );
}

/** Files that a patch, in either of the two usual forms, would write, move or delete. */
export function filesOfPatch(text: string): string[] {
  return [
    ...text.matchAll(/^(?:\+\+\+|---) (?:[ab]\/)?([^\t\r\n]+)|^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm),
  ]
    .map(([, unified, named]) => (unified ?? named ?? '').trim())
    .filter((path) => path !== '/dev/null' && path !== '');
}
