import type { LanguageModelV4FunctionTool, LanguageModelV4ProviderTool } from '@ai-sdk/provider';
import { z } from 'zod';

import { readAs, RefusedRequest } from '../refused-request.ts';
import type { Answer, Asked, Failure, Protocol, ReadContext, StreamEvent } from './contract.ts';
import {
  type AnswerPart,
  countTokens,
  endOf,
  given,
  isObject,
  json,
  jsonSchema,
  parseInput,
  partsOf,
  type PromptBuilder,
  startPrompt,
  toEffort,
  toFile,
  toFinish,
  toOutput,
  toReference,
  toUsage,
  type UserPart,
} from './prompt.ts';

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal(['input_text', 'output_text', 'text']), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z.object({ type: z.literal('input_image'), image_url: z.string().nullish(), file_id: z.string().nullish() }),
  z.object({
    type: z.literal('input_file'),
    file_data: z.string().nullish(),
    file_url: z.string().nullish(),
    file_id: z.string().nullish(),
    filename: z.string().nullish(),
  }),
]);
type Part = z.output<typeof part>;
const content = z.union([z.string(), z.array(z.unknown())]);

/** Calls that the client runs, in a question's history and in answers. */
const calls = [
  z.object({
    type: z.literal('function_call'),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().nullish(),
    arguments: z.string(),
  }),
  z.object({
    type: z.literal('custom_tool_call'),
    call_id: z.string(),
    name: z.string(),
    namespace: z.string().nullish(),
    input: z.string(),
  }),
  z.object({ type: z.literal('local_shell_call'), call_id: z.string(), action: json }),
  z.object({ type: z.literal('shell_call'), call_id: z.string(), action: json }),
  z.object({ type: z.literal('apply_patch_call'), call_id: z.string(), operation: json }),
  z.object({ type: z.literal('tool_search_call'), call_id: z.string(), arguments: json }),
] as const;
const call = z.discriminatedUnion('type', calls);
type Call = z.output<typeof call>;
const CALL_TYPES: ReadonlySet<string> = new Set(calls.flatMap((one) => [...one.shape.type.values]));

const reasoning = z.object({
  type: z.literal('reasoning'),
  id: z.string().nullish(),
  summary: z.array(z.object({ text: z.string() })),
  content: z.array(z.object({ text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
});
/** Calls that the vendor has run. */
const hostedCall = z.looseObject({
  type: z.literal(['web_search_call', 'file_search_call', 'code_interpreter_call', 'image_generation_call']),
  id: z.string(),
});
const tools = z.array(z.looseObject({ type: z.string() }));

const item = z.preprocess(
  (value) =>
    isObject(value) && value['type'] === undefined && 'role' in value ? { ...value, type: 'message' } : value,
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('message'), role: z.enum(['user', 'assistant', 'system', 'developer']), content }),
    ...calls,
    z.object({
      type: z.literal([
        'function_call_output',
        'custom_tool_call_output',
        'local_shell_call_output',
        'shell_call_output',
        'apply_patch_call_output',
      ]),
      call_id: z.string().optional(),
      // Where a local shell's output names its call.
      id: z.string().nullish(),
      output: json.optional(),
      status: z.string().nullish(),
    }),
    z.object({ type: z.literal('tool_search_output'), call_id: z.string(), tools }),
    z.object({ type: z.literal('additional_tools'), tools }),
    reasoning,
    hostedCall,
  ]),
);

const functionTool = z.object({
  name: z.string(),
  description: z.string().nullish(),
  parameters: jsonSchema.nullish(),
  strict: z.boolean().nullish(),
});
const tool = z.discriminatedUnion('type', [
  functionTool.extend({ type: z.literal('function') }),
  z.object({
    type: z.literal('custom'),
    name: z.string(),
    description: z.string().nullish(),
    format: json.optional(),
  }),
  z.object({ type: z.literal('namespace'), name: z.string(), description: z.string().nullish(), tools }),
  z.object({ type: z.literal(['local_shell', 'shell', 'apply_patch']) }),
  z.object({ type: z.literal('tool_search'), description: z.string().nullish(), parameters: jsonSchema.nullish() }),
  z.looseObject({
    type: z.literal([
      'web_search',
      'web_search_2025_08_26',
      'web_search_preview',
      'web_search_preview_2025_03_11',
      'file_search',
      'code_interpreter',
      'image_generation',
    ]),
  }),
]);

const nothing = (what: string) => z.null({ error: `${what} is not passed on: the gateway does not see it` }).optional();

const request = z.object({
  model: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]),
  instructions: z.string().nullish(),
  tools: tools.nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string(), name: z.string().optional() })]).nullish(),
  max_output_tokens: z.number().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stream: z.boolean().nullish(),
  reasoning: z.object({ effort: z.string().nullish() }).nullish(),
  text: z
    .object({
      format: z.object({ type: z.string(), name: z.string().optional(), schema: jsonSchema.optional() }).nullish(),
    })
    .nullish(),
  previous_response_id: nothing('an earlier answer that the vendor keeps'),
  conversation: nothing('a conversation that the vendor keeps'),
  prompt: nothing('a prompt that the vendor keeps'),
  background: z.literal(false, { error: 'an answer in the background cannot be given' }).nullish(),
});

/** OpenAI's Responses API. Source: its SDK's types, version 7.57. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  route: (method, { pathname }) =>
    method === 'POST' && /^(?:\/v1)?\/responses$/.test(pathname) ? { do: 'ask' } : null,
  read: (body, context) => toAsked(readAs(request, body), context),
  countTokens: (count) => ({ object: 'response.input_tokens', input_tokens: count }),
  error: (failure) => ({ error: toError(failure) }),
  errorEvent: (failure) => ({ event: 'error', data: { type: 'error', sequence_number: 0, ...toError(failure) } }),
  answers: {
    mayPass: (data) => {
      const event = streamEvent.parse(data);
      if (CALL_EVENTS.test(event.type) || ENDS.has(event.type)) return false;
      if (!PASSING_EVENTS.test(event.type)) throw new TypeError(`unknown event ${event.type}`);
      if (event.type === 'response.output_item.added' || event.type === 'response.output_item.done')
        return !CALL_TYPES.has(outputItem.parse(event.item).type);
      return (event.response?.output ?? []).length === 0;
    },
    assemble,
    readWhole: (body) => toReply(response.parse(body)),
  },
};

/** How the model is offered a tool, and how its call is written. */
interface Offered {
  readonly tool: LanguageModelV4FunctionTool | LanguageModelV4ProviderTool;
  readonly write: (input: string) => Record<string, unknown>;
}

const SHELL_INPUT = {
  local_shell: { command: { type: 'array', items: { type: 'string' } } },
  shell: { commands: { type: 'array', items: { type: 'string' } }, timeout_ms: { type: 'integer' } },
  apply_patch: {
    type: { enum: ['create_file', 'update_file', 'delete_file'] },
    path: { type: 'string' },
    diff: { type: 'string' },
  },
} as const;

function toOffered(given_: unknown, namespace?: string): readonly Offered[] {
  const one = readAs(tool, given_);
  const inNamespace = namespace === undefined ? {} : { namespace };
  const qualify = (name: string): string => (namespace === undefined ? name : `${namespace}.${name}`);
  switch (one.type) {
    case 'function':
      return [
        {
          tool: {
            type: 'function',
            name: qualify(one.name),
            inputSchema: one.parameters ?? { type: 'object', properties: {} },
            ...given({ description: one.description ?? undefined, strict: one.strict ?? undefined }),
          },
          write: (input) => ({ type: 'function_call', name: one.name, ...inNamespace, arguments: input }),
        },
      ];
    case 'custom': {
      const grammar = one.format === undefined ? [] : [`Format of the input: ${JSON.stringify(one.format)}`];
      return [
        {
          tool: {
            type: 'function',
            name: qualify(one.name),
            description: [...(one.description ? [one.description] : []), ...grammar].join('\n'),
            inputSchema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
          },
          write: (input) => ({ type: 'custom_tool_call', name: one.name, ...inNamespace, input: toFreeText(input) }),
        },
      ];
    }
    case 'namespace':
      return one.tools.flatMap((inner) => toOffered(inner, qualify(one.name)));
    case 'local_shell':
    case 'shell':
    case 'apply_patch':
      return [
        {
          tool: {
            type: 'function',
            name: one.type,
            inputSchema: { type: 'object', properties: SHELL_INPUT[one.type] },
          },
          write: (input) => {
            const value = toRecord(input);
            if (one.type === 'apply_patch') return { type: 'apply_patch_call', operation: value };
            return one.type === 'shell'
              ? { type: 'shell_call', action: { timeout_ms: null, max_output_length: null, ...value } }
              : { type: 'local_shell_call', action: { type: 'exec', env: {}, ...value } };
          },
        },
      ];
    case 'tool_search':
      return [
        {
          tool: {
            type: 'function',
            name: 'tool_search',
            inputSchema: one.parameters ?? { type: 'object', properties: {} },
            ...given({ description: one.description ?? undefined }),
          },
          write: (input) => ({ type: 'tool_search_call', execution: 'client', arguments: toRecord(input) }),
        },
      ];
    default: {
      const { type, ...args } = one;
      return [{ tool: { type: 'provider', id: `openai.${type}`, name: type, args }, write: toRecord }];
    }
  }
}

function toRecord(input: string): Record<string, unknown> {
  const value = parseInput(input);
  return isObject(value) ? value : { input };
}

function toFreeText(input: string): string {
  const text = toRecord(input)['input'];
  return typeof text === 'string' ? text : input;
}

function toAsked(asked: z.output<typeof request>, context: ReadContext): Asked {
  const prompt = startPrompt();
  if (asked.instructions) prompt.system(asked.instructions);
  const offered = (asked.tools ?? []).flatMap((one) => toOffered(one));
  if (typeof asked.input === 'string') prompt.user([{ type: 'text', text: asked.input }]);
  else
    for (const [index, value] of asked.input.entries()) {
      const input = readAs(item, value, `input.${index}`);
      if (input.type === 'additional_tools' || input.type === 'tool_search_output')
        offered.push(...input.tools.flatMap((one) => toOffered(one)));
      addItem(prompt, input);
    }
  const format = asked.text?.format;
  const options: Asked['options'] = {
    prompt: prompt.prompt,
    ...given({
      tools: offered.length === 0 ? undefined : offered.map((one) => one.tool),
      toolChoice: toChoice(asked.tool_choice),
      maxOutputTokens: asked.max_output_tokens ?? undefined,
      temperature: asked.temperature ?? undefined,
      topP: asked.top_p ?? undefined,
      reasoning: toEffort(asked.reasoning?.effort),
      responseFormat:
        format === undefined || format === null || format.type === 'text'
          ? undefined
          : { type: 'json' as const, ...given({ schema: format.schema, name: format.name }) },
    }),
  };
  const writers = new Map(offered.map(({ tool: { name }, write }) => [name, write]));
  const toItems = (answer: Answer): readonly Item[] => {
    const isRefusal = endOf(answer) === 'refusal';
    return partsOf(answer).map((one) => toItem(one, { context, writers, isRefusal }));
  };
  return {
    model: asked.model,
    streamed: asked.stream === true,
    options,
    whole: (answer) => ({ ...toResponse(asked.model, answer, context), output: toItems(answer) }),
    stream: (answer, begun = []) =>
      stream({ begun, items: toItems(answer), whole: toResponse(asked.model, answer, context) }),
  };
}

function toChoice(choice: z.output<typeof request>['tool_choice']): Asked['options']['toolChoice'] | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (typeof choice !== 'string')
    return choice.name === undefined ? { type: 'auto' } : { type: 'tool', toolName: choice.name };
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice };
  throw new RefusedRequest('tool_choice: expected auto, none, required or a tool');
}

function addItem(prompt: PromptBuilder, input: z.output<typeof item>): void {
  switch (input.type) {
    case 'message':
      return addMessage(prompt, input);
    case 'reasoning':
      return prompt.assistant(toReasoning(input));
    case 'additional_tools':
      return undefined;
    case 'tool_search_output':
      return prompt.result(input.call_id, { type: 'text', value: JSON.stringify(input.tools) });
    case 'function_call_output':
    case 'custom_tool_call_output':
    case 'local_shell_call_output':
    case 'shell_call_output':
    case 'apply_patch_call_output':
      return prompt.result(input.call_id ?? input.id ?? '', toResult(input));
    case 'function_call':
    case 'custom_tool_call':
    case 'local_shell_call':
    case 'shell_call':
    case 'apply_patch_call':
    case 'tool_search_call': {
      const { toolName, value } = readCall(input);
      return prompt.assistant({ type: 'tool-call', toolCallId: input.call_id, toolName, input: value });
    }
    default: {
      const { type, id, ...rest } = input;
      return prompt.assistant({
        type: 'tool-call',
        toolCallId: id,
        toolName: type.replace(/_call$/, ''),
        input: rest,
        providerExecuted: true,
      });
    }
  }
}

function addMessage(
  prompt: PromptBuilder,
  { role, content: said }: { readonly role: string; readonly content: z.output<typeof content> },
): void {
  const parts = (typeof said === 'string' ? [{ type: 'input_text', text: said }] : said).map((one) =>
    toUserPart(readAs(part, one)),
  );
  if (role === 'user') return prompt.user(parts);
  if (role === 'assistant') {
    for (const one of parts) prompt.assistant(one);
    return undefined;
  }
  const texts = parts.map((one) => {
    if (one.type !== 'text') throw new RefusedRequest(`expected a text in a message of the role ${role}`);
    return one.text;
  });
  return prompt.system(texts.join('\n\n'));
}

function toUserPart(one: Part): UserPart {
  switch (one.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: one.text };
    case 'refusal':
      return { type: 'text', text: one.refusal };
    case 'input_image':
      return { type: 'file', ...fileOf(one.image_url, one.file_id, 'image/*') };
    case 'input_file':
      return {
        type: 'file',
        ...fileOf(one.file_data ?? one.file_url, one.file_id, 'application/pdf'),
        ...given({ filename: one.filename ?? undefined }),
      };
  }
}

function fileOf(address: string | null | undefined, id: string | null | undefined, mediaType: string) {
  if (address) return toFile(address, mediaType);
  if (id) return { data: toReference('openai', id), mediaType };
  throw new RefusedRequest('a file without address, data or id');
}

function toReasoning({ summary, content: said, encrypted_content: encrypted, id }: z.output<typeof reasoning>) {
  return {
    type: 'reasoning' as const,
    text: [...summary, ...(said ?? [])].map(({ text }) => text).join('\n'),
    providerOptions: {
      openai: given({ itemId: id ?? undefined, reasoningEncryptedContent: encrypted ?? undefined }),
    },
  };
}

function toResult({ output, status }: { readonly output?: unknown; readonly status?: string | null | undefined }) {
  if (Array.isArray(output) && output.every((one) => part.safeParse(one).success))
    return toOutput(output.map((one) => toUserPart(readAs(part, one))));
  const value = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  return toOutput([{ type: 'text', text: value }], status === 'failed');
}

function readCall(one: Call): { readonly toolName: string; readonly value: unknown } {
  const qualify = (name: string, namespace: string | null | undefined): string =>
    namespace ? `${namespace}.${name}` : name;
  switch (one.type) {
    case 'function_call':
      return { toolName: qualify(one.name, one.namespace), value: parseInput(one.arguments) };
    case 'custom_tool_call':
      return { toolName: qualify(one.name, one.namespace), value: { input: one.input } };
    case 'apply_patch_call':
      return { toolName: 'apply_patch', value: one.operation };
    case 'tool_search_call':
      return { toolName: 'tool_search', value: one.arguments };
    case 'shell_call':
    case 'local_shell_call':
      return { toolName: one.type.replace(/_call$/, ''), value: one.action };
  }
}

type Item = Record<string, unknown> & { readonly id: string };

interface Writing {
  readonly context: ReadContext;
  readonly writers: ReadonlyMap<string, Offered['write']>;
  readonly isRefusal: boolean;
}

function toItem(one: AnswerPart, { context: { newId }, writers, isRefusal }: Writing): Item {
  if (one.type === 'text') {
    const said = isRefusal
      ? { type: 'refusal', refusal: one.text }
      : { type: 'output_text', text: one.text, annotations: [], logprobs: [] };
    return { id: newId('msg_'), type: 'message', status: 'completed', role: 'assistant', content: [said] };
  }
  if (one.type === 'reasoning') {
    const { itemId, reasoningEncryptedContent: encrypted } = one.providerMetadata?.['openai'] ?? {};
    return {
      id: typeof itemId === 'string' ? itemId : newId('rs_'),
      type: 'reasoning',
      summary: one.text === '' ? [] : [{ type: 'summary_text', text: one.text }],
      ...(typeof encrypted === 'string' && { encrypted_content: encrypted }),
    };
  }
  const { toolName: name, toolCallId, input } = one;
  // A model may call what it was not offered; the product says so to it.
  const written = writers.get(name)?.(input) ?? { type: 'function_call', name, arguments: input };
  return { id: newId('fc_'), status: 'completed', call_id: toolCallId, ...written };
}

function toResponse(model: string, answer: Answer, { newId, seconds, bytes }: ReadContext): Record<string, unknown> {
  const { input, cached, output, reasoning: thought } = countTokens(answer, bytes);
  const isCut = endOf(answer) === 'length';
  return {
    id: newId('resp_'),
    object: 'response',
    created_at: seconds,
    status: isCut ? 'incomplete' : 'completed',
    background: false,
    error: null,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    max_output_tokens: null,
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: null,
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: thought },
      total_tokens: input + output,
    },
    user: null,
    metadata: {},
  };
}

interface Streaming {
  readonly begun: readonly unknown[];
  readonly items: readonly Item[];
  readonly whole: Record<string, unknown>;
}

function* stream({ begun, items, whole }: Streaming): Generator<StreamEvent> {
  const before = begun.map((data) => streamEvent.parse(data));
  const given_ = before.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
  let sequence = before.length;
  const send = (type: string, fields: object): StreamEvent => ({
    event: type,
    data: { type, sequence_number: sequence++, ...fields },
  });
  const end = { ...whole, ...before.find(({ type }) => type === 'response.created')?.response };
  const starting = { ...end, status: 'in_progress', output: [], usage: null };
  if (before.length === 0) {
    yield send('response.created', { response: starting });
    yield send('response.in_progress', { response: starting });
  }
  for (const [index, done] of items.entries()) {
    const at = { output_index: given_.length + index, item_id: done.id };
    const empty = { content: [], summary: [], arguments: '', input: '' };
    const opened = Object.entries(empty).filter(([name]) => name in done && typeof done[name] !== 'undefined');
    const added = { ...done, ...(done['type'] === 'tool_search_call' ? {} : Object.fromEntries(opened)) };
    yield send('response.output_item.added', {
      output_index: at.output_index,
      item: 'status' in done ? { ...added, status: 'in_progress' } : added,
    });
    for (const { type, ...fields } of toDeltas(done)) yield send(type, { ...at, ...fields });
    yield send('response.output_item.done', { output_index: at.output_index, item: done });
  }
  const { status, usage, incomplete_details } = whole;
  yield send(`response.${status === 'incomplete' ? 'incomplete' : 'completed'}`, {
    response: { ...end, status, usage, incomplete_details, output: [...given_, ...items] },
  });
}

type Delta = { readonly type: string } & Record<string, unknown>;

function toDeltas(done: Item): readonly Delta[] {
  const { content: said, summary } = done;
  if (Array.isArray(said))
    return said.flatMap((one: Record<string, unknown>, index): Delta[] => {
      const at = { content_index: index };
      const name = one['type'] === 'refusal' ? 'refusal' : 'text';
      const kind = name === 'refusal' ? 'response.refusal' : 'response.output_text';
      const logprobs = name === 'refusal' ? {} : { logprobs: [] };
      return [
        { type: 'response.content_part.added', ...at, part: { ...one, [name]: '' } },
        { type: `${kind}.delta`, ...at, delta: one[name], ...logprobs },
        { type: `${kind}.done`, ...at, [name]: one[name], ...logprobs },
        { type: 'response.content_part.done', ...at, part: one },
      ];
    });
  if (Array.isArray(summary))
    return summary.flatMap((one: Record<string, unknown>, index): Delta[] => {
      const at = { summary_index: index };
      return [
        { type: 'response.reasoning_summary_part.added', ...at, part: { ...one, text: '' } },
        { type: 'response.reasoning_summary_text.delta', ...at, delta: one['text'] },
        { type: 'response.reasoning_summary_text.done', ...at, text: one['text'] },
        { type: 'response.reasoning_summary_part.done', ...at, part: one },
      ];
    });
  if (done['type'] === 'function_call')
    return [
      { type: 'response.function_call_arguments.delta', delta: done['arguments'] },
      { type: 'response.function_call_arguments.done', name: done['name'], arguments: done['arguments'] },
    ];
  if (done['type'] === 'custom_tool_call')
    return [
      { type: 'response.custom_tool_call_input.delta', delta: done['input'] },
      { type: 'response.custom_tool_call_input.done', input: done['input'] },
    ];
  return [];
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  401: 'invalid_api_key',
  403: 'permission_denied',
  404: 'not_found',
  429: 'rate_limit_exceeded',
};

/** As OpenAI writes errors, also in chat completions. */
export function toError({ status, message }: Failure): Record<string, unknown> {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { message, type, param: null, code: ERROR_CODES[status] ?? (status < 500 ? null : 'server_error') };
}

// What a provider answers. Strict: an unknown kind is an error of these schemas.
const outputItem = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), content: z.array(part) }),
  ...calls,
  reasoning,
  hostedCall,
]);
const response = z.object({
  status: z.string(),
  output: z.array(z.unknown()),
  error: z.object({ message: z.string() }).nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  usage: z
    .object({
      input_tokens: z.number(),
      input_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
      output_tokens: z.number(),
      output_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});
const streamEvent = z.looseObject({
  type: z.string(),
  item: z.unknown().optional(),
  response: z.looseObject({ output: z.array(z.unknown()).nullish() }).optional(),
});
const CALL_EVENTS =
  /^response\.(?:function_call_arguments|custom_tool_call_input|shell_call_command|apply_patch_call_operation_diff)\./;
const PASSING_EVENTS =
  /^response\.(?:created|in_progress|queued|(?:output_item|content_part|output_text|refusal|reasoning_text|reasoning_summary_part|reasoning_summary_text|web_search_call|file_search_call|code_interpreter_call|code_interpreter_call_code|image_generation_call)\.[a-z_.]+)$/;
const ENDS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete', 'response.failed', 'error']);

function assemble(events: readonly unknown[]): unknown {
  const read = events.map((data) => streamEvent.parse(data));
  const last = read.find(({ type }) => ENDS.has(type));
  if (last === undefined) throw new TypeError('the stream ended before its end');
  if (last.type === 'error') return { status: 'failed', output: [], error: { message: last['message'] } };
  const done = read.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
  const listed = last.response?.output ?? [];
  const idsOf = (items: readonly unknown[]): string =>
    JSON.stringify(items.map((one) => outputItem.parse(one)).flatMap((one) => ('call_id' in one ? [one] : [])));
  if (listed.length > 0 && done.length > 0 && idsOf(listed) !== idsOf(done))
    throw new TypeError('the stream holds other tool calls than its end');
  return { ...last.response, output: done.length > 0 ? done : listed };
}

function toReply({
  status,
  output,
  error,
  incomplete_details: cut,
  usage,
}: z.output<typeof response>): Answer | Failure {
  if (status === 'failed') return { status: 500, message: error?.message ?? 'the provider failed' };
  if (status !== 'completed' && status !== 'incomplete') throw new TypeError(`an answer with the status ${status}`);
  const items = output.map((one) => outputItem.parse(one));
  const refuses = items.some((one) => one.type === 'message' && one.content.some(({ type }) => type === 'refusal'));
  const asks = items.some(({ type }) => CALL_TYPES.has(type));
  return {
    content: items.flatMap(toContent),
    finishReason: toFinish(cut?.reason ?? (refuses ? 'refusal' : asks ? 'tool_calls' : 'stop'), {
      stop: 'stop',
      tool_calls: 'tool-calls',
      refusal: 'content-filter',
      content_filter: 'content-filter',
      max_output_tokens: 'length',
    }),
    usage: toUsage({
      input: usage?.input_tokens,
      cached: usage?.input_tokens_details?.cached_tokens,
      output: usage?.output_tokens,
      reasoning: usage?.output_tokens_details?.reasoning_tokens,
    }),
  };
}

function toContent(one: z.output<typeof outputItem>): Answer['content'] {
  if (one.type === 'message')
    return one.content.map((said) => {
      const read = toUserPart(said);
      if (read.type !== 'text') throw new TypeError('a file in an answer');
      return read;
    });
  if (one.type === 'reasoning') {
    const { type, text, providerOptions } = toReasoning(one);
    return [{ type, text, providerMetadata: providerOptions }];
  }
  if ('call_id' in one && CALL_TYPES.has(one.type)) {
    const read = call.parse(one);
    const { toolName, value } = readCall(read);
    const input = read.type === 'function_call' ? read.arguments : JSON.stringify(value);
    return [{ type: 'tool-call', toolCallId: read.call_id, toolName, input }];
  }
  const { type, ...rest } = hostedCall.parse(one);
  const toolName = type.replace(/_call$/, '');
  return [{ type: 'tool-call', toolCallId: rest.id, toolName, input: JSON.stringify(rest), providerExecuted: true }];
}
