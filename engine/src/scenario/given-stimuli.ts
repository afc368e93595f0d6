/**
 * Texts of the user, for example the exact prompts of a publication: `--stimuli FILE`, a JSON object from text id to
 * text. They are used byte for byte, in every wording, and recorded with their hashes.
 */
export interface GivenStimuli {
  readonly texts: ReadonlyMap<string, GivenText>;
  /** SHA-256 over ids and texts, independent of their order in the file. */
  readonly sha256: string;
}

export interface GivenText {
  readonly text: string;
  readonly sha256: string;
  /** The publication that has exactly this text; null if the hash is unknown. */
  readonly publishedAs: string | null;
}
