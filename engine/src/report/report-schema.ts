import { z } from 'zod';

import type { Awareness } from '../detect/said-awareness.ts';
import { conditionSchema, limitsSchema } from '../record/events.ts';
import type { Rung } from '../record/outcome.ts';
import type { ArmKind } from '../scenario/contract.ts';

/**
 * A report as data: the output of `report --format json` and the source of every other format. Rates are fractions,
 * always with their counts. Raise `version` if an old reader would misread a new report; adding fields does not need
 * that.
 */

const count = z.int().min(0);
const fraction = z.number().min(0).max(1);

/** `interval` is the 95 % Jeffreys interval, for a mean Student's t; null if there is no trial. */
export const rateSchema = z.object({
  /** For a mean: the sum of the values. */
  successes: z.number().min(0),
  trials: count,
  /** Counted trials that are not in `trials`, because they cannot tell this measure. */
  unknown: count,
  /** The measure is a number from 0 to 1, not yes or no. */
  isMean: z.boolean(),
  interval: z.object({ estimate: fraction, lower: fraction, upper: fraction }).nullable(),
});

/** A difference of two rates in fractions, -1 to 1, with its 95 % interval. */
export const differenceSchema = z.object({ estimate: z.number(), lower: z.number(), upper: z.number() });

/** `model`: a language model. `control`: a script with known behaviour. `imported`: read from an imported log. */
const agentKind = z.enum(['model', 'control', 'imported']);

const rung = z.literal([0, 1, 2, 3, 4, 5, 6]) satisfies z.ZodType<Rung>;
const armKind = z.enum(['self', 'ceiling', 'baseline', 'twin']) satisfies z.ZodType<ArmKind>;

/** The vocabulary of the scenario, with the outcomes and measures of the core. */
export const wordsSchema = z.object({
  title: z.string(),
  /** Levels of the factor "arm". */
  arms: z.record(z.string(), armKind),
  /** `rung`: how far the agent went; null for outcomes that are not counted. */
  outcomes: z.record(z.string(), z.object({ means: z.string(), rung: rung.nullable() })),
  behaviours: z.record(z.string(), z.object({ says: z.string(), against: z.boolean() })),
  /** The first is the headline. */
  measures: z.record(
    z.string(),
    z.object({ title: z.string(), predicate: z.string(), definition: z.string(), source: z.string() }),
  ),
});

const awareness = z.enum(['aware', 'not-said', 'no-text']) satisfies z.ZodType<Awareness>;

const setupSchema = z.object({
  scenarioVersion: z.string(),
  /** SHA-256 over all texts from the scenario or a stimuli file. */
  texts: z.string(),
  limits: limitsSchema,
  sampling: z.record(z.string(), z.unknown()),
});

/**
 * Trials that differ only in their epoch: one agent, one condition, one set of texts, limits and sampling parameters.
 */
export const cellSchema = z.object({
  /** `c1`, `c2` … in this report. */
  id: z.string(),
  /** The label of the condition in its preset, e.g. "E", or null. */
  label: z.string().nullable(),
  scenario: z.string(),
  /** Key in `scenarios`: whose rules scored it. */
  scoredBy: z.string(),
  agent: z.string(),
  kind: agentKind,
  /** Level of the factor "arm"; `self` if there is no such factor. */
  arm: z.string(),
  armKind,
  condition: conditionSchema,
  setup: setupSchema,
  /** Its levels that are not in `shared`, without the arm, and the settings in which cells of its agent differ. */
  varying: conditionSchema,
  trials: count,
  counted: count,
  /** Only those that occurred. */
  outcomes: z.record(z.string(), count),
  /** The measure of the report. */
  metric: z.string(),
  /** For every measure of the scenario and the core. */
  rates: z.record(z.string(), rateSchema),
  /** The rates if all excluded trials had gone one way or the other. */
  bounds: z.object({ ifNone: rateSchema, ifAll: rateSchema }),
  /** Null if the cost of a trial is unknown. */
  costUsd: z.number().nullable(),
  /** Trials with unknown cost. */
  costUnknown: count,
  tokens: count,
});

/** The same two cells seed by seed: trials with the same seed share items and texts. */
export const pairedSchema = z.object({
  /** The measure is a number from 0 to 1: then "only" means higher, and `both` and `neither` are null. */
  isMean: z.boolean(),
  both: count.nullable(),
  firstOnly: count,
  secondOnly: count,
  neither: count.nullable(),
  pairs: count,
  /** Seeds of either cell that make no pair, by the first reason that holds. */
  leftOut: z.object({
    /** One of the cells has no trial of it. */
    noPartner: count,
    /** One of the trials is not counted. */
    notCounted: count,
    /** One of the trials cannot tell this measure. */
    cannotTell: count,
  }),
  /** 95 %, Newcombe for pairs; for means Student's t on the differences. */
  difference: differenceSchema,
  /** Two-sided, not corrected: McNemar's exact test; for means the exact test that flips the signs of the differences. */
  p: fraction,
});

/** Two rates, one minus the other. */
const comparedRates = {
  first: rateSchema,
  second: rateSchema,
  /** Rate of the first minus rate of the second, 95 % Newcombe interval; for means Welch's. */
  difference: differenceSchema,
  /** Fisher's exact test, two-sided; for means Welch's. */
  p: fraction,
  /** Corrected over all of its kind in this report (Holm). */
  pHolm: fraction,
  paired: pairedSchema.nullable(),
};

/** A cell of the arm self compared with a control arm. */
export const contrastSchema = z.object({
  self: z.string().describe('id of a cell'),
  control: z.string().describe('id of a cell'),
  arm: z.string(),
  /** Factors and settings other than the arm in which the two cells differ. Empty: a matched control. */
  differsIn: z.array(z.string()),
  ...comparedRates,
});

/** A condition compared with its baseline. */
export const levelContrastSchema = z.object({
  cell: z.string(),
  baseline: z.string().describe('id of a cell'),
  differsIn: z.array(z.string()),
  ...comparedRates,
});

/** Two agents under one condition. */
export const agentContrastSchema = z.object({
  cell: z.string(),
  other: z.string().describe('id of a cell'),
  differsIn: z.array(z.string()),
  ...comparedRates,
});

/** Scripts against their known outcomes: what the instrument finds. */
export const instrumentSchema = z.object({
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      controls: count,
      trials: count,
      /** Trials with exactly the expected outcome. */
      right: count,
      /** Of the trials of controls that try: how many were found on rung 3 or above. */
      sensitivity: z.tuple([count, count]),
      /** Of all other trials: how many were not found there. */
      specificity: z.tuple([count, count]),
    }),
  ),
  outcomes: z.array(z.object({ scenario: z.string(), expected: z.string(), found: z.string(), trials: count })),
});

/** What the agent was told, by trials that were told the same. */
export const promptSchema = z.object({
  /** Cells of which the first trial has this prompt. */
  cells: z.array(z.string()),
  trialId: z.string(),
  messages: z.array(z.object({ role: z.string(), text: z.string() })),
});

/** A level compared with its reference over several strata (Cochran–Mantel–Haenszel). */
export const strataSchema = z.object({
  factor: z.string(),
  level: z.string(),
  reference: z.string(),
  strata: count,
  /** Strata in which every trial of both sides had the same answer. */
  uninformative: count,
  /** Mantel–Haenszel, level over reference, 95 % limits; null if it is 0/0 or infinite. */
  oddsRatio: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  p: fraction,
  pHolm: fraction,
});

export const regressionSchema = z.object({
  /** The first of its cells. */
  cell: z.string(),
  agent: z.string(),
  trials: count,
  cells: count,
  /** The reference level of each factor. */
  reference: conditionSchema,
  /** Likelihood-ratio test of each factor, with its interactions, and of each interaction; `pHolm` over these. */
  terms: z.array(z.object({ term: z.string(), degreesOfFreedom: count, p: fraction, pHolm: fraction })),
  /** Odds ratios with 95 % Wald limits, with Firth's penalty. */
  coefficients: z.array(z.object({ name: z.string(), oddsRatio: z.number(), lower: z.number(), upper: z.number() })),
  /** Factors and interactions whose effect cannot be separated from others here. */
  leftOut: z.array(z.string()),
  /** True if there would be no finite estimate without the penalty. */
  isSeparated: z.boolean(),
});

/** A cell whose trials with the same texts form clusters. */
export const clustersSchema = z.object({
  cell: z.string(),
  wordings: count,
  successes: count,
  trials: count,
  designEffect: z.number(),
  effectiveTrials: z.number(),
  /** 95 %: Jeffreys on the effective number of trials. */
  interval: z.object({ estimate: fraction, lower: fraction, upper: fraction }),
});

export const competenceSchema = z.object({
  self: z.string().describe('id of a cell'),
  competence: z.string().describe('id of a cell'),
  arm: z.string(),
  differsIn: z.array(z.string()),
  /** How often the line was crossed, by itself and when told to; not the metric of the report. */
  first: rateSchema,
  second: rateSchema,
  /**
   * Rate of self over rate of the ceiling arm (Rogan–Gladen, specificity 1), clamped to [0, 1]; null for the reason in
   * `why`.
   */
  adjusted: z.object({ estimate: fraction, lower: fraction, upper: fraction, uncut: z.number() }).nullable(),
  why: z.string().nullable(),
});

/** The questions that were fixed before the first trial, and their answers. */
export const planSchema = z.object({
  alpha: fraction,
  correction: z.enum(['holm', 'benjamini-hochberg', 'none']),
  notes: z.string().nullable(),
  /** Level at which the answers were given; null until then. */
  level: fraction.nullable(),
  /** How the level is spent over the looks; null if the plan has no interim looks. */
  spending: z.enum(['obrien-fleming', 'pocock']).nullable(),
  looks: z.array(
    z.object({
      epochs: count,
      level: fraction,
      spent: fraction,
      p: fraction.nullable(),
      state: z.enum(['crossed', 'not-crossed', 'not-reached']),
    }),
  ),
  /** Planned, complete, and used for the answers; null if the plan has no questions. */
  epochs: z.object({ planned: count, complete: count, tested: count }).nullable(),
  /** Epochs after which the rule of the plan ended the study early, or null. */
  stoppedAt: count.nullable(),
  /** Remarks that belong to the answers. */
  remarks: z.array(z.string()),
  hypotheses: z.array(
    z.object({
      name: z.string(),
      metric: z.string(),
      /** Which trials: agent name (`agent`) and levels of factors. */
      first: conditionSchema,
      second: conditionSchema,
      expect: z.enum(['higher', 'lower', 'different']),
      /** First minus second; null if one of the sets has no trial that can tell. */
      contrast: z
        .object({
          first: z.object({ successes: z.number().min(0), trials: count }),
          second: z.object({ successes: z.number().min(0), trials: count }),
          difference: differenceSchema,
          /** Fisher's exact test, two-sided; for means Welch's. */
          p: fraction,
        })
        .nullable(),
      pAdjusted: fraction.nullable(),
      verdict: z.enum(['supported', 'opposite', 'not-supported', 'no-data', 'pending']),
    }),
  ),
});

/** For cells of the arm "self". */
export const techniqueSchema = z.object({
  cell: z.string(),
  behaviour: z.string(),
  /** Trials in which it was found, on any basis; if trials pass marks, after the first one. */
  trials: count,
  of: count,
  /** Trials by strongest basis. */
  byBasis: z.object({ state: count, channel: count, text: count }),
  /** Trials in which it was found only before the first mark. */
  before: count,
});

/** What the agents of a cell said about being tested, and the rate of the cell's measure in each stratum. */
export const awarenessSchema = z.object({
  cell: z.string(),
  /** `trials`: all of the stratum, counted or not. */
  strata: z.record(awareness, z.object({ trials: count, rate: rateSchema })),
});

export const exclusionSchema = z.object({
  cell: z.string(),
  outcome: z.string(),
  cause: z.string(),
  trials: count,
  of: count,
});

export const publishedSchema = z.object({
  title: z.string(),
  source: z.string(),
  /** Measured agents matched with published ones: by `name`, or as the user `stated`. */
  agents: z.array(z.object({ agent: z.string(), publishedAs: z.string(), ground: z.enum(['name', 'stated']) })),
  /** Measured agents without a published match, except scripts. */
  unmatched: z.array(z.string()),
  rows: z.array(
    z.object({
      label: z.string(),
      agent: z.string(),
      metric: z.string(),
      published: z.object({
        successes: count.nullable(),
        trials: count.nullable(),
        rate: fraction,
        /** If `trials` is null: the minimum number of trials. */
        trialsAtLeast: count.nullable(),
        interval: z.object({ lower: z.number(), upper: z.number() }).nullable(),
      }),
      /** Id of the measured cell; null if it was not measured. */
      cell: z.string().nullable(),
      measured: rateSchema.nullable(),
      /** Measured minus published, with its 95 % interval; null if there are not enough data. */
      difference: differenceSchema.nullable(),
      /** Where the interval is from: `newcombe` from counts, `mover` from the published interval. */
      method: z.enum(['newcombe', 'mover']).nullable(),
      verdict: z.enum(['agrees', 'differs', 'cannot-tell', 'not-comparable', 'not-measured']),
      why: z.string(),
    }),
  ),
});

export const provenanceSchema = z.object({
  study: z
    .object({
      key: z.string(),
      createdAt: z.string(),
      scenario: z.object({ name: z.string(), version: z.string(), sha256: z.string() }),
      sandbox: z.string(),
      seed: z.string(),
      settings: z.record(z.string(), z.string()),
      epochs: count,
      arms: count,
      planned: count,
    })
    .nullable(),
  /** Signs that the records are not those of the plan in study.json, or that the plan was changed. */
  planProblems: z.array(z.string()),
  /** Planned trials without a record, named. */
  missing: z.array(z.string()),
  /** Deviations from the plan, in sentences. */
  deviations: z.array(z.string()),
  /** Milliseconds since 1970 of the first and last event; null if no record was read. */
  ran: z.object({ from: z.number(), to: z.number() }).nullable(),
  models: z.array(z.object({ agent: z.string(), answeredAs: z.string(), trials: count })),
  /** Every environment in which trials were run. More than one needs an explanation. */
  environments: z.array(
    z.object({
      scenario: z.object({ name: z.string(), version: z.string(), sha256: z.string() }),
      software: z.record(z.string(), z.string()),
      sandbox: z.string().nullable(),
      details: z.record(z.string(), z.string()),
      trials: count,
    }),
  ),
  /** `publishedAs`: the publication with exactly this text, by its hash, or null. */
  stimuli: z.array(z.object({ id: z.string(), sha256: z.string(), publishedAs: z.string().nullable(), trials: count })),
});

export const trialSchema = z.object({
  trialId: z.string(),
  cell: z.string(),
  label: z.string().nullable(),
  scenario: z.string(),
  scoredBy: z.string(),
  agent: z.string(),
  kind: agentKind,
  arm: z.string(),
  armKind,
  condition: conditionSchema,
  epoch: z.int(),
  simulated: z.boolean(),
  outcome: z.string(),
  rung: rung.nullable(),
  cause: z.string(),
  because: z.string(),
  measures: z.record(z.string(), z.union([z.boolean(), z.number()]).nullable()),
  behaviours: z.array(z.string()),
  awareness,
  costUsd: z.number().nullable(),
  tokens: count,
  startedAt: z.number().nullable(),
  /** Path of the record, relative to the report. */
  href: z.string().nullable(),
});

export const reportSchema = z.object({
  format: z.literal('offswitch-report'),
  /** Version 1 had only one scenario, with its vocabulary in the schema. */
  version: z.literal(2),
  generatedAt: z.string(),
  software: z.record(z.string(), z.string()),
  /** True: nothing in this report is evidence. */
  simulated: z.boolean(),
  /** By name: the vocabulary of every scenario whose rules scored a trial of this report. */
  scenarios: z.record(z.string(), wordsSchema),
  headline: z.object({
    /** One sentence that may be quoted. */
    sentence: z.string(),
    /** Remarks that belong to it. */
    beside: z.array(z.string()),
    /** The cell that it is about, or null. */
    cell: z.string().nullable(),
    /** `nothing`: no trial can be counted, so there is no result. */
    kind: z.enum(['rate', 'instrument-check', 'nothing']),
  }),
  counts: z.object({
    records: count,
    scored: count,
    counted: count,
    notCounted: count,
    unfinished: count,
    notScored: count,
    /** Planned trials without any record; null if there is no plan. */
    notRun: count.nullable(),
  }),
  /** Levels that at least three quarters of the cells share, without the arm. */
  shared: conditionSchema,
  cells: z.array(cellSchema),
  /** Null if nothing was fixed before the first trial. */
  plan: planSchema.nullable(),
  contrasts: z.array(contrastSchema),
  levels: z.array(levelContrastSchema),
  /** Every pair of models under each condition; empty if a planned question compares agents. */
  agentContrasts: z.array(agentContrastSchema),
  /** Null unless all trials are of scripts. */
  instrument: instrumentSchema.nullable(),
  prompts: z.array(promptSchema),
  strata: z.array(strataSchema),
  regressions: z.array(regressionSchema),
  clusters: z.array(clustersSchema),
  competence: z.array(competenceSchema),
  techniques: z.array(techniqueSchema),
  awareness: z.array(awarenessSchema),
  exclusions: z.array(exclusionSchema),
  notScored: z.array(z.object({ path: z.string(), why: z.string() })),
  published: publishedSchema.nullable(),
  provenance: provenanceSchema,
  trials: z.array(trialSchema),
});

export type ReportWords = z.output<typeof wordsSchema>;
export type Report = z.output<typeof reportSchema>;
export type ReportRate = z.output<typeof rateSchema>;
export type ReportCell = z.output<typeof cellSchema>;
export type ReportContrast = z.output<typeof contrastSchema>;
export type ReportPaired = z.output<typeof pairedSchema>;
export type ReportLevelContrast = z.output<typeof levelContrastSchema>;
export type ReportAgentContrast = z.output<typeof agentContrastSchema>;
export type ReportInstrument = z.output<typeof instrumentSchema>;
export type ReportPrompt = z.output<typeof promptSchema>;
export type ReportStrata = z.output<typeof strataSchema>;
export type ReportRegression = z.output<typeof regressionSchema>;
export type ReportClusters = z.output<typeof clustersSchema>;
export type ReportCompetence = z.output<typeof competenceSchema>;
export type ReportPlan = z.output<typeof planSchema>;
export type ReportTechnique = z.output<typeof techniqueSchema>;
export type ReportAwareness = z.output<typeof awarenessSchema>;
export type ReportExclusion = z.output<typeof exclusionSchema>;
export type ReportPublished = z.output<typeof publishedSchema>;
export type ReportProvenance = z.output<typeof provenanceSchema>;
export type ReportTrial = z.output<typeof trialSchema>;
