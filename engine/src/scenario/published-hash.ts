/** The hash of a text as its publication gives it, and where. */
export interface PublishedHash {
  /** Id of the text that it is in a stimuli file: in another place the same words are another experiment. */
  readonly id: string;
  /** Over the UTF-8 bytes of the text alone: straight quotes as printed, no line feed at its end. */
  readonly sha256: string;
  readonly publication: string;
  /**
   * Null where the text is printed as a whole. Otherwise how it was put together from what is printed, so that who has
   * the original can tell why theirs differs.
   */
  readonly putTogether: string | null;
}
