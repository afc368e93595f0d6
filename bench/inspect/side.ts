import { z } from 'zod';

/** What both sides are told to do. */
export interface SidePlan {
  readonly samples: number;
  readonly calls: number;
  readonly concurrency: number;
  /** Taken in turn; `{n}` is the number of the call. */
  readonly commands: readonly string[];
  readonly timeoutSeconds: number;
  readonly logDir: string;
  /** Whether each call's duration and the first outputs are read back from the log. */
  readonly readBack: boolean;
  /** Inspect only: its log in a database beside the log, for a viewer that looks on. On, unless a user says otherwise. */
  readonly realtime: boolean;
  /** Ours only. */
  readonly network: 'none' | 'recorded';
}

/** What both sides print. */
export const sideResultSchema = z.object({
  seconds: z.number(),
  callMs: z.array(z.number()).default([]),
  outputs: z.array(z.string()).default([]),
});
export type SideResult = z.output<typeof sideResultSchema>;
