import type { LanguageModelV4 } from '@ai-sdk/provider';

import { createBoundedFetch } from './bounded-fetch.ts';
import type { ModelProvider } from './contract.ts';
import { choose, readAddress, readKey, withoutTrailingSlashes } from './environment.ts';

/** A vendor's service: a required key, and a default address that can be replaced. */
export interface HostedService {
  readonly prefix: string;
  readonly keyVariable: string;
  /** For proxies, and for tests. */
  readonly addressVariable: string;
  /** Other names of the two variables; the names above win. */
  readonly otherNames?: { readonly key: string; readonly address: string };
  readonly address: string;
  /** Sent with each question, whatever the user asks for, and therefore recorded. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Loads the package; nothing of it may be loaded earlier. */
  readonly create: (settings: HostedSettings) => Promise<LanguageModelV4>;
}

export interface HostedSettings {
  /** `provider/model`, for error texts. */
  readonly name: string;
  readonly modelId: string;
  readonly apiKey: string;
  readonly baseURL: string;
  readonly fetch: typeof globalThis.fetch;
}

export function defineHostedProvider(service: HostedService): ModelProvider {
  const { prefix, otherNames, address, properties, create } = service;
  return {
    prefix,
    usage: `${service.keyVariable}, ${service.addressVariable} (where it is not ${address})`,
    open: async (modelId, { environment, fromFile }) => {
      const name = `${prefix}/${modelId}`;
      const variables = { name, environment, fromFile };
      const keyVariable = choose([service.keyVariable, otherNames?.key], variables);
      const addressVariable = choose([service.addressVariable, otherNames?.address], variables);
      const apiKey = readKey(keyVariable, variables);
      const other = readAddress(addressVariable, { ...variables, example: address, keyVariable });
      // Always set: without it, a package would read the environment of the process.
      const baseURL = other === undefined ? address : withoutTrailingSlashes(other);
      const secrets = [apiKey];
      const model = await create({ name, modelId, apiKey, baseURL, fetch: createBoundedFetch({ secrets }) });
      return { name, model, endpoint: baseURL, secrets, ...(properties !== undefined && { properties }) };
    },
  };
}
