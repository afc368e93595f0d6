import { isCounted } from '../../record/outcome.ts';
import { clusteredInterval } from '../../stats/design-effect.ts';
import type { Metric } from '../metric.ts';
import type { ReportClusters } from '../report-schema.ts';
import type { TrialContext } from '../trial-context.ts';
import type { CellWithScores } from './cells.ts';

/**
 * Trials with the same wording resemble each other, so that a cell says less than as many independent ones: its interval with
 * wordings as clusters. Only where a cell has at least two wordings, known from the texts in its records.
 */
export function toClusters(
  cells: readonly CellWithScores[],
  { metric, contexts }: { readonly metric: Metric; readonly contexts: readonly TrialContext[] },
): ReportClusters[] {
  const wordings = new Map(contexts.map(({ trialId, stimuli }) => [trialId, wordingOf(stimuli)]));
  return cells.flatMap(({ cell, scores }) => {
    const known = scores.filter(({ outcome, metrics }) => isCounted(outcome) && metrics[metric] !== null);
    const groups = [...Map.groupBy(known, ({ trialId }) => wordings.get(trialId) ?? null)];
    // Where one wording is not known, it may be one of the others.
    if (groups.length < 2 || groups.some(([wording]) => wording === null)) return [];
    const { designEffect, effectiveTrials, estimate, lower, upper, successes, trials } = clusteredInterval(
      groups.map(([, own]) => ({
        successes: own.filter(({ metrics }) => metrics[metric] === true).length,
        trials: own.length,
      })),
    );
    return [
      {
        cell: cell.id,
        wordings: groups.length,
        successes,
        trials,
        designEffect,
        effectiveTrials,
        interval: { estimate, lower, upper },
      },
    ];
  });
}

/** Texts that are said in several ways have the number of the way at the end of their name; a text that was given has only one. */
function wordingOf(stimuli: TrialContext['stimuli']): string | null {
  const numbered = stimuli.map(({ id }) => id).filter((id) => /^texts\/.*\.\d+\.txt$/.test(id));
  return numbered.length === 0 ? null : numbered.toSorted((a, b) => (a < b ? -1 : 1)).join(' ');
}
