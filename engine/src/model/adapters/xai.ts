import { withCallDefaults } from '../call-defaults.ts';
import { defineHostedProvider } from '../hosted-provider.ts';
import { loadOptionalPackage } from '../optional-package.ts';

/** xAI's Responses protocol; nothing is stored there, for the reason that `openai.ts` gives. */
export const xaiProvider = defineHostedProvider({
  prefix: 'xai',
  keyVariable: 'XAI_API_KEY',
  addressVariable: 'XAI_BASE_URL',
  address: 'https://api.x.ai/v1',
  properties: { store: 'false' },
  create: async ({ name, modelId, apiKey, baseURL, fetch }) => {
    const { createXai } = await loadOptionalPackage({ name, install: '@ai-sdk/xai' }, () => import('@ai-sdk/xai'));
    const model = createXai({ apiKey, baseURL, fetch }).responses(modelId);
    return withCallDefaults(model, { providerOptions: { xai: { store: false } } });
  },
});
