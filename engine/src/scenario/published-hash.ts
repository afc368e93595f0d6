/** The hash of a published text, and its source. */
export interface PublishedHash {
  /** Id of the text in a stimuli file. The same words in another place are another experiment. */
  readonly id: string;
  /** Over the UTF-8 bytes of the text only: straight quotes as printed, no trailing line feed. */
  readonly sha256: string;
  readonly publication: string;
  /**
   * Null if the text is printed in full. Otherwise how it was assembled from what is printed, to explain a difference
   * from the original.
   */
  readonly putTogether: string | null;
}
