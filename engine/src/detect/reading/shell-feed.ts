import type { Command, Redirection, SyntaxNode } from 'unbash';

import { inputOf, type OutputReader } from './shell-output.ts';
import { expandWord, type Scope } from './shell-words.ts';

/** A scope that grows as its commands are read. */
export interface OpenScope extends Scope {
  readonly variables: Map<string, readonly string[]>;
}

/** What a command finds at its input, and by what it is fed. */
export interface Fed {
  readonly scope: Scope;
  /** What stands before it in a pipe. */
  readonly upstream: SyntaxNode | null;
  /** Input that a surrounding command was given. */
  readonly redirects: readonly Redirection[];
}

export interface FeedReader {
  /** What a loop or `xargs` is fed with. */
  readonly namesFed: (fed: Fed) => readonly string[];
  readonly textFed: (node: Command, fed: Fed) => string | null;
}

export function createFeedReader(output: OutputReader, textOfFile: (name: string) => string | null): FeedReader {
  const fileAtInput = (redirects: readonly Redirection[], scope: Scope): string | null => {
    for (const redirect of redirects) {
      if (redirect.type !== 'Redirect' || redirect.operator !== '<' || redirect.target === undefined) continue;
      const [name = ''] = expandWord(redirect.target, scope);
      return textOfFile(name);
    }
    return null;
  };
  return {
    namesFed: ({ upstream, redirects, scope }) => {
      if (upstream !== null) return output.namesOf(upstream, scope);
      for (const redirect of redirects) {
        const substituted = redirect.type === 'Redirect' ? redirect.target?.parts?.[0] : undefined;
        if (substituted?.type === 'ProcessSubstitution' && substituted.script !== undefined)
          return output.namesOf(substituted.script, scope);
      }
      return (inputOf(redirects, scope) ?? '').split(/\s+/).filter((word) => word !== '');
    },
    textFed: (node, { upstream, redirects, scope }) =>
      inputOf(node.redirects, scope) ??
      fileAtInput(node.redirects, scope) ??
      (upstream === null ? inputOf(redirects, scope) : output.textOf(upstream, scope)),
  };
}
