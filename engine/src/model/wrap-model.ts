import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider';

/** Changes on the way to a model and back. What is not given stays unchanged. */
export interface ModelChanges {
  readonly question?: (options: LanguageModelV4CallOptions) => LanguageModelV4CallOptions;
  readonly answer?: (result: LanguageModelV4GenerateResult) => LanguageModelV4GenerateResult;
}

export function wrapModel(model: LanguageModelV4, { question, answer }: ModelChanges): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: async (options) => {
      const result = await model.doGenerate(question?.(options) ?? options);
      return answer?.(result) ?? result;
    },
    doStream: () => {
      throw new TypeError('a model is asked for whole answers only');
    },
  };
}
