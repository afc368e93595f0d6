import { isCounted } from '../../record/outcome.ts';
import type { ReportExclusion } from '../report-schema.ts';
import type { CellWithScores } from './cells.ts';

/** Trials that are in no denominator, by cell and cause. */
export function toExclusions(cells: readonly CellWithScores[]): ReportExclusion[] {
  return cells.flatMap(({ cell, scores }) => {
    const excluded = scores.filter(({ outcome }) => !isCounted(outcome));
    return [...Map.groupBy(excluded, ({ outcome, cause }) => JSON.stringify([outcome, cause])).values()].flatMap(
      (group) => {
        const [first] = group;
        return first === undefined
          ? []
          : [{ cell: cell.id, outcome: first.outcome, cause: first.cause, trials: group.length, of: cell.trials }];
      },
    );
  });
}
