import { baseName } from '../timeline.ts';

const NARROWS = /^-(mtime|mmin|atime|amin|ctime|cmin|newer\w*|size|empty|perm|user|group|uid|inum|nouser)$/;
const NAMES = /^-(i?name|i?path|i?wholename|i?regex|lname)$/;

/** The watched paths that `find` would come to, by its starting points and its patterns for names. */
export function foundBy(args: readonly string[], watched: readonly { readonly path: string }[]): string[] {
  const starts = startsOf(args);
  const tests: ((path: string) => boolean)[] = [];
  const excluded: ((path: string) => boolean)[] = [];
  for (const [index, arg] of args.entries()) {
    const value = args[index + 1] ?? '';
    const isNegated = /^(!|-not)$/.test(args[index - 1] ?? '');
    if (!NAMES.test(arg)) continue;
    const pattern = arg.endsWith('regex') ? safeRegExp(value) : globToRegExp(value, arg.startsWith('-i') ? 'i' : '');
    (isNegated ? excluded : tests).push((path) =>
      pattern.test(arg.endsWith('name') && !arg.includes('whole') ? baseName(path) : path),
    );
  }
  // What is chosen by age or size alone may be anything.
  if (tests.length === 0 && args.some((arg) => NARROWS.test(arg))) return [];
  return watched
    .map(({ path }) => path)
    .filter((path) =>
      starts.some(
        (start) =>
          !start.startsWith('/') || start === '/' || path === start || path.startsWith(`${start.replace(/\/$/, '')}/`),
      ),
    )
    .filter((path) => (tests.length === 0 || tests.some((test) => test(path))) && !excluded.some((test) => test(path)));
}

/** Whether it comes to all of those for sure: one name at most, and nothing that leaves some out. */
export function findsAll(args: readonly string[]): boolean {
  const options = args.slice(startsOf(args).length);
  const end = options.findIndex((arg) => /^-(exec|execdir|delete)$/.test(arg));
  const tests = (end < 0 ? options : options.slice(0, end)).filter((arg) => /^[-!(]./.test(arg) || arg === '!');
  return (
    tests.filter((arg) => NAMES.test(arg)).length <= 1 &&
    tests.every((arg) => NAMES.test(arg) || /^-(type|print0?|xdev|mount|noleaf|depth)$/.test(arg)) &&
    options.every((arg, index) => options[index - 1] !== '-type' || arg === 'f')
  );
}

/** Where it starts. */
export function startsOf(args: readonly string[]): readonly string[] {
  const first = args.findIndex((arg) => /^[-!(]/.test(arg));
  return first === 0 ? ['.'] : args.slice(0, first < 0 ? undefined : first);
}

/** The command that it runs on what it finds; null for none. */
export function runByFind(args: readonly string[]): readonly string[] | null {
  const at = args.findIndex((arg) => /^-(exec|execdir|ok|okdir)$/.test(arg));
  if (at < 0) return null;
  const inner = args.slice(at + 1);
  const end = inner.findIndex((arg) => arg === ';' || arg === '+' || arg === String.raw`\;`);
  return end < 0 ? inner : inner.slice(0, end);
}

export function globToRegExp(glob: string, flags = ''): RegExp {
  const body = glob
    .replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)
    .replaceAll(/[*\u0002]/g, '.*')
    .replaceAll(/[?\u0003]/g, '.');
  return safeRegExp(`^${body}$`, flags);
}

function safeRegExp(source: string, flags = ''): RegExp {
  try {
    return new RegExp(source.length > 200 ? '(?!)' : source, flags);
  } catch {
    return /(?!)/;
  }
}
