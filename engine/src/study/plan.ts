import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';
import { z } from 'zod';

import { UsageError } from '../base/usage-error.ts';
import { createChance } from '../base/world.ts';
import { conditionSchema, limitsSchema, type Condition, type TrialLimits } from '../record/events.ts';
import type { SandboxCapabilities } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { AgentSpec, TrialSpec } from '../trial/contract.ts';

/** What is compared with what: conditions x agents x epochs. */
export interface StudyDesign {
  /** With the texts that the user gave, where there are some. */
  readonly scenario: Scenario;
  readonly arms: readonly StudyArm[];
  readonly epochs: number;
  /** The same seed gives the same items: trials of one epoch see the same ones in every arm. */
  readonly seed: string;
  /** Name of the sandbox. */
  readonly sandbox: string;
  /** Texts that the user gave in place of the scenario's own, by id. */
  readonly stimuli?: Readonly<Record<string, string>>;
  /** What is to be looked for and how: fixed by the study's key before the first trial. */
  readonly analysis?: AnalysisPlan;
  /** Name of the preset that the conditions come from. */
  readonly preset?: string;
}

export interface StudyArm {
  readonly agent: AgentSpec;
  /** What the record calls the agent; `agent.model` when not given. A file of weights is there without its folder. */
  readonly name?: string;
  readonly condition: Condition;
  readonly limits: TrialLimits;
  /** Other agents in the same trial, by the id of their seat. */
  readonly peers?: Readonly<Record<string, AgentSpec>>;
}

/** A level by its name. YAML makes numbers and truth values of some names: they are taken as they were written. */
export const levelSchema = z
  .union([z.string(), z.number(), z.boolean()], 'expected the name of a level')
  .transform(String);

/** Selects trials by agent name (`agent`) and by levels of factors. */
export const selectionSchema = z.record(z.string(), levelSchema);

/** Name of a measure. A schema of its own, so that the JSON Schema can say which there are. */
export const metricName = z.string().min(1);

/** Written before the first trial; a report says when what was analysed differs. */
export const analysisPlanSchema = z
  .strictObject({
    /** Questions, in order. `first` and `second` select trials by agent name and by levels of factors. */
    hypotheses: z
      .array(
        z.strictObject({
          name: z.string().min(1),
          /** A measure of the scenario, or one that every scenario has; `checkQuestions` knows the names. */
          metric: metricName,
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

/** An arm, and what its condition comes to. */
export interface PlannedArm extends StudyArm {
  readonly name: string;
  /** Every factor with the level that is in force. */
  readonly inForce: Condition;
  /** Characters of the prompts and tools that an agent is given at the start; for estimates of cost. */
  readonly promptCharacters: number;
  /** What the sandbox must be able to do. */
  readonly needs: readonly (keyof SandboxCapabilities)[];
}

export interface PlannedTrial {
  readonly arm: PlannedArm;
  /** `studyKey` and `sandbox.network` are set when it is run. */
  readonly spec: TrialSpec;
}

/** A design worked out, once for each command. */
export interface PlannedStudy {
  readonly design: StudyDesign;
  readonly arms: readonly PlannedArm[];
  /** In the order in which they are run. */
  readonly trials: readonly PlannedTrial[];
  /** The same as it is written down, and as the key is made from. */
  readonly plan: StudyPlan;
}

/** Works a design out. Throws a `UsageError` on a condition that the scenario refuses. */
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

/** All trials of a design, each under an id that depends on nothing but what the trial is. */
function planTrials(design: StudyDesign, arms: readonly PlannedArm[]): PlannedTrial[] {
  const { scenario, epochs, seed, sandbox, stimuli } = design;
  const { name, version, sha256 } = scenario;
  const identity = { scenario: name, version, sha256, sandbox, settings: settingsOf(arms) };
  const shared = {
    scenario: { name, version, sha256 },
    sandbox: { name: sandbox, network: 'none' as const },
    ...(stimuli !== undefined && { stimuli }),
  };
  // Epoch by epoch, so that a study that is stopped half-way is balanced; in random order within the epoch, so that a
  // server that drifts does not drift against one arm.
  const seen = new Set<string>();
  const all = Array.from({ length: epochs }, (_, index) => index + 1).flatMap((epoch) =>
    createChance(`order ${seed}/${epoch}`)
      .shuffle(arms)
      .map((arm): PlannedTrial => {
        const { agent, condition, inForce, limits, peers } = arm;
        const trialSeed = `${seed}/${epoch}`;
        const who = { agent: arm.name, ...(peers !== undefined && { peers }) };
        const hash = hashOf({ ...identity, ...who, condition: inForce, limits, seed: trialSeed });
        const trialId = `trial-${hash.slice(0, 16)}`;
        const acting = { agent, ...(peers !== undefined && { peers }) };
        return { arm, spec: { trialId, ...shared, condition, ...acting, epoch, seed: trialSeed, limits } };
      }),
  );
  // Two arms that come to the same are one arm.
  return all.filter(({ spec: { trialId } }) => !seen.has(trialId) && seen.add(trialId));
}

/** What makes two runs different studies, besides scenario, arms and seed: the sampling parameters. */
function settingsOf(arms: readonly StudyArm[]): Record<string, string> {
  const [first = {}, ...others] = arms.map(({ agent }) => agent.parameters ?? {});
  if (others.some((one) => canonicalize(one) !== canonicalize(first)))
    throw new UsageError('the arms of a study have different sampling parameters: run one study for each setting');
  return Object.fromEntries(Object.entries(first).map(([name, value]) => [name, String(value)]));
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');
}
