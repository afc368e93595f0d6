import canonicalize from 'canonicalize';
import { z } from 'zod';

import { sha256OfJson } from '../base/sha256.ts';
import { UsageError } from '../base/usage-error.ts';
import { HALF_CHARACTER, isWellFormed } from '../base/well-formed.ts';
import { createChance } from '../base/world.ts';
import { conditionSchema, limitsSchema, type Condition, type TrialLimits } from '../record/events.ts';
import type { SandboxCapabilities } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { AgentSpec, TrialSpec } from '../trial/contract.ts';

/** The design of a study: conditions × agents × epochs. */
export interface StudyDesign {
  /** Includes the texts that the user gave, if any. */
  readonly scenario: Scenario;
  readonly arms: readonly StudyArm[];
  readonly epochs: number;
  /** The same seed gives the same items. Trials of one epoch get the same items in every arm. */
  readonly seed: string;
  /** Name of the sandbox. */
  readonly sandbox: string;
  /** Texts that the user gave in place of the scenario's own, by id. */
  readonly stimuli?: Readonly<Record<string, string>>;
  /** The planned analysis. The study's key fixes it before the first trial. */
  readonly analysis?: AnalysisPlan;
  /** Name of the preset that the conditions come from. */
  readonly preset?: string;
}

export interface StudyArm {
  readonly agent: AgentSpec;
  /** Name of the agent in the record; `agent.model` by default. For a file of weights, the file name without its folder. */
  readonly name?: string;
  readonly condition: Condition;
  readonly limits: TrialLimits;
  /** Other agents in the same trial, by the id of their seat. */
  readonly peers?: Readonly<Record<string, AgentSpec>>;
}

/** Name of a level. YAML parses some names as numbers or booleans; they are converted back to text. */
export const levelSchema = z
  .union([z.string(), z.number(), z.boolean()], 'expected the name of a level')
  .transform(String);

/** Selects trials by agent name (`agent`) and by levels of factors. */
export const selectionSchema = z.record(z.string(), levelSchema);

/** Name of a measure. A separate schema, so that the JSON Schema can list the known names. */
export const metricName = z.string().min(1);

/** Written before the first trial. A report says if the analysis differs from it. */
export const analysisPlanSchema = z
  .strictObject({
    /** Questions, in order. `first` and `second` select trials by agent name and by levels of factors. */
    hypotheses: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          /** A measure of the scenario or of the core. `checkQuestions` checks the name. */
          metric: metricName,
          first: selectionSchema,
          second: selectionSchema,
          expect: z.enum(['higher', 'lower', 'different']),
        }),
      )
      .default([]),
    /** Two-sided, for the whole family of hypotheses. */
    alpha: z.number().gt(0).lt(0.5).default(0.05),
    correction: z.enum(['holm', 'benjamini-hochberg', 'none']).default('holm'),
    /** Interim looks: the epochs at which the one hypothesis is tested. The last one is the end of the study. */
    sequential: z
      .strictObject({
        looks: z.array(z.int().min(1)).min(2),
        spending: z.enum(['obrien-fleming', 'pocock']).default('obrien-fleming'),
      })
      .optional(),
    /** Pairs of factors whose interaction the report's regression includes. Main effects only by default. */
    interactions: z.array(z.tuple([z.string().min(1), z.string().min(1)])).optional(),
    /** Whether the headline rate changes over models; without it `offswitch trend` says nothing on a direction. */
    trend: z
      .strictObject({
        /** Names of agents, oldest first. The newest is in this study; older ones may be in other folders. */
        models: z.array(z.string().min(1)).min(2).max(50),
        /** The change to be found: the rate of the oldest model, and that of the newest. */
        from: z.number().min(0).max(1),
        to: z.number().min(0).max(1),
        /** Assumed correlation of two trials with the same texts. */
        icc: z.number().min(0).max(0.99).default(0.05),
      })
      .optional(),
    notes: z.string().optional(),
  })
  .superRefine(({ sequential, hypotheses, trend }, context) => {
    if (trend !== undefined && (trend.from === trend.to || new Set(trend.models).size < trend.models.length))
      context.addIssue({
        code: 'custom',
        path: ['trend'],
        message: 'expected models that are named once each, and two rates that differ',
      });
    if (trend !== undefined && sequential !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['trend'],
        message: 'a study that may stop early tests exactly one hypothesis, and no trend',
      });
    if (sequential === undefined) return;
    const rising = sequential.looks.every((look, index) => index === 0 || look > (sequential.looks[index - 1] ?? 0));
    if (!rising)
      context.addIssue({
        code: 'custom',
        path: ['sequential', 'looks'],
        message: 'expected increasing epochs, e.g. [10, 20, 40]',
      });
    if (hypotheses.length !== 1)
      context.addIssue({
        code: 'custom',
        path: ['sequential'],
        message: `a study that may stop early tests exactly one hypothesis, this one has ${hypotheses.length}`,
      });
  });
export type AnalysisPlan = z.output<typeof analysisPlanSchema>;

const countSchema = z.int().min(0);
const extentSchema = z.strictObject({ epochs: z.int().min(1), budgetUsd: z.number().nullable() });

/** A change of a plan after it was fixed. Only changes that keep the existing trials valid are possible. */
const amendmentSchema = z.strictObject({
  at: z.string(),
  /** Number of sealed trials at that time: the user may have looked at them before making the change. */
  trialsSeen: countSchema,
  before: extentSchema,
  after: extentSchema,
  /** Hash of the previous key, this amendment and the whole plan after it. */
  key: z.string(),
});
export type Amendment = z.output<typeof amendmentSchema>;

/** Everything that is decided before the first trial. The key is a hash of exactly this. */
const studyPlanShape = {
  scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
  seed: z.string(),
  sandbox: z.string(),
  settings: z.record(z.string(), z.string()),
  epochs: z.int().min(1),
  /** US dollars for all trials; null means no cap. */
  budgetUsd: z.number().nullable().optional(),
  preset: z.string().optional(),
  analysis: analysisPlanSchema.optional(),
  arms: z.array(
    z.strictObject({
      agent: z.string(),
      condition: conditionSchema,
      limits: limitsSchema,
      /** Other agents in the same trial: seat to name. */
      peers: z.record(z.string(), z.string()).optional(),
    }),
  ),
  trials: z.array(
    z.strictObject({ trialId: z.string(), agent: z.string(), condition: conditionSchema, epoch: z.int().min(1) }),
  ),
};
const studyPlanSchema = z.strictObject(studyPlanShape);
export type StudyPlan = z.output<typeof studyPlanSchema>;

/** `study.json` of a log folder: the plan, so that a later run knows which trials are missing. */
export const studyFileSchema = z.strictObject({
  format: z.literal('offswitch-study'),
  /** In version 1 the key left out epochs and budget, and records did not hold it. */
  version: z.union([z.literal(1), z.literal(2)]),
  /** `keyOf` the plan before the first trial. */
  key: z.string(),
  createdAt: z.string(),
  /** In chronological order. The plan in this file includes all of them. */
  amendments: z.array(amendmentSchema).optional(),
  ...studyPlanShape,
});
export type StudyFile = z.output<typeof studyFileSchema>;

/** An arm with its resolved condition. */
export interface PlannedArm extends StudyArm {
  readonly name: string;
  /** The level of every factor, including defaults. */
  readonly inForce: Condition;
  /** Characters of the initial prompts and tools, for cost estimates. */
  readonly promptCharacters: number;
  /** What the sandbox must be able to do. */
  readonly needs: readonly (keyof SandboxCapabilities)[];
}

export interface PlannedTrial {
  readonly arm: PlannedArm;
  /** `studyKey` and `sandbox.network` are set when the trial runs. */
  readonly spec: TrialSpec;
}

/** A design with its arms and trials, computed once per command. */
export interface PlannedStudy {
  readonly design: StudyDesign;
  readonly arms: readonly PlannedArm[];
  /** In execution order. */
  readonly trials: readonly PlannedTrial[];
  /** The plan as written to `study.json` and hashed into the key. */
  readonly plan: StudyPlan;
}

/** Computes arms, trials and plan of a design. Throws a `UsageError` if the scenario refuses a condition. */
export function planStudy(design: StudyDesign, budgetUsd: number | null): PlannedStudy {
  const arms = design.arms.map((arm): PlannedArm => {
    const { condition, seats, needs = [] } = design.scenario.setUp(arm.condition, 'plan');
    const [{ prompts, tools }] = seats;
    const promptCharacters =
      (prompts.system?.length ?? 0) + prompts.user.length + JSON.stringify(tools.map(({ spec }) => spec)).length;
    return { ...arm, name: arm.name ?? arm.agent.model, inForce: condition, promptCharacters, needs };
  });
  const trials = planTrials(design, arms);
  const { name, version, sha256 } = design.scenario;
  return {
    design,
    arms,
    trials,
    plan: {
      scenario: { name, version, sha256 },
      seed: design.seed,
      sandbox: design.sandbox,
      settings: settingsOf(arms),
      epochs: design.epochs,
      budgetUsd,
      ...(design.preset !== undefined && { preset: design.preset }),
      ...(design.analysis !== undefined && { analysis: design.analysis }),
      arms: arms.map(({ name: agent, condition, limits, peers }) => ({
        ...{ agent, condition: { ...condition }, limits },
        ...(peers !== undefined && { peers: namesOf(peers) }),
      })),
      trials: trials.map(({ arm, spec }) => ({
        trialId: spec.trialId,
        agent: arm.name,
        condition: { ...arm.condition },
        epoch: spec.epoch,
      })),
    },
  };
}

function namesOf(peers: Readonly<Record<string, AgentSpec>>): Record<string, string> {
  return Object.fromEntries(Object.entries(peers).map(([seat, { model }]) => [seat, model]));
}

/** All trials of a design. The id of a trial depends only on its own content. */
function planTrials(design: StudyDesign, arms: readonly PlannedArm[]): PlannedTrial[] {
  const { scenario, epochs, seed, sandbox, stimuli } = design;
  const { name, version, sha256 } = scenario;
  const identity = { scenario: name, version, sha256, sandbox, settings: settingsOf(arms) };
  const shared = {
    scenario: { name, version, sha256 },
    sandbox: { name: sandbox, network: 'none' as const },
    ...(stimuli !== undefined && { stimuli }),
  };
  // Epoch by epoch, so that an interrupted study is balanced. In random order within an epoch, so that drift of a server
  // affects all arms alike.
  const seen = new Set<string>();
  const all = Array.from({ length: epochs }, (_, index) => index + 1).flatMap((epoch) =>
    createChance(`order ${seed}/${epoch}`)
      .shuffle(arms)
      .map((arm): PlannedTrial => {
        const { agent, condition, inForce, limits, peers } = arm;
        const trialSeed = `${seed}/${epoch}`;
        const who = { agent: arm.name, ...(peers !== undefined && { peers }) };
        const trialId = idOf({ ...identity, ...who, condition: inForce, limits, seed: trialSeed });
        const acting = { agent, ...(peers !== undefined && { peers }) };
        return { arm, spec: { trialId, ...shared, condition, ...acting, epoch, seed: trialSeed, limits } };
      }),
  );
  // Arms with the same resolved content are one arm.
  return all.filter(({ spec: { trialId } }) => !seen.has(trialId) && seen.add(trialId));
}

/** Sampling parameters. Like scenario, arms and seed, they identify a study. */
function settingsOf(arms: readonly StudyArm[]): Record<string, string> {
  const [first = {}, ...others] = arms.map(({ agent }) => agent.parameters ?? {});
  if (others.some((one) => canonicalize(one) !== canonicalize(first)))
    throw new UsageError('the arms of a study have different sampling parameters: run one study for each setting');
  return Object.fromEntries(Object.entries(first).map(([name, value]) => [name, String(value)]));
}

function idOf(value: object): string {
  if (!isWellFormed(value)) throw new UsageError(`the study cannot be planned: ${HALF_CHARACTER}`);
  return `trial-${sha256OfJson(value).slice(0, 16)}`;
}
