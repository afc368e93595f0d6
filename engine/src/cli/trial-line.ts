import type { Score } from '../detect/score.ts';

/**
 * A score as one line of `--json`. Its measures keep the name `metrics`, because scripts rely on it. `more` comes
 * first, for example the label of the condition.
 */
export function toTrialLine({ measures, ...score }: Score, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ kind: 'trial', ...more, ...score, metrics: measures });
}
