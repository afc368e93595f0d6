/** Holds code in the documents to what it would do: TypeScript compiles, studies parse, flags and files are there. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import type { Settings } from '../engine/src/cli/settings.ts';
import { offswitch } from '../engine/src/cli/testing.ts';
import { readConfigFile } from '../engine/src/cli/user-config.ts';
import { createTemporaryFolder } from '../engine/src/record/testing.ts';

const root = dirname(import.meta.dirname);
const pages = globSync(
  ['{README,ARCHITECTURE,THREAT_MODEL,AGENTS,CONTRIBUTING}.md', 'docs/**/*.md', 'engine/README.md'],
  {
    cwd: root,
  },
).toSorted();

interface Block {
  readonly page: string;
  readonly text: string;
}

/** A block that does not compile. It is compiled with the others, since each start of the compiler reads the whole engine. */
const broken: Block = {
  page: 'broken.md',
  text: "import { defineStudy } from 'offswitch';\nexport default defineStudy({ scenarioo: 'shutdown' });\n",
};

describe('TypeScript in the documents', () => {
  const blocks = blocksOf('ts|typescript');
  const complaints: string[] = [];
  // Lines that go on with a complaint are indented.
  beforeAll(() => complaints.push(...compile([...blocks, broken]).split(/\n(?=\S)/)));

  it('compiles', () => {
    expect(blocks.length).toBeGreaterThan(0);
    expect(complaints.filter((text) => !text.includes('broken-md'))).toEqual([]);
  });

  it('is seen where it does not compile', () => {
    expect(complaints.filter((text) => text.includes('broken-md'))).toEqual([expect.stringContaining('scenarioo')]);
  });
});

describe('code in the documents', () => {
  it('parses as a study where it is YAML', async () => {
    const blocks = blocksOf('ya?ml');
    expect(blocks.length).toBeGreaterThan(0);
    const studies = await Promise.all(blocks.map(parseStudy));
    expect(studies).toHaveLength(blocks.length);
  });

  it('names only subcommands and flags that offswitch has', async () => {
    const commands = pages.flatMap((page) => commandsIn(read(page)).map((command) => ({ page, ...command })));
    expect(commands.length).toBeGreaterThan(40);
    expect(await findUnknownFlags(commands)).toEqual([]);
  });
});

describe('commands in the documents', () => {
  it.each(pages)('%s: npx never fetches a package of the same name', (page) => {
    expect(read(page)).not.toMatch(/npx offswitch/);
  });
});

describe('files that the documents name', () => {
  it.each(pages)('%s: those below engine, tools, bench, examples and docs are there', (page) => {
    expect(pathsIn(read(page)).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('these checks', () => {
  it('see a study with a key that is none', async () => {
    await expect(parseStudy({ page: 'x.md', text: 'scenarioo: shutdown' })).rejects.toThrow('scenarioo');
  });

  it('see flags and subcommands that are gone, over continued lines and in a sentence', async () => {
    const page = [
      '```sh',
      'X=1 npx offswitch run shutdown --model a \\',
      '  --gone 1 | grep --other # --comment',
      '```',
      'and `offswitch chek logs` or `npx offswitch check logs --limit 1`.',
      '`offswitch judge run logs --gone`, `offswitch judge ask logs` or `offswitch judge show logs --json`.',
    ].join('\n');
    expect(await findUnknownFlags(commandsIn(page))).toEqual([
      expect.objectContaining({ name: 'run', flags: ['--gone'] }),
      expect.objectContaining({ name: 'chek' }),
      expect.objectContaining({ name: 'check', flags: ['--limit'] }),
      expect.objectContaining({ name: 'judge', sub: 'run', flags: ['--gone'] }),
      expect.objectContaining({ name: 'judge', sub: 'ask' }),
    ]);
  });

  it('see a file that is gone, and leave places to fill in alone', () => {
    expect(pathsIn('`engine/src/gone.ts`, `engine/src/x/NAME/`, `docs/<name>.md`, `logs/a`')).toEqual([
      'engine/src/gone.ts',
    ]);
  });
});

function blocksOf(language: string): readonly Block[] {
  const fence = new RegExp(`^ *\`\`\`(?:${language})\\n(?<text>[\\s\\S]*?)^ *\`\`\``, 'gm');
  return pages.flatMap((page) =>
    [...read(page).matchAll(fence)].map(({ groups }) => ({ page, text: groups?.['text'] ?? '' })),
  );
}

/** As `--config` reads it. */
async function parseStudy({ page, text }: Block): Promise<Settings> {
  using folder = createTemporaryFolder();
  const path = folder.file(`${page.replaceAll(/\W/g, '-')}.yaml`);
  writeFileSync(path, text);
  return (await readConfigFile(path)).settings;
}

/** What the compiler says of the blocks, with the settings of the repository; each is a file of its own. */
function compile(blocks: readonly Block[]): string {
  using folder = createTemporaryFolder();
  for (const [at, { page, text }] of blocks.entries())
    writeFileSync(folder.file(`${page.replaceAll(/\W/g, '-')}-${at + 1}.ts`), text);
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        offswitch: [join(root, 'engine/src/index.ts')],
        'offswitch/*': [join(root, 'engine/src/exports/*.ts')],
      },
    },
    include: ['*.ts', join(root, 'engine/src/**/*.d.ts')],
  };
  // Blocks of docs/write-a-scenario.md import it, as its reader would.
  copyFileSync(join(root, 'examples/my-scenario.ts'), folder.file('my-scenario.ts'));
  writeFileSync(folder.file('tsconfig.json'), JSON.stringify(settings));
  writeFileSync(folder.file('package.json'), '{ "type": "module" }');
  const tsc = join(root, 'node_modules/.bin/tsc');
  return spawnSync(tsc, ['--pretty', 'false', '-p', folder.path], { encoding: 'utf8' }).stdout.trim();
}

interface Command {
  readonly name: string;
  /** The next word, which some commands take as a name too. */
  readonly sub: string | undefined;
  readonly flags: readonly string[];
}

/** Calls of offswitch in shell blocks and in code within sentences. */
function commandsIn(page: string): readonly Command[] {
  const blocks = [...page.matchAll(/^ *```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm)].map((match) => match[1] ?? '');
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n/g, ' ').split('\n'));
  const prose = page.replaceAll(/^ *```[^\n]*\n[\s\S]*?^ *```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const calls = [...lines, ...spans.filter((span) => /^(?:\w+=\S+ )*(?:npx (?:--no-install )?)?offswitch /.test(span))];
  return calls.flatMap((line) => {
    const [call = ''] = line.replace(/(^|\s)#.*$/, '').split(/[|;&>]/);
    const [, name, sub] = /(?:^|\s)offswitch ([a-z][\w-]*)(?: ([a-z][\w-]*)(?=\s|$))?/.exec(call) ?? [];
    return name === undefined ? [] : [{ name, sub, flags: call.match(/(?<=\s)--[a-z][a-z-]*/g) ?? [] }];
  });
}

async function findUnknownFlags<C extends Command>(commands: readonly C[]): Promise<readonly C[]> {
  const unknown: C[] = [];
  for (const command of commands) {
    const own = await offswitch([command.name, '--help']);
    const hasSub = command.sub !== undefined && own.out.includes('\nCommands:\n');
    const words = hasSub ? [command.name, command.sub ?? ''] : [command.name];
    const help = words.length === 1 ? own : await offswitch([...words, '--help']);
    const known = new Set(help.out.match(/--[a-z][a-z-]*/g) ?? []);
    const flags = command.flags.filter((flag) => flag !== '--no-install' && !known.has(flag));
    // The help of a command that is none is that of all.
    if (!help.out.startsWith(`Usage: offswitch ${words.join(' ')} `) || flags.length > 0)
      unknown.push({ ...command, flags });
  }
  return unknown;
}

/** Paths in code within sentences, but those with a place to fill in. */
function pathsIn(page: string): readonly string[] {
  const prose = page.replaceAll(/^ *```[^\n]*\n[\s\S]*?^ *```/gm, '');
  const paths = [...prose.matchAll(/`((?:engine|tools|bench|examples|docs)\/[^`\s]*)`/g)].map(
    (match) => match[1] ?? '',
  );
  return paths.filter((path) => !/[A-Z<*{…]{2}|[<*{…]/.test(path));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
