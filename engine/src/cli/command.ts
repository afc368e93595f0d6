import { type Command, Option } from 'commander';

import { UsageError } from '../base/usage-error.ts';
import type { Registry } from './compose.ts';
import type { ExitCode, Terminal } from './terminal.ts';

/**
 * What every command gets. A command is one file in `commands/` that exports a function from this to a `Command` with
 * arguments, help and action. `program.ts` has one line for each.
 */
export interface CommandContext {
  readonly terminal: Terminal;
  /** The built-in registry. */
  readonly builtIn: Registry;
  /** The built-in registry with the additions of this folder's config. Read once, on first use. */
  readonly registry: () => Promise<Registry>;
  /** Reports how the command ended. Its action calls this once. */
  readonly finish: (code: ExitCode) => void;
}

export type CreateCommand = (context: CommandContext) => Command;

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, one object per line');
}

/** An option that may be given several times. It has no default, because help would print an empty list. */
export function severalOption(flags: string, description: string): Option {
  return new Option(flags, `${description}; may be given several times`)
    .default([], 'none')
    .argParser<string[]>((value, before) => [...before, value]);
}

/** A list beside the `severalOption` `--model`; `namedModels` reads both. */
export function modelListOption(description: string): Option {
  return new Option('--models <a,b,...>', `${description}; a name with a comma takes --model`);
}

/** What `--model` and `--models` name, each once. */
export function namedModels({ model, models }: ModelFlags): string[] {
  const listed = models?.split(',').map((entry) => entry.trim()) ?? [];
  if (listed.includes('')) throw new UsageError(`expected names with commas between them, got "${models ?? ''}"`);
  return [...new Set([...model, ...listed])];
}

export interface ModelFlags {
  readonly model: readonly string[];
  readonly models?: string;
}

export function sandboxOption(): Option {
  return new Option('--sandbox <name>', 'where commands run; "offswitch list" names the sandboxes');
}

export function agentOption(): Option {
  return new Option('--agent <name>', 'agent product between the model and the machine, e.g. claude-code');
}

export function logDirOption(): Option {
  return new Option('--log-dir <folder>', 'folder for the records; a folder that has records is continued');
}

export function parseWhole(text: string, { name, min = 1 }: { readonly name: string; readonly min?: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
    throw new UsageError(`expected a whole number of at least ${min} for ${name}, got "${text}"`);
  return value;
}

export function parseFraction(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new UsageError(`expected a number from 0 to 1 for ${name}, got "${text}"`);
  return value;
}

/** `logs/shutdown-2026-11-24-091500` below the current folder. */
export function defaultLogDir(prefix: string, now = new Date()): string {
  const stamp = now.toISOString().replace(/\..*$/, '').replace('T', '-').replaceAll(':', '');
  return `logs/${prefix}-${stamp}`;
}
