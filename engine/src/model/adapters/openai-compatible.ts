import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';

import { UsageError } from '../../base/usage-error.ts';
import { createBoundedFetch } from '../bounded-fetch.ts';
import type { ModelProvider } from '../contract.ts';
import { readAddress, readVariable, withoutTrailingSlashes } from '../environment.ts';
import { wrapModel } from '../wrap-model.ts';

const ADDRESS = 'OPENAI_COMPATIBLE_BASE_URL';
const KEY = 'OPENAI_COMPATIBLE_API_KEY';
const EXAMPLE = 'http://localhost:8000/v1';

/** The protocol as written has no top-k, but vLLM, llama.cpp, SGLang and others read `top_k`. The package leaves it out. */
function withTopK({ topK, ...options }: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  if (topK === undefined) return options;
  const { openaiCompatible, ...others } = options.providerOptions ?? {};
  return { ...options, providerOptions: { ...others, openaiCompatible: { top_k: topK, ...openaiCompatible } } };
}

/** Any server that speaks the chat completions protocol: vLLM, llama.cpp, gateways, most vendors. */
export const openaiCompatibleProvider: ModelProvider = {
  prefix: 'openai-compatible',
  usage: `${ADDRESS} (e.g. ${EXAMPLE}), ${KEY} (where the server wants one)`,
  open: async (modelId, { environment, fromFile }) => {
    const name = `openai-compatible/${modelId}`;
    const variables = { name, environment, fromFile };
    const url = readAddress(ADDRESS, { ...variables, example: EXAMPLE, keyVariable: KEY });
    if (url === undefined)
      throw new UsageError(`${name} needs the address of the server: set ${ADDRESS}, e.g. ${ADDRESS}=${EXAMPLE}`);
    const apiKey = readVariable(KEY, variables);
    const secrets = apiKey === undefined ? [] : [apiKey];
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const provider = createOpenAICompatible({
      name: 'openai-compatible',
      baseURL: withoutTrailingSlashes(url),
      includeUsage: true,
      fetch: createBoundedFetch({ secrets }),
      ...(apiKey !== undefined && { apiKey }),
    });
    return {
      name,
      model: wrapModel(provider.chatModel(modelId), { question: withTopK }),
      endpoint: withoutTrailingSlashes(url),
      secrets,
    };
  },
};
