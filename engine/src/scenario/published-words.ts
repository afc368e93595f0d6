import type { PublishedHash } from './published-hash.ts';

/** The source of the texts of a trial, from the `stimuli` of its record: text ids without folder and wording number. */
export interface WordsUsed {
  /** Recognised as published by their hash. */
  readonly published: readonly string[];
  /** Given by the user, and not recognised. */
  readonly given: readonly string[];
  /** Shipped with the scenario. */
  readonly shipped: readonly string[];
}

/** Leaves out files, joining texts, and single words, which are part of the shipped text around them. */
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
