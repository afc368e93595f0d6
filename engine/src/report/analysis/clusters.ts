import type { TrialContext } from '../../results/trial-context.ts';
import { clusteredInterval } from '../../stats/design-effect.ts';
import type { ReportClusters } from '../report-schema.ts';
import { type CellWithScores, valuesOf } from './cells.ts';

/**
 * Intervals with texts as clusters. Trials with the same texts resemble each other, so a cell has less information than
 * the same number of independent trials. Only for cells whose records show different texts, some of them shared.
 */
export function toClusters(cells: readonly CellWithScores[], contexts: readonly TrialContext[]): ReportClusters[] {
  const texts = new Map(contexts.map(({ trialId, stimuli }) => [trialId, stimuli]));
  return cells.flatMap(({ cell, scores }) => {
    const known = scores.filter((score) => valuesOf([score], cell.metric).length > 0);
    if (cell.rates[cell.metric]?.isMean === true) return [];
    // If texts are missing or unknown, it is not known which trials share theirs.
    if (new Set(known.map(({ trialId }) => texts.get(trialId)?.length)).size !== 1) return [];
    const groups = Map.groupBy(known, ({ trialId }) =>
      JSON.stringify(
        texts
          .get(trialId)
          ?.map(({ id, sha256 }) => `${id} ${sha256}`)
          .toSorted(),
      ),
    );
    if (groups.size < 2 || groups.size === known.length) return [];
    const { designEffect, effectiveTrials, estimate, lower, upper, successes, trials } = clusteredInterval(
      [...groups.values()].map((own) => ({
        successes: own.filter(({ measures }) => measures[cell.metric] === true).length,
        trials: own.length,
      })),
    );
    const interval = { estimate, lower, upper };
    return [{ cell: cell.id, wordings: groups.size, successes, trials, designEffect, effectiveTrials, interval }];
  });
}
