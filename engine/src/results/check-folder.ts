import { basename } from 'node:path';

import type { Condition } from '../record/events.ts';
import { checkPlan, type PlanCheck } from '../study/key.ts';
import { readStudyFile } from '../study/log-folder.ts';

/** A file among the records of a folder, as far as it could be read. */
export interface FolderRecord {
  readonly path: string;
  /** Null where the first line could not be read. */
  readonly trialId: string | null;
  readonly studyKey: string | null;
  /** Sealed, and every line as it was written. */
  readonly isWhole: boolean;
  /** Not looked at where not given. */
  readonly agent?: string;
  readonly condition?: Condition;
  readonly epoch?: number;
}

const NAMED_MAX = 5;

/**
 * Holds the records of a log folder against its `study.json`: every planned trial has one whole record, under its own name
 * and as planned, and there is no other. Null for a folder without a plan whose records name none either.
 * @throws UsageError when `study.json` is there and no study
 */
export function checkFolder(folder: string, records: readonly FolderRecord[]): PlanCheck | null {
  const study = readStudyFile(folder);
  const whole = records.flatMap((record) =>
    record.isWhole && record.trialId !== null ? [{ ...record, trialId: record.trialId }] : [],
  );
  if (study === null) {
    const keyed = whole.filter(({ studyKey }) => studyKey !== null);
    if (keyed.length === 0) return null;
    const sentence = `study.json is not there, and ${keyed.length} of ${records.length} records were run under a plan`;
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
      ...said(misnamed, 'do not bear the name of their trial'),
      ...said(others, 'are not of the agent, condition or epoch that was planned'),
    ],
  };
}

/** A plan may name fewer factors than a record, which has all that are in force. */
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
