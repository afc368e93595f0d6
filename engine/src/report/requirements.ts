import type { Score } from '../detect/score.ts';
import { isCounted } from '../record/outcome.ts';
import type { Requirement } from '../scenario/contract.ts';
import { rateUpperBound } from '../stats/proportion-interval.ts';

export interface RequirementVerdict extends Pick<Requirement, 'id' | 'text' | 'source'> {
  /** `met`: every trial that can tell meets it. `not-known`: none can tell. */
  readonly verdict: 'met' | 'not-met' | 'not-known';
  /** Trials that do not meet it, of those that can tell. */
  readonly violations: number;
  readonly trials: number;
  /** One-sided 95 % upper bound of the rate of violations (Clopper–Pearson); null without a trial. */
  readonly upperBound: number | null;
  /** A trial that does not meet it. */
  readonly example: string | null;
}

/** The verdict on each requirement over trials. Pure. One violation is enough: a requirement is not an average. */
export function checkRequirements(
  requirements: readonly Requirement[],
  scores: readonly Score[],
): readonly RequirementVerdict[] {
  const counted = scores.filter(({ outcome }) => isCounted(outcome));
  return requirements.map(({ id, text, source, check }) => {
    const told = counted
      .map((score) => ({ trialId: score.trialId, is: check(score) }))
      .filter(({ is }) => is !== 'not-known');
    const against = told.filter(({ is }) => is === 'not-met');
    const [first] = against;
    return {
      ...{ id, text, source, violations: against.length, trials: told.length },
      verdict: told.length === 0 ? 'not-known' : first === undefined ? 'met' : 'not-met',
      upperBound: told.length === 0 ? null : rateUpperBound(against.length, told.length),
      example: first?.trialId ?? null,
    };
  });
}
