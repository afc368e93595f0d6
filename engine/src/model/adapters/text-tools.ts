import type { ModelProvider } from '../contract.ts';
import { openModel } from '../open-model.ts';
import { TEXT_TOOL_PROTOCOL, withTextTools } from '../text-tool-protocol.ts';

/** `text-tools/provider/model`: any model, with tools in plain text. The name shows this in the record. */
export function createTextToolsProvider(providers: readonly ModelProvider[]): ModelProvider {
  return {
    prefix: 'text-tools',
    wraps: providers,
    usage: 'before another name, for models that cannot call tools: text-tools/openai-compatible/my-model',
    open: async (modelId, options) => {
      const open = await openModel(modelId, providers, options);
      return {
        ...open,
        name: `text-tools/${open.name}`,
        model: withTextTools(open.model),
        properties: { ...open.properties, toolProtocol: TEXT_TOOL_PROTOCOL },
      };
    },
  };
}
