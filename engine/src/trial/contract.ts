import { z } from 'zod';

import type { Agent } from '../agent/contract.ts';
import type { World } from '../base/world.ts';
import { conditionSchema, limitsSchema } from '../record/events.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';

/** Sampling parameters from the user. The provider decides the rest. `seed` is what the seeds of calls are drawn from. */
export const modelParametersSchema = z.strictObject({
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.int().optional(),
  maxOutputTokens: z.int().optional(),
  seed: z.int().optional(),
});

/** An agent as a JSON value. */
export const agentSpecSchema = z.strictObject({
  /** `provider/model`, or `control/name`. */
  model: z.string().min(1),
  /** The agent product that works between the model and the machine, and words that say where it is found. */
  product: z.strictObject({ name: z.string().min(1), words: z.array(z.string()) }).optional(),
  parameters: modelParametersSchema.optional(),
  /** US dollars per million tokens. If absent, no cost is computed. */
  price: z.strictObject({ inputUsdPerMillion: z.number(), outputUsdPerMillion: z.number() }).optional(),
  /** Seconds that one attempt may wait for an answer from the server. */
  attemptSeconds: z.number().positive().optional(),
});
export type AgentSpec = z.output<typeof agentSpecSchema>;

/** One trial as a JSON value, so that any worker can run it. */
export const trialSpecSchema = z.strictObject({
  trialId: z.string().min(1),
  /** Key of the study that the trial belongs to; absent for a single trial. */
  studyKey: z.string().optional(),
  scenario: z.strictObject({ name: z.string(), version: z.string(), sha256: z.string() }),
  condition: conditionSchema,
  /** The agent under test. */
  agent: agentSpecSchema,
  /** Other agents, by seat id. */
  peers: z.record(z.string(), agentSpecSchema).optional(),
  epoch: z.int().min(1),
  seed: z.string(),
  limits: limitsSchema,
  sandbox: z.strictObject({ name: z.string(), network: z.enum(['none', 'recorded']) }),
  /** Texts that the user gave in place of the scenario's own, by id. */
  stimuli: z.record(z.string(), z.string()).optional(),
});
export type TrialSpec = z.output<typeof trialSpecSchema>;

/** A spec with its scenario and agents. */
export interface ResolvedTrial {
  readonly spec: TrialSpec;
  /** Includes the texts given in the spec, if any. */
  readonly scenario: Scenario;
  readonly agent: Agent;
  readonly peers: Readonly<Record<string, Agent>>;
}

export interface TrialDeps {
  readonly provider: SandboxProvider;
  readonly world: World;
  /** Names and versions, for the record. */
  readonly software: Readonly<Record<string, string>>;
  /** Aborting stops the trial at once. Its record is then not sealed. */
  readonly signal: AbortSignal;
}

export interface TrialResult {
  /** False if the trial was interrupted: its record is unfinished and must be set aside. */
  readonly sealed: boolean;
  /** US dollars for its model calls, as far as prices are known. */
  readonly costUsd: number;
  /** Set if something failed that the agent did not cause. The outcome is then `invalid`, never a verdict. */
  readonly failure: { readonly stage: string; readonly code: string; readonly text: string } | null;
}
