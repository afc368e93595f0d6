import { z } from 'zod';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { MessagePart } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { NO_REASON } from '../conversation.ts';
import {
  checkFileSize,
  isOfFormat,
  type JsonLinesFormat,
  readJsonLines,
  readLines,
  readWholeText,
} from '../json-lines.ts';
import { limitsOf } from '../limits.ts';
import { LogError, tooLarge } from '../log-error.ts';
import { parseArguments, parsePythonJson } from '../python-json.ts';
import { createRepeatedTalk, keyOf, type MessageList, type RepeatedTalk, type SaidInList } from '../repeated-talk.ts';
import { createTranscript, cut, show, sourceOf, toCount, type Transcript } from '../transcript.ts';
import { withConventions } from './otlp/indexed-attributes.ts';

const NAME = 'otlp-genai';

/**
 * Spans of OpenTelemetry by the GenAI conventions, as OTLP JSON: one object (`.json`), or one a line as the collector's
 * file exporter writes them (`.jsonl`). Each trace is a trial. Texts are there only where the program recorded them.
 */
export const otlpReader: LogReader = {
  name: NAME,
  title: 'OpenTelemetry GenAI spans (OTLP JSON, .json or .jsonl)',
  recognises: async (path) => (await isOfFormat(WHOLE, path)) || (await isOfFormat(LINES, path)),
  read: readSpans,
};

const looksRight = (head: string): boolean => /^\s*\{\s*"resourceSpans"\s*:/.test(head);
const noFile = async (): Promise<never> => {
  throw new LogError('wrong-format', 'a file of spans holds more than one trial');
};
const WHOLE: JsonLinesFormat = { title: 'file of OTLP spans', extension: '.json', looksRight, readFile: noFile };
const LINES: JsonLinesFormat = { ...WHOLE, extension: '.jsonl' };

const attribute = z.looseObject({ key: z.string(), value: z.unknown() });
const span = z.looseObject({
  traceId: z.string(),
  spanId: z.string().catch(''),
  name: z.string().catch(''),
  startTimeUnixNano: z.union([z.string(), z.number()]).catch(0),
  endTimeUnixNano: z.union([z.string(), z.number()]).catch(0),
  attributes: z.array(attribute).catch([]),
  status: z.looseObject({ code: z.unknown(), message: z.string().nullish() }).nullish().catch(null),
});
const batch = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({ scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()).catch([]) })).catch([]) }),
  ),
});

interface Span {
  readonly traceId: string;
  readonly name: string;
  readonly startAt: number;
  readonly endAt: number;
  readonly values: ReadonlyMap<string, unknown>;
  readonly failed: string | null;
  readonly raw: unknown;
}

async function* readSpans(path: string, options: ReadLogOptions): AsyncGenerator<ImportedSample> {
  const traces = new Map<string, Span[]>();
  let count = 0;
  for await (const value of readBatches(path, options)) {
    const parsed = batch.safeParse(value);
    if (!parsed.success) {
      options.onProblem('a batch holds no "resourceSpans": it is left out');
      continue;
    }
    for (const raw of parsed.data.resourceSpans.flatMap((resource) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    )) {
      const read = span.safeParse(raw);
      if (!read.success) {
        options.onProblem('a span has no "traceId": it is left out');
        continue;
      }
      if (++count > limitsOf(options).eventsMax)
        throw tooLarge('the log', `${limitsOf(options).eventsMax} spans`, 'more');
      const found = toSpan(read.data, raw);
      const trace = traces.get(found.traceId);
      if (trace === undefined) traces.set(found.traceId, [found]);
      else trace.push(found);
    }
  }
  if (traces.size === 0)
    throw new LogError('wrong-format', 'expected OTLP JSON with spans, got none: this is no trace');
  const software = await sourceOf(NAME, path);
  for (const [id, spans] of traces) {
    options.signal?.throwIfAborted();
    yield readTrace(id, spans, { options, software });
  }
}

async function* readBatches(path: string, options: ReadLogOptions): AsyncGenerator {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  options.signal?.throwIfAborted();
  // Either may have either name: what counts is whether the first line is whole.
  await checkFileSize(path, sampleBytesMax);
  if ((await isOfFormat(LINES, path)) || (await beginsWithWholeLine(path))) {
    yield* readJsonLines(path, 'spans', options);
    return;
  }
  yield parsePythonJson(await readWholeText(path, sampleBytesMax), { what: 'the spans', depthMax });
}

/** Whether the first line is an object of its own, and others follow. */
async function beginsWithWholeLine(path: string): Promise<boolean> {
  let lines = 0;
  try {
    for await (const line of readLines(path)) {
      if (line.trim() === '') continue;
      if (++lines === 2) return /^\s*\{/.test(line);
      JSON.parse(line);
    }
    return false;
  } catch {
    return false;
  }
}

function toSpan(data: z.output<typeof span>, raw: unknown): Span {
  const failed =
    data.status?.code === 2 || data.status?.code === 'STATUS_CODE_ERROR' ? (data.status.message ?? 'error') : null;
  return {
    traceId: data.traceId,
    name: data.name,
    startAt: toMilliseconds(data.startTimeUnixNano),
    endAt: toMilliseconds(data.endTimeUnixNano),
    values: withConventions(new Map(data.attributes.map(({ key, value }) => [key, toValue(value)]))),
    failed,
    raw,
  };
}

function toMilliseconds(nanoseconds: string | number): number {
  const at = Math.trunc(Number(nanoseconds) / 1e6);
  return Number.isSafeInteger(at) && at > 0 ? at : 0;
}

/** `AnyValue` of OTLP: exactly one of these; whole numbers are texts. */
const anyValue = z.looseObject({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
  arrayValue: z.looseObject({ values: z.array(z.unknown()).catch([]) }).optional(),
  kvlistValue: z.looseObject({ values: z.array(attribute).catch([]) }).optional(),
});

/** Depth was bounded when the text was parsed. */
function toValue(value: unknown): unknown {
  const parsed = anyValue.safeParse(value);
  if (!parsed.success) return null;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue } = parsed.data;
  if (intValue !== undefined) return Number(intValue);
  if (arrayValue !== undefined) return arrayValue.values.map(toValue);
  if (kvlistValue !== undefined)
    return Object.fromEntries(kvlistValue.values.map((pair) => [pair.key, toValue(pair.value)]));
  return stringValue ?? boolValue ?? doubleValue ?? null;
}

interface TraceContext {
  readonly options: ReadLogOptions;
  readonly software: Readonly<Record<string, string>>;
}

function readTrace(id: string, spans: readonly Span[], { options, software }: TraceContext): ImportedSample {
  const transcript = createTranscript(options);
  const toolsHaveSpans = spans.some(({ values }) => values.get('gen_ai.operation.name') === 'execute_tool');
  const state: TraceState = {
    transcript,
    talk: createRepeatedTalk(transcript),
    submitted: false,
    toolsHaveSpans,
    unnamed: 0,
    model: 'unknown',
    agent: null,
    answers: false,
  };
  // An answer ends before its tools start; a span that holds others starts first and says nothing by itself.
  const inOrder = spans.toSorted((one, other) => one.startAt - other.startAt || one.endAt - other.endAt);
  for (const found of inOrder) readSpan(state, found);
  runWithoutSpan(state);
  if (state.submitted && !state.toolsHaveSpans) transcript.endAgent('submitted');
  else if (state.answers) transcript.endAgent('no-tool-call', NO_REASON);
  else transcript.endAgent(null);
  return transcript.finish({
    id,
    trialName: `trace-${id}`,
    scenario: 'otlp-trace',
    version: '1',
    agent: cut(state.model, 200),
    software: { ...software, ...(state.agent === null ? {} : { scaffold: cut(state.agent, 200) }) },
    startedAt: inOrder[0]?.startAt ?? null,
  });
}

interface TraceState {
  readonly transcript: Transcript;
  readonly talk: RepeatedTalk;
  unnamed: number;
  model: string;
  agent: string | null;
  submitted: boolean;
  /** Otherwise calls of tools are known from the messages alone. */
  readonly toolsHaveSpans: boolean;
  /** The last thing said was an answer without a tool call. */
  answers: boolean;
}

function readSpan(state: TraceState, found: Span): void {
  const text = (key: string): string | null => {
    const value = found.values.get(key);
    return typeof value === 'string' ? value : null;
  };
  switch (text('gen_ai.operation.name')) {
    case 'chat':
    case 'text_completion':
    case 'generate_content':
      return readChat(state, found, text);
    case 'execute_tool':
      return readTool(state, found, text);
    case 'invoke_agent':
    case 'create_agent':
      state.agent ??= text('gen_ai.agent.name');
      return;
    case null:
    default:
      state.transcript.keepForeign(`span ${found.name}`, found.raw, found.startAt);
  }
}

type Text = (key: string) => string | null;

function readChat(state: TraceState, found: Span, text: Text): void {
  const { transcript, talk } = state;
  const model = text('gen_ai.request.model') ?? text('gen_ai.response.model') ?? 'unknown';
  if (state.model === 'unknown') state.model = model;
  const system = toMessages(found.values.get('gen_ai.system_instructions'), 'system', transcript);
  const input = toMessages(found.values.get('gen_ai.input.messages'), 'user', transcript);
  const list = talk.createList();
  for (const message of [...system, ...input]) {
    for (const part of message.parts) if (part.type === 'tool-result') runFromMessage(state, list, part, found.startAt);
    talk.add(list, toSaid(message, found.startAt));
  }
  const [output, ...others] = toMessages(found.values.get('gen_ai.output.messages'), 'assistant', transcript);
  for (const other of others) {
    transcript.leaveOut('answer with more than one choice', 'only the first is in the record, the others beside it');
    transcript.keepRest('choice', other, found.endAt);
  }
  if (system.length + input.length === 0)
    transcript.leaveOut('model call', 'was recorded without its texts: what the agent was told is not known');
  const message = output === undefined ? null : talk.answer(list, toSaid(output, found.endAt));
  state.answers = output !== undefined && !output.parts.some(({ type }) => type === 'tool-call');
  transcript.modelCall(
    {
      model,
      prompt: list.ranges,
      failure: found.failed,
      answer:
        found.failed !== null && output === undefined
          ? null
          : {
              message,
              model: text('gen_ai.response.model'),
              responseId: text('gen_ai.response.id'),
              rawFinishReason: output?.finishReason ?? null,
              usage: {
                inputTokens: toCount(found.values.get('gen_ai.usage.input_tokens')),
                outputTokens: toCount(found.values.get('gen_ai.usage.output_tokens')),
                reasoningTokens: toCount(found.values.get('gen_ai.usage.reasoning.output_tokens')),
                cachedInputTokens: toCount(found.values.get('gen_ai.usage.cache_read.input_tokens')),
              },
            },
      durationMs: Math.max(0, found.endAt - found.startAt),
    },
    found.endAt,
  );
}

/** Each call repeats the whole talk, without ids. */
function toSaid({ role, parts }: Message, at: number): SaidInList {
  return { role, id: '', parts, at, key: keyOf({ role, id: '', parts }) };
}

function readTool(state: TraceState, found: Span, text: Text): void {
  const { transcript, talk } = state;
  const tool = text('gen_ai.tool.name') ?? found.name;
  const given = found.values.get('gen_ai.tool.call.arguments');
  const input = typeof given === 'string' ? parseArguments(given) : given;
  const callId = talk.run(text('gen_ai.tool.call.id') ?? `call-${++state.unnamed}`, tool);
  talk.ran.add(callId);
  state.answers = false;
  const is = transcript.startCall({ callId, tool, input }, found.startAt);
  if (is === 'submission') state.submitted = true;
  if (is === 'other') transcript.keepRest(`span ${found.name}`, found.raw, found.startAt);
  const output = found.values.get('gen_ai.tool.call.result');
  const shown =
    typeof output === 'string' ? output : output === undefined || output === null ? '' : JSON.stringify(output);
  const durationMs = Math.max(0, found.endAt - found.startAt);
  if (is === 'command') transcript.endCommand({ callId, text: shown, durationMs }, found.endAt);
  else if (is === 'other') transcript.endOther(callId, durationMs, found.endAt);
  if (shown === '') return;
  const part: MessagePart = { type: 'tool-result', callId, tool: '', text: toUntrusted(shown) };
  talk.result(toSaid({ role: 'tool', parts: [part], finishReason: null }, found.endAt), callId);
}

/** Many programs record the calls of the model only: then a result in the next prompt is all that is known of a tool. */
function runFromMessage(
  { talk, transcript, toolsHaveSpans }: TraceState,
  list: MessageList,
  part: Extract<MessagePart, { type: 'tool-result' }>,
  at: number,
): void {
  const callId = talk.nextAnswered(list, part.callId, part.tool);
  const asked = callId === undefined ? undefined : talk.asked(callId);
  if (toolsHaveSpans || callId === undefined || asked === undefined || talk.ran.has(callId)) return;
  talk.ran.add(callId);
  const is = transcript.startCall({ callId, ...asked }, at);
  if (is === 'command') transcript.endCommand({ callId, text: readAsData(part.text), durationMs: 0 }, at);
  else if (is === 'other') transcript.endOther(callId, 0, at);
}

/** Calls in the answers of which neither a span nor a prompt tells how they ended. */
function runWithoutSpan(state: TraceState): void {
  const { talk, transcript } = state;
  for (const callId of talk.takeWaiting()) {
    const asked = talk.asked(callId);
    if (asked === undefined || talk.ran.has(callId)) continue;
    const is = state.toolsHaveSpans ? 'other' : transcript.startCall({ callId, ...asked }, null);
    if (is === 'submission') state.submitted = true;
    else
      transcript.leaveOut(
        `call of the tool "${show(asked.tool)}"`,
        'has no span in the log: how it ended is not known',
      );
  }
}

interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly parts: readonly MessagePart[];
  readonly finishReason: string | null;
}

const messagePart = z.looseObject({
  type: z.string(),
  content: z.unknown().optional(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  arguments: z.unknown().optional(),
  response: z.unknown().optional(),
  result: z.unknown().optional(),
});
const chatMessage = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  parts: z.array(messagePart),
  finish_reason: z.string().nullish(),
});

/** Messages are a structure, or the same as JSON in a text. System instructions are parts without a message around them. */
function toMessages(value: unknown, role: Message['role'], transcript: Transcript): Message[] {
  const { leaveOut } = transcript;
  const toParts = (part: z.output<typeof messagePart>): MessagePart[] => toPart(part, leaveOut);
  const keepOdd = (odd: unknown): Message[] => {
    transcript.keepRest('message', odd, null);
    return [];
  };
  if (value === undefined || value === null) return [];
  const list: unknown = typeof value === 'string' ? parseArguments(value) : value;
  if (!Array.isArray(list)) return keepOdd(value);
  if (role === 'system') {
    const parts = z.array(messagePart).safeParse(list);
    if (!parts.success) return keepOdd(list);
    return parts.data.length > 0 ? [{ role, parts: parts.data.flatMap(toParts), finishReason: null }] : [];
  }
  return list.flatMap((item: unknown): Message[] => {
    const parsed = chatMessage.safeParse(item);
    if (!parsed.success) return keepOdd(item);
    const { role: own, parts, finish_reason: finishReason } = parsed.data;
    return [{ role: own, parts: parts.flatMap(toParts), finishReason: finishReason ?? null }];
  });
}

function toPart(part: z.output<typeof messagePart>, leaveOut: Transcript['leaveOut']): MessagePart[] {
  const asText = (value: unknown): string =>
    typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
  switch (part.type) {
    case 'text':
      return [{ type: 'text', text: toUntrusted(asText(part.content)) }];
    case 'reasoning':
      return [{ type: 'reasoning', text: toUntrusted(asText(part.content)) }];
    case 'tool_call':
      return [
        {
          type: 'tool-call',
          callId: part.id ?? '',
          tool: part.name ?? '',
          input: toUntrusted(asText(part.arguments ?? {})),
        },
      ];
    case 'tool_call_response':
      return [
        {
          type: 'tool-result',
          callId: part.id ?? '',
          tool: '',
          text: toUntrusted(asText(part.response ?? part.result)),
        },
      ];
    default:
      leaveOut(`part of type "${show(part.type)}" in a message`, 'a record holds texts only: left out');
      return [];
  }
}
