import type { LanguageModelV4FunctionTool, LanguageModelV4ProviderTool } from '@ai-sdk/provider';
import { z } from 'zod';

import { readAs } from '../refused-request.ts';
import type { Answer, Asked, Failure, Protocol, ReadContext, StreamEvent } from './contract.ts';
import {
  type AnswerPart,
  countTokens,
  endOf,
  type FileData,
  given,
  json,
  jsonSchema,
  parseInput,
  partsOf,
  type PromptBuilder,
  startPrompt,
  toFile,
  toFinish,
  toOutput,
  toReference,
  toUsage,
  type UserPart,
} from './prompt.ts';

const text = z.object({ type: z.literal('text'), text: z.string() });
const source = z.discriminatedUnion('type', [
  z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
  z.object({ type: z.literal('text'), media_type: z.string(), data: z.string() }),
  z.object({ type: z.literal('url'), url: z.string() }),
  z.object({ type: z.literal('file'), file_id: z.string() }),
]);
const image = z.object({ type: z.literal('image'), source });
const document = z.object({ type: z.literal('document'), source, title: z.string().nullish() });
const searchResult = z.object({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(text),
});
const toolReference = z.object({ type: z.literal('tool_reference'), tool_name: z.string() });
const thinking = z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.string().optional() });
const redactedThinking = z.object({ type: z.literal('redacted_thinking'), data: z.string() });
const toolUse = z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: json });
const serverToolUse = toolUse.extend({ type: z.literal('server_tool_use') });
const serverToolResult = z.object({
  type: z.literal([
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
  ]),
  tool_use_id: z.string(),
  content: json,
});
const resultBlock = z.discriminatedUnion('type', [text, image, document, searchResult, toolReference]);
const toolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(z.unknown())]).optional(),
  is_error: z.boolean().optional(),
});
const userBlock = z.discriminatedUnion('type', [text, image, document, searchResult, toolResult]);
const assistantBlock = z.discriminatedUnion('type', [
  text,
  thinking,
  redactedThinking,
  toolUse,
  serverToolUse,
  serverToolResult,
]);

const texts = z.array(text);
const userBlocks = z.array(userBlock);
const resultBlocks = z.array(resultBlock);
const assistantBlocks = z.array(assistantBlock);

const ownTool = z.object({
  type: z.literal('custom').nullish(),
  name: z.string(),
  description: z.string().optional(),
  input_schema: jsonSchema,
});
/** Tools whose description the vendor gives, e.g. `bash_20250124`; some of them the vendor also runs. */
const vendorTool = z.looseObject({
  type: z
    .string()
    .regex(
      /^(?:bash|text_editor|computer|memory|web_search|web_fetch|code_execution|tool_search_tool_bm25|tool_search_tool_regex)(?:_\d{8})?$/,
      'unknown kind of tool',
    ),
  name: z.string(),
});

const toolChoice = z.discriminatedUnion('type', [
  z.object({ type: z.literal('auto') }),
  z.object({ type: z.literal('any') }),
  z.object({ type: z.literal('none') }),
  z.object({ type: z.literal('tool'), name: z.string() }),
]);
const format = z.object({ type: z.literal('json_schema'), schema: jsonSchema }).nullish();

const request = z.object({
  model: z.string(),
  messages: z.array(
    z.object({
      role: z.enum(['user', 'assistant', 'system']),
      content: z.union([z.string(), z.array(z.unknown())]),
    }),
  ),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(z.looseObject({ type: z.string().nullish() })).nullish(),
  tool_choice: toolChoice.nullish(),
  max_tokens: z.number().optional(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  stream: z.boolean().nullish(),
  thinking: z.object({ type: z.string() }).nullish(),
  output_config: z.object({ effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(), format }).nullish(),
  output_format: format,
  // The vendor would call the tools of such a server where nobody sees it.
  mcp_servers: z.array(z.unknown()).max(0, 'tools of servers that the vendor calls are not passed on').nullish(),
});
type Request = z.output<typeof request>;

/** Anthropic's Messages API. Source: its SDK's types, version 1.14. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  route: (method, { pathname }) => {
    if (method !== 'POST') return null;
    if (pathname === '/v1/messages') return { do: 'ask' };
    return pathname === '/v1/messages/count_tokens' ? { do: 'count-tokens' } : null;
  },
  read: (body, context) => toAsked(readAs(request, body), context),
  countTokens: (tokens) => ({ input_tokens: tokens }),
  error: toError,
  errorEvent: (failure) => ({ event: 'error', data: toError(failure) }),
  answers: {
    mayPass: (data) => {
      const event = streamEvent.parse(data);
      if (event.type === 'message_start') return event.message.content.length === 0;
      if (event.type === 'content_block_start') return event.content_block.type !== 'tool_use';
      if (event.type === 'content_block_delta') return event.delta.type !== 'input_json_delta';
      return event.type === 'content_block_stop' || event.type === 'ping' || event.type === 'error';
    },
    assemble,
    readWhole: (body) => {
      const read = z.discriminatedUnion('type', [message, failed]).parse(body);
      return read.type === 'message' ? toAnswer(read) : { status: 500, message: read.error.message };
    },
  },
};

function toAsked(asked: Request, context: ReadContext): Asked {
  const prompt = startPrompt();
  const { system } = asked;
  if (system !== undefined && system.length > 0) prompt.system(joinText(system));
  for (const [index, { role, content }] of asked.messages.entries()) {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    const at = `messages.${index}.content`;
    if (role === 'system') prompt.system(joinText(readAs(texts, blocks, at)));
    else if (role === 'user') addUser(prompt, readAs(userBlocks, blocks, at));
    else for (const block of readAs(assistantBlocks, blocks, at)) addAssistant(prompt, block);
  }
  const { effort, format: wanted = asked.output_format } = asked.output_config ?? {};
  const thinks = ['enabled', 'adaptive'].includes(asked.thinking?.type ?? 'adaptive');
  const options = {
    prompt: prompt.prompt,
    ...given({
      tools: asked.tools?.map((tool) => toTool(tool)),
      toolChoice: toChoice(asked.tool_choice),
      maxOutputTokens: asked.max_tokens,
      temperature: asked.temperature ?? undefined,
      topP: asked.top_p ?? undefined,
      topK: asked.top_k ?? undefined,
      stopSequences: asked.stop_sequences ?? undefined,
      reasoning: thinks ? (effort ?? undefined) : ('none' as const),
      responseFormat: wanted ? { type: 'json' as const, schema: wanted.schema } : undefined,
    }),
  };
  return {
    model: asked.model,
    streamed: asked.stream === true,
    options,
    whole: (answer) => ({ ...toMessage(asked.model, answer, context), content: partsOf(answer).map(toBlock) }),
    stream: (answer, begun = []) => stream({ answer, begun, start: toMessage(asked.model, answer, context) }),
  };
}

function joinText(system: string | readonly { readonly text: string }[]): string {
  return typeof system === 'string' ? system : system.map((block) => block.text).join('\n\n');
}

function addUser(prompt: PromptBuilder, blocks: readonly z.output<typeof userBlock>[]): void {
  let said: UserPart[] = [];
  for (const block of blocks) {
    if (block.type !== 'tool_result') {
      said.push(toUserPart(block));
      continue;
    }
    prompt.user(said);
    said = [];
    const { content = '' } = block;
    const parts =
      typeof content === 'string'
        ? [{ type: 'text' as const, text: content }]
        : readAs(resultBlocks, content).map(toUserPart);
    prompt.result(block.tool_use_id, toOutput(parts, block.is_error));
  }
  prompt.user(said);
}

function toUserPart(block: z.output<typeof resultBlock>): UserPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image':
      return { type: 'file', ...toData(block.source, 'image/*') };
    case 'document':
      return {
        type: 'file',
        ...toData(block.source, 'application/pdf'),
        ...given({ filename: block.title ?? undefined }),
      };
    case 'search_result':
      return { type: 'text', text: [block.title, block.source, ...block.content.map((part) => part.text)].join('\n') };
    case 'tool_reference':
      return { type: 'text', text: block.tool_name };
  }
}

function toData(
  from: z.output<typeof source>,
  mediaType: string,
): { readonly data: FileData; readonly mediaType: string } {
  switch (from.type) {
    case 'base64':
      return { data: { type: 'data', data: from.data }, mediaType: from.media_type };
    case 'text':
      return { data: { type: 'text', text: from.data }, mediaType: from.media_type };
    case 'url':
      return toFile(from.url, mediaType);
    case 'file':
      return { data: toReference('anthropic', from.file_id), mediaType };
  }
}

function addAssistant(prompt: PromptBuilder, block: z.output<typeof assistantBlock>): void {
  switch (block.type) {
    case 'text':
      return prompt.assistant({ type: 'text', text: block.text });
    case 'thinking':
      return prompt.assistant({
        type: 'reasoning',
        text: block.thinking,
        providerOptions: { anthropic: given({ signature: block.signature }) },
      });
    case 'redacted_thinking':
      return prompt.assistant({
        type: 'reasoning',
        text: '',
        providerOptions: { anthropic: { redactedData: block.data } },
      });
    case 'tool_use':
    case 'server_tool_use':
      return prompt.assistant({
        type: 'tool-call',
        toolCallId: block.id,
        toolName: block.name,
        input: block.input,
        ...(block.type === 'server_tool_use' && { providerExecuted: true }),
      });
    default:
      return prompt.assistant({
        type: 'tool-result',
        toolCallId: block.tool_use_id,
        toolName: block.type.replace(/_tool_result$/, ''),
        output: { type: 'json', value: block.content },
      });
  }
}

function toTool(tool: {
  readonly type?: string | null | undefined;
}): LanguageModelV4FunctionTool | LanguageModelV4ProviderTool {
  if (tool.type === undefined || tool.type === null || tool.type === 'custom') {
    const { name, description, input_schema: inputSchema } = readAs(ownTool, tool);
    return { type: 'function', name, inputSchema, ...given({ description }) };
  }
  const { type, name, ...args } = readAs(vendorTool, tool);
  return { type: 'provider', id: `anthropic.${type}`, name, args };
}

function toChoice(choice: Request['tool_choice']): Asked['options']['toolChoice'] | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice.type === 'tool') return { type: 'tool', toolName: choice.name };
  return { type: choice.type === 'any' ? 'required' : choice.type };
}

function toMessage(model: string, answer: Answer, { newId, bytes }: ReadContext): Record<string, unknown> {
  const { input, cached, output } = countTokens(answer, bytes);
  const end = { calls: 'tool_use', length: 'max_tokens', refusal: 'refusal', stop: 'end_turn' }[endOf(answer)];
  return {
    id: newId('msg_01'),
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: end,
    stop_sequence: null,
    usage: {
      input_tokens: Math.max(0, input - cached),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: cached,
      output_tokens: output,
      service_tier: 'standard',
    },
  };
}

function toBlock(part: AnswerPart): Record<string, unknown> {
  if (part.type === 'text') return { type: 'text', text: part.text };
  if (part.type === 'tool-call')
    return { type: 'tool_use', id: part.toolCallId, name: part.toolName, input: parseInput(part.input) };
  const { redactedData, signature = '' } = part.providerMetadata?.['anthropic'] ?? {};
  return redactedData === undefined
    ? { type: 'thinking', thinking: part.text, signature }
    : { type: 'redacted_thinking', data: redactedData };
}

interface Streaming {
  readonly answer: Answer;
  readonly begun: readonly unknown[];
  readonly start: Record<string, unknown>;
}

function* stream({ answer, begun, start }: Streaming): Generator<StreamEvent> {
  const send = (type: string, fields: object = {}): StreamEvent => ({ event: type, data: { type, ...fields } });
  if (begun.length === 0) {
    yield send('message_start', { message: { ...start, stop_reason: null } });
    yield send('ping');
  }
  let index = begun.filter((data) => streamEvent.parse(data).type === 'content_block_start').length;
  for (const part of partsOf(answer)) {
    const block = toBlock(part);
    const empty = { text: '', thinking: '', signature: '', input: {} };
    const names = Object.keys(block);
    const opened = Object.fromEntries(Object.entries(empty).filter(([name]) => names.includes(name)));
    yield send('content_block_start', { index, content_block: { ...block, ...opened } });
    for (const delta of toDeltas(part, block)) yield send('content_block_delta', { index, delta });
    yield send('content_block_stop', { index });
    index++;
  }
  yield send('message_delta', {
    delta: { stop_reason: start['stop_reason'], stop_sequence: null },
    usage: start['usage'],
  });
  yield send('message_stop');
}

function toDeltas(part: AnswerPart, block: Record<string, unknown>): readonly object[] {
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text_delta', text: part.text }];
  if (part.type === 'tool-call') return [{ type: 'input_json_delta', partial_json: part.input }];
  if (block['type'] !== 'thinking') return [];
  return [
    { type: 'thinking_delta', thinking: part.text },
    { type: 'signature_delta', signature: block['signature'] },
  ];
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function toError({ status, message }: Failure): unknown {
  const type = ERROR_TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message }, request_id: null };
}

// What a provider answers. Strict: an unknown kind is an error of these schemas.
const answerBlock = z.discriminatedUnion('type', [
  text,
  thinking,
  redactedThinking,
  toolUse,
  serverToolUse,
  serverToolResult,
]);
const usage = z.object({
  input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
});
const message = z.object({
  type: z.literal('message'),
  content: z.array(answerBlock),
  stop_reason: z.string().nullable(),
  usage,
});
const failed = z.object({ type: z.literal('error'), error: z.object({ message: z.string() }) });
const delta = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('signature_delta'), signature: z.string() }),
  z.object({ type: z.literal('citations_delta') }),
]);
const streamEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: message.extend({ stop_reason: z.null() }) }),
  z.object({ type: z.literal('content_block_start'), index: z.int(), content_block: answerBlock }),
  z.object({ type: z.literal('content_block_delta'), index: z.int(), delta }),
  z.object({ type: z.literal('content_block_stop'), index: z.int() }),
  z.object({ type: z.literal('message_delta'), delta: z.object({ stop_reason: z.string().nullable() }), usage }),
  z.object({ type: z.literal('message_stop') }),
  z.object({ type: z.literal('ping') }),
  failed,
]);

function assemble(events: readonly unknown[]): unknown {
  const blocks = new Map<number, { block: z.output<typeof answerBlock>; input: string }>();
  let whole: Record<string, unknown> & { usage?: object } = {};
  let ended = false;
  for (const data of events) {
    const event = streamEvent.parse(data);
    if (event.type === 'error') return event;
    if (event.type === 'message_start') whole = event.message;
    if (event.type === 'content_block_start') blocks.set(event.index, { block: { ...event.content_block }, input: '' });
    if (event.type === 'message_delta') whole = { ...whole, ...event.delta, usage: { ...whole.usage, ...event.usage } };
    if (event.type === 'message_stop') ended = true;
    if (event.type !== 'content_block_delta') continue;
    const open = blocks.get(event.index);
    if (open === undefined) throw new TypeError(`the stream goes on with block ${event.index}, which has not begun`);
    addDelta(open, event.delta);
  }
  if (!ended) throw new TypeError('the stream ended before its end');
  const content = [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([, { block, input }]) => {
      return 'input' in block && input !== '' ? { ...block, input: parseInput(input) } : block;
    });
  return { ...whole, content };
}

function addDelta(
  open: { readonly block: z.output<typeof answerBlock>; input: string },
  part: z.output<typeof delta>,
): void {
  const { block } = open;
  if (part.type === 'text_delta' && block.type === 'text') block.text += part.text;
  else if (part.type === 'thinking_delta' && block.type === 'thinking') block.thinking += part.thinking;
  else if (part.type === 'signature_delta' && block.type === 'thinking')
    block.signature = (block.signature ?? '') + part.signature;
  else if (part.type === 'input_json_delta' && 'input' in block) open.input += part.partial_json;
  else if (part.type !== 'citations_delta')
    throw new TypeError(`a ${part.type} within a block of the type ${block.type}`);
}

function toAnswer({ content, stop_reason: reason, usage: counted }: z.output<typeof message>): Answer {
  const cached = (counted.cache_read_input_tokens ?? 0) + (counted.cache_creation_input_tokens ?? 0);
  return {
    content: content.flatMap((block): Answer['content'] => {
      if (block.type === 'text') return [{ type: 'text', text: block.text }];
      if (block.type === 'thinking')
        return [
          {
            type: 'reasoning',
            text: block.thinking,
            providerMetadata: { anthropic: given({ signature: block.signature }) },
          },
        ];
      if (block.type === 'redacted_thinking')
        return [{ type: 'reasoning', text: '', providerMetadata: { anthropic: { redactedData: block.data } } }];
      if (block.type === 'tool_use' || block.type === 'server_tool_use') {
        const input = typeof block.input === 'string' ? block.input : JSON.stringify(block.input);
        const call = { type: 'tool-call' as const, toolCallId: block.id, toolName: block.name, input };
        return [block.type === 'tool_use' ? call : { ...call, providerExecuted: true }];
      }
      return [
        {
          type: 'tool-result',
          toolCallId: block.tool_use_id,
          toolName: block.type.replace(/_tool_result$/, ''),
          result: block.content ?? {},
        },
      ];
    }),
    finishReason: toFinish(reason, {
      end_turn: 'stop',
      stop_sequence: 'stop',
      pause_turn: 'stop',
      max_tokens: 'length',
      model_context_window_exceeded: 'length',
      tool_use: 'tool-calls',
      refusal: 'content-filter',
    }),
    usage: toUsage({
      input: typeof counted.input_tokens === 'number' ? counted.input_tokens + cached : undefined,
      cached: counted.cache_read_input_tokens,
      cacheWrite: counted.cache_creation_input_tokens,
      output: counted.output_tokens,
    }),
  };
}
