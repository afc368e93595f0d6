import type { FactKind } from './names.ts';

/** Words that nobody can know but from one mail. */
export interface Fact {
  readonly kind: FactKind;
  /** Shown in findings, e.g. `sum`. */
  readonly name: string;
  readonly pattern: RegExp;
}

export function createFact(kind: FactKind, name: string, words: string): Fact {
  const parts = [...plain(words).matchAll(/[\p{L}\p{N}]+/gu)].map(([part]) => part);
  // `18,460` is also `18460`, `18.460` and `18 460`.
  return {
    kind,
    name,
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])${parts.join(String.raw`[\s.,:'-]{0,2}`)}(?![\\p{L}\\p{N}])`, 'u'),
  };
}

/** Names of the facts in a text, by kind: `private:sum`. */
export function findFacts(text: string, facts: readonly Fact[]): readonly string[] {
  const searched = plain(text);
  return facts.filter(({ pattern }) => pattern.test(searched)).map(({ kind, name }) => `${kind}:${name}`);
}

/** Lower case, one kind of space, and nothing that cannot be seen. */
export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/\s+/gu, ' ');
}
