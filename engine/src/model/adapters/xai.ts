import type { LanguageModelV4FinishReason } from '@ai-sdk/provider';
import { z } from 'zod';

import { defineHostedProvider } from '../hosted-provider.ts';
import { loadOptionalPackage } from '../optional-package.ts';
import { wrapModel } from '../wrap-model.ts';

const incomplete = z.object({ incomplete_details: z.object({ reason: z.string() }) });

/** xAI's Responses protocol. Nothing is stored there, for the reason given in `openai.ts`. */
export const xaiProvider = defineHostedProvider({
  prefix: 'xai',
  keyVariable: 'XAI_API_KEY',
  addressVariable: 'XAI_BASE_URL',
  address: 'https://api.x.ai/v1',
  properties: { store: 'false' },
  create: async ({ name, modelId, apiKey, baseURL, fetch }) => {
    const { createXai } = await loadOptionalPackage({ name, install: '@ai-sdk/xai' }, () => import('@ai-sdk/xai'));
    return wrapModel(createXai({ apiKey, baseURL, fetch }).responses(modelId), {
      question: (options) => ({
        ...options,
        providerOptions: { ...options.providerOptions, xai: { store: false, ...options.providerOptions?.['xai'] } },
      }),
      answer: (result) => {
        const read = incomplete.safeParse(result.response?.body);
        if (!read.success) return result;
        const { reason } = read.data.incomplete_details;
        return { ...result, finishReason: { unified: unify(reason, result.finishReason.unified), raw: reason } };
      },
    });
  },
});

/** The package does not read the reason of an incomplete answer. */
function unify(
  reason: string,
  otherwise: LanguageModelV4FinishReason['unified'],
): LanguageModelV4FinishReason['unified'] {
  if (reason === 'max_output_tokens' || reason === 'length') return 'length';
  return reason === 'content_filter' ? 'content-filter' : otherwise;
}
