import { basename } from 'node:path';

import type { Condition } from '../record/events.ts';
import { checkPlan, type PlanCheck } from '../study/key.ts';
import type { StudyFile } from '../study/plan.ts';

/** A record file of a folder, as far as it could be read. */
export interface FolderRecord {
  readonly path: string;
  /** Null if the first line could not be read. */
  readonly trialId: string | null;
  readonly studyKey: string | null;
  /** Sealed, and every line unchanged. */
  readonly isWhole: boolean;
  /** If omitted, not checked. */
  readonly agent?: string;
  readonly condition?: Condition;
  readonly epoch?: number;
}

const NAMED_MAX = 5;

/**
 * Checks the records of a log folder against its `study.json`: every planned trial must have one intact record, with
 * its name and as planned, and there must be no others. Null for a folder without a plan whose records do not name one.
 * @param study null if the folder has none
 */
export function checkFolder(study: StudyFile | null, records: readonly FolderRecord[]): PlanCheck | null {
  const whole = records.flatMap((record) =>
    record.isWhole && record.trialId !== null ? [{ ...record, trialId: record.trialId }] : [],
  );
  if (study === null) {
    const keyed = whole.filter(({ studyKey }) => studyKey !== null);
    if (keyed.length === 0) return null;
    const sentence = `study.json is missing, and ${keyed.length} of ${records.length} records were run under a plan`;
    return { problems: [sentence], missing: [], amendments: [], untold: [] };
  }
  const planned = new Map(study.trials.map((trial) => [trial.trialId, trial]));
  const misnamed = whole.filter(({ path, trialId }) => basename(path) !== `${trialId}.jsonl`);
  const others = whole.filter(({ trialId, agent, condition, epoch }) => {
    const plan = planned.get(trialId);
    return (
      plan !== undefined &&
      ((agent !== undefined && agent !== plan.agent) ||
        (epoch !== undefined && epoch !== plan.epoch) ||
        (condition !== undefined && !includes(condition, plan.condition)))
    );
  });
  const said = (some: readonly FolderRecord[], sentence: string): string[] =>
    some.length === 0 ? [] : [`${some.length} of ${whole.length} records ${sentence}: ${named(some)}`];
  const { problems, ...check } = checkPlan(study, whole);
  return {
    ...check,
    problems: [
      ...problems,
      ...said(misnamed, 'do not have the name of their trial'),
      ...said(others, 'are not of the agent, condition or epoch that was planned'),
    ],
  };
}

/** A plan may name fewer factors than a record, which has all factors in force. */
function includes(condition: Condition, planned: Condition): boolean {
  return Object.entries(planned).every(
    ([factor, level]) => condition[factor] === undefined || condition[factor] === level,
  );
}

function named(records: readonly FolderRecord[]): string {
  const rest = records.length - NAMED_MAX;
  const shown = records.slice(0, NAMED_MAX).map(({ path }) => basename(path));
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
