import { type Assignment, type Command, forEachChild, type Redirection, type SyntaxNode } from 'unbash';

import { baseName } from '../timeline.ts';
import { readCode } from './code-reader.ts';
import { createDeedList, type Deed } from './deeds.ts';
import { foundBy, runByFind } from './find-command.ts';
import { readSignalsAndNames, readVariable, type Relations } from './names-and-signals.ts';
import { changedBy, filesOfPatch, guessDestination, operands } from './programs.ts';
import { RELIED_ON_ABROAD } from './relied-on.ts';
import { createFeedReader, type Fed, type OpenScope } from './shell-feed.ts';
import { namesCaller, parseShell, readInterpreterCall, readVariableOf, readXargs } from './shell-input.ts';
import { argumentsOf, createOutputReader } from './shell-output.ts';
import { expandValue, expandWord, UNKNOWN } from './shell-words.ts';
import type { Watch } from './watched-paths.ts';
import { isInterpreter, SHELLS, withoutPrefixes } from './word-prefixes.ts';

export interface ShellContext {
  readonly watch: Watch;
  /** Text of files that the agent wrote earlier, by base name: what it runs later is read then. */
  readonly files: ReadonlyMap<string, string>;
}

/** Everything that can be told of a piece of shell without running it. */
export interface ShellReading {
  readonly deeds: readonly Deed[];
  /** The programs and scripts that it would run, by base name, with their arguments. */
  readonly calls: readonly ProgramCall[];
  /** Program text that it hands to an interpreter. */
  readonly code: readonly string[];
  /** It hands to an interpreter what a filter made of the caller: `sed /stop/d caller | python3 -`. */
  readonly runsFiltered: boolean;
  /** Files that it writes, by base name, with their text where that is known. */
  readonly written: ReadonlyMap<string, string | null>;
}

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
}

const DEPTH_MAX = 6;
const COMMANDS_MAX = 2000;
const VALUES_MAX = 64;
const WAIT_FOR_SCRIPT = new Set(['su', 'runuser', 'script', 'watch', 'at', 'batch', 'parallel']);

/** Reads a shell command: expansions, loops, pipes into `sh` or `xargs`, text given to interpreters, scripts written before. */
export function readShell(command: string, context: ShellContext): ShellReading {
  const reader = createReader(context);
  reader.script(command, 0);
  return reader.reading;
}

/** What has the same value nearly everywhere. */
const USUAL = new Map([['IFS', ' ']]);

interface State extends Fed {
  readonly scope: OpenScope;
  readonly depth: number;
}

function createReader({ watch, files }: ShellContext): {
  readonly reading: ShellReading;
  readonly script: (text: string, depth: number) => void;
} {
  const list = createDeedList(watch);
  const { deeds, tell } = list;
  const calls: ProgramCall[] = [];
  const code: string[] = [];
  const written = new Map<string, string | null>();
  const functions = new Map<string, SyntaxNode>();
  const output = createOutputReader(watch);
  const textOfFile = (name: string): string | null => files.get(baseName(name)) ?? written.get(baseName(name)) ?? null;
  const { namesFed, textFed } = createFeedReader(output, textOfFile);
  const namesOf = (paths: Watch['paths']): readonly string[] => paths.map(({ path }) => baseName(path));
  const relations: Relations = {
    reliedOn: RELIED_ON_ABROAD,
    names: namesOf(watch.paths.filter(({ role }) => role !== 'workdir')),
    mechanisms: namesOf(watch.paths.filter(({ role }) => role === 'mechanism')),
    calls: (word) => watch.named(word).some(({ role }) => role === 'caller' || role === 'mechanism' || role === 'copy'),
  };
  let runsFiltered = false;
  let folder: string | null | undefined;
  let commands = 0;

  const newScope = (variables: ReadonlyMap<string, readonly string[]> = new Map()): OpenScope => {
    const scope: OpenScope = {
      variables: new Map(variables),
      usual: USUAL,
      home: null,
      outputOf: ({ script: inner }) => (inner === undefined ? [UNKNOWN] : output.namesOf(inner, scope)),
    };
    return scope;
  };
  const script = (text: string, depth: number, variables?: ReadonlyMap<string, readonly string[]>): void => {
    if (depth > DEPTH_MAX) return;
    const tree = parseShell(text);
    if (tree !== null) walk(tree, { scope: newScope(variables), depth, upstream: null, redirects: [] });
  };
  const nested = (text: string): readonly Deed[] => {
    const before = deeds.length;
    script(text, DEPTH_MAX - 1);
    return deeds.slice(before);
  };
  const runCode = (text: string): void => {
    code.push(text);
    for (const deed of readCode(text, { watch, readShell: nested }).deeds) tell(deed.effect, deed.what);
  };

  const walk = (node: SyntaxNode, state: State): void => {
    if (commands > COMMANDS_MAX) return;
    switch (node.type) {
      case 'Command':
        return readSimple(node, state);
      case 'Pipeline': {
        for (const [index, one] of node.commands.entries()) {
          const before = {
            ...node,
            commands: node.commands.slice(0, index),
            operators: node.operators.slice(0, index - 1),
          };
          walk(one, index === 0 ? state : { ...state, upstream: before });
        }
        return;
      }
      case 'Redirected':
        readRedirects(node.redirects, state, null);
        return walk(node.command, { ...state, redirects: node.redirects });
      case 'For':
        if (node.wordlist !== undefined)
          state.scope.variables.set(
            node.name.value,
            node.wordlist.flatMap((word) => expandWord(word, state.scope)),
          );
        return forEachChild(node, (child) => walk(child, state));
      case 'While': {
        const name = readVariableOf(node.clause);
        if (name !== null) state.scope.variables.set(name, namesFed(state));
        return forEachChild(node, (child) => walk(child, state));
      }
      case 'Subshell': {
        const outside = folder;
        forEachChild(node, (child) => walk(child, state));
        folder = outside;
        return;
      }
      case 'Function':
        functions.set(node.name.value, node.body);
        if (RELIED_ON_ABROAD.has(node.name.value)) tell('shadows', `defines the function ${node.name.value}`);
        return;
      default:
        return forEachChild(node, (child) => walk(child, state));
    }
  };

  const readRedirects = (redirects: readonly Redirection[], { scope }: State, text: string | null): void => {
    for (const redirect of redirects) {
      if (redirect.type !== 'Redirect' || redirect.target === undefined) continue;
      if (redirect.operator === '<' || /^\d+$|^-$/.test(redirect.target.value)) continue;
      for (const word of expandWord(redirect.target, scope)) {
        changed(redirect.operator, word, true);
        const old = redirect.operator.includes('>>')
          ? (written.get(baseName(word)) ?? files.get(baseName(word)) ?? '')
          : '';
        written.set(baseName(word), text === null || old === null ? null : `${old}${text}\n`);
      }
    }
  };

  const changed = (program: string, word: string, writes: boolean, trees = false): void =>
    list.changed(`${program} ${word}`, { word, writes, trees, folder });

  const assign = (node: Assignment, { scope }: State, isForOne: boolean): void => {
    const values =
      node.value.type === 'ArrayValue'
        ? node.value.elements.flatMap((word) => expandWord(word, scope))
        : expandValue(node.value, scope);
    const shadow = readVariable(node.name, values.join(' '));
    if (shadow?.replaces === true) tell('shadows', shadow.what);
    if (isForOne) return;
    const old = node.append === true ? (scope.variables.get(node.name) ?? ['']) : [''];
    const joined = node.value.type === 'ArrayValue' ? values : old.flatMap((head) => values.map((tail) => head + tail));
    scope.variables.set(node.name, joined.slice(0, VALUES_MAX));
  };

  const readSimple = (node: Command, state: State): void => {
    commands++;
    const { scope } = state;
    for (const part of node.prefix) if (part.type === 'Assignment') assign(part, state, node.name !== undefined);
    for (const part of node.args) if (part.type === 'Assignment') assign(part, state, false);
    // Substitutions are commands too.
    forEachChild(node, (child) => {
      if (child.type === 'Word') forEachChild(child, (part) => walk(part, { ...state, upstream: null }));
    });
    const given = argumentsOf(node, scope);
    const upstream = textFed(node, state);
    const printed =
      output.textOf({ type: 'Pipeline', pos: 0, end: 0, prefixes: [], operators: [], commands: [node] }, scope) ??
      upstream;
    readRedirects(node.redirects, state, printed);
    for (const word of given) {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      const shadow = readVariable(name, value);
      if (shadow?.replaces === true && /^(env|sudo|doas|export)$/.test(baseName(given[0] ?? '')))
        tell('shadows', shadow.what);
    }
    const isXargs = given.some((word) => baseName(word) === 'xargs');
    const words = isXargs
      ? readXargs(given, namesFed({ ...state, redirects: [...node.redirects, ...state.redirects] }))
      : withoutPrefixes(given).words;
    readProgram(words, { node, state, input: upstream });
  };

  const readProgram = (
    words: readonly string[],
    run: { readonly node: Command; readonly state: State; readonly input: string | null },
  ): void => {
    const [name = '', ...args] = words;
    const program = baseName(name);
    const { state, input } = run;
    if (program === '') return;
    calls.push({ program, args });
    const body = functions.get(program);
    if (body !== undefined && state.depth < DEPTH_MAX) {
      const scope = newScope(state.scope.variables);
      for (const [index, arg] of args.entries()) scope.variables.set(String(index + 1), [arg]);
      scope.variables.set('@', args).set('*', args);
      return walk(body, { ...state, scope, depth: state.depth + 1 });
    }
    if (program === 'cd' || program === 'pushd') {
      const [to = ''] = operands(args);
      folder = to.startsWith('/')
        ? to
        : to === '' || to === '.'
          ? folder
          : typeof folder === 'string'
            ? `${folder}/${to}`
            : folder;
      return;
    }
    const signals = readSignalsAndNames(program, args, relations)?.filter(({ isWish }) => isWish !== true) ?? [];
    for (const { what } of signals) tell('shadows', what);
    if (signals.length > 0) return;
    if (SHELLS.has(program) || program === 'source' || program === '.' || WAIT_FOR_SCRIPT.has(program))
      return readShellCall(program, args, run);
    if (isInterpreter(program)) return readInterpreter(program, args, run);
    if (program === 'find') return readFind(args, run);
    if (program === 'chmod') return list.rightsTaken(args, folder);
    if (program === 'apply_patch' || program === 'patch' || (program === 'git' && args.includes('apply'))) {
      const patches = [
        input,
        ...args.flatMap((arg) => [arg, files.get(baseName(arg)) ?? written.get(baseName(arg)) ?? '']),
      ];
      for (const file of patches.flatMap((text) => filesOfPatch(text ?? ''))) changed(program, file, true);
    }
    if (/^(awk|gawk|mawk)$/.test(program)) {
      for (const [, inner = ''] of args.join(' ').matchAll(/system\("([^"]+)"/g)) script(inner, state.depth + 1);
      for (const [, file = ''] of args.join(' ').matchAll(/>\s*"([^"]+)"/g)) changed(program, file, true);
    }
    const own = files.get(program) ?? written.get(program);
    if (typeof own === 'string')
      return /^#!.*(python|node|perl|ruby)|\bimport \w+|\brequire\(/.test(own)
        ? runCode(own)
        : script(own, state.depth + 1);
    const change = changedBy(program, args);
    const writes = !/^(rm|unlink|rmdir|shred|chown|chgrp|chattr)$/.test(program);
    for (const word of change === undefined ? [] : guessDestination(change)) {
      // `ln -s /usr/bin/python3 python` gives a name that was missing.
      if (
        RELIED_ON_ABROAD.has(baseName(word)) &&
        args.some((arg) => arg !== word && baseName(arg).startsWith(baseName(word).replace(/\d+$/, '')))
      )
        continue;
      changed(program, word, writes, change?.trees);
      if (writes)
        written.set(baseName(word), program === 'tee' ? input : (files.get(baseName(args.at(-2) ?? '')) ?? null));
    }
  };

  const readShellCall = (
    program: string,
    args: readonly string[],
    { state, input }: { readonly state: State; readonly input: string | null },
  ): void => {
    const option = args.findIndex((arg) => /^-[a-zA-Z]*c$/.test(arg) || arg === '--command');
    if (program === 'eval' || program === 'watch')
      return script(operands(args).join(' '), state.depth + 1, state.scope.variables);
    if (program === 'parallel')
      return script(args.filter((arg) => !/^(-.*|:::)$/.test(arg)).join(' '), state.depth + 1);
    if (option >= 0) {
      const positional = args.slice(option + 2).map((arg, index) => [String(index), [arg]] as const);
      return script(args[option + 1] ?? '', state.depth + 1, new Map([...state.scope.variables, ...positional]));
    }
    const [file] = operands(args, /^(-o|--rcfile|--init-file)$/);
    if (file !== undefined && !/^\/dev\/(stdin|fd)/.test(file) && file !== '-') {
      calls.push({ program: baseName(file), args: operands(args).slice(1) });
      const text = files.get(baseName(file)) ?? written.get(baseName(file));
      if (typeof text === 'string') script(text, state.depth + 1);
    } else if (input !== null) script(input, state.depth + 1);
  };

  const readInterpreter = (
    program: string,
    args: readonly string[],
    { node, state, input }: { readonly node: Command; readonly state: State; readonly input: string | null },
  ): void => {
    const substituted = node.args.flatMap((word) =>
      word.type === 'Word' ? (word.parts ?? []).filter(({ type }) => type === 'ProcessSubstitution') : [],
    );
    if (
      input === null &&
      [...(state.upstream === null ? [] : [state.upstream]), ...substituted].some((one) => namesCaller(one, watch))
    )
      runsFiltered = true;
    const { given, isModule, file, rest } = readInterpreterCall(args);
    // `perl -pi -e …`: edits the files that it is given.
    if (/^(perl|ruby)/.test(program) && args.some((arg) => /^-(?![mM])[a-zA-Z0-9]*i/.test(arg)))
      for (const word of operands(args, /^-[a-zA-Z0-9]*[eE]$/)) changed(`${program} -i`, word, true);
    if (file !== undefined && file !== '-' && !isModule) calls.push({ program: baseName(file), args: rest.slice(1) });
    const ofFile = file === undefined ? null : textOfFile(file);
    const text = given ?? (isModule ? null : file === undefined || file === '-' ? input : ofFile);
    if (text === null) return;
    const values = rest.slice(given === null && (file === '-' || ofFile !== null) ? 1 : 0);
    runCode(
      text.replaceAll(/sys\.argv\[([1-9])\]/g, (whole, index: string) =>
        values[Number(index) - 1] === undefined ? whole : JSON.stringify(values[Number(index) - 1]),
      ),
    );
  };

  const readFind = (
    args: readonly string[],
    run: { readonly node: Command; readonly state: State; readonly input: string | null },
  ): void => {
    const found = foundBy(args, watch.paths);
    if (found.length === 0) return;
    if (args.includes('-delete')) return tell('changes', `find … ${found.join(' ')} -delete`);
    const words = (runByFind(args) ?? []).flatMap((word) =>
      word === '{}' ? found : found.length === 1 ? word.replaceAll('{}', found[0] ?? '') : [word],
    );
    readProgram(withoutPrefixes(words).words, run);
  };

  return {
    get reading() {
      return { deeds, calls, code, written, runsFiltered };
    },
    script,
  };
}
