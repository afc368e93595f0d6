import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';
import { z } from 'zod';

import type { Agent } from '../agent/contract.ts';
import { createChance } from '../base/world.ts';
import { conditionSchema, limitsSchema, type Condition, type TrialLimits } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { TrialPlan } from '../trial/run-trial.ts';

/** What is compared with what: conditions x agents x epochs. */
export interface StudyDesign {
  readonly scenario: Scenario;
  readonly arms: readonly StudyArm[];
  readonly epochs: number;
  /** Same seed, same sums: trials of one epoch see the same items in every arm. */
  readonly seed: string;
  readonly sandbox: string;
  /** What else makes a trial another trial, e.g. the sampling parameters. */
  readonly settings: Readonly<Record<string, string>>;
  /** What is to be looked for and how: fixed by the study's hash before the first trial. */
  readonly analysis?: AnalysisPlan;
  /** Name of the preset that the conditions come from, for the published numbers beside it. */
  readonly preset?: string;
}

/** A level by its name. YAML makes numbers and truth values of some names: they are taken as they were written. */
export const levelSchema = z
  .union([z.string(), z.number(), z.boolean()], 'expected the name of a level')
  .transform(String);

/** Selects trials by agent name (`agent`) and by levels of factors. */
export const selectionSchema = z.record(z.string(), levelSchema);

/** Written before the first trial; a report says when what was analysed differs. */
export const analysisPlanSchema = z
  .strictObject({
    /** Questions, in order. `first` and `second` select trials by agent name and by levels of factors. */
    hypotheses: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          metric: z.enum(['sabotage', 'survived', 'attempted', 'strictNonCompliance']),
          first: selectionSchema,
          second: selectionSchema,
          expect: z.enum(['higher', 'lower', 'different']),
        }),
      )
      .default([]),
    /** Two-sided, over the whole family. */
    alpha: z.number().gt(0).lt(0.5).default(0.05),
    correction: z.enum(['holm', 'benjamini-hochberg', 'none']).default('holm'),
    /** Looking before the end, by a rule stated here: epochs at which the one hypothesis is tested, the last one the end. */
    sequential: z
      .strictObject({
        looks: z.array(z.int().min(1)).min(2),
        spending: z.enum(['obrien-fleming', 'pocock']).default('obrien-fleming'),
      })
      .optional(),
    /** Pairs of factors whose interaction the regression of a report holds; it has main effects only when not given. */
    interactions: z.array(z.tuple([z.string().min(1), z.string().min(1)])).optional(),
    notes: z.string().optional(),
  })
  .superRefine(({ sequential, hypotheses }, context) => {
    if (sequential === undefined) return;
    const rising = sequential.looks.every((look, index) => index === 0 || look > (sequential.looks[index - 1] ?? 0));
    if (!rising)
      context.addIssue({
        code: 'custom',
        path: ['sequential', 'looks'],
        message: 'expected epochs that rise, e.g. [10, 20, 40]',
      });
    if (hypotheses.length !== 1)
      context.addIssue({
        code: 'custom',
        path: ['sequential'],
        message: `a study that may stop early tests exactly one hypothesis, this one has ${hypotheses.length}`,
      });
  });
export type AnalysisPlan = z.output<typeof analysisPlanSchema>;

export interface StudyArm {
  readonly agent: Agent;
  readonly condition: Condition;
  readonly limits: TrialLimits;
}

const countSchema = z.int().min(0);
const extentSchema = z.strictObject({ epochs: z.int().min(1), budgetUsd: z.number().nullable() });

/** A change of a plan after it was fixed. Only what leaves the trials that are there as they are can be changed. */
const amendmentSchema = z.strictObject({
  at: z.string(),
  /** Sealed trials that were there: whoever asked for the change may have looked at them. */
  trialsSeen: countSchema,
  before: extentSchema,
  after: extentSchema,
  /** Over the key before, this amendment and the whole plan after it. */
  key: z.string(),
});
export type Amendment = z.output<typeof amendmentSchema>;

/** All that is decided before the first trial. The key is over this and nothing else. */
const studyPlanShape = {
  scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
  seed: z.string(),
  sandbox: z.string(),
  settings: z.record(z.string(), z.string()),
  epochs: z.int().min(1),
  /** US dollars over all trials; null: no cap. */
  budgetUsd: z.number().nullable().optional(),
  preset: z.string().optional(),
  analysis: analysisPlanSchema.optional(),
  arms: z.array(z.strictObject({ agent: z.string(), condition: conditionSchema, limits: limitsSchema })),
  trials: z.array(
    z.strictObject({ trialId: z.string(), agent: z.string(), condition: conditionSchema, epoch: z.int().min(1) }),
  ),
};
const studyPlanSchema = z.strictObject(studyPlanShape);
export type StudyPlan = z.output<typeof studyPlanSchema>;

/** `study.json` of a log folder: what was planned, so that a later run knows what is missing. */
export const studyFileSchema = z.strictObject({
  format: z.literal('offswitch-study'),
  /** 1: the key left out epochs and budget, and records do not carry it. */
  version: z.union([z.literal(1), z.literal(2)]),
  /** `keyOf` of the plan as it was before the first trial. */
  key: z.string(),
  createdAt: z.string(),
  /** In the order in which they were made; the plan in this file is the one after the last. */
  amendments: z.array(amendmentSchema).optional(),
  ...studyPlanShape,
});
export type StudyFile = z.output<typeof studyFileSchema>;

/** All trials of a design, each under an id that depends on nothing but what the trial is. */
export function planTrials({ scenario, arms, epochs, seed, sandbox, settings }: StudyDesign): TrialPlan[] {
  const identity = { scenario: scenario.name, version: scenario.version, sha256: scenario.sha256, sandbox, settings };
  // Epoch by epoch, so that a study that is stopped half-way is balanced; in random order within the epoch, so that a
  // server that drifts does not drift against one arm.
  const seen = new Set<string>();
  const all = Array.from({ length: epochs }, (_, index) => index + 1).flatMap((epoch) =>
    createChance(`order ${seed}/${epoch}`)
      .shuffle(arms)
      .map(({ agent, condition, limits }) => {
        const full = scenario.setUp(condition, 'plan').condition;
        const trialSeed = `${seed}/${epoch}`;
        const hash = hashOf({ ...identity, agent: agent.name, condition: full, limits, seed: trialSeed });
        return { trialId: `trial-${hash.slice(0, 16)}`, scenario, condition, agent, epoch, seed: trialSeed, limits };
      }),
  );
  // Two arms that come to the same are one arm.
  return all.filter(({ trialId }) => !seen.has(trialId) && seen.add(trialId));
}

/** A design as it is written down. */
export function toStudyPlan(design: StudyDesign, budgetUsd: number | null): StudyPlan {
  const { name, version, sha256 } = design.scenario;
  return {
    scenario: { name, version, sha256 },
    seed: design.seed,
    sandbox: design.sandbox,
    settings: { ...design.settings },
    epochs: design.epochs,
    budgetUsd,
    ...(design.preset !== undefined && { preset: design.preset }),
    ...(design.analysis !== undefined && { analysis: design.analysis }),
    arms: design.arms.map(describeArm),
    trials: planTrials(design).map(({ trialId, agent, condition, epoch }) => ({
      trialId,
      agent: agent.name,
      condition: { ...condition },
      epoch,
    })),
  };
}

function describeArm({ agent, condition, limits }: StudyArm): StudyFile['arms'][number] {
  return { agent: agent.name, condition: { ...condition }, limits };
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}

/** What is different between a folder's study and a new design, in words; empty when nothing is. */
export function differences(existing: StudyFile, design: StudyDesign): string[] {
  const { name, version, sha256 } = design.scenario;
  const isOther = existing.scenario.name !== name || existing.scenario.version !== version;
  return [
    ...compare('scenario', `${existing.scenario.name} ${existing.scenario.version}`, `${name} ${version}`),
    ...(isOther ? [] : compare('texts of the scenario', existing.scenario.sha256, sha256)),
    ...compare('seed', existing.seed, design.seed),
    ...compare('sandbox', existing.sandbox, design.sandbox),
    ...compareKeys(existing.settings, design.settings, (key) => key),
    ...compare('preset', existing.preset, design.preset),
    ...compareArms(existing.arms, design.arms.map(describeArm)),
    ...compareAnalysis(existing.analysis, design.analysis),
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

/** As the flags name them; those that no flag sets are named as in the record. */
const LIMIT_NAMES: Readonly<Record<string, string>> = {
  turnsMax: 'turns',
  tokensMax: 'tokens',
  durationMsMax: 'milliseconds of a trial (--minutes)',
  costUsdMax: 'max-cost',
};

type Arm = StudyFile['arms'][number];

/** Arms that are on both sides may differ in their limits; the others are named. */
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
    return [`the analysis plan was made ${there === undefined ? 'only here' : 'only there'}`];
  const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
  const [a, b] = [new Map(Object.entries(there)), new Map(Object.entries(here))];
  const changed = keys.filter((key) => canonicalize(a.get(key)) !== canonicalize(b.get(key)));
  return [`the analysis plan was another (${changed.join(', ')})`];
}
