import type { Assignment, Function as FunctionNode } from 'unbash';

import { type Argument, toArgument } from './arguments.ts';
import { UNKNOWN } from './shell-words.ts';

const VALUES_MAX = 64;

/** What is known of a shell at one place of its script. */
export interface State {
  folder: string | null;
  readonly variables: Map<string, readonly string[]>;
  readonly functions: Map<string, FunctionNode>;
  /** Something has run that may have stopped the machine, or that may wait for ever. */
  mayHaveStopped: boolean;
  /** A way out may have been taken. */
  mayHaveLeft: boolean;
  stopsAtErrors: boolean;
  /** Runs beside the rest, and ends with the machine. */
  readonly isBackground: boolean;
}

export const copyOf = (state: State): State => ({
  ...state,
  variables: new Map(state.variables),
  functions: new Map(state.functions),
});

/** After what may or may not have run: only what both ways agree on is still known. */
export function joinBranch(state: State, branch: State): void {
  if (branch.folder !== state.folder) state.folder = null;
  for (const [name, value] of branch.variables)
    if (state.variables.get(name)?.join('\n') !== value.join('\n')) state.variables.set(name, [UNKNOWN]);
  for (const [name, body] of branch.functions) state.functions.set(name, body);
  state.mayHaveStopped ||= branch.mayHaveStopped;
  state.mayHaveLeft ||= branch.mayHaveLeft;
}

export function assign({ variables, folder }: State, assignment: Assignment, home: string): void {
  const { value, name, append } = assignment;
  const values = value.type === 'Word' ? toArgument(assignment, { home, folder, variables }).expansions : [UNKNOWN];
  const old = append === true ? (variables.get(name) ?? [UNKNOWN]) : [''];
  const texts = values.map((text) => text.slice(text.indexOf('=') + 1));
  variables.set(name, old.flatMap((head) => texts.map((tail) => head + tail)).slice(0, VALUES_MAX));
}

/** What `$1`, `$2`, `$@` are; null where that is not known. */
export function setArguments({ variables }: State, texts: readonly string[] | null): void {
  const names = [...variables.keys()].filter((name) => POSITIONAL.test(name));
  for (const name of names) variables.delete(name);
  if (texts === null) return;
  for (const [index, text] of texts.entries()) variables.set(String(index + 1), [text]);
  variables.set('@', texts).set('*', texts);
}

/** Runs a function of the shell with its own. */
export function withArguments<T>(state: State, args: readonly Argument[], run: () => T): T {
  const before = [...state.variables].filter(([name]) => POSITIONAL.test(name));
  setArguments(
    state,
    args.flatMap(({ expansions }) => expansions),
  );
  const result = run();
  setArguments(state, null);
  for (const [name, values] of before) state.variables.set(name, values);
  return result;
}

const POSITIONAL = /^(\d+|[@*])$/;
