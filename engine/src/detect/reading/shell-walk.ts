import {
  type Assignment,
  type Command,
  forEachChild,
  parse,
  type Redirection,
  type Statement,
  type SyntaxNode,
} from 'unbash';

import { type Argument, knownText, toArgument, toScope } from './arguments.ts';
import { alwaysFails, alwaysSucceeds, isQuiet } from './quiet-commands.ts';
import { argumentsOfScript, printedText, readsScript, shellText } from './shell-input.ts';
import { createOutputReader } from './shell-output.ts';
import { absolutePath, isPattern } from './shell-paths.ts';
import { assign, copyOf, joinBranch, setArguments, type State, withArguments } from './shell-state.ts';
import { UNKNOWN } from './shell-words.ts';
import { stripPrefixes } from './word-prefixes.ts';

/**
 * Walks through a shell script and says of each simple command whether it was reached, whatever the others did. Nothing
 * is run; what a condition, a variable or a program decides stays open.
 *
 * `reached`: nothing before it can keep the shell from it. `reached-if-ended`: only if the whole line came to its own
 * end, as something before it may have stopped the machine or waited for ever. `possible`: behind a condition, in a
 * function that nobody calls, after a way out.
 */
export type Reach = 'reached' | 'reached-if-ended' | 'possible';

export interface SimpleCommand {
  /** The program, as it is called, first; words before it that leave it what it is are in `prefixes`. */
  readonly words: readonly Argument[];
  readonly prefixes: readonly Argument[];
  readonly assignments: readonly Assignment[];
  readonly redirects: readonly Redirection[];
  readonly reach: Reach;
  /** An exit code of the line other than 0 says that this command was reached and failed. */
  readonly decides: boolean;
  /** Where it works; null when that is not known. */
  readonly folder: string | null;
  /** Names that it is fed with by what stands before it in its pipe, as far as they can be told. */
  readonly fed: () => readonly string[];
  readonly toArgument: (word: Parameters<typeof toArgument>[0]) => Argument;
}

export interface Visitor {
  readonly onCommand: (command: SimpleCommand) => void;
  readonly onFunction: (name: string, reach: Reach) => void;
}

export interface WalkOptions {
  readonly home: string;
  /** Files that are there at the start: looking at them succeeds. */
  readonly present: readonly string[];
}

const DEPTH_MAX = 4;
const ITERATIONS_MAX = 4;
const COMMANDS_MAX = 4000;

interface Place {
  /** What stands before it in a pipe. */
  readonly upstream: SyntaxNode | null;
  readonly reach: Reach;
  readonly decides: boolean;
  readonly depth: number;
}

type Status = 'succeeds' | 'fails' | 'open';

export function walkShell(text: string, visitor: Visitor, { home, present }: WalkOptions): void {
  let commands = 0;
  const output = createOutputReader({ paths: present.map((path) => ({ path })) });

  const namesOf = ({ folder, variables }: State) => ({ home, folder, variables });
  const reachOf = (state: State, { reach }: Place): Reach => {
    if (reach === 'possible' || state.mayHaveLeft) return 'possible';
    if (!state.mayHaveStopped) return reach;
    return state.isBackground ? 'possible' : 'reached-if-ended';
  };

  const script = (source: string, place: Place, state: State): Status => {
    if (place.depth > DEPTH_MAX) return 'open';
    const parsed = parse(source);
    // A shell runs nothing of a line that it cannot read.
    const broken = parsed.errors !== undefined && parsed.errors.length > 0;
    return list(parsed.commands, broken ? { ...place, reach: 'possible', decides: false } : place, state);
  };

  const list = (statements: readonly Statement[], place: Place, state: State): Status => {
    let status: Status = 'succeeds';
    for (const [index, { command, background }] of statements.entries()) {
      if (background === true) {
        const beside = { ...copyOf(state), isBackground: true };
        node(command, { ...place, decides: false }, beside);
        state.mayHaveStopped ||= beside.mayHaveStopped;
        status = 'succeeds';
      } else {
        status = node(command, { ...place, decides: place.decides && index === statements.length - 1 }, state);
      }
    }
    return status;
  };

  /** What may or may not run: afterwards only that is known which both ways agree on. */
  const perhaps = (state: State, run: (branch: State) => Status): Status => {
    const branch = copyOf(state);
    const status = run(branch);
    joinBranch(state, branch);
    return status;
  };

  const node = (it: SyntaxNode, place: Place, state: State): Status => {
    const possible: Place = { ...place, reach: 'possible', decides: false };
    switch (it.type) {
      case 'Command':
        return simple(it, place, state);
      case 'AndOr': {
        const after = (index: number): boolean => it.operators.slice(index).every((operator) => operator === '||');
        let status = node(first(it.commands), { ...place, decides: place.decides && after(0) }, state);
        for (const [index, operator] of it.operators.entries()) {
          const next = it.commands[index + 1];
          const wants: Status = operator === '&&' ? 'succeeds' : 'fails';
          if (next === undefined || (status !== 'open' && status !== wants)) continue;
          const surely = status === wants;
          const decides = place.decides && after(index + 1) && (surely || operator === '||');
          if (surely) status = node(next, { ...place, decides }, state);
          else {
            perhaps(state, (branch) => node(next, { ...place, reach: 'possible', decides }, branch));
            status = 'open';
          }
        }
        return status;
      }
      case 'Pipeline': {
        const negated = it.prefixes.some(({ type }) => type === 'Negation');
        let status: Status = 'open';
        let printed: string | null = null;
        for (const [index, command] of it.commands.entries()) {
          const isLast = index === it.commands.length - 1;
          const inner = it.commands.length === 1 ? state : copyOf(state);
          const before = { ...it, commands: it.commands.slice(0, index), operators: it.operators.slice(0, index - 1) };
          const upstream = index === 0 ? place.upstream : before;
          const own = { ...place, upstream, decides: place.decides && isLast && !negated };
          if (printed !== null && readsScript(command))
            status = script(printed, { ...own, depth: place.depth + 1 }, inner);
          else status = node(command, own, inner);
          printed = printedText(command, namesOf(inner));
          state.mayHaveStopped ||= inner.mayHaveStopped;
        }
        if (!negated || status === 'open') return status;
        return status === 'fails' ? 'succeeds' : 'fails';
      }
      case 'Redirected':
        inWords(it.redirects, place, state);
        visitor.onCommand({ ...bare(state, place), redirects: it.redirects });
        return node(it.command, place, state);
      case 'Subshell': {
        const inner = copyOf(state);
        const status = list(it.body.commands, place, inner);
        state.mayHaveStopped ||= inner.mayHaveStopped;
        return status;
      }
      case 'BraceGroup':
        return list(it.body.commands, place, state);
      case 'CompoundList':
        return list(it.commands, place, state);
      case 'If': {
        const status = list(it.clause.commands, { ...place, decides: false }, state);
        const alone = it.else === undefined && it.elif.length === 0;
        const decides = place.decides && alone;
        if (status === 'succeeds') return list(it.then.commands, { ...place, decides: place.decides }, state);
        perhaps(state, (branch) => list(it.then.commands, { ...possible, decides }, branch));
        for (const { clause, then } of it.elif)
          perhaps(state, (branch) => (list(clause.commands, possible, branch), list(then.commands, possible, branch)));
        if (it.else !== undefined) {
          const { commands: other } = it.else;
          if (status === 'fails' && it.elif.length === 0) return list(other, place, state);
          perhaps(state, (branch) => list(other, possible, branch));
        }
        return 'open';
      }
      case 'For': {
        const words = it.wordlist?.map((word) => toArgument(word, namesOf(state))) ?? [];
        inWords(it.wordlist ?? [], place, state);
        const texts = words.flatMap(({ expansions }) => expansions);
        if (texts.length === 0 || texts.some((text) => text.includes(UNKNOWN))) {
          perhaps(state, (branch) => {
            branch.variables.set(it.name.value, [...texts, UNKNOWN]);
            return list(it.body.commands, { ...possible, decides: place.decides }, branch);
          });
          return 'open';
        }
        // A few one after the other, many and patterns at once: that a body runs for each of them is the same.
        const rounds = texts.length > ITERATIONS_MAX || texts.some(isPattern) ? [texts] : texts.map((text) => [text]);
        for (const values of rounds) {
          state.variables.set(it.name.value, values);
          list(it.body.commands, place, state);
        }
        return 'open';
      }
      case 'While': {
        const status = list(it.clause.commands, { ...place, decides: false }, state);
        if (status === (it.kind === 'while' ? 'succeeds' : 'fails')) {
          list(it.body.commands, { ...place, decides: false }, state);
          // Without end: whatever follows needs a way out of it.
          state.mayHaveLeft = true;
        } else perhaps(state, (branch) => list(it.body.commands, { ...possible, decides: place.decides }, branch));
        return 'open';
      }
      case 'Function':
        state.functions.set(it.name.value, it);
        visitor.onFunction(it.name.value, reachOf(state, place));
        perhaps(state, (branch) => node(it.body, possible, branch));
        return 'succeeds';
      default:
        forEachChild(it, (child) => void perhaps(state, (branch) => node(child, possible, branch)));
        return 'open';
    }
  };

  const simple = (it: Command, place: Place, state: State): Status => {
    if (++commands > COMMANDS_MAX) return 'open';
    const given = [it.name, ...it.args].filter((word) => word !== undefined);
    const assignments = it.prefix.filter((part) => part.type === 'Assignment');
    inWords([...given, ...assignments, ...it.redirects], place, state);
    const all = given.map((word) => toArgument(word, namesOf(state)));
    const at = stripPrefixes(all.map(({ value }) => value));
    const words = all.slice(at);
    const prefixes = all.slice(0, at);
    const { redirects } = it;
    visitor.onCommand({ ...bare(state, place), words, prefixes, assignments, redirects });
    const status = effectOf({ words, prefixes, assignments, redirects }, { it, place, state });
    if (state.stopsAtErrors && status !== 'succeeds') state.mayHaveLeft = true;
    return status;
  };

  const effectOf = (
    {
      words,
      prefixes,
      assignments,
      redirects,
    }: Pick<SimpleCommand, 'words' | 'prefixes' | 'assignments' | 'redirects'>,
    { it, place, state }: { readonly it: Command; readonly place: Place; readonly state: State },
  ): Status => {
    const [called, ...args] = words;
    const set = (assignment: Assignment): void => assign(state, assignment, home);
    if (called === undefined) {
      for (const assignment of assignments) set(assignment);
      return redirects.length === 0 && assignments.every(({ value }) => value.type === 'Word') ? 'succeeds' : 'open';
    }
    const name = knownText(called) ?? '';
    const program = name.slice(name.lastIndexOf('/') + 1);
    const texts = args.map(({ value }) => value);
    const body = prefixes.length === 0 ? state.functions.get(name) : undefined;
    if (body !== undefined && place.depth < DEPTH_MAX)
      return withArguments(state, args, () => node(body.body, { ...place, depth: place.depth + 1 }, state));
    for (const arg of it.args) if (arg.type === 'Assignment') set(arg);
    if (program === 'read') for (const text of texts) state.variables.set(text, [UNKNOWN]);
    if (program === 'cd') {
      const target = args.find(({ value }) => value === '-' || !value.startsWith('-'));
      const text = target === undefined ? home : target.value === '-' ? null : knownText(target);
      state.folder = text === null ? null : absolutePath(text, state.folder);
    }
    if (program === 'set' && texts.some((text) => /^-[a-z]*e|^errexit$/.test(text))) state.stopsAtErrors = true;
    if (program === 'shift') setArguments(state, null);
    const inner = shellText(program, args, redirects);
    if (inner !== null) {
      const nested = { ...place, depth: place.depth + 1 };
      if (program === 'eval') return script(inner, nested, state);
      const fresh: State = { ...copyOf(state), variables: new Map(), functions: new Map(), stopsAtErrors: false };
      setArguments(fresh, argumentsOfScript(args));
      const status = script(inner, nested, fresh);
      state.mayHaveStopped ||= fresh.mayHaveStopped;
      return status;
    }
    if (['exit', 'return', 'logout', 'break', 'continue'].includes(program)) state.mayHaveLeft = true;
    if (prefixes.some(({ value }) => value === 'exec')) state.mayHaveLeft = true;
    const run = { program, args, folder: state.folder, home, present };
    if (!isQuiet(run)) state.mayHaveStopped = true;
    if (alwaysFails(run)) return 'fails';
    return redirects.length === 0 && prefixes.length === 0 && alwaysSucceeds(run) ? 'succeeds' : 'open';
  };

  /** Commands inside of words: `$(…)`, `` `…` ``, `<(…)`, here documents. */
  const inWords = (parts: readonly SyntaxNode[], place: Place, state: State): void => {
    const visit = (part: SyntaxNode): void => {
      if (part.type === 'Script') list(part.commands, { ...place, upstream: null, decides: false }, copyOf(state));
      else forEachChild(part, visit);
    };
    for (const part of parts) visit(part);
  };

  const bare = (state: State, place: Place): SimpleCommand => ({
    words: [],
    prefixes: [],
    assignments: [],
    redirects: [],
    reach: reachOf(state, place),
    decides: place.decides,
    folder: state.folder,
    fed: () => {
      const scope = toScope(namesOf(state));
      return place.upstream === null ? [] : output.namesOf(place.upstream, scope);
    },
    toArgument: (word) => toArgument(word, namesOf(state)),
  });

  try {
    script(
      text,
      { reach: 'reached', decides: true, depth: 0, upstream: null },
      {
        folder: home,
        variables: new Map(),
        functions: new Map(),
        mayHaveStopped: false,
        mayHaveLeft: false,
        stopsAtErrors: false,
        isBackground: false,
      },
    );
  } catch {
    // What cannot be parsed, or is too deep, is not read; the layers below have seen what it did.
  }
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new TypeError('a list of the syntax tree is empty');
  return item;
}
