import type { ChatReply } from './chat-server.ts';

/** An answer, independent of a protocol; a protocol renders it for the wire. */
export interface WireAnswer {
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly WireCall[];
  /** Why it ended. `refused`: by the model or by the vendor's filter. */
  readonly end: 'done' | 'cut' | 'refused';
}

export interface WireCall {
  readonly id: string;
  readonly name: string;
  /** JSON, valid or not. */
  readonly input: string;
}

/** Each answer has the id `answer-1` and the model `served-model`; 100 tokens in, 20 out, 5 of them reasoning. */
export interface WireProtocol {
  readonly name: string;
  readonly reply: (answer: WireAnswer) => ChatReply;
  /** An error in this vendor's form. */
  readonly error: (status: number, message: string) => ChatReply;
  /** The vendor's word for the reason, which the record keeps; null: the wire has none. */
  readonly rawEnd: Readonly<Record<'done' | 'calls' | 'cut' | 'refused', string | null>>;
  /** Arguments travel as text, so broken JSON can arrive. */
  readonly argumentsAreText: boolean;
}

const ID = 'answer-1';
const MODEL = 'served-model';

const errorReply = (status: number, message: string): ChatReply => ({
  status,
  body: { error: { message, type: 'error', param: null, code: status } },
});

/** Chat completions. */
export function chatCompletions(reasoningField: 'reasoning' | 'reasoning_content'): WireProtocol {
  const rawEnd = { done: 'stop', calls: 'tool_calls', cut: 'length', refused: 'content_filter' } as const;
  const reason = ({ end, calls }: WireAnswer): string => rawEnd[end === 'done' && calls !== undefined ? 'calls' : end];
  const usage = {
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    completion_tokens_details: { reasoning_tokens: 5 },
  };
  const toolCall = ({ id, name, input }: WireCall): object => ({
    id,
    type: 'function',
    function: { name, arguments: input },
  });
  const message = (answer: WireAnswer): object => ({
    role: 'assistant',
    content: answer.text ?? null,
    ...(answer.reasoning !== undefined && { [reasoningField]: answer.reasoning }),
    ...(answer.calls !== undefined && { tool_calls: answer.calls.map(toolCall) }),
  });
  return {
    name: 'chat completions',
    rawEnd,
    argumentsAreText: true,
    error: errorReply,
    reply: (answer) => ({
      body: {
        id: ID,
        object: 'chat.completion',
        created: 1_700_000_000,
        model: MODEL,
        choices: [{ index: 0, message: message(answer), finish_reason: reason(answer) }],
        usage,
      },
    }),
  };
}

/** OpenAI's Responses protocol, which xAI speaks too. */
export function responses(vendor: 'openai' | 'xai'): WireProtocol {
  const refused = vendor === 'openai' ? 'refusal' : 'content_filter';
  // For an ordinary end OpenAI's package has no word, and xAI's uses the status.
  const done = vendor === 'openai' ? null : 'completed';
  const usage = {
    input_tokens: 100,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 5 },
    total_tokens: 120,
  };
  const reasoningItem = (text: string): object => ({
    type: 'reasoning',
    id: 'rs_1',
    status: 'completed',
    encrypted_content: 'sealed',
    summary: [{ type: 'summary_text', text }],
  });
  const messageItem = (content: readonly object[]): object => ({
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content,
  });
  const textPart = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] });
  const callItem = ({ id, name, input }: WireCall, index: number): object => ({
    type: 'function_call',
    id: `fc_${index}`,
    call_id: id,
    name,
    arguments: input,
    status: 'completed',
  });
  const output = ({ reasoning, text, calls, end }: WireAnswer): object[] => [
    ...(reasoning === undefined ? [] : [reasoningItem(reasoning)]),
    ...(end === 'refused' && refused === 'refusal'
      ? [messageItem([{ type: 'refusal', refusal: text ?? '' }])]
      : text === undefined
        ? []
        : [messageItem([textPart(text)])]),
    ...(calls ?? []).map(callItem),
  ];
  const incomplete = ({ end }: WireAnswer): string | null =>
    end === 'cut' ? 'max_output_tokens' : end === 'refused' && refused === 'content_filter' ? 'content_filter' : null;
  const response = (answer: WireAnswer): object => {
    const why = incomplete(answer);
    return {
      id: ID,
      object: 'response',
      created_at: 1_700_000_000,
      model: MODEL,
      status: why === null ? 'completed' : 'incomplete',
      incomplete_details: why === null ? null : { reason: why },
      error: null,
      output: output(answer),
      usage,
    };
  };
  return {
    name: 'responses',
    rawEnd: { done, calls: done, cut: 'max_output_tokens', refused: refused === 'refusal' ? null : refused },
    argumentsAreText: true,
    error: errorReply,
    reply: (answer) => ({ body: response(answer) }),
  };
}

/** Anthropic's Messages protocol. */
export function messages(): WireProtocol {
  const rawEnd = { done: 'end_turn', calls: 'tool_use', cut: 'max_tokens', refused: 'refusal' } as const;
  const reason = ({ end, calls }: WireAnswer): string => rawEnd[end === 'done' && calls !== undefined ? 'calls' : end];
  const content = ({ reasoning, text, calls }: WireAnswer): object[] => [
    ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature: 'sealed' }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({ type: 'tool_use', id, name, input: parsed(input) })),
  ];
  const body = (answer: WireAnswer): object => ({
    id: ID,
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content: content(answer),
    stop_reason: reason(answer),
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 20, output_tokens_details: { thinking_tokens: 5 } },
  });
  return {
    name: 'messages',
    rawEnd,
    argumentsAreText: false,
    error: (status, message) => ({ status, body: { type: 'error', error: { type: 'api_error', message } } }),
    reply: (answer) => ({ body: body(answer) }),
  };
}

/** Gemini's `generateContent`. */
export function generateContent(): WireProtocol {
  const rawEnd = { done: 'STOP', calls: 'STOP', cut: 'MAX_TOKENS', refused: 'SAFETY' } as const;
  const usageMetadata = {
    promptTokenCount: 100,
    candidatesTokenCount: 15,
    thoughtsTokenCount: 5,
    totalTokenCount: 120,
  };
  const parts = ({ reasoning, text, calls }: WireAnswer): object[] => [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === undefined ? [] : [{ text }]),
    ...(calls ?? []).map(({ id, name, input }) => ({
      functionCall: { id, name, args: parsed(input) },
      thoughtSignature: 'sealed',
    })),
  ];
  const body = (answer: WireAnswer): object => ({
    candidates: [{ index: 0, content: { role: 'model', parts: parts(answer) }, finishReason: rawEnd[answer.end] }],
    usageMetadata,
    modelVersion: MODEL,
    responseId: ID,
  });
  return {
    name: 'generateContent',
    rawEnd,
    argumentsAreText: false,
    error: (status, message) => ({ status, body: { error: { code: status, message, status: 'INTERNAL' } } }),
    reply: (answer) => ({ body: body(answer) }),
  };
}

function parsed(input: string): unknown {
  return JSON.parse(input);
}
