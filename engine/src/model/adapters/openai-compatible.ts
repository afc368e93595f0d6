import { UsageError } from '../../base/usage-error.ts';
import type { ModelProvider } from '../contract.ts';

const BASE_URL = 'OPENAI_COMPATIBLE_BASE_URL';
const API_KEY = 'OPENAI_COMPATIBLE_API_KEY';

/** Any server that speaks the chat completions protocol: vLLM, Ollama, llama.cpp, gateways, most vendors. */
export const openaiCompatibleProvider: ModelProvider = {
  prefix: 'openai-compatible',
  usage: `${BASE_URL} (e.g. http://localhost:8000/v1), ${API_KEY} (where the server wants one)`,
  open: async (modelId, { environment }) => {
    const address = environment[BASE_URL]?.trim();
    if (address === undefined || address === '') {
      throw new UsageError(
        `openai-compatible/${modelId} needs the address of the server: set ${BASE_URL}, e.g. ${BASE_URL}=http://localhost:8000/v1`,
      );
    }
    const url = URL.parse(address);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      throw new UsageError(`${BASE_URL} must be an http or https address such as http://localhost:8000/v1`);
    }
    if (url.username !== '' || url.password !== '') {
      throw new UsageError(`${BASE_URL} must not hold a password: put the key into ${API_KEY}`);
    }
    const key = environment[API_KEY]?.trim() ?? '';
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const provider = createOpenAICompatible({
      name: 'openai-compatible',
      baseURL: address.replace(/\/+$/, ''),
      includeUsage: true,
      ...(key !== '' && { apiKey: key }),
    });
    return {
      name: `openai-compatible/${modelId}`,
      model: provider.chatModel(modelId),
      secrets: key === '' ? [] : [key],
    };
  },
};
