import type { PublishedHash } from './published-hash.ts';

/** Whose words a trial was given, by the `stimuli` of its record: ids of texts, without folders and numbers of wordings. */
export interface WordsUsed {
  /** Known by their hash to be published ones. */
  readonly published: readonly string[];
  /** Given by the user, and not known. */
  readonly given: readonly string[];
  /** Shipped with the scenario. */
  readonly shipped: readonly string[];
}

/** Files are not words, a text that joins two others is none, and single words are part of the shipped text around them. */
export function wordsOf(
  stimuli: readonly { readonly id: string; readonly sha256: string }[],
  known: readonly PublishedHash[],
): WordsUsed {
  const words = stimuli.filter(({ id }) => !/^(?:files\/|texts\/word\.)/.test(id) && id !== 'given/joiner');
  const kindOf = ({ id, sha256 }: (typeof words)[number]): keyof WordsUsed =>
    known.some((one) => id === `given/${one.id}` && one.sha256 === sha256)
      ? 'published'
      : id.startsWith('given/')
        ? 'given'
        : 'shipped';
  const idsOf = (kind: keyof WordsUsed): readonly string[] => [
    ...new Set(
      words
        .filter((word) => kindOf(word) === kind)
        .map(({ id }) => id.replace(/^given\/|^texts\/|(?:\.\d+)?\.txt$/g, '')),
    ),
  ];
  return { published: idsOf('published'), given: idsOf('given'), shipped: idsOf('shipped') };
}
