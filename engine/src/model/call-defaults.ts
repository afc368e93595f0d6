import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';

/** Options that every question to a model has unless the caller gives them. */
export type CallDefaults = Pick<LanguageModelV4CallOptions, 'maxOutputTokens' | 'providerOptions'>;

/** The same model, asked with defaults. Options of a provider are taken one by one, not as a whole. */
export function withCallDefaults(model: LanguageModelV4, defaults: CallDefaults): LanguageModelV4 {
  const fill = (options: LanguageModelV4CallOptions): LanguageModelV4CallOptions => {
    const maxOutputTokens = options.maxOutputTokens ?? defaults.maxOutputTokens;
    const providerOptions = { ...options.providerOptions };
    for (const [provider, given] of Object.entries(defaults.providerOptions ?? {}))
      providerOptions[provider] = { ...given, ...providerOptions[provider] };
    return { ...options, providerOptions, ...(maxOutputTokens !== undefined && { maxOutputTokens }) };
  };
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: (options) => model.doGenerate(fill(options)),
    doStream: (options) => model.doStream(fill(options)),
  };
}
