import type { LanguageModelV4FunctionTool, LanguageModelV4ProviderTool } from '@ai-sdk/provider';
import { z } from 'zod';

import { readAs, RefusedRequest } from '../refused-request.ts';
import type { Answer, Asked, Failure, Protocol, ReadContext } from './contract.ts';
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
  toFile,
  toFinish,
  toUsage,
  type UserPart,
} from './prompt.ts';

const signed = { thought: z.boolean().optional(), thoughtSignature: z.string().optional() };
const functionCall = z.object({ id: z.string().optional(), name: z.string(), args: json.optional() });
const KINDS = [
  'text',
  'functionCall',
  'functionResponse',
  'inlineData',
  'fileData',
  'executableCode',
  'codeExecutionResult',
] as const;

/** The kind of a part is the name of its one field. With two, a text could hide a call. */
const part = z
  .custom((value) => isObject(value) && KINDS.filter((kind) => kind in value).length === 1, 'unknown kind of part')
  .pipe(
    z.union([
      z.object({ text: z.string(), ...signed }),
      z.object({ functionCall, ...signed }),
      z.object({
        functionResponse: z.object({
          id: z.string().optional(),
          name: z.string(),
          response: json,
          parts: z.array(z.unknown()).max(0, 'files in the result of a tool are not read').optional(),
        }),
      }),
      z.object({ inlineData: z.object({ mimeType: z.string(), data: z.string() }), ...signed }),
      z.object({ fileData: z.object({ mimeType: z.string().optional(), fileUri: z.string() }), ...signed }),
      z.object({ executableCode: json, ...signed }),
      z.object({ codeExecutionResult: json, ...signed }),
    ]),
  );
type Part = z.output<typeof part>;
const content = z.object({ role: z.string().optional(), parts: z.array(part).default([]) });

const tool = z.strictObject({
  functionDeclarations: z
    .array(
      z.object({
        name: z.string(),
        description: z.string().optional(),
        parameters: jsonSchema.optional(),
        parametersJsonSchema: jsonSchema.optional(),
      }),
    )
    .optional(),
  googleSearch: json.optional(),
  urlContext: json.optional(),
  codeExecution: json.optional(),
});

const request = z.object({
  contents: z.array(content),
  systemInstruction: content.optional(),
  tools: z.array(tool).optional(),
  toolConfig: z
    .object({
      functionCallingConfig: z
        .object({
          mode: z.enum(['MODE_UNSPECIFIED', 'AUTO', 'ANY', 'NONE', 'VALIDATED']).optional(),
          allowedFunctionNames: z.array(z.string()).optional(),
        })
        .optional(),
    })
    .optional(),
  generationConfig: z
    .object({
      temperature: z.number().optional(),
      topP: z.number().optional(),
      topK: z.number().optional(),
      maxOutputTokens: z.number().optional(),
      stopSequences: z.array(z.string()).optional(),
      seed: z.number().optional(),
      presencePenalty: z.number().optional(),
      frequencyPenalty: z.number().optional(),
      responseMimeType: z.string().optional(),
      responseSchema: jsonSchema.optional(),
      responseJsonSchema: jsonSchema.optional(),
      candidateCount: z.literal(1, { error: 'expected one answer to a question' }).optional(),
    })
    .default({}),
  cachedContent: z
    .never({ error: 'a prompt that the vendor keeps is not passed on: the gateway does not see it' })
    .optional(),
});

/** Google's Gemini API. Source: its SDK's types, version 3.3. */
export const gemini: Protocol = {
  name: 'gemini',
  route: (method, { pathname, searchParams }) => {
    const found = /^\/v1(?:beta|alpha)?\/models\/([^/:]+):(\w+)$/.exec(pathname);
    if (method !== 'POST' || found === null) return null;
    const model = decodeURIComponent(found[1] ?? '');
    if (found[2] === 'countTokens') return { do: 'count-tokens', model };
    if (found[2] === 'generateContent') return { do: 'ask', model, streamed: false };
    // Without it the stream is one long list in JSON, which no product asks for.
    const isStream = found[2] === 'streamGenerateContent' && searchParams.get('alt') === 'sse';
    return isStream ? { do: 'ask', model, streamed: true } : null;
  },
  read: (body, context) => toAsked(readAs(request, body), context),
  countTokens: (tokens) => ({ totalTokens: tokens }),
  error: toError,
  errorEvent: (failure) => ({ data: toError(failure) }),
  answers: {
    mayPass: (data) => {
      const read = response.parse(data);
      return (
        read.error === undefined &&
        read.promptFeedback === undefined &&
        read.candidates.every(
          (one) => !one.finishReason && one.content.parts.every((inner) => !('functionCall' in inner)),
        )
      );
    },
    assemble: (events) => {
      const read = events.map((data) => response.parse(data));
      const bad = read.find(({ error, promptFeedback }) => error !== undefined || promptFeedback !== undefined);
      if (bad !== undefined) return bad;
      const candidates = read.flatMap((one) => one.candidates);
      const finishReason = candidates.findLast((one) => one.finishReason)?.finishReason;
      if (finishReason === undefined) throw new TypeError('the stream ended before its end');
      const parts = joinTexts(candidates.flatMap((one) => one.content.parts));
      const usageMetadata = read.findLast((one) => one.usageMetadata)?.usageMetadata;
      return { candidates: [{ content: { parts }, finishReason }], usageMetadata };
    },
    readWhole: (body) => toReply(response.parse(body)),
  },
};

function toAsked(asked: z.output<typeof request>, context: ReadContext): Asked {
  const { model = '', streamed = false } = context.route;
  const prompt = startPrompt();
  if (asked.systemInstruction !== undefined) prompt.system(asked.systemInstruction.parts.map(textOf).join('\n\n'));
  const calls = createCallIds();
  for (const { role = 'user', parts } of asked.contents) {
    if (role !== 'user' && role !== 'model' && role !== 'function')
      throw new RefusedRequest(`contents: unknown role ${JSON.stringify(role)}`);
    if (role === 'model') for (const one of parts) addAnswer(prompt, one, calls);
    else addUser(prompt, parts, calls);
  }
  const config = asked.generationConfig;
  const mode = asked.toolConfig?.functionCallingConfig;
  const schema = config.responseJsonSchema ?? (config.responseSchema && toJsonSchema(config.responseSchema));
  const options: Asked['options'] = {
    prompt: prompt.prompt,
    ...given({
      tools: asked.tools?.flatMap(toTools),
      toolChoice: toChoice(mode?.mode, mode?.allowedFunctionNames),
      maxOutputTokens: config.maxOutputTokens,
      temperature: config.temperature,
      topP: config.topP,
      topK: config.topK,
      seed: config.seed,
      presencePenalty: config.presencePenalty,
      frequencyPenalty: config.frequencyPenalty,
      stopSequences: config.stopSequences,
      responseFormat:
        config.responseMimeType === 'application/json' ? { type: 'json' as const, ...given({ schema }) } : undefined,
    }),
  };
  const whole = (answer: Answer): unknown => toResponse(model, answer, context);
  return {
    model,
    streamed,
    options,
    whole,
    // Its stream is a row of such answers; one is enough.
    stream: (answer) => [{ data: whole(answer) }],
  };
}

/** The protocol names calls by tool and order where it gives no id. */
interface CallIds {
  readonly ofCall: (name: string, id: string | undefined) => string;
  /** Null for a result that was there before. */
  readonly ofResult: (name: string, id: string | undefined) => string | null;
}

function createCallIds(): CallIds {
  const waiting: { readonly name: string; readonly id: string }[] = [];
  const answered = new Set<string>();
  let count = 0;
  return {
    ofCall: (name, id = `call-${++count}`) => {
      waiting.push({ name, id });
      return id;
    },
    ofResult: (name, id) => {
      const index = waiting.findIndex((one) => (id === undefined ? one.name === name : one.id === id));
      // Gemini CLI sends each result twice when it opens a session again.
      if (index === -1 && id !== undefined && answered.has(id)) return null;
      if (index === -1) throw new RefusedRequest(`the result of ${JSON.stringify(name)} has no tool call before it`);
      const called = waiting.splice(index, 1)[0]?.id ?? '';
      answered.add(called);
      return called;
    },
  };
}

function addUser(prompt: PromptBuilder, parts: readonly Part[], calls: CallIds): void {
  let said: UserPart[] = [];
  for (const one of parts) {
    if (!('functionResponse' in one)) {
      said.push(toUserPart(one));
      continue;
    }
    prompt.user(said);
    said = [];
    const { name, id, response: value } = one.functionResponse;
    const called = calls.ofResult(name, id);
    if (called !== null) prompt.result(called, toResult(value));
  }
  prompt.user(said);
}

/** `output` and `error` are the fields that the vendor names for a result and for a failure. */
function toResult(value: z.output<typeof json>): Parameters<PromptBuilder['result']>[1] {
  if (isObject(value) && Object.keys(value).length === 1) {
    const { output, error } = value;
    if (typeof output === 'string') return { type: 'text', value: output };
    if (typeof error === 'string') return { type: 'error-text', value: error };
  }
  return { type: 'json', value };
}

function toUserPart(one: Part): UserPart {
  if ('text' in one) return { type: 'text', text: one.text };
  if ('inlineData' in one)
    return { type: 'file', data: { type: 'data', data: one.inlineData.data }, mediaType: one.inlineData.mimeType };
  if ('fileData' in one) return { type: 'file', ...toFile(one.fileData.fileUri, one.fileData.mimeType ?? '*/*') };
  throw new RefusedRequest('expected a text or a file in what the user says');
}

function textOf(one: Part): string {
  if ('text' in one) return one.text;
  throw new RefusedRequest('systemInstruction: expected texts');
}

function addAnswer(prompt: PromptBuilder, one: Part, calls: CallIds): void {
  const signature =
    'thoughtSignature' in one && one.thoughtSignature !== undefined
      ? { providerOptions: { google: { thoughtSignature: one.thoughtSignature } } }
      : {};
  if ('text' in one)
    prompt.assistant({ type: one.thought === true ? 'reasoning' : 'text', text: one.text, ...signature });
  else if ('functionCall' in one) {
    const { name, id, args = {} } = one.functionCall;
    const toolCallId = calls.ofCall(name, id);
    prompt.assistant({ type: 'tool-call', toolCallId, toolName: name, input: args, ...signature });
  } else if ('executableCode' in one || 'codeExecutionResult' in one)
    prompt.assistant({ type: 'text', text: JSON.stringify(one), ...signature });
  else prompt.assistant(toUserPart(one));
}

function toTools(one: z.output<typeof tool>): readonly (LanguageModelV4FunctionTool | LanguageModelV4ProviderTool)[] {
  const { functionDeclarations = [], ...hosted } = one;
  const own = functionDeclarations.map(({ name, description, parameters, parametersJsonSchema }) => ({
    type: 'function' as const,
    name,
    inputSchema: parametersJsonSchema ?? toJsonSchema(parameters ?? { type: 'object', properties: {} }),
    ...given({ description }),
  }));
  const vendors = Object.entries(hosted).map(([name, args]) => ({
    type: 'provider' as const,
    id: `google.${name}` as const,
    name,
    args: isObject(args) ? args : {},
  }));
  return [...own, ...vendors];
}

/** The vendor's own schemas write the names of types in capitals. */
function toJsonSchema(schema: z.output<typeof jsonSchema>): z.output<typeof jsonSchema> {
  return jsonSchema.parse(
    JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
      key === 'type' && typeof value === 'string' ? value.toLowerCase() : value,
    ),
  );
}

function toChoice(mode: string | undefined, names: readonly string[] = []): Asked['options']['toolChoice'] | undefined {
  if (mode === 'NONE') return { type: 'none' };
  if (mode !== 'ANY') return undefined;
  const only = names.length === 1 ? names[0] : undefined;
  return only === undefined ? { type: 'required' } : { type: 'tool', toolName: only };
}

function toResponse(model: string, answer: Answer, { newId, bytes }: ReadContext): unknown {
  const { input, cached, output, reasoning } = countTokens(answer, bytes);
  const finishReason = { calls: 'STOP', length: 'MAX_TOKENS', refusal: 'SAFETY', stop: 'STOP' }[endOf(answer)];
  return {
    candidates: [{ content: { role: 'model', parts: partsOf(answer).map(toPart) }, finishReason, index: 0 }],
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: Math.max(0, output - reasoning),
      totalTokenCount: input + output,
      ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
      ...(cached > 0 && { cachedContentTokenCount: cached }),
    },
    modelVersion: model,
    responseId: newId(''),
  };
}

function toPart(one: AnswerPart): Record<string, unknown> {
  const thoughtSignature = one.providerMetadata?.['google']?.['thoughtSignature'];
  const signature = typeof thoughtSignature === 'string' ? { thoughtSignature } : {};
  if (one.type === 'text') return { text: one.text, ...signature };
  if (one.type === 'reasoning') return { text: one.text, thought: true, ...signature };
  const args = parseInput(one.input);
  const { toolCallId: id, toolName: name } = one;
  return { functionCall: { id, name, args: isObject(args) ? args : { input: args } }, ...signature };
}

const STATES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

function toError({ status, message }: Failure): unknown {
  const state = STATES[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
  return { error: { code: status, message, status: state } };
}

// What a provider answers.
const candidate = z.object({
  content: z.object({ parts: z.array(part).default([]) }).default({ parts: [] }),
  finishReason: z.string().optional(),
});
const response = z.object({
  candidates: z.array(candidate).max(1).default([]),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().optional(),
      candidatesTokenCount: z.number().optional(),
      thoughtsTokenCount: z.number().optional(),
      cachedContentTokenCount: z.number().optional(),
    })
    .optional(),
  error: z.object({ code: z.int().min(400).max(599), message: z.string() }).optional(),
});

/** Texts that follow each other are one, as they were before they were cut. */
function joinTexts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const one of parts) {
    const last = joined.at(-1);
    if (last !== undefined && 'text' in last && 'text' in one && last.thought === one.thought)
      joined[joined.length - 1] = { ...last, ...one, text: last.text + one.text };
    else joined.push(one);
  }
  return joined;
}

function toReply({ candidates, promptFeedback, usageMetadata, error }: z.output<typeof response>): Answer | Failure {
  if (error !== undefined) return { status: error.code, message: error.message };
  const one = candidates[0];
  if (one === undefined && promptFeedback === undefined) throw new TypeError('an answer without a candidate');
  const parts = one?.content.parts ?? [];
  const content_ = parts.map((inner, index) => toContent(inner, index));
  const asks = content_.some(({ type }) => type === 'tool-call');
  const raw = one?.finishReason ?? promptFeedback?.blockReason;
  return {
    content: content_,
    finishReason: asks
      ? { unified: 'tool-calls', raw }
      : toFinish(raw, {
          STOP: 'stop',
          MAX_TOKENS: 'length',
          SAFETY: 'content-filter',
          RECITATION: 'content-filter',
          BLOCKLIST: 'content-filter',
          PROHIBITED_CONTENT: 'content-filter',
          SPII: 'content-filter',
        }),
    usage: toUsage({
      input: usageMetadata?.promptTokenCount,
      cached: usageMetadata?.cachedContentTokenCount,
      output: (usageMetadata?.candidatesTokenCount ?? 0) + (usageMetadata?.thoughtsTokenCount ?? 0),
      reasoning: usageMetadata?.thoughtsTokenCount,
    }),
  };
}

function toContent(one: Part, index: number): Answer['content'][number] {
  const signature =
    'thoughtSignature' in one && one.thoughtSignature !== undefined
      ? { providerMetadata: { google: { thoughtSignature: one.thoughtSignature } } }
      : {};
  if ('text' in one) return { type: one.thought === true ? 'reasoning' : 'text', text: one.text, ...signature };
  if ('functionCall' in one) {
    const { id = `call-${index + 1}`, name, args = {} } = one.functionCall;
    return { type: 'tool-call', toolCallId: id, toolName: name, input: JSON.stringify(args), ...signature };
  }
  if ('executableCode' in one || 'codeExecutionResult' in one)
    return { type: 'text', text: JSON.stringify(one), ...signature };
  throw new TypeError('a file in an answer');
}
