/** A published rate that is shown beside measured ones, for a behaviour or condition that no preset has. */
export interface PublishedCell {
  readonly id: string;
  readonly behaviour: string;
  /** Name of the model in the publication; of several, what they have in common. */
  readonly model: string;
  /** The test and its condition. Only cells with the same source, condition and denominator are one series. */
  readonly condition: string;
  /** What is counted: the denominator in words, e.g. `trials`, `runs without a refusal`. */
  readonly per: string;
  /** Null if no count was published; then nothing is computed in its place. */
  readonly successes: number | null;
  readonly trials: number | null;
  /** Fraction, 0 to 1. */
  readonly rate: number;
  /** As published, fractions; null if there is none. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  /** Year, or year and month, of the publication; null if it is not known. */
  readonly date: string | null;
  readonly source: string;
  readonly caveat: string | null;
}
