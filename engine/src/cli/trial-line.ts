import type { Score } from '../detect/score.ts';

/**
 * A score as one line of `--json`. Scripts have read its measures under the name `metrics` from the start, so they keep it.
 * `more` comes first, e.g. the label of the condition.
 */
export function toTrialLine({ measures, ...score }: Score, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ kind: 'trial', ...more, ...score, metrics: measures });
}
