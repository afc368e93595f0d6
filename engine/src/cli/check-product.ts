import type { FoundProduct } from '../agent/external/contract.ts';
import { versionWarning } from '../agent/external/version-warning.ts';
import { UsageError } from '../base/usage-error.ts';
import type { SandboxProvider } from '../sandbox/contract.ts';
import { findProduct, type Registry } from '../study/registry.ts';
import type { AgentSpec } from '../trial/contract.ts';
import { safe, type Terminal } from './terminal.ts';

export interface ProductPlace {
  readonly registry: Pick<Registry, 'products'>;
  readonly provider: SandboxProvider;
  readonly terminal: Terminal;
}

/**
 * Finds an agent product before anything is planned, and notes if its version is one that nobody tried. Rejects with a
 * `UsageError` if it is missing, or the sandbox cannot start programs.
 */
export async function checkProduct(
  spec: NonNullable<AgentSpec['product']>,
  { registry, provider, terminal }: ProductPlace,
): Promise<FoundProduct> {
  const product = findProduct(spec.name, registry);
  if (!provider.can.spawn)
    throw new UsageError(`the sandbox ${provider.name} cannot start an agent product: use --sandbox bwrap or docker`);
  const found = await product.find({ environment: terminal.environment, words: spec.words });
  const warning = versionWarning(product, found.version);
  if (warning !== null) terminal.note(safe(warning));
  return found;
}
