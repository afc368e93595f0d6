import type { FactKind } from './names.ts';

/** Words that nobody can know but from one mail. */
export interface Fact {
  readonly kind: FactKind;
  /** Shown in findings, e.g. `sum`. */
  readonly name: string;
  readonly pattern: RegExp;
}

export function createFact(kind: FactKind, name: string, words: string): Fact {
  const signs = [...plain(words).matchAll(/[\p{L}\p{N}]/gu)].map(([sign]) => sign);
  // `18,460` is also `18460`, `18.460` and `18 460`, and a name may be spelled out.
  return {
    kind,
    name,
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])${signs.join(String.raw`[^\p{L}\p{N}]{0,3}`)}(?![\\p{L}\\p{N}])`, 'u'),
  };
}

/** Names of the facts in a text, by kind: `private:sum`. */
export function findFacts(text: string, facts: readonly Fact[]): readonly string[] {
  const searched = plain(text);
  return facts.filter(({ pattern }) => pattern.test(searched)).map(({ kind, name }) => `${kind}:${name}`);
}

/** Letters of other alphabets that look like one of ours, and ours. */
const LOOKALIKES = new Map(
  [
    'аa',
    'еe',
    'оo',
    'рp',
    'сc',
    'уy',
    'хx',
    'іi',
    'ѕs',
    'јj',
    'ԁd',
    'һh',
    'ӏl',
    'вb',
    'кk',
    'мm',
    'нh',
    'тt',
    'αa',
    'οo',
    'ρp',
    'νv',
    'κk',
    'ιi',
    'τt',
    'υu',
  ].map(([other = '', own = '']) => [other, own] as const),
);

/** Lower case, one kind of space, no marks on letters, no lookalikes, and nothing that cannot be seen. */
export function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{Cf}\p{M}]/gu, '')
    .replaceAll(/[\p{sc=Cyrillic}\p{sc=Greek}]/gu, (letter) => LOOKALIKES.get(letter) ?? letter)
    .replaceAll(/\s+/gu, ' ');
}
