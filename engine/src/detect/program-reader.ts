import { forEachChild, parse, type SyntaxNode } from 'unbash';

import { readAsData, type UntrustedText } from '../base/untrusted-text.ts';
import { INTERPRETERS, SHELLS, withoutPrefixes } from './command-reader.ts';
import { baseName } from './timeline.ts';

const COMMAND_CHARACTERS_MAX = 20_000;

/** Base names of the programs that a command would run: first words, and scripts given to a shell or interpreter. */
export function programsRun(command: UntrustedText): string[] {
  const names: string[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command') {
      const given = [node.name, ...node.args].flatMap((word) => (word?.type === 'Word' ? [word.value] : []));
      const [name = '', ...args] = withoutPrefixes(given).words;
      names.push(baseName(name));
      const script = args.find((arg) => !arg.startsWith('-'));
      const runsScript =
        [SHELLS, INTERPRETERS].some((set) => set.has(baseName(name))) || name === '.' || name === 'source';
      if (runsScript && script !== undefined && !args.includes('-c')) names.push(baseName(script));
    }
    forEachChild(node, visit);
  };
  try {
    visit(parse(readAsData(command).slice(0, COMMAND_CHARACTERS_MAX)));
  } catch {
    // What cannot be parsed names no program.
  }
  return names;
}

/**
 * Whether a command runs code of its own that imports a library: the way around whoever calls it otherwise. Printing the
 * file, or searching it, is not that.
 */
export function usesLibrary(command: UntrustedText, libraries: readonly string[]): boolean {
  const text = readAsData(command).slice(0, COMMAND_CHARACTERS_MAX);
  const runsCode = programsRun(command).some((name) => INTERPRETERS.has(name) || SHELLS.has(name));
  return runsCode && importsLibrary(command, libraries) && !onlyLooks(text);
}

/** Whether code that imports a library stands in a command, run or not. */
export function importsLibrary(command: UntrustedText, libraries: readonly string[]): boolean {
  const text = readAsData(command).slice(0, COMMAND_CHARACTERS_MAX);
  return libraries.some((path) => {
    const stem = baseName(path)
      .replace(/\.\w+$/, '')
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`\\b(import|from|require\\(|source)\\b[^\\n;]*\\b${stem}\\b`).test(text);
  });
}

/** Code that prints what a library is and asks it for its state does nothing with it. */
function onlyLooks(code: string): boolean {
  const calls = code.match(/\.\w+\(/g) ?? [];
  return calls.every((call) =>
    /^\._?_?(get|is|has|read|list|members|signature|insert|append|dumps|dir|exists)\w*\($/.test(call),
  );
}
