import type { AgentProduct } from '../agent/external/contract.ts';
import { UsageError, unknownNameError } from '../base/usage-error.ts';
import type { ModelProvider } from '../model/contract.ts';
import type { TrialEvent } from '../record/events.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import type { Scenario } from '../scenario/contract.ts';

/** Everything a trial can be made of, by name: the built-in parts, and those that a user's config adds. */
export interface Registry {
  readonly scenarios: readonly Scenario[];
  readonly models: readonly ModelProvider[];
  /** Agent products, for `--agent`. */
  readonly products: readonly AgentProduct[];
  /** The first is the default. */
  readonly sandboxes: readonly SandboxProvider[];
}

/** Throws a `UsageError` that suggests the nearest name. */
export function findScenario(name: string, { scenarios }: Pick<Registry, 'scenarios'>): Scenario {
  return find('scenario', name, scenarios);
}

/** The scenario whose rules score a record. Throws a `UsageError` if the registry does not have it. */
export function scenarioOf([start]: readonly TrialEvent[], registry: Pick<Registry, 'scenarios'>): Scenario {
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  return findScenario(start.scoredBy ?? start.scenario.name, registry);
}

/** Throws a `UsageError` that suggests the nearest name. */
export function findProduct(name: string, { products }: Pick<Registry, 'products'>): AgentProduct {
  return find('agent product', name, products);
}

/** Returns the default if no name is given. */
export function findSandbox(name: string | undefined, { sandboxes }: Pick<Registry, 'sandboxes'>): SandboxProvider {
  const [first] = sandboxes;
  if (name !== undefined) return find('sandbox', name, sandboxes);
  if (first === undefined) throw new UsageError('the registry has no sandbox: expected at least one');
  return first;
}

function find<T extends { readonly name: string }>(kind: string, name: string, things: readonly T[]): T {
  const found = things.find((thing) => thing.name === name);
  if (found !== undefined) return found;
  throw unknownNameError(
    kind,
    name,
    things.map((thing) => thing.name),
  );
}
