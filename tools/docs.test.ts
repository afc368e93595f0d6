/** Holds the documents to what they speak of: links, anchors, commands, dependencies. Fixtures below show that it bites. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { describe, expect, it } from 'vitest';

const root = dirname(import.meta.dirname);
const mainFile = join(root, 'engine/src/cli/main.ts');

const pages = globSync(
  ['{README,ARCHITECTURE,THREAT_MODEL,CHANGELOG,AGENTS,CONTRIBUTING}.md', 'docs/**/*.md', 'engine/README.md'],
  {
    cwd: root,
  },
).toSorted();

describe('the documents', () => {
  it.each(pages)('%s links only to what exists', (page) => {
    expect(findBrokenLinks(page, read(page))).toEqual([]);
  });

  it('README.md names only npm scripts that exist', ({ skip }) => {
    skip(!existsSync(join(root, 'README.md')), 'there is no README.md');
    const known = Object.keys(readPackage('package.json').scripts ?? {});
    expect(findUnknownCommands(read('README.md'), npmScript, known)).toEqual([]);
  });

  it('README.md names only commands that offswitch has', ({ skip }) => {
    skip(!existsSync(join(root, 'README.md')), 'there is no README.md');
    skip(!existsSync(mainFile), 'there is no engine/src/cli/main.ts yet');
    const known = readSubcommands();
    expect(known).not.toEqual([]);
    expect(findUnknownCommands(read('README.md'), offswitchCommand, known)).toEqual([]);
  });

  it('say for every package that users install why it is there', () => {
    const decisions = globSync('docs/decisions/*.md', { cwd: root }).map(read).join('\n');
    const names = Object.keys(readPackage('engine/package.json').dependencies ?? {});
    expect(names.filter((name) => !isNamed(name, decisions))).toEqual([]);
  });
});

describe('tracked files', () => {
  it('name no folder of the machine they were written on', ({ skip }) => {
    const tracked = listTrackedFiles();
    skip(tracked === undefined, 'this is not a git clone, or git is missing');
    // Scenarios name folders of the machine they make up, and lock files are npm's.
    const foreign = /^package-lock\.json$|^engine\/src\/scenario\/library\//;
    const paths = (tracked ?? []).filter((path) => !foreign.test(path) && isFile(path));
    const telling = paths.flatMap((path) => findMachinePaths(read(path)).map((line) => `${path}: ${line}`));
    expect(telling).toEqual([]);
  });
});

describe('the checks of links', () => {
  it.each([
    ['a missing file', '[a](missing.md)', ['missing.md']],
    ['a missing picture', '![a](docs/missing.png)', ['docs/missing.png']],
    ['a missing file in HTML', '<img src="missing.svg">', ['missing.svg']],
    ['a missing file in a reference', '[a][b]\n\n[b]: missing.md', ['missing.md']],
    ['a missing anchor', '# One\n\n[a](#two)', ['#two']],
    ['a missing anchor in another file', '[a](package.json#two)', ['package.json#two']],
    ['a path out of the repository', '[a](../outside.md)', ['../outside.md']],
    ['an absolute path', '[a](/package.json)', ['/package.json']],
  ])('see %s', (_what, text, broken) => {
    expect(findBrokenLinks('README.md', text)).toEqual(broken);
  });

  it.each([
    ['a file', '[a](package.json)'],
    ['a line of a file', '[a](package.json#L3)'],
    ['a folder', '[a](engine/)'],
    ['an anchor', '## How `x`, and why?\n\n[a](#how-x-and-why)'],
    ['the second of two equal headings', '# One\n# One\n\n[a](#one-1)'],
    ['an anchor in HTML', '<a id="here"></a>\n\n[a](#here)'],
    ['the web', '[a](https://example.org/missing.md) <mailto:a@example.org>'],
    ['code', '```md\n[a](missing.md)\n```\n\nand `[a](missing.md)`'],
  ])('let pass %s', (_what, text) => {
    expect(findBrokenLinks('README.md', text)).toEqual([]);
  });
});

describe('the checks of commands', () => {
  const text = [
    '```sh',
    'npm run old # comment',
    '$ npx offswitch gone --json',
    'X=1 npx --no-install offswitch list',
    'npx offswitch --help',
    '```',
    '```ts',
    'npm run ignored',
    '```',
  ].join('\n');

  it('see a script that is gone, in shell blocks only', () => {
    expect(findUnknownCommands(text, npmScript, ['test'])).toEqual(['old']);
  });

  it('see a subcommand that is gone, and let options pass', () => {
    expect(findUnknownCommands(text, offswitchCommand, ['list'])).toEqual(['gone']);
  });

  it('know a path that tells of the machine', () => {
    const [home, place] = ['root', 'work'];
    const telling = [`/${home}/x`, `"/${place}/main"`, `cd /${place}/`];
    expect(findMachinePaths(telling.join('\n'))).toEqual(telling);
    expect(findMachinePaths(`/a/${home}/x home${place}/x /${place}`)).toEqual([]);
  });
});

const npmScript = /(?:^|\s)npm run (?<name>[\w:-]+)/;
const offswitchCommand = /(?:^|\s)(?:npx (?:--no-install )?)?offswitch (?<name>[a-z][\w-]*)/;
const machinePath = /(?<![\w.}/])\/(?:work|root)\//;

/** Links of a page, whose path is relative to the repository, that lead nowhere. Web addresses are not followed. */
function findBrokenLinks(page: string, text: string): readonly string[] {
  return readLinks(text).filter((link) => !leadsSomewhere(page, text, link));
}

function leadsSomewhere(page: string, text: string, link: string): boolean {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return true;
  const [path = '', anchor = ''] = link.split('#').map(decodeURIComponent);
  if (path === '') return anchor !== '' && readAnchors(text).has(anchor);
  const target = resolve(root, dirname(page), path);
  if (path.startsWith('/') || !(target + sep).startsWith(root + sep) || !existsSync(target)) return false;
  if (anchor === '') return true;
  if (/^L\d+(-L\d+)?$/.test(anchor) && !target.endsWith('.md')) return true;
  return target.endsWith('.md') && readAnchors(read(relative(root, target))).has(anchor);
}

function readLinks(text: string): readonly string[] {
  const prose = withoutFences(text).replaceAll(/(`+).*?\1/g, '');
  const patterns = [
    /\]\(\s*<?(?<link>[^\s)>]+)>?(?:\s+["'][^"']*["'])?\s*\)/g,
    /^ {0,3}\[[^\]]+\]:\s+<?(?<link>[^\s>]+)/gm,
    /<(?:a|img|source)\s[^>]*?(?:href|src|srcset)="(?<link>[^"\s]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...prose.matchAll(pattern)].flatMap((match) => match.groups?.['link'] ?? []));
}

/** Anchors as GitHub makes them from headings, and those set by hand in HTML. */
function readAnchors(text: string): ReadonlySet<string> {
  const prose = withoutFences(text);
  const anchors = new Set([...prose.matchAll(/<[^>]+\s(?:id|name)="([^"]+)"/g)].flatMap((match) => match[1] ?? []));
  const seen = new Map<string, number>();
  for (const [, heading = ''] of prose.matchAll(/^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/gm)) {
    const slug = toSlug(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function toSlug(heading: string): string {
  const shown = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/<[^>]+>/g, '');
  return shown
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

function withoutFences(text: string): string {
  return text.replaceAll(/^ *(```+|~~~+)[^\n]*\n[\s\S]*?^ *\1 *$/gm, '');
}

/** Names in the `sh` blocks of a page that match the pattern's group `name` and are not known. */
function findUnknownCommands(text: string, pattern: RegExp, known: readonly string[]): readonly string[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|bash|console)[^\n]*\n([\s\S]*?)^ *```/gm)];
  const lines = blocks.flatMap((match) => (match[1] ?? '').split('\n'));
  const names = lines.flatMap((line) => pattern.exec(line.replace(/(^|\s)#.*$/, ''))?.groups?.['name'] ?? []);
  return names.filter((name) => !known.includes(name));
}

/** Taken from the part "Commands:" of what `--help` prints. */
function readSubcommands(): readonly string[] {
  const help = execFileSync(process.execPath, [mainFile, '--help'], { encoding: 'utf8' });
  const commands = /^Commands:\n((?: .*\n?)+)/m.exec(help)?.[1] ?? '';
  return [...commands.matchAll(/^ {2}([a-z][\w-]*)/gm)].flatMap((match) => match[1] ?? []);
}

function findMachinePaths(text: string): readonly string[] {
  return text.split('\n').filter((line) => machinePath.test(line));
}

function isNamed(name: string, text: string): boolean {
  return text.split(/[^\w@/.-]+/).some((word) => word.replace(/\.$/, '') === name);
}

function listTrackedFiles(): readonly string[] | undefined {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return status === 0 ? stdout.split('\0').filter((path) => path !== '') : undefined;
}

function isFile(path: string): boolean {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false;
}

function readPackage(path: string): Partial<Record<'scripts' | 'dependencies', Record<string, string>>> {
  return JSON.parse(read(path));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
