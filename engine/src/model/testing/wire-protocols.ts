import type { ChatReply } from './chat-server.ts';

/** An answer, independent of a protocol; a protocol renders it for the wire, whole and streamed. */
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
  readonly whole: (answer: WireAnswer) => ChatReply;
  /** Pieces of a stream's body; joined, they are the whole stream. */
  readonly pieces: (answer: WireAnswer) => readonly string[];
  /** An error in this vendor's form. */
  readonly error: (status: number, message: string) => ChatReply;
  /** The vendor's word for the reason, which the record keeps; null: the wire has none. */
  readonly rawEnd: Readonly<Record<'done' | 'calls' | 'cut' | 'refused', string | null>>;
  /** Arguments travel as text, so broken JSON can arrive. */
  readonly argumentsAreText: boolean;
}

export function streamReply(pieces: readonly string[]): ChatReply {
  return { headers: { 'content-type': 'text/event-stream' }, body: pieces.join('') };
}

const ID = 'answer-1';
const MODEL = 'served-model';

function sse(value: unknown, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(value)}\n\n`;
}

/** A text in two pieces, as in a stream. */
function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== '');
}

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
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    sse({
      id: ID,
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: MODEL,
      choices: [{ index: 0, delta, finish_reason }],
    });
  return {
    name: 'chat completions',
    rawEnd,
    argumentsAreText: true,
    error: errorReply,
    whole: (answer) => ({
      body: {
        id: ID,
        object: 'chat.completion',
        created: 1_700_000_000,
        model: MODEL,
        choices: [{ index: 0, message: message(answer), finish_reason: reason(answer) }],
        usage,
      },
    }),
    pieces: (answer) => [
      chunk({ role: 'assistant' }),
      ...halves(answer.reasoning ?? '').map((half) => chunk({ [reasoningField]: half })),
      ...halves(answer.text ?? '').map((half) => chunk({ content: half })),
      ...(answer.calls ?? []).flatMap(({ id, name, input }, index) => [
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
        ...halves(input).map((half) => chunk({ tool_calls: [{ index, function: { arguments: half } }] })),
      ]),
      chunk({}, reason(answer)),
      sse({ id: ID, object: 'chat.completion.chunk', created: 1_700_000_000, model: MODEL, choices: [], usage }),
      'data: [DONE]\n\n',
    ],
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
  const response = (answer: WireAnswer, items: readonly object[]): Record<string, unknown> => {
    const why = incomplete(answer);
    return {
      id: ID,
      object: 'response',
      created_at: 1_700_000_000,
      model: MODEL,
      status: why === null ? 'completed' : 'incomplete',
      incomplete_details: why === null ? null : { reason: why },
      error: null,
      output: items,
      usage,
    };
  };
  const event = (value: { readonly type: string } & Record<string, unknown>): string => sse(value, value.type);
  const piecesOf = (item: object, index: number): string[] => {
    const at = { output_index: index };
    const added = (begun: object): string => event({ type: 'response.output_item.added', ...at, item: begun });
    const done = event({ type: 'response.output_item.done', ...at, item });
    if ('arguments' in item && 'id' in item) {
      const where = { item_id: item.id, ...at };
      return [
        added({ ...item, arguments: '', status: 'in_progress' }),
        ...halves(String(item.arguments)).map((delta) =>
          event({ type: 'response.function_call_arguments.delta', ...where, delta }),
        ),
        event({ type: 'response.function_call_arguments.done', ...where, arguments: item.arguments }),
        done,
      ];
    }
    if ('summary' in item && 'id' in item) {
      const where = { item_id: item.id, ...at, summary_index: 0 };
      const [summary] = item.summary as { text: string }[];
      const text = summary?.text ?? '';
      return [
        added({ ...item, summary: [], status: 'in_progress' }),
        event({ type: 'response.reasoning_summary_part.added', ...where, part: { type: 'summary_text', text: '' } }),
        ...halves(text).map((delta) => event({ type: 'response.reasoning_summary_text.delta', ...where, delta })),
        event({ type: 'response.reasoning_summary_text.done', ...where, text }),
        event({ type: 'response.reasoning_summary_part.done', ...where, part: { type: 'summary_text', text } }),
        done,
      ];
    }
    const where = { item_id: 'msg_1', ...at, content_index: 0 };
    const [part] = (item as { content: { text?: string; refusal?: string }[] }).content;
    const kind = part?.refusal === undefined ? 'output_text' : 'refusal';
    const field = kind === 'refusal' ? 'refusal' : 'text';
    const text = part?.[field] ?? '';
    const empty = kind === 'refusal' ? { type: 'refusal', refusal: '' } : textPart('');
    return [
      added({ ...item, content: [], status: 'in_progress' }),
      event({ type: 'response.content_part.added', ...where, part: empty }),
      ...halves(text).map((delta) => event({ type: `response.${kind}.delta`, ...where, delta })),
      event({ type: `response.${kind}.done`, ...where, [field]: text }),
      done,
    ];
  };
  return {
    name: 'responses',
    rawEnd: { done, calls: done, cut: 'max_output_tokens', refused: refused === 'refusal' ? null : refused },
    argumentsAreText: true,
    error: errorReply,
    whole: (answer) => ({ body: response(answer, output(answer)) }),
    pieces: (answer) => {
      const { usage: _, ...begun } = response(answer, []);
      return [
        event({ type: 'response.created', response: { ...begun, status: 'in_progress', incomplete_details: null } }),
        ...output(answer).flatMap(piecesOf),
        event({
          type: incomplete(answer) === null ? 'response.completed' : 'response.incomplete',
          response: response(answer, output(answer)),
        }),
      ];
    },
  };
}

/** Anthropic's Messages protocol. */
export function messages(): WireProtocol {
  const rawEnd = { done: 'end_turn', calls: 'tool_use', cut: 'max_tokens', refused: 'refusal' } as const;
  const reason = ({ end, calls }: WireAnswer): string => rawEnd[end === 'done' && calls !== undefined ? 'calls' : end];
  const body = (answer: WireAnswer, content: readonly object[]): object => ({
    id: ID,
    type: 'message',
    role: 'assistant',
    model: MODEL,
    content,
    stop_reason: reason(answer),
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 20, output_tokens_details: { thinking_tokens: 5 } },
  });
  const event = (value: { readonly type: string } & Record<string, unknown>): string => sse(value, value.type);
  const block = (index: number, start: object, deltas: readonly object[]): string[] => [
    event({ type: 'content_block_start', index, content_block: start }),
    ...deltas.map((delta) => event({ type: 'content_block_delta', index, delta })),
    event({ type: 'content_block_stop', index }),
  ];
  const blocks = ({ reasoning, text, calls }: WireAnswer): [start: object, deltas: object[], whole: object][] => [
    ...(reasoning === undefined
      ? []
      : [
          [
            { type: 'thinking', thinking: '', signature: '' },
            [
              ...halves(reasoning).map((thinking) => ({ type: 'thinking_delta', thinking })),
              { type: 'signature_delta', signature: 'sealed' },
            ],
            { type: 'thinking', thinking: reasoning, signature: 'sealed' },
          ] as [object, object[], object],
        ]),
    ...(text === undefined
      ? []
      : [
          [
            { type: 'text', text: '' },
            halves(text).map((half) => ({ type: 'text_delta', text: half })),
            { type: 'text', text },
          ] as [object, object[], object],
        ]),
    ...(calls ?? []).map(
      ({ id, name, input }) =>
        [
          { type: 'tool_use', id, name, input: {} },
          halves(input).map((half) => ({ type: 'input_json_delta', partial_json: half })),
          { type: 'tool_use', id, name, input: parsed(input) },
        ] as [object, object[], object],
    ),
  ];
  return {
    name: 'messages',
    rawEnd,
    argumentsAreText: false,
    error: (status, message) => ({ status, body: { type: 'error', error: { type: 'api_error', message } } }),
    whole: (answer) => ({
      body: body(
        answer,
        blocks(answer).map(([, , whole]) => whole),
      ),
    }),
    pieces: (answer) => [
      event({
        type: 'message_start',
        message: { ...body(answer, []), stop_reason: null, usage: { input_tokens: 100, output_tokens: 1 } },
      }),
      event({ type: 'ping' }),
      ...blocks(answer).flatMap(([start, deltas], index) => block(index, start, deltas)),
      event({
        type: 'message_delta',
        delta: { stop_reason: reason(answer), stop_sequence: null },
        usage: { output_tokens: 20, output_tokens_details: { thinking_tokens: 5 } },
      }),
      event({ type: 'message_stop' }),
    ],
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
  const body = (content: readonly object[], finishReason?: string): object => ({
    candidates: [
      { index: 0, content: { role: 'model', parts: content }, ...(finishReason !== undefined && { finishReason }) },
    ],
    usageMetadata,
    modelVersion: MODEL,
    responseId: ID,
  });
  return {
    name: 'generateContent',
    rawEnd,
    argumentsAreText: false,
    error: (status, message) => ({ status, body: { error: { code: status, message, status: 'INTERNAL' } } }),
    whole: (answer) => ({ body: body(parts(answer), rawEnd[answer.end]) }),
    pieces: (answer) => [
      ...parts(answer).map((part) => sse(body([part]))),
      sse(body([{ text: '' }], rawEnd[answer.end])),
    ],
  };
}

function parsed(input: string): unknown {
  return JSON.parse(input);
}
