import type { RatedTrial } from '../../detect/score.ts';
import type { TrialContext } from '../../results/trial-context.ts';
import type { Counts } from '../../stats/counts.ts';
import { clusteredInterval } from '../../stats/design-effect.ts';
import type { ReportClusters } from '../report-schema.ts';
import { type CellWithScores, trialsThatTell } from './cells.ts';

/**
 * Intervals with texts as clusters. Trials with the same texts resemble each other, so a cell has less information than
 * the same number of independent trials. Only for cells whose records show different texts, some of them shared.
 */
export function toClusters(cells: readonly CellWithScores[], contexts: readonly TrialContext[]): ReportClusters[] {
  const texts = textsOf(contexts);
  return cells.flatMap(({ cell, scores }) => {
    const known = trialsThatTell(scores, cell.metric);
    if (cell.rates[cell.metric]?.isMean === true) return [];
    const groups = groupByTexts(known, texts);
    if (groups === null || groups.size < 2 || groups.size === known.length) return [];
    const { designEffect, effectiveTrials, estimate, lower, upper, successes, trials } = clusteredInterval(
      [...groups.values()].map((own) => countsOf(own, cell.metric)),
    );
    const interval = { estimate, lower, upper };
    return [{ cell: cell.id, wordings: groups.size, successes, trials, designEffect, effectiveTrials, interval }];
  });
}

export type Texts = ReadonlyMap<string, TrialContext['stimuli']>;

/** What the agent of each trial was told, by trial id. */
export function textsOf(contexts: readonly TrialContext[]): Texts {
  return new Map(contexts.map(({ trialId, stimuli }) => [trialId, stimuli]));
}

/** Trials by their texts. Null if texts are missing or unknown: then it is not known which trials share theirs. */
export function groupByTexts<T extends RatedTrial>(trials: readonly T[], texts: Texts): Map<string, T[]> | null {
  const counts = new Set(trials.map(({ trialId }) => texts.get(trialId)?.length ?? 0));
  if (counts.size !== 1 || counts.has(0)) return null;
  return Map.groupBy(trials, ({ trialId }) =>
    JSON.stringify(
      texts
        .get(trialId)
        ?.map(({ id, sha256 }) => `${id} ${sha256}`)
        .toSorted(),
    ),
  );
}

/** Of a measure that is yes or no, and that every one of these trials can tell. */
export function countsOf(trials: readonly RatedTrial[], metric: string): Counts {
  return { successes: trials.filter(({ measures }) => measures[metric] === true).length, trials: trials.length };
}
