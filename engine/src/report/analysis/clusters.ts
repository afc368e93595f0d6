import type { TrialContext } from '../../results/trial-context.ts';
import { clusteredInterval } from '../../stats/design-effect.ts';
import type { ReportClusters } from '../report-schema.ts';
import { type CellWithScores, valuesOf } from './cells.ts';

/**
 * Trials that were given the same texts resemble each other, so that a cell says less than as many independent ones: its
 * interval with texts as clusters. Only where the texts of a cell differ, by its records, and some trials share theirs.
 */
export function toClusters(cells: readonly CellWithScores[], contexts: readonly TrialContext[]): ReportClusters[] {
  const texts = new Map(contexts.map(({ trialId, stimuli }) => [trialId, stimuli]));
  return cells.flatMap(({ cell, scores }) => {
    const known = scores.filter((score) => valuesOf([score], cell.metric).length > 0);
    if (cell.rates[cell.metric]?.isMean === true) return [];
    // With a text more or less, or unknown ones, nobody can tell which trials were given the same.
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
