import { sha256OfJson } from '../base/sha256.ts';
import type { Amendment, StudyFile, StudyPlan } from './plan.ts';

/**
 * The key of a study shows that its plan was fixed before the first trial. It is a hash of the whole plan. Every record
 * holds it, and it is recomputed whenever a study is read. Each amendment of a plan adds a further key: a hash of the new
 * plan and the previous key.
 */

/** SHA-256 over the canonical plan: scenario with its texts, arms with limits, trials, epochs, seed, budget, analysis. */
export function keyOf(plan: StudyPlan): string {
  return sha256OfJson({ plan });
}

export function amend(
  study: StudyFile,
  to: StudyPlan,
  seen: { readonly at: string; readonly trials: number },
): StudyFile {
  const before = { epochs: study.epochs, budgetUsd: study.budgetUsd ?? null };
  const after = { epochs: to.epochs, budgetUsd: to.budgetUsd ?? null };
  const amendment = { at: seen.at, trialsSeen: seen.trials, before, after };
  const key = amendmentKey(keyInForce(study), { amendment, plan: to });
  return { ...study, ...to, amendments: [...(study.amendments ?? []), { ...amendment, key }] };
}

/** The key that the record of a new trial must hold. */
export function keyInForce(study: StudyFile): string {
  return study.amendments?.at(-1)?.key ?? study.key;
}

export interface PlanCheck {
  /** Evidence that the trials were run under a different plan, or do not belong to this one. Empty if there is none. */
  readonly problems: readonly string[];
  /** One sentence that names the planned trials without a record, or empty. They were never run, or were removed. */
  readonly missing: readonly string[];
  /** What was changed after the first trial, according to `study.json`. */
  readonly amendments: readonly string[];
  /** What cannot be checked because a study or record has no key. */
  readonly untold: readonly string[];
}

export interface KeyedRecord {
  readonly trialId: string;
  readonly studyKey: string | null;
}

/** Recomputes the keys of a study and compares them with those of its records. */
export function checkPlan(study: StudyFile, records: readonly KeyedRecord[]): PlanCheck {
  const keys = new Set([study.key, ...(study.amendments ?? []).map(({ key }) => key)]);
  const planned = new Set(study.trials.map(({ trialId }) => trialId));
  const mine = records.filter(({ trialId }) => planned.has(trialId));
  const strange = records.filter(({ trialId }) => !planned.has(trialId));
  const seen = new Set<string>();
  const twice = mine.filter(({ trialId }) => seen.has(trialId) || !seen.add(trialId));
  const other = mine.filter(({ studyKey }) => studyKey !== null && !keys.has(studyKey));
  const without = mine.filter(({ studyKey }) => studyKey === null);
  const missing = missingOf(study, new Set(mine.map(({ trialId }) => trialId)));
  const say = (found: readonly { readonly trialId: string }[], sentence: string): string[] =>
    found.length === 0 ? [] : [`${found.length} ${sentence}: ${named(found)}`];
  return {
    problems: [
      ...problemsOf(study),
      ...say(other, `of ${mine.length} records were run under a different plan from the one in study.json`),
      ...say(strange, `of ${records.length} records are of trials that are not in the plan`),
      ...say(twice, `of ${records.length} records are of a trial that already has a record`),
    ],
    missing: say(missing, `of ${planned.size} planned trials have no record`),
    amendments: (study.amendments ?? []).map(describeAmendment),
    untold: say(without, `of ${mine.length} records do not say under which plan they were run`),
  };
}

export type FixedBefore = 'yes' | 'no' | 'unknown';

/**
 * Whether the plan as it is now was fixed before its trials: `no` if it was changed afterwards or its trials were run under
 * another one, `unknown` if a study or record has no key to tell.
 */
export function wasFixedBefore(study: StudyFile, records: readonly KeyedRecord[]): FixedBefore {
  const keys = new Set([study.key, ...(study.amendments ?? []).map(({ key }) => key)]);
  const planned = new Set(study.trials.map(({ trialId }) => trialId));
  const mine = records.filter(({ trialId }) => planned.has(trialId));
  if (problemsOf(study).length > 0) return 'no';
  if (mine.some(({ studyKey }) => studyKey !== null && !keys.has(studyKey))) return 'no';
  return mine.some(({ studyKey }) => studyKey === null) ? 'unknown' : 'yes';
}

/** Planned trials without a record. A sequential study may stop at a look: trials after that look are not missing. */
function missingOf({ trials, analysis, epochs }: StudyFile, present: ReadonlySet<string>): StudyFile['trials'] {
  const absent = trials.filter(({ trialId }) => !present.has(trialId));
  const [firstAbsent = epochs + 1] = absent.map(({ epoch }) => epoch).toSorted((a, b) => a - b);
  const last = Math.max(0, ...trials.filter(({ trialId }) => present.has(trialId)).map(({ epoch }) => epoch));
  const stoppedAtLook = analysis?.sequential?.looks.some((look) => look === last && firstAbsent > look) === true;
  return stoppedAtLook ? [] : absent;
}

const NAMED_MAX = 5;

function named(records: readonly { readonly trialId: string }[]): string {
  const shown = records.slice(0, NAMED_MAX).map(({ trialId }) => trialId);
  const rest = records.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function describeAmendment({ at, trialsSeen, before, after }: Amendment): string {
  const usd = (value: number | null): string => (value === null ? 'no cap' : `${value} US dollars`);
  return [
    ...(before.epochs === after.epochs ? [] : [`epochs from ${before.epochs} to ${after.epochs}`]),
    ...(before.budgetUsd === after.budgetUsd
      ? []
      : [`budget from ${usd(before.budgetUsd)} to ${usd(after.budgetUsd)}`]),
  ]
    .map((what) => `extended after ${trialsSeen} trials had been seen: ${what} (${at})`)
    .join('; ');
}

function problemsOf(study: StudyFile): string[] {
  const { amendments = [], key } = study;
  if (study.version === 1) {
    return key === keyOfVersion1(study) ? [] : [changed('its plan', key)];
  }
  const [first] = amendments;
  const problems = keyOf(planAt(study, first?.before)) === key ? [] : [changed('its plan', key)];
  for (const [index, { key: amended, ...amendment }] of amendments.entries()) {
    const previous = amendments[index - 1]?.key ?? key;
    const next = amendments[index + 1];
    const follows = next === undefined || sha256OfJson(next.before) === sha256OfJson(amendment.after);
    const current = { epochs: study.epochs, budgetUsd: study.budgetUsd ?? null };
    const isLast = next !== undefined || sha256OfJson(current) === sha256OfJson(amendment.after);
    const plan = planAt(study, amendment.after);
    if (!follows || !isLast || amendmentKey(previous, { amendment, plan }) !== amended)
      problems.push(changed(`its amendment of ${amendment.at}`, amended));
  }
  return problems;
}

function changed(what: string, key: string): string {
  return `study.json was changed after it was written: ${what} does not give the key ${key.slice(0, 16)}…`;
}

/** The plan with fewer epochs or a different budget. Trials of later epochs are removed. */
export function planAt(study: StudyFile, extent: Amendment['before'] | undefined): StudyPlan {
  const { scenario, seed, sandbox, settings, preset, analysis, arms, trials } = study;
  const { epochs, budgetUsd } = extent ?? { epochs: study.epochs, budgetUsd: study.budgetUsd ?? null };
  return {
    ...{ scenario, seed, sandbox, settings, epochs, arms },
    trials: trials.filter(({ epoch }) => epoch <= epochs),
    budgetUsd,
    ...(preset !== undefined && { preset }),
    ...(analysis !== undefined && { analysis }),
  };
}

function amendmentKey(
  previous: string,
  { amendment, plan }: { readonly amendment: Omit<Amendment, 'key'>; readonly plan: StudyPlan },
): string {
  return sha256OfJson({ previous, amendment, plan });
}

/** The key of version 1 left out epochs, budget and preset. Records of version 1 hold no key. */
function keyOfVersion1({ scenario, arms, seed, sandbox, settings, analysis }: StudyFile): string {
  return sha256OfJson({ scenario, arms, seed, sandbox, settings, ...(analysis && { analysis }) });
}
