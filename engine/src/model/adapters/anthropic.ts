import { defineHostedProvider } from '../hosted-provider.ts';
import { wrapModel } from '../wrap-model.ts';

/**
 * The protocol requires an output limit. The package has one for each model that it knows and 4,096 for all others, so an
 * update of the package would change a study.
 */
const OUTPUT_TOKENS_DEFAULT = 16_384;

/** Anthropic's Messages protocol. */
export const anthropicProvider = defineHostedProvider({
  prefix: 'anthropic',
  keyVariable: 'ANTHROPIC_API_KEY',
  addressVariable: 'ANTHROPIC_BASE_URL',
  address: 'https://api.anthropic.com/v1',
  properties: { maxOutputTokensDefault: String(OUTPUT_TOKENS_DEFAULT) },
  create: async ({ modelId, apiKey, baseURL, fetch }) => {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return wrapModel(createAnthropic({ apiKey, baseURL, fetch }).languageModel(modelId), {
      question: (options) => ({ ...options, maxOutputTokens: options.maxOutputTokens ?? OUTPUT_TOKENS_DEFAULT }),
    });
  },
});
