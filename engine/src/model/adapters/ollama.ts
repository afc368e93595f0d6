import { UsageError } from '../../base/usage-error.ts';
import { createBoundedFetch } from '../bounded-fetch.ts';
import type { ModelProvider } from '../contract.ts';
import { readAddress, readVariable, withoutTrailingSlashes } from '../environment.ts';

const ADDRESS = 'OLLAMA_BASE_URL';
const KEY = 'OLLAMA_API_KEY';
const EXAMPLE = 'http://localhost:11434';

/** Ollama's own chat completions. Why not a package for its native protocol: docs/decisions/models.md. */
export const ollamaProvider: ModelProvider = {
  prefix: 'ollama',
  usage: `${ADDRESS} (e.g. ${EXAMPLE}), ${KEY} (where the server wants one)`,
  open: async (modelId, { environment }) => {
    const name = `ollama/${modelId}`;
    const variables = { name, environment };
    const url = readAddress(ADDRESS, { ...variables, example: EXAMPLE, keyVariable: KEY });
    if (url === undefined)
      throw new UsageError(`${name} needs the address of the server: set ${ADDRESS}, e.g. ${ADDRESS}=${EXAMPLE}`);
    const apiKey = readVariable(KEY, variables);
    const secrets = apiKey === undefined ? [] : [apiKey];
    const address = withoutTrailingSlashes(url);
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const provider = createOpenAICompatible({
      name: 'ollama',
      baseURL: url.pathname === '/' ? `${address}/v1` : address,
      includeUsage: true,
      fetch: createBoundedFetch({ secrets }),
      ...(apiKey !== undefined && { apiKey }),
    });
    return { name, model: provider.chatModel(modelId), secrets };
  },
};
