import { z } from 'zod';

import type { TrialEvent } from '../record/events.ts';

/** What a report has about a trial besides its score: when, where and with which versions it was run. */
export const trialContextSchema = z.strictObject({
  trialId: z.string(),
  /** Key of the study of the trial; null if the record names none. */
  studyKey: z.string().nullable(),
  /** Path of the record relative to the report; null for no link. */
  href: z.string().nullable(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  endedAt: z.number(),
  scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
  /** Names of the marks passed. */
  marks: z.array(z.string()),
  /** Hash of every text that the agent got. */
  stimuli: z.array(z.strictObject({ id: z.string(), sha256: z.string() })),
  /** Model names in the provider's answers, for example a dated snapshot; may be empty. */
  answeredAs: z.array(z.string()),
  software: z.record(z.string(), z.string()),
  /** Number of redacted lines: what they say is not proven. */
  redacted: z.int().min(0),
  sandbox: z.strictObject({ adapter: z.string(), details: z.record(z.string(), z.string()) }).nullable(),
});
export type TrialContext = z.output<typeof trialContextSchema>;

/** One sentence that names the records with redacted lines; null if there are none. */
export function sayRedacted(contexts: readonly Pick<TrialContext, 'trialId' | 'redacted'>[]): string | null {
  const touched = contexts.filter(({ redacted }) => redacted > 0);
  if (touched.length === 0) return null;
  const named = touched.slice(0, NAMED_MAX).map(({ trialId, redacted }) => `${trialId} (${redacted})`);
  const rest = touched.length - named.length;
  return `${touched.length} of ${contexts.length} records have redacted lines, whose content is not proven: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const NAMED_MAX = 5;

/** @param href path of the record relative to the report, or null */
export function toTrialContext(events: readonly TrialEvent[], href: string | null): TrialContext {
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const sandbox = events.find((event) => event.kind === 'sandbox-open');
  const models = events.flatMap((event) => (event.kind === 'model-call' ? (event.answer?.model ?? []) : []));
  return {
    trialId: start.trialId,
    studyKey: start.studyKey ?? null,
    href,
    startedAt: start.at,
    endedAt: events.at(-1)?.at ?? start.at,
    scenario: start.scenario,
    marks: events.flatMap((event) => (event.kind === 'mark' ? event.name : [])),
    stimuli: start.stimuli,
    answeredAs: [...new Set(models)],
    software: start.software,
    redacted: events.filter(({ kind }) => kind === 'redaction').length,
    sandbox: sandbox === undefined ? null : { adapter: sandbox.adapter, details: sandbox.details },
  };
}
