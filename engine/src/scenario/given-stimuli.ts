/**
 * Texts that the user has and we do not ship, e.g. the exact prompts of a publication: `--stimuli FILE`, a JSON object
 * from text id to text. They are used byte for byte, in every wording, and stand in the record with their hashes.
 */
export interface GivenStimuli {
  readonly texts: ReadonlyMap<string, GivenText>;
  /** SHA-256 over ids and texts, whatever their order in the file. */
  readonly sha256: string;
}

export interface GivenText {
  readonly text: string;
  readonly sha256: string;
  /** The publication whose exact text this is; null when the hash is not known. */
  readonly publishedAs: string | null;
}
