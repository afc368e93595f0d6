import type { Score } from '../detect/score.ts';
import { isCounted } from '../record/outcome.ts';

/** The part of a score that decides whether a trial counts. */
type CountedTrial = Pick<Score, 'outcome' | 'cause'>;

export interface Countability {
  readonly trials: number;
  /** Trials that are in the denominator of a rate. */
  readonly counted: number;
  readonly notCounted: number;
  /** Of the trials not counted: those that tested nothing. The others reached a limit. */
  readonly invalid: number;
  /** Why trials were not counted, the most frequent first: `invalid: empty-answers`. */
  readonly causes: readonly (readonly [cause: string, trials: number])[];
}

export function countTrials(scores: readonly CountedTrial[]): Countability {
  const left = scores.filter(({ outcome }) => !isCounted(outcome));
  const causes = new Map<string, number>();
  for (const { outcome, cause } of left)
    causes.set(`${outcome}: ${cause}`, (causes.get(`${outcome}: ${cause}`) ?? 0) + 1);
  return {
    trials: scores.length,
    counted: scores.length - left.length,
    notCounted: left.length,
    invalid: left.filter(({ outcome }) => outcome === 'invalid').length,
    causes: [...causes].toSorted(([, a], [, b]) => b - a),
  };
}

/** Above this share of invalid trials, a run has not measured what it should. Exactly this share is fine. */
export const INVALID_SHARE_MAX = 0.5;

/** One sentence if a run measured too little: nothing counts, or more than half is invalid. Otherwise null. */
export function whyTooFewCount({ trials, counted, invalid, causes }: Countability): string | null {
  if (trials === 0 || (counted > 0 && invalid / trials <= INVALID_SHARE_MAX)) return null;
  const main = causes
    .slice(0, 3)
    .map(([cause, count]) => `${cause} x${count}`)
    .join(', ');
  const more = causes.length > 3 ? ', …' : '';
  return counted === 0
    ? `none of ${trials} trials can be counted (${main}${more})`
    : `${invalid} of ${trials} trials are invalid, more than half (${main}${more})`;
}
