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

/** What came of holding a folder against its plan. */
export interface FolderCheck extends PlanCheck {
  /** Planned trials without a whole record. */
  readonly missing: readonly string[];
}

const NAMED_MAX = 5;

/**
 * Holds the records of a log folder against its `study.json`: every planned trial has one whole record, under its own name
 * and as planned, and there is no other. Null for a folder without a plan whose records name none either.
 * @param throughEpoch the last epoch that had to be run, where the rule of the plan stopped the study early
 * @throws UsageError when `study.json` is there and no study
 */
export function checkFolder(
  folder: string,
  records: readonly FolderRecord[],
  throughEpoch = Number.POSITIVE_INFINITY,
): FolderCheck | null {
  const study = readStudyFile(folder);
  const whole = records.flatMap((record) =>
    record.isWhole && record.trialId !== null ? [{ ...record, trialId: record.trialId }] : [],
  );
  if (study === null) {
    const keyed = whole.filter(({ studyKey }) => studyKey !== null);
    return keyed.length === 0
      ? null
      : {
          problems: [`study.json is not there, and ${keyed.length} of ${records.length} records were run under a plan`],
          amendments: [],
          untold: [],
          missing: [],
        };
  }
  const planned = new Map(study.trials.map((trial) => [trial.trialId, trial]));
  const byId = Map.groupBy(whole, ({ trialId }) => trialId);
  const due = study.trials.filter(({ epoch }) => epoch <= throughEpoch);
  const missing = due.filter(({ trialId }) => !byId.has(trialId)).map(({ trialId }) => trialId);
  const said = (ids: readonly string[], sentence: string): string[] =>
    ids.length === 0 ? [] : [`${sentence}: ${named(ids)}`];
  const pathsOf = (some: readonly FolderRecord[]): string[] => some.map(({ path }) => basename(path));
  const twice = [...byId].filter(([, same]) => same.length > 1).map(([trialId]) => trialId);
  const unplanned = whole.filter(({ trialId }) => !planned.has(trialId));
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
  const check = checkPlan(study, whole);
  return {
    ...check,
    missing,
    problems: [
      ...check.problems,
      ...said(missing, `${missing.length} of ${due.length} planned trials have no whole record`),
      ...said(
        pathsOf(unplanned),
        `${unplanned.length} of ${whole.length} whole records are of trials that are not planned`,
      ),
      ...said(twice, `${twice.length} trials have more than one record`),
      ...said(pathsOf(misnamed), `${misnamed.length} records do not bear the name of their trial`),
      ...said(pathsOf(others), `${others.length} records are not of the agent, condition or epoch that was planned`),
    ],
  };
}

/** A plan may name fewer factors than a record, which has all that are in force. */
function includes(condition: Condition, planned: Condition): boolean {
  return Object.entries(planned).every(
    ([factor, level]) => condition[factor] === undefined || condition[factor] === level,
  );
}

function named(names: readonly string[]): string {
  const rest = names.length - NAMED_MAX;
  return names.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
