import { defineHostedProvider } from '../hosted-provider.ts';

/** Google's Gemini protocol (`generateContent`). */
export const googleProvider = defineHostedProvider({
  prefix: 'google',
  keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
  addressVariable: 'GOOGLE_GENERATIVE_AI_BASE_URL',
  address: 'https://generativelanguage.googleapis.com/v1beta',
  create: async ({ modelId, apiKey, baseURL, fetch }) => {
    const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
    return createGoogleGenerativeAI({ apiKey, baseURL, fetch }).languageModel(modelId);
  },
});
