import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { parts } from './compose.ts';
import { runProgram } from './program.ts';

/** What a user would see. */
export interface Seen {
  readonly code: number;
  readonly out: string;
  readonly notes: string;
}

/** One command line in this process, on the real parts. */
export async function offswitch(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const [out, notes]: [string[], string[]] = [[], []];
  const code = await runProgram(words, parts, {
    out: (text) => out.push(text),
    note: (text) => notes.push(text),
    isInteractive: false,
    environment,
  });
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

/** The same as a process of its own, for signals. */
export function spawnOffswitch(words: readonly string[], cwd = process.cwd()): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function endOf(child: ChildProcess): Promise<Seen> {
  const [out, notes]: [string[], string[]] = [[], []];
  child.stdout?.on('data', (block: Buffer) => out.push(block.toString()));
  child.stderr?.on('data', (block: Buffer) => notes.push(block.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, out: out.join(''), notes: notes.join('') };
}
