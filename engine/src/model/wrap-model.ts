import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';

/** Changes on the way to a model and back. What is not given stays unchanged. */
export interface ModelChanges {
  readonly question?: (options: LanguageModelV4CallOptions) => LanguageModelV4CallOptions;
  readonly answer?: (result: LanguageModelV4GenerateResult) => LanguageModelV4GenerateResult;
  /** Null: the part is dropped. */
  readonly part?: (part: LanguageModelV4StreamPart) => LanguageModelV4StreamPart | null;
}

export function wrapModel(model: LanguageModelV4, { question, answer, part }: ModelChanges): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: async (options) => {
      const result = await model.doGenerate(question?.(options) ?? options);
      return answer?.(result) ?? result;
    },
    doStream: async (options) => {
      const result = await model.doStream(question?.(options) ?? options);
      return part === undefined ? result : { ...result, stream: result.stream.pipeThrough(changeParts(part)) };
    },
  };
}

function changeParts(
  change: NonNullable<ModelChanges['part']>,
): TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart> {
  return new TransformStream({
    transform: (part, controller) => {
      const changed = change(part);
      if (changed !== null) controller.enqueue(changed);
    },
  });
}
