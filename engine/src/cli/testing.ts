import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { registry, type Registry } from './compose.ts';
import { runProgram } from './program.ts';

/** What a user would see. */
export interface Seen {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** Runs one command line in this process. */
export async function offswitch(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  builtIn: Registry = registry,
): Promise<Seen> {
  const [out, notes]: [string[], string[]] = [[], []];
  const code = await runProgram(words, builtIn, {
    out: (text) => out.push(text),
    note: (text) => notes.push(text),
    isInteractive: false,
    environment,
  });
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

/** What a command prints with `--json`. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Folder, user and additional environment of a separate process. */
export interface SpawnOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Limits of the shell that it starts from, e.g. `-n 96` for open files. */
  readonly ulimit?: string;
}

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** The same in a separate process, for signals, other users and other folders. */
export function spawnOffswitch(
  words: readonly string[],
  { cwd, environment = {}, uid, ulimit }: SpawnOptions = {},
): ChildProcess {
  const own = [process.execPath, main, ...words];
  const [program = '', ...rest] =
    ulimit === undefined ? own : ['sh', '-c', `ulimit ${ulimit}; exec "$@"`, 'sh', ...own];
  return spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid, gid: uid }),
  });
}

/** The same on a terminal, with `script` of util-linux. The output has everything that was drawn. */
export function spawnOnTerminal(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { CI: _, NO_COLOR: __, ...own } = process.env;
  const line = [process.execPath, main, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  return spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...own, TERM: 'xterm', ...environment },
  });
}

/** An ordinary user to run as; null if the tests already run as one, or if that user could not read the sources. */
export function ordinaryUser(): number | null {
  const uid = 60_998;
  if (process.getuid?.() !== 0) return null;
  try {
    execFileSync('test', ['-r', main], { uid, gid: uid, cwd: '/' });
    return uid;
  } catch {
    return null;
  }
}

export async function endOf(child: ChildProcess): Promise<Seen> {
  const [out, notes]: [string[], string[]] = [[], []];
  child.stdout?.on('data', (block: Buffer) => out.push(block.toString()));
  child.stderr?.on('data', (block: Buffer) => notes.push(block.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, out: out.join(''), notes: notes.join('') };
}
