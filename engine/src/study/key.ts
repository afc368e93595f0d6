import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { Amendment, StudyFile, StudyPlan } from './plan.ts';

/**
 * The key of a study: what makes a plan one that was fixed beforehand. It is a hash over all that was decided before the
 * first trial, every record carries it, and it is worked out again whenever a study is read. A plan that was extended has
 * one more key for each extension, over the whole new plan and the key before it.
 */

/** SHA-256 over the canonical plan: scenario with its texts, arms with limits, trials, epochs, seed, budget, analysis. */
export function keyOf(plan: StudyPlan): string {
  return hashOf({ plan });
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

/** What a trial that is begun now has to carry. */
export function keyInForce(study: StudyFile): string {
  return study.amendments?.at(-1)?.key ?? study.key;
}

export interface PlanCheck {
  /** What shows that this is not the plan under which the trials were run, or not its trials; empty: nothing does. */
  readonly problems: readonly string[];
  /** Planned trials without a record: one sentence, or none. They may never have been run, or were taken away. */
  readonly missing: readonly string[];
  /** What was changed after the first trial, by the study's own account. */
  readonly amendments: readonly string[];
  /** What studies and records without a key cannot tell. */
  readonly untold: readonly string[];
}

export interface KeyedRecord {
  readonly trialId: string;
  readonly studyKey: string | null;
}

/** Works the keys of a study out again, and holds the keys of its records to them. */
export function checkPlan(study: StudyFile, records: readonly KeyedRecord[]): PlanCheck {
  const keys = new Set([study.key, ...(study.amendments ?? []).map(({ key }) => key)]);
  const planned = new Set(study.trials.map(({ trialId }) => trialId));
  const mine = records.filter(({ trialId }) => planned.has(trialId));
  const strange = records.filter(({ trialId }) => !planned.has(trialId));
  const twice = mine.filter(({ trialId }, index) => mine.findIndex((one) => one.trialId === trialId) < index);
  const other = mine.filter(({ studyKey }) => studyKey !== null && !keys.has(studyKey));
  const without = mine.filter(({ studyKey }) => studyKey === null);
  const missing = missingOf(study, new Set(mine.map(({ trialId }) => trialId)));
  const say = (found: readonly { readonly trialId: string }[], sentence: string): string[] =>
    found.length === 0 ? [] : [`${found.length} ${sentence}: ${named(found)}`];
  return {
    problems: [
      ...problemsOf(study),
      ...say(other, `of ${mine.length} records were run under another plan than study.json holds`),
      ...say(strange, `of ${records.length} records are of trials that the plan does not have`),
      ...say(twice, `of ${records.length} records are of a trial that has a record already`),
    ],
    missing: say(missing, `of ${planned.size} planned trials have no record`),
    amendments: (study.amendments ?? []).map(describeAmendment),
    untold: say(without, `of ${mine.length} records do not say under which plan they were run`),
  };
}

/** A study that may stop at a look lacks nothing when all trials up to that look are there. */
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
    const follows = next === undefined || hashOf(next.before) === hashOf(amendment.after);
    const current = { epochs: study.epochs, budgetUsd: study.budgetUsd ?? null };
    const isLast = next !== undefined || hashOf(current) === hashOf(amendment.after);
    const plan = planAt(study, amendment.after);
    if (!follows || !isLast || amendmentKey(previous, { amendment, plan }) !== amended)
      problems.push(changed(`its amendment of ${amendment.at}`, amended));
  }
  return problems;
}

function changed(what: string, key: string): string {
  return `study.json was changed after it was written: ${what} does not give the key ${key.slice(0, 16)}…`;
}

/** The plan with fewer epochs or another budget: trials of later epochs are taken out. */
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
  return hashOf({ previous, amendment, plan });
}

/** Studies of version 1 had a key that left out epochs, budget and preset; their records carry none. */
function keyOfVersion1({ scenario, arms, seed, sandbox, settings, analysis }: StudyFile): string {
  return hashOf({ scenario, arms, seed, sandbox, settings, ...(analysis && { analysis }) });
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}
