import { UsageError, unknownNameError } from '../base/usage-error.ts';
import type { ModelProvider, OpenModel, OpenModelOptions } from './contract.ts';

/** Opens `provider/model`. Rejects with a `UsageError` if the name is malformed or the provider is unknown. */
export async function openModel(
  name: string,
  providers: readonly ModelProvider[],
  options: OpenModelOptions,
): Promise<OpenModel> {
  const { provider, modelId } = findModel(name, providers);
  return provider.open(modelId, options);
}

export interface FoundModel {
  readonly provider: ModelProvider;
  readonly modelId: string;
}

/** Finds the provider of a name without a key, a package or a server. Throws a `UsageError` as above. */
export function findModel(name: string, providers: readonly ModelProvider[]): FoundModel {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) {
    throw new UsageError(`expected a model as provider/model, e.g. openai-compatible/my-model, got "${name}"`);
  }
  const prefix = name.slice(0, slash);
  const provider = providers.find((one) => one.prefix === prefix);
  if (provider === undefined) {
    const known = providers.map((one) => one.prefix);
    throw unknownNameError('model provider', prefix, known);
  }
  const modelId = name.slice(slash + 1);
  if (provider.wraps !== undefined) findModel(modelId, provider.wraps);
  return { provider, modelId };
}
