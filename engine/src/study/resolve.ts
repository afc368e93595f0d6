import type { Agent } from '../agent/contract.ts';
import { createControlAgent } from '../agent/control-agent.ts';
import { controlSource, modelSource } from '../agent/external/model-source.ts';
import { createProductAgent } from '../agent/external/product-agent.ts';
import { createModelAgent, type ModelParameters } from '../agent/model-agent.ts';
import { DEFAULT_RETRY } from '../agent/model-call.ts';
import { unknownNameError, UsageError } from '../base/usage-error.ts';
import { findModel, openModel } from '../model/open-model.ts';
import type { Scenario } from '../scenario/contract.ts';
import { toGivenStimuli, withStimuli } from '../scenario/published-stimuli.ts';
import type { AgentSpec, ResolvedTrial, TrialSpec } from '../trial/contract.ts';
import { findProduct, findScenario, type Registry } from './registry.ts';

/** Resolves trial specs to scenarios and agents. Each model is opened once, however many trials use it. */
export interface Resolver {
  /** Rejects with a `UsageError` if something is missing here, or the scenario has another version. */
  readonly resolve: (spec: TrialSpec) => Promise<ResolvedTrial>;
  /** Resolves only the agent. */
  readonly agent: (spec: AgentSpec, scenario: Scenario) => Promise<Agent>;
}

export interface ResolverOptions {
  /** Environment variables with API keys and server addresses. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that come from a file `.env`. */
  readonly fromFile?: ReadonlySet<string> | undefined;
  /** Trials at the same time. */
  readonly concurrency?: number;
}

export const CONTROL_PREFIX = 'control/';

/** Name of an agent: its model, behind its product if it has one. */
export function agentNameOf({ model, product }: Pick<AgentSpec, 'model' | 'product'>): string {
  return product === undefined ? model : `${product.name}+${model}`;
}

export function createResolver(registry: Registry, options: ResolverOptions): Resolver {
  const agents = new Map<string, Promise<Agent>>();
  const scenarios = new Map<string, Scenario>();
  const agent: Resolver['agent'] = (spec, scenario) => {
    const key = JSON.stringify([scenario.name, spec]);
    const opened = agents.get(key) ?? openAgent(spec, { scenario, registry, ...options });
    agents.set(key, opened);
    return opened;
  };
  const scenarioOf = ({ scenario: wanted, stimuli }: TrialSpec): Scenario => {
    const known = scenarios.get(wanted.sha256);
    if (known?.name === wanted.name && known.version === wanted.version) return known;
    const shipped = findScenario(wanted.name, registry);
    const scenario =
      stimuli === undefined ? shipped : withStimuli(shipped, toGivenStimuli(stimuli, shipped.publishedHashes ?? []));
    if (scenario.version !== wanted.version || scenario.sha256 !== wanted.sha256)
      throw new UsageError(
        `the trial was planned for ${wanted.name} ${wanted.version} with texts ${wanted.sha256.slice(0, 16)}…, but this Offswitch has ${scenario.version} with ${scenario.sha256.slice(0, 16)}…: use the Offswitch that planned it`,
      );
    scenarios.set(wanted.sha256, scenario);
    return scenario;
  };
  return {
    agent,
    resolve: async (spec) => {
      const scenario = scenarioOf(spec);
      const peers = Object.entries(spec.peers ?? {}).map(async ([seat, peer]) => [seat, await agent(peer, scenario)]);
      return {
        spec,
        scenario,
        agent: await agent(spec.agent, scenario),
        peers: Object.fromEntries(await Promise.all(peers)),
      };
    },
  };
}

/** Checks the name of an agent without opening the model, so that no key, package or server is needed. */
export function assertAgentName(name: string, scenario: Scenario, { models }: Pick<Registry, 'models'>): void {
  if (name.startsWith(CONTROL_PREFIX)) {
    findControl(name, scenario);
    return;
  }
  const slash = name.indexOf('/');
  const prefixes = [...models.map(({ prefix }) => prefix), 'control'];
  if (slash > 0 && !prefixes.includes(name.slice(0, slash)))
    throw unknownNameError('model provider', name.slice(0, slash), prefixes);
  findModel(name, models);
}

interface OpenContext extends ResolverOptions {
  readonly scenario: Scenario;
  readonly registry: Registry;
}

async function openAgent(
  spec: AgentSpec,
  { scenario, registry, environment, fromFile, concurrency }: OpenContext,
): Promise<Agent> {
  assertAgentName(spec.model, scenario, registry);
  const { product } = spec;
  const found =
    product === undefined
      ? undefined
      : {
          name: product.name,
          found: await findProduct(product.name, registry).find({ environment, words: product.words }),
        };
  if (spec.model.startsWith(CONTROL_PREFIX)) {
    const control = findControl(spec.model, scenario);
    return found === undefined
      ? createControlAgent(control)
      : createProductAgent({ ...found, source: controlSource(control) });
  }
  const options = {
    open: await openModel(spec.model, registry.models, {
      environment,
      fromFile,
      ...(concurrency !== undefined && { conversations: concurrency }),
    }),
    parameters: toParameters(spec.parameters ?? {}),
    price: spec.price ?? null,
    ...(spec.attemptSeconds !== undefined && {
      retry: { ...DEFAULT_RETRY, attemptMsMax: spec.attemptSeconds * 1000 },
    }),
  };
  return found === undefined
    ? createModelAgent(options)
    : createProductAgent({ ...found, source: modelSource(options) });
}

function toParameters({
  temperature,
  topP,
  topK,
  maxOutputTokens,
  seed,
}: NonNullable<AgentSpec['parameters']>): ModelParameters {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(seed !== undefined && { seed }),
  };
}

export function findControl(name: string, { controls }: Scenario): Scenario['controls'][number] {
  const typed = name.slice(CONTROL_PREFIX.length);
  const found = controls.find((control) => control.name === typed);
  if (found !== undefined) return found;
  throw unknownNameError(
    'control',
    typed,
    controls.map((control) => control.name),
  );
}
