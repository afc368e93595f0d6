import type { Library, LocalChat, LocalModel, LocalText } from './library.ts';

/**
 * Makes a prompt begin as the weights say. The library puts a token for the begin of a text before every prompt, also if
 * the weights want none (`add_bos_token`), or if the chat template writes that token itself. It would then be there twice,
 * e.g. `<|im_start|><|im_start|>system`.
 */
export function beginAsTold({ chatWrapper }: LocalChat, { LlamaText }: Library, model: LocalModel): void {
  const generate = chatWrapper.generateContextState.bind(chatWrapper);
  const generateContextState: typeof generate = (options) => {
    const state = generate(options);
    const [first, ...rest] = state.contextText.values;
    if (!isBegin(first) || !isTooMuch(state.contextText, model)) return state;
    return { ...state, contextText: LlamaText(rest) };
  };
  // On the object itself, because the library calls it there.
  Object.assign(chatWrapper, { generateContextState });
}

/** The library's `SpecialToken('BOS')`. */
function isBegin(value: unknown): boolean {
  return hasValue(value) && value.value === 'BOS' && !('tokenizeSpecialTokensOptions' in value);
}

function isTooMuch({ values }: LocalText, { tokens, fileInfo }: LocalModel): boolean {
  const template = fileInfo.metadata.tokenizer?.chat_template;
  const isInTemplate = typeof template === 'string' && template.includes('bos_token');
  if (!tokens.shouldPrependBosToken && !isInTemplate) return true;
  const [, second] = values;
  const next = typeof second === 'string' ? second : hasValue(second) ? second.value : '';
  return tokens.bosString !== null && tokens.bosString !== '' && next.startsWith(tokens.bosString);
}

function hasValue(value: unknown): value is { readonly value: string } {
  return typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'string';
}
