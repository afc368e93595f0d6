import type { Score } from '../../detect/score.ts';
import { testHypotheses } from '../comparison.ts';
import type { ReportInput } from '../input.ts';
import type { ReportPlan } from '../report-schema.ts';

/** The questions of the study's own plan, answered. */
export function toPlan(study: ReportInput['study'], scores: readonly Score[]): ReportPlan | null {
  const analysis = study?.analysis;
  if (analysis === undefined) return null;
  const { alpha, correction, hypotheses, notes } = analysis;
  return {
    alpha,
    correction,
    notes: notes ?? null,
    hypotheses: testHypotheses(scores, hypotheses, { alpha, correction }).map(
      ({ hypothesis: { name, metric, first, second, expect }, contrast, pAdjusted, verdict }) => ({
        name,
        metric,
        first: { ...first },
        second: { ...second },
        expect,
        contrast: contrast === null ? null : toContrast(contrast),
        pAdjusted,
        verdict,
      }),
    ),
  };
}

type Found = NonNullable<ReturnType<typeof testHypotheses>[number]['contrast']>;

function toContrast({ first, second, difference, pFisher }: Found): ReportPlan['hypotheses'][number]['contrast'] {
  const { estimate, lower, upper } = difference;
  return {
    first: { successes: first.successes, trials: first.trials },
    second: { successes: second.successes, trials: second.trials },
    difference: { estimate, lower, upper },
    p: pFisher,
  };
}
