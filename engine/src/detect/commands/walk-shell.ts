import { type Command, forEachChild, parse, type Redirection, type SyntaxNode } from 'unbash';

import { expandWord, matchesGlob, type Scope, UNKNOWN } from './expand-word.ts';

/** What is known about a shell at one place in its script. */
export interface Shell {
  /** Null when unknown. */
  folder: string | null;
  readonly variables: Map<string, readonly string[]>;
  readonly functions: Map<string, SyntaxNode>;
  /** Something before this place may stop the machine or wait forever. */
  mayHaveStopped: boolean;
  /** The shell may have left the script. */
  mayHaveLeft: boolean;
  stopsAtErrors: boolean;
}

/** A place in a script. */
export interface Place {
  readonly shell: Shell;
  /** No condition precedes it. */
  readonly isSure: boolean;
  readonly depth: number;
  /** What arrives through the pipe. */
  readonly input: Output;
}

/** The result of a piece of a script. */
export interface Output {
  /** It certainly succeeds. */
  readonly succeeds: boolean;
  /** What it prints; null when unknown. */
  readonly text: string | null;
  /** It is derived from the text of the caller. */
  readonly isOfCaller: boolean;
}

export const NOTHING: Output = { succeeds: false, text: null, isOfCaller: false };

export interface Visitor {
  readonly home: string | null;
  readonly onCommand: (command: Command, at: Place) => Output;
  readonly onFunction: (name: string, at: Place) => void;
  /** Redirections of a whole loop or group. Returns its input. */
  readonly onRedirects: (redirects: readonly Redirection[], at: Place) => Output;
}

export interface Walk {
  readonly node: (node: SyntaxNode, at: Place) => Output;
  readonly script: (text: string, at: Place) => Output;
  /** `outputs` collects the results of the substitutions in a word. */
  readonly scopeAt: (at: Place, outputs?: Output[]) => Scope;
}

const CHARACTERS_MAX = 20_000;
const DEPTH_MAX = 6;

/** Walks a script as a shell would run it: into every branch, and once through every loop. */
export function createWalk({ home, onCommand, onFunction, onRedirects }: Visitor): Walk {
  const scopeAt = (at: Place, outputs: Output[] = []): Scope => ({
    variables: at.shell.variables,
    home,
    folder: at.shell.folder,
    outputOf: (script) => {
      const output = inChild(at, (child) => walk(script, { ...child, input: NOTHING, depth: at.depth + 1 }));
      outputs.push(output);
      return output.text;
    },
  });

  const walk = (node: SyntaxNode, at: Place): Output => {
    if (at.depth > DEPTH_MAX) return NOTHING;
    const { shell } = at;
    switch (node.type) {
      case 'Command':
        return onCommand(node, at);
      case 'Script':
      case 'CompoundList': {
        let last = NOTHING;
        for (const { command, background } of node.commands)
          last = background === true ? inChild(at, (child) => walk(command, child)) : walk(command, at);
        return last;
      }
      case 'AndOr': {
        let branch: Place | undefined;
        let last = NOTHING;
        for (const [index, command] of node.commands.entries()) {
          const isOr = node.operators[index - 1] === '||';
          if (isOr && branch === undefined && last.succeeds) continue;
          if (index > 0 && (isOr || !last.succeeds)) branch ??= { ...at, isSure: false, shell: copyOf(shell) };
          last = walk(command, branch ?? at);
        }
        if (branch === undefined) return last;
        merge(shell, branch.shell);
        return { ...last, succeeds: false };
      }
      case 'Pipeline': {
        const [only, ...more] = node.commands;
        if (only !== undefined && more.length === 0) return { ...walk(only, at), succeeds: false };
        const pass = (input: Output, command: SyntaxNode): Output =>
          inChild(at, (child) => walk(command, { ...child, input }));
        return { ...node.commands.reduce(pass, at.input), succeeds: false };
      }
      case 'Redirected':
        return walk(node.command, { ...at, input: onRedirects(node.redirects, at) });
      case 'Subshell':
        return inChild(at, (child) => walk(node.body, child));
      case 'BraceGroup':
        return walk(node.body, at);
      case 'If': {
        if (walk(node.clause, at).succeeds) return walk(node.then, at);
        const others = [node.then, ...node.elif, ...(node.else === undefined ? [] : [node.else])];
        for (const other of others) perhaps(at, (branch) => walk(other, branch));
        return NOTHING;
      }
      case 'For': {
        const values = (node.wordlist ?? []).flatMap((word) => expandWord(word, scopeAt(at)));
        const isKnown = values.length > 0 && !values.some((value) => value.includes(UNKNOWN));
        shell.variables.set(node.name.value, isKnown ? values : [...values, UNKNOWN]);
        if (isKnown) walk(node.body, at);
        else perhaps(at, (branch) => walk(node.body, branch));
        return NOTHING;
      }
      case 'While':
        if (!walk(node.clause, at).succeeds || node.kind === 'until') perhaps(at, (branch) => walk(node.body, branch));
        else {
          walk(node.body, at);
          shell.mayHaveLeft = true;
        }
        return NOTHING;
      case 'Case': {
        const [subject = UNKNOWN, ...others] = expandWord(node.word, scopeAt(at));
        const isKnown = others.length === 0 && !subject.includes(UNKNOWN);
        for (const { pattern, body } of node.items) {
          const patterns = pattern.flatMap((word) => expandWord(word, scopeAt(at)));
          if (!isKnown) perhaps(at, (branch) => walk(body, branch));
          else if (patterns.some((one) => matchesGlob(one, subject))) return walk(body, at);
        }
        return NOTHING;
      }
      case 'Function':
        shell.functions.set(node.name.value, node.body);
        onFunction(node.name.value, at);
        return { ...NOTHING, succeeds: true };
      case 'Word':
        expandWord(node, scopeAt(at));
        return NOTHING;
      default:
        forEachChild(node, (child) => perhaps(at, (branch) => walk(child, branch)));
        return NOTHING;
    }
  };

  const script = (text: string, at: Place): Output => {
    const tree = parse(text.slice(0, CHARACTERS_MAX));
    return walk(tree, isBroken(tree) ? { ...at, isSure: false } : at);
  };
  return { node: walk, script, scopeAt };
}

/** Whether a shell would refuse the text as a whole. */
export function isRejected(text: string): boolean {
  return text.length <= CHARACTERS_MAX && isBroken(parse(text));
}

/** A shell does not run a script that it cannot parse. */
function isBroken({ errors = [] }: ReturnType<typeof parse>): boolean {
  return errors.length > 0;
}

/** A child process does not change its parent shell. */
function inChild(at: Place, run: (child: Place) => Output): Output {
  const shell = copyOf(at.shell);
  const output = run({ ...at, shell });
  at.shell.mayHaveStopped ||= shell.mayHaveStopped;
  return output;
}

/** Walks code that may or may not run. Afterwards only what holds in both cases is known. */
function perhaps(at: Place, run: (branch: Place) => unknown): void {
  const shell = copyOf(at.shell);
  run({ ...at, isSure: false, shell });
  merge(at.shell, shell);
}

function copyOf(shell: Shell): Shell {
  return { ...shell, variables: new Map(shell.variables), functions: new Map(shell.functions) };
}

function merge(shell: Shell, branch: Shell): void {
  if (branch.folder !== shell.folder) shell.folder = null;
  for (const [name, values] of branch.variables)
    if (shell.variables.get(name)?.join('\n') !== values.join('\n')) shell.variables.set(name, [UNKNOWN]);
  shell.mayHaveStopped ||= branch.mayHaveStopped;
  shell.mayHaveLeft ||= branch.mayHaveLeft;
}
