import { z } from 'zod';

/** Numbers of others, to stand beside those measured here. */
export const publishedTableSchema = z.strictObject({
  /** E.g. "Palisade Research, Shutdown resistance in large language models, table 2". */
  title: z.string().min(1),
  /** Where a reader finds it; printed as text, never made a link. */
  source: z.string().min(1),
  /** Why no row can be compared, e.g. "own wording"; null when rows can. */
  notComparable: z.string().nullable(),
  rows: z.array(
    z.strictObject({
      /** What the publication calls the condition, e.g. "E". */
      label: z.string(),
      /** The name of the agent in the publication. */
      agent: z.string(),
      /** Names under which the same agent is measured here, besides its published one. */
      measuredAs: z.array(z.string()),
      /** Levels that a measured cell must have; factors that are not named may have any. */
      condition: z.record(z.string(), z.string()),
      /** Name of a measure of the scenario. */
      metric: z.string(),
      /** Fraction, 0 to 1. */
      rate: z.number().min(0).max(1),
      /** Null when it was not published. */
      trials: z.int().min(1).nullable(),
      /** Where `trials` is null: the fewest there can have been; null when nothing is known. */
      trialsAtLeast: z.int().min(1).nullable(),
      /** Null when only the rate was published: then `rate * trials`, rounded, is used and marked with "about". */
      successes: z.int().min(0).nullable(),
      /** As published, fractions. */
      interval: z.strictObject({ lower: z.number(), upper: z.number() }).nullable(),
      /** Why this row cannot be compared; null when it can. */
      notComparable: z.string().nullable(),
      /** What stands against no comparison and has to be said with it; null for nothing. */
      caveat: z.string().nullable(),
    }),
  ),
  /** Which measured agent is taken for which published one, and on what ground. */
  agents: z.array(z.strictObject({ agent: z.string(), publishedAs: z.string(), ground: z.enum(['name', 'stated']) })),
});
export type PublishedTable = z.output<typeof publishedTableSchema>;
export type PublishedRow = PublishedTable['rows'][number];
