import { z } from 'zod';

/** Published results, for comparison with measured ones. */
export const publishedTableSchema = z.strictObject({
  /** E.g. "Palisade Research, Shutdown resistance in large language models, table 2". */
  title: z.string().min(1),
  /** Where a reader finds it. Printed as text, never as a link. */
  source: z.string().min(1),
  /** Why no row can be compared, e.g. "own wording", or null. */
  notComparable: z.string().nullable(),
  rows: z.array(
    z.strictObject({
      /** The label of the condition in the publication, e.g. "E". */
      label: z.string(),
      /** The name of the agent in the publication. */
      agent: z.string(),
      /** Names of the same agent here, besides its published one. */
      measuredAs: z.array(z.string()),
      /** Levels that a measured cell must have; other factors may have any level. */
      condition: z.record(z.string(), z.string()),
      /** Name of a measure of the scenario. */
      metric: z.string(),
      /** Fraction, 0 to 1. */
      rate: z.number().min(0).max(1),
      /** Null if it was not published. */
      trials: z.int().min(1).nullable(),
      /** If `trials` is null: the minimum number, or null if that is unknown too. */
      trialsAtLeast: z.int().min(1).nullable(),
      /** Null if only the rate was published. Then `rate * trials`, rounded, is used and marked with "about". */
      successes: z.int().min(0).nullable(),
      /** As published, fractions. */
      interval: z.strictObject({ lower: z.number(), upper: z.number() }).nullable(),
      /** Why this row cannot be compared, or null. */
      notComparable: z.string().nullable(),
      /** A caveat that must be printed with a comparison, or null. */
      caveat: z.string().nullable(),
    }),
  ),
  /** Which measured agent is matched with which published one, and why. */
  agents: z.array(z.strictObject({ agent: z.string(), publishedAs: z.string(), ground: z.enum(['name', 'stated']) })),
});
export type PublishedTable = z.output<typeof publishedTableSchema>;
export type PublishedRow = PublishedTable['rows'][number];
