import { defineHostedProvider } from '../hosted-provider.ts';
import { loadOptionalPackage } from '../optional-package.ts';

/** OpenRouter's chat completions, with its own package: it returns the signed reasoning that some models need again. */
export const openrouterProvider = defineHostedProvider({
  prefix: 'openrouter',
  keyVariable: 'OPENROUTER_API_KEY',
  addressVariable: 'OPENROUTER_BASE_URL',
  address: 'https://openrouter.ai/api/v1',
  create: async ({ name, modelId, apiKey, baseURL, fetch }) => {
    const { createOpenRouter } = await loadOptionalPackage(
      { name, install: '@openrouter/ai-sdk-provider' },
      () => import('@openrouter/ai-sdk-provider'),
    );
    return createOpenRouter({ apiKey, baseURL, fetch, compatibility: 'strict' }).chat(modelId);
  },
});
