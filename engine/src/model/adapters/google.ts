import { z } from 'zod';

import { defineHostedProvider } from '../hosted-provider.ts';
import { wrapModel } from '../wrap-model.ts';

/** The model that answered. The package never passes its id on, so it is read from the body. */
const served = z.object({ modelVersion: z.string() });

/** Google's Gemini protocol (`generateContent`). */
export const googleProvider = defineHostedProvider({
  prefix: 'google',
  keyVariable: 'GOOGLE_API_KEY',
  addressVariable: 'GOOGLE_BASE_URL',
  otherNames: { key: 'GOOGLE_GENERATIVE_AI_API_KEY', address: 'GOOGLE_GENERATIVE_AI_BASE_URL' },
  address: 'https://generativelanguage.googleapis.com/v1beta',
  create: async ({ modelId, apiKey, baseURL, fetch }) => {
    const { createGoogle } = await import('@ai-sdk/google');
    return wrapModel(createGoogle({ apiKey, baseURL, fetch }).languageModel(modelId), {
      answer: (result) => {
        const read = served.safeParse(result.response?.body);
        return read.success ? { ...result, response: { ...result.response, modelId: read.data.modelVersion } } : result;
      },
    });
  },
});
