import canonicalize from 'canonicalize';

import type { AnalysisPlan, StudyPlan } from './plan.ts';

/** Describes how a new study differs from the one in the store. Empty if it does not. */
export function differences(existing: StudyPlan, here: StudyPlan): string[] {
  const { name, version, sha256 } = here.scenario;
  const isOther = existing.scenario.name !== name || existing.scenario.version !== version;
  return [
    ...compare('scenario', `${existing.scenario.name} ${existing.scenario.version}`, `${name} ${version}`),
    ...(isOther ? [] : compare('texts of the scenario', existing.scenario.sha256, sha256)),
    ...compare('seed', existing.seed, here.seed),
    ...compare('sandbox', existing.sandbox, here.sandbox),
    ...compareKeys(existing.settings, here.settings, (key) => key),
    ...compare('preset', existing.preset, here.preset),
    ...compareArms(existing.arms, here.arms),
    ...compareAnalysis(existing.analysis, here.analysis),
  ];
}

/** `turns 30 there, 5 here` */
function compare(what: string, there: Scalar, here: Scalar): string[] {
  return there === here ? [] : [`${what} ${there ?? 'none'} there, ${here ?? 'none'} here`];
}

type Scalar = string | number | undefined;
type Scalars = Readonly<Record<string, string | number>>;

function compareKeys(there: Scalars, here: Scalars, nameOf: (key: string) => string): string[] {
  const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  return keys.flatMap((key) => compare(nameOf(key), there[key], here[key]));
}

/** Names of limits as in the CLI flags. A limit without a flag keeps its name from the record. */
const LIMIT_NAMES: Readonly<Record<string, string>> = {
  turnsMax: 'turns',
  tokensMax: 'tokens',
  durationMsMax: 'milliseconds of a trial (--minutes)',
  costUsdMax: 'max-cost',
};

type Arm = StudyPlan['arms'][number];

/** Compares the limits of arms that both sides have, and names the arms that only one side has. */
function compareArms(there: readonly Arm[], here: readonly Arm[]): string[] {
  const nameOf = ({ agent, condition }: Arm): string =>
    `${agent} ${Object.entries(condition)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([factor, level]) => `${factor}=${level}`)
      .join(' ')}`.trim();
  const [old, now] = [there, here].map((arms) => new Map(arms.map((arm) => [nameOf(arm), arm])));
  const limits = [...(old ?? [])].flatMap(([name, arm]) => {
    const same = now?.get(name);
    return same === undefined
      ? []
      : compareKeys({ ...arm.limits }, { ...same.limits }, (key) => LIMIT_NAMES[key] ?? key);
  });
  const only = (some: typeof old, others: typeof old, where: string): string[] =>
    [...(some?.keys() ?? [])]
      .filter((name) => others?.has(name) !== true)
      .map((name) => `the arm "${name}" only ${where}`);
  return [...new Set(limits), ...only(old, now, 'there'), ...only(now, old, 'here')];
}

function compareAnalysis(there: AnalysisPlan | undefined, here: AnalysisPlan | undefined): string[] {
  if (canonicalize(there) === canonicalize(here)) return [];
  if (there === undefined || here === undefined)
    return [`the analysis plan was given ${there === undefined ? 'only here' : 'only there'}`];
  const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  const [a, b] = [new Map(Object.entries(there)), new Map(Object.entries(here))];
  const changed = keys.filter((key) => canonicalize(a.get(key)) !== canonicalize(b.get(key)));
  return [`the analysis plan was different (${changed.join(', ')})`];
}
