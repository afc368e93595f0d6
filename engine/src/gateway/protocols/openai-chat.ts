import { z } from 'zod';

import { readAs, RefusedRequest } from '../refused-request.ts';
import type { Answer, Asked, Failure, Protocol, ReadContext, StreamEvent } from './contract.ts';
import { toError } from './openai-responses.ts';
import {
  countTokens,
  endOf,
  given,
  json,
  jsonSchema,
  parseInput,
  partsOf,
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
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
  z.object({ type: z.literal('input_audio'), input_audio: z.object({ data: z.string(), format: z.string() }) }),
  z.object({
    type: z.literal('file'),
    file: z.object({
      file_data: z.string().nullish(),
      file_id: z.string().nullish(),
      filename: z.string().nullish(),
    }),
  }),
]);
const content = z.union([z.string(), z.array(z.unknown())]);
const call = z.preprocess(
  // Some servers and clients leave the kind out.
  (value) =>
    typeof value === 'object' && value !== null && !('type' in value) ? { ...value, type: 'function' } : value,
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('function'),
      id: z.string(),
      function: z.object({ name: z.string(), arguments: z.string() }),
    }),
    z.object({ type: z.literal('custom'), id: z.string(), custom: z.object({ name: z.string(), input: z.string() }) }),
  ]),
);
const message = z.discriminatedUnion('role', [
  z.object({ role: z.literal(['system', 'developer', 'user']), content }),
  z.object({
    role: z.literal('assistant'),
    content: content.nullish(),
    refusal: z.string().nullish(),
    // Not OpenAI's own, but usual: what the model thought.
    reasoning_content: z.string().nullish(),
    tool_calls: z.array(call).nullish(),
  }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string(), content }),
]);
const tool = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('function'),
    function: z.object({
      name: z.string(),
      description: z.string().nullish(),
      parameters: jsonSchema.nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
  z.object({
    type: z.literal('custom'),
    custom: z.object({ name: z.string(), description: z.string().nullish(), format: json.optional() }),
  }),
]);
const choice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
]);

const request = z.object({
  model: z.string(),
  messages: z.array(message),
  tools: z.array(tool).nullish(),
  tool_choice: choice.nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  seed: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  reasoning_effort: z.string().nullish(),
  response_format: z
    .object({
      type: z.string(),
      json_schema: z.object({ name: z.string().optional(), schema: jsonSchema.optional() }).optional(),
    })
    .nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.literal(1, { error: 'expected one answer to a question' }).nullish(),
  functions: z.never({ error: 'expected `tools`, which took the place of `functions`' }).optional(),
});

/** Chat completions, as OpenAI and most other servers speak it. Source: the SDK's types, version 7.57. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  route: (method, { pathname }) =>
    method === 'POST' && /^(?:\/v1)?\/chat\/completions$/.test(pathname) ? { do: 'ask' } : null,
  read: (body, context) => toAsked(readAs(request, body), context),
  countTokens: (tokens) => ({ total_tokens: tokens }),
  error: (failure) => ({ error: toError(failure) }),
  errorEvent: (failure) => ({ data: { error: toError(failure) } }),
  answers: {
    mayPass: (data) => {
      if (data === '[DONE]') return false;
      const read = chunk.parse(data);
      return (
        read.error === undefined &&
        read.choices.every(({ delta, finish_reason: end }) => delta.tool_calls === undefined && !end)
      );
    },
    assemble,
    readWhole: (body) => toReply(completion.parse(body)),
  },
};

function toAsked(asked: z.output<typeof request>, context: ReadContext): Asked {
  const format = asked.response_format;
  const freeText = new Set<string>();
  const tools = asked.tools?.map((one) => {
    if (one.type === 'function') {
      const { name, description, parameters, strict } = one.function;
      return {
        type: 'function' as const,
        name,
        inputSchema: parameters ?? { type: 'object' as const, properties: {} },
        ...given({ description: description ?? undefined, strict: strict ?? undefined }),
      };
    }
    const { name, description } = one.custom;
    freeText.add(name);
    return {
      type: 'function' as const,
      name,
      inputSchema: FREE_TEXT,
      ...given({ description: description ?? undefined }),
    };
  });
  const options: Asked['options'] = {
    prompt: toPrompt(asked.messages),
    ...given({
      tools,
      toolChoice: toChoice(asked.tool_choice),
      maxOutputTokens: asked.max_completion_tokens ?? asked.max_tokens ?? undefined,
      temperature: asked.temperature ?? undefined,
      topP: asked.top_p ?? undefined,
      presencePenalty: asked.presence_penalty ?? undefined,
      frequencyPenalty: asked.frequency_penalty ?? undefined,
      seed: asked.seed ?? undefined,
      stopSequences: typeof asked.stop === 'string' ? [asked.stop] : (asked.stop ?? undefined),
      reasoning: toEffort(asked.reasoning_effort),
      responseFormat:
        format === undefined || format === null || format.type === 'text'
          ? undefined
          : { type: 'json' as const, ...given({ schema: format.json_schema?.schema, name: format.json_schema?.name }) },
    }),
  };
  const says = (answer: Answer) => toMessage(answer, freeText);
  return {
    model: asked.model,
    streamed: asked.stream === true,
    options,
    whole: (answer) => ({
      ...toHead(asked.model, context),
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', refusal: null, ...says(answer) },
          logprobs: null,
          finish_reason: toEnd(answer),
        },
      ],
      usage: countUsage(answer, context),
    }),
    stream: function* (answer, begun = []) {
      const head = { ...toHead(asked.model, context), object: 'chat.completion.chunk' };
      const id = begun.map((data) => chunk.safeParse(data).data?.id).find((known) => known !== undefined);
      const send = (delta: object, end: string | null = null): StreamEvent => ({
        data: {
          ...head,
          ...(id !== undefined && { id }),
          choices: [{ index: 0, delta, logprobs: null, finish_reason: end }],
        },
      });
      const { content: text, tool_calls: calls = [], ...rest } = says(answer);
      if (begun.length === 0) yield send({ role: 'assistant', content: '', refusal: null });
      if (Object.keys(rest).length > 0) yield send(rest);
      if (text !== null) yield send({ content: text });
      for (const [index, one] of calls.entries()) yield send({ tool_calls: [{ index, ...one }] });
      yield send({}, toEnd(answer));
      if (asked.stream_options?.include_usage === true)
        yield { data: { ...head, choices: [], usage: countUsage(answer, context) } };
      yield { data: '[DONE]' };
    },
  };
}

const FREE_TEXT = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] } as const;

function toChoice(wanted: z.output<typeof choice> | null | undefined): Asked['options']['toolChoice'] | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  return typeof wanted === 'string' ? { type: wanted } : { type: 'tool', toolName: wanted.function.name };
}

function toPrompt(messages: readonly z.output<typeof message>[]): Asked['options']['prompt'] {
  const prompt = startPrompt();
  for (const said of messages) {
    const parts = toParts(said.content ?? []);
    if (said.role === 'user') prompt.user(parts);
    else if (said.role === 'tool') prompt.result(said.tool_call_id, toOutput(parts));
    else if (said.role === 'assistant') {
      if (said.reasoning_content) prompt.assistant({ type: 'reasoning', text: said.reasoning_content });
      for (const one of parts) if (one.type !== 'text' || one.text !== '') prompt.assistant(one);
      if (said.refusal) prompt.assistant({ type: 'text', text: said.refusal });
      for (const one of said.tool_calls ?? [])
        prompt.assistant({
          type: 'tool-call',
          toolCallId: one.id,
          ...(one.type === 'function'
            ? { toolName: one.function.name, input: parseInput(one.function.arguments) }
            : { toolName: one.custom.name, input: { input: one.custom.input } }),
        });
    } else prompt.system(parts.map((one) => textOf(one)).join('\n\n'));
  }
  return prompt.prompt;
}

function textOf(one: UserPart): string {
  if (one.type === 'text') return one.text;
  throw new RefusedRequest('expected texts in a message of the system');
}

function toParts(said: z.output<typeof content>): readonly UserPart[] {
  if (typeof said === 'string') return [{ type: 'text', text: said }];
  return said.map((value): UserPart => {
    const one = readAs(part, value);
    switch (one.type) {
      case 'text':
        return { type: 'text', text: one.text };
      case 'refusal':
        return { type: 'text', text: one.refusal };
      case 'image_url':
        return { type: 'file', ...toFile(one.image_url.url, 'image/*') };
      case 'input_audio':
        return {
          type: 'file',
          data: { type: 'data', data: one.input_audio.data },
          mediaType: `audio/${one.input_audio.format}`,
        };
      case 'file': {
        const { file_data: data, file_id: id, filename } = one.file;
        const name = given({ filename: filename ?? undefined });
        if (data) return { type: 'file', ...toFile(data, 'application/pdf'), ...name };
        if (id) return { type: 'file', data: toReference('openai', id), mediaType: 'application/pdf', ...name };
        throw new RefusedRequest('a file without data or id');
      }
    }
  });
}

interface Said {
  readonly content: string | null;
  readonly refusal?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly Record<string, unknown>[];
}

function toMessage(answer: Answer, freeText: ReadonlySet<string>): Said {
  const parts = partsOf(answer);
  const join = (type: 'text' | 'reasoning'): string =>
    parts.flatMap((one) => (one.type === type ? [one.text] : [])).join('');
  const thought = join('reasoning');
  const text = join('text');
  const calls = parts.flatMap((one): Record<string, unknown>[] => {
    if (one.type !== 'tool-call') return [];
    const { toolCallId: id, toolName: name, input } = one;
    if (!freeText.has(name)) return [{ id, type: 'function', function: { name, arguments: input } }];
    const read = z.object({ input: z.string() }).safeParse(parseInput(input));
    return [{ id, type: 'custom', custom: { name, input: read.data?.input ?? input } }];
  });
  const said = endOf(answer) === 'refusal' ? { content: null, refusal: text } : { content: text };
  return {
    ...said,
    ...(thought !== '' && { reasoning_content: thought }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function toEnd(answer: Answer): string {
  return { calls: 'tool_calls', length: 'length', refusal: 'stop', stop: 'stop' }[endOf(answer)];
}

function toHead(model: string, { newId, seconds }: ReadContext): Record<string, unknown> {
  return { id: newId('chatcmpl-'), created: seconds, model, service_tier: 'default', system_fingerprint: null };
}

function countUsage(answer: Answer, { bytes }: ReadContext): unknown {
  const { input, cached, output, reasoning } = countTokens(answer, bytes);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

// What a provider answers.
const answered = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  function_call: z.null({ error: 'calls of functions took another form' }).optional(),
});
const usage = z
  .object({
    prompt_tokens: z.number().nullish(),
    completion_tokens: z.number().nullish(),
    prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
    completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
  })
  .nullish();
const failed = z.object({ message: z.string() }).optional();
const completion = z.object({
  error: failed,
  choices: z
    .array(
      z.object({
        message: answered.extend({ tool_calls: z.array(call).nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .length(1)
    .optional(),
  usage,
});
const piece = z.object({ name: z.string().optional(), arguments: z.string().optional(), input: z.string().optional() });
const chunk = z.object({
  id: z.string().optional(),
  error: failed,
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        delta: answered.extend({
          tool_calls: z
            .array(
              z.object({
                index: z.int().min(0).default(0),
                id: z.string().nullish(),
                type: z.literal(['function', 'custom']).nullish(),
                function: piece.optional(),
                custom: piece.optional(),
              }),
            )
            .optional(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage,
});

interface Building {
  content: string;
  refusal: string;
  reasoning_content: string;
}

function assemble(events: readonly unknown[]): unknown {
  const said: Building = { content: '', refusal: '', reasoning_content: '' };
  const calls = new Map<number, { id: string; type: 'function' | 'custom'; name: string; text: string }>();
  let end: string | null = null;
  let counted: z.output<typeof usage> = null;
  for (const data of events) {
    if (data === '[DONE]') continue;
    const read = chunk.parse(data);
    if (read.error !== undefined) return { error: read.error };
    counted = read.usage ?? counted;
    for (const { delta, finish_reason } of read.choices) {
      end = finish_reason ?? end;
      said.content += delta.content ?? '';
      said.refusal += delta.refusal ?? '';
      said.reasoning_content += delta.reasoning_content ?? '';
      for (const { index, id, type, ...pieces } of delta.tool_calls ?? []) {
        const { name = '', arguments: text = '', input = '' } = pieces.function ?? pieces.custom ?? {};
        const open = calls.get(index) ?? {
          id: '',
          type: pieces.custom === undefined ? 'function' : 'custom',
          name: '',
          text: '',
        };
        calls.set(index, {
          id: open.id || (id ?? ''),
          type: type ?? open.type,
          name: open.name + name,
          text: open.text + text + input,
        });
      }
    }
  }
  if (end === null) throw new TypeError('the stream ended before its end');
  const toolCalls = [...calls.values()].map(({ id, type, name, text }) =>
    type === 'custom' ? { id, type, custom: { name, input: text } } : { id, type, function: { name, arguments: text } },
  );
  return { choices: [{ message: { ...said, tool_calls: toolCalls }, finish_reason: end }], usage: counted };
}

function toReply({ choices, error, usage: counted }: z.output<typeof completion>): Answer | Failure {
  if (error !== undefined) return { status: 500, message: error.message };
  const one = choices?.[0];
  if (one === undefined) throw new TypeError('an answer without a choice');
  const { content: text, refusal, reasoning_content: thought, tool_calls: calls } = one.message;
  return {
    content: [
      ...(thought ? [{ type: 'reasoning' as const, text: thought }] : []),
      ...(text ? [{ type: 'text' as const, text }] : []),
      ...(refusal ? [{ type: 'text' as const, text: refusal }] : []),
      ...(calls ?? []).map((asked) => ({
        type: 'tool-call' as const,
        toolCallId: asked.id,
        toolName: asked.type === 'function' ? asked.function.name : asked.custom.name,
        input: asked.type === 'function' ? asked.function.arguments : JSON.stringify({ input: asked.custom.input }),
      })),
    ],
    finishReason: toFinish(refusal ? 'content_filter' : one.finish_reason, {
      stop: 'stop',
      length: 'length',
      tool_calls: 'tool-calls',
      content_filter: 'content-filter',
    }),
    usage: toUsage({
      input: counted?.prompt_tokens,
      output: counted?.completion_tokens,
      cached: counted?.prompt_tokens_details?.cached_tokens,
      reasoning: counted?.completion_tokens_details?.reasoning_tokens,
    }),
  };
}
