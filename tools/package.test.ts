/** What users get from npm: builds a copy of the repository, packs it, installs it into an empty folder and runs it. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';

const root = dirname(import.meta.dirname);
const MEGABYTE = 1_000_000;
const NO_NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED)\b/;
const PACK_MS_MAX = 180_000;

const files = listFiles();
const hasCli = existsSync(join(root, 'engine/src/cli/main.ts'));
const hasIndex = existsSync(join(root, 'engine/src/index.ts'));
const canStartMachines = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);

describe.skipIf(files === undefined)('the package (skipped where git is missing)', () => {
  const place = mkdtempSync(join(tmpdir(), 'offswitch-package-'));
  const packed = join(place, 'package');
  const modules = join(place, 'empty/node_modules');
  let tarball = '';
  let installProblem = '';

  beforeAll(() => {
    const copy = join(place, 'copy');
    copyRepository(files ?? [], copy);
    // Packing builds: without that the package would be empty.
    run('npm', ['pack', '--loglevel=error', '--pack-destination', place], join(copy, 'engine'));
    tarball = join(place, globSync('*.tgz', { cwd: place })[0] ?? '');
    run('tar', ['-xzf', tarball], place);
    installProblem = installInto(join(place, 'empty'), tarball);
  }, PACK_MS_MAX);

  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it('holds only what runs, and what must be said about it', () => {
    expect(readdirSync(packed).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'bin',
      'dist',
      'package.json',
      'study.schema.json',
    ]);
    expect(globSync('**/*.test.*', { cwd: packed })).toEqual([]);
  });

  it('runs nothing while it is installed', () => {
    const { scripts = {} } = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
    // npm runs this one where the package is packed, never where it is installed.
    expect(Object.keys(scripts)).toEqual(['prepack']);
  });

  it('is smaller than 5 MB', () => {
    expect(lstatSync(tarball).size).toBeLessThan(5 * MEGABYTE);
  });

  it('holds every text and file of the scenarios, byte for byte and with the same mode', () => {
    const stimuli = (files ?? []).filter((path) => /\/library\/[^/]+\/(texts\/|files\/|MANIFEST\.sha256$)/.test(path));
    expect(stimuli).not.toEqual([]);
    const changed = stimuli.filter((path) => {
      const [source, copy] = [join(root, path), join(packed, path.replace('engine/src/', 'dist/'))];
      return !existsSync(copy) || !readFileSync(source).equals(readFileSync(copy)) || isRun(source) !== isRun(copy);
    });
    expect(changed).toEqual([]);
  });

  it('holds the Perl programs of the sandboxes, byte for byte', () => {
    const programs = globSync('engine/src/sandbox/kit/*.pl', { cwd: root });
    expect(programs).not.toEqual([]);
    for (const path of programs)
      expect(readFileSync(join(packed, path.replace('engine/src/', 'dist/')))).toEqual(readFileSync(join(root, path)));
  });

  it('has nothing that publint objects to', async ({ skip }) => {
    skip(!hasCli || !hasIndex, 'there is no engine/src/cli/main.ts or no engine/src/index.ts yet');
    const { buffer, byteOffset, byteLength } = readFileSync(tarball);
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: bytes }, level: 'warning', strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  describe('docs/write-a-scenario.md, followed in an empty folder', () => {
    const folder = join(place, 'scenario');
    const page = readFileSync(join(root, 'docs/write-a-scenario.md'), 'utf8');
    const blocks = [...page.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, text = '']) => text);

    beforeAll(() => {
      for (const [index, name] of ['my-scenario.ts', 'my-scenario.test.ts', 'offswitch.config.ts'].entries())
        writeInto(folder, name, blocks[index] ?? '');
      writeInto(folder, 'package.json', '{ "private": true, "type": "module" }\n');
      writeInto(folder, 'tsconfig.json', JSON.stringify({ compilerOptions: USER_OPTIONS }));
      linkPackage(join(folder, 'node_modules'), packed);
    });

    const offswitch = (...words: string[]): Ended => end('node', [join(packed, 'bin/offswitch.js'), ...words], folder);

    it('has the scenario of examples/my-scenario.ts, in fewer than 150 lines', () => {
      expect(blocks).toHaveLength(3);
      expect(blocks[0]).toBe(readFileSync(join(root, 'examples/my-scenario.ts'), 'utf8'));
      expect(blocks[0]?.trimEnd().split('\n').length).toBeLessThan(150);
    });

    it('compiles', () => {
      expect(end('tsc', ['--pretty', 'false', '-p', '.'], folder)).toMatchObject({ status: 0, stdout: '' });
    });

    it('passes the suite of scenarios', () => {
      expect(end('vitest', ['run'], folder)).toMatchObject({ status: 0 });
    });

    it('runs by its path and by its name, and every control comes out as expected', ({ skip }) => {
      skip(!canStartMachines, 'no machine starts here');
      const expectRight = (what: string): void => {
        const seen = offswitch('demo', what, '--epochs', '1', '--log-dir', `logs/${what.replaceAll(/\W/g, '')}`);
        expect(seen).toMatchObject({
          status: 0,
          stdout: expect.stringContaining('4 of 4 controls came out as expected') as string,
        });
      };
      expectRight('audit-log');
      expectRight('./my-scenario.ts');
      const run = offswitch('run', './my-scenario.ts', '--model', 'control/zipper', '--log-dir', 'logs-run');
      expect(run).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/log altered[^]*1\/1 = 100\.0 %/) as string,
      });
    });
  });

  it('takes less than 30 MB when installed', ({ skip }) => {
    skip(NO_NETWORK.test(installProblem), 'npm has no network');
    expect(installProblem).toBe('');
    expect(sizeOf(modules)).toBeLessThan(30 * MEGABYTE);
  });

  it.for([
    ['--help', /^Usage: offswitch/],
    ['list --json', /^[[{]/],
  ] as const)('answers offswitch %s, and has nothing to complain of', ([args, beginning], { skip }) => {
    skip(!hasCli, 'there is no engine/src/cli/main.ts yet');
    skip(NO_NETWORK.test(installProblem), 'npm has no network');
    const bin = join(modules, '.bin/offswitch');
    const { status, stdout, stderr } = spawnSync(bin, args.split(' '), {
      cwd: place,
      env: environment(),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(beginning);
  });
});

/** Settings of a user who is as strict as can be. */
const USER_OPTIONS = {
  ...{ target: 'es2024', lib: ['es2024', 'esnext.disposable'], module: 'nodenext', types: ['node'], noEmit: true },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true },
  ...{ erasableSyntaxOnly: true, allowImportingTsExtensions: true, skipLibCheck: true },
};

function writeInto(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** Installs the unpacked tarball without a network: its packages, and those of its suites, are those of this repository. */
function linkPackage(modules: string, unpacked: string): void {
  const own = join(unpacked, 'node_modules');
  for (const from of [join(root, 'node_modules'), join(root, 'engine/node_modules')]) linkAll(from, own);
  mkdirSync(modules, { recursive: true });
  symlinkSync(unpacked, join(modules, 'offswitch'));
  for (const name of ['vitest', 'fast-check', '@types'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
}

/** A later link of the same name wins, as a nested package does. */
function linkAll(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((one) => one !== 'offswitch' && !one.startsWith('.'))) {
    if (name.startsWith('@')) {
      linkAll(join(from, name), join(to, name));
      continue;
    }
    rmSync(join(to, name), { force: true });
    symlinkSync(join(from, name), join(to, name));
  }
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function end(command: string, args: readonly string[], cwd: string): Ended {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment(), encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Tracked files, and those that would be if they were added. Undefined without git. */
function listFiles(): readonly string[] | undefined {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) return undefined;
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

function copyRepository(paths: readonly string[], to: string): void {
  for (const path of paths) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(root, path), join(to, path));
  }
  for (const path of ['node_modules', 'engine/node_modules']) {
    if (existsSync(join(root, path))) symlinkSync(join(root, path), join(to, path));
  }
}

/** Installs the tarball as a user would, and returns what npm said when it failed. */
function installInto(folder: string, tarball: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    tarball,
  ];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, env: environment(), encoding: 'utf8' });
  return status === 0 ? '' : `npm install failed:\n${stderr}`;
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: environment(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

/** Without what an `npm test` around this tells its children about the repository it runs in. */
function environment(): NodeJS.ProcessEnv {
  const own =
    /^npm_(package|lifecycle|config_(local_prefix|prefix|workspaces?)$)|^(INIT_CWD|NODE_OPTIONS|NODE_ENV|VITEST)/i;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}

function isRun(path: string): boolean {
  return (lstatSync(path).mode & 0o111) !== 0;
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0);
}
