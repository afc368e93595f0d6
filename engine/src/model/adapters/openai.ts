import { defineHostedProvider } from '../hosted-provider.ts';
import { wrapModel } from '../wrap-model.ts';

/**
 * OpenAI's Responses protocol. Without `store: false` OpenAI keeps the conversation and later questions only refer to it, so
 * the record would not hold what the model was given.
 */
export const openaiProvider = defineHostedProvider({
  prefix: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  addressVariable: 'OPENAI_BASE_URL',
  address: 'https://api.openai.com/v1',
  properties: { store: 'false' },
  create: async ({ modelId, apiKey, baseURL, fetch }) => {
    const { createOpenAI } = await import('@ai-sdk/openai');
    return wrapModel(createOpenAI({ apiKey, baseURL, fetch }).responses(modelId), {
      question: (options) => ({
        ...options,
        providerOptions: {
          ...options.providerOptions,
          openai: { store: false, ...options.providerOptions?.['openai'] },
        },
      }),
    });
  },
});
