/**
 * Spans whose messages stand one value an attribute, with numbers in the names: `gen_ai.prompt.0.content` (OpenLLMetry)
 * and `llm.input_messages.0.message.content` (OpenInference). The same values under the names of the conventions.
 */
type Values = ReadonlyMap<string, unknown>;

export function withConventions(values: Values): Values {
  if (values.has('gen_ai.input.messages') || values.has('gen_ai.output.messages')) return values;
  const made = new Map(values);
  const setOnce = (name: string, value: unknown): void => {
    if (!made.has(name) && value !== undefined && value !== null) made.set(name, value);
  };
  setOnce('gen_ai.operation.name', operationOf(values));
  const input = [...messagesIn(values, 'gen_ai.prompt.', ''), ...messagesIn(values, 'llm.input_messages.', 'message.')];
  const output = [
    ...messagesIn(values, 'gen_ai.completion.', ''),
    ...messagesIn(values, 'llm.output_messages.', 'message.'),
  ];
  if (input.length > 0) made.set('gen_ai.input.messages', input);
  if (output.length > 0) made.set('gen_ai.output.messages', output);
  setOnce('gen_ai.request.model', values.get('llm.model_name'));
  setOnce(
    'gen_ai.usage.input_tokens',
    values.get('gen_ai.usage.prompt_tokens') ?? values.get('llm.token_count.prompt'),
  );
  setOnce(
    'gen_ai.usage.output_tokens',
    values.get('gen_ai.usage.completion_tokens') ?? values.get('llm.token_count.completion'),
  );
  setOnce('gen_ai.usage.cache_read.input_tokens', values.get('llm.token_count.prompt_details.cache_read'));
  setOnce('gen_ai.tool.name', values.get('tool.name') ?? values.get('traceloop.entity.name'));
  setOnce('gen_ai.tool.call.arguments', values.get('input.value') ?? values.get('traceloop.entity.input'));
  setOnce('gen_ai.tool.call.result', values.get('output.value') ?? values.get('traceloop.entity.output'));
  return made;
}

function operationOf(values: Values): string | null {
  const kind = toText(values.get('openinference.span.kind') ?? values.get('traceloop.span.kind')).toLowerCase();
  if (kind === 'tool') return 'execute_tool';
  if (kind === 'llm' || values.get('llm.request.type') === 'chat') return 'chat';
  return [...values.keys()].some((key) => /^gen_ai\.(?:prompt|completion)\.\d+\./.test(key)) ? 'chat' : null;
}

interface Message {
  readonly role: string;
  readonly parts: readonly object[];
  readonly finish_reason?: unknown;
}

/** Numbers beyond it are no places of messages. */
const MESSAGES_MAX = 100_000;

function messagesIn(values: Values, prefix: string, inner: string): Message[] {
  const found = new Map<number, Map<string, unknown>>();
  for (const [key, value] of values) {
    if (!key.startsWith(prefix)) continue;
    const [, place = '', name = ''] = /^(\d{1,6})\.(.+)$/.exec(key.slice(prefix.length)) ?? [];
    if (place === '' || Number(place) > MESSAGES_MAX || !name.startsWith(inner)) continue;
    const message = found.get(Number(place)) ?? new Map<string, unknown>();
    found.set(Number(place), message.set(name.slice(inner.length), value));
  }
  return [...found].toSorted(([one], [other]) => one - other).map(([, message]) => toMessage(message));
}

function toMessage(values: ReadonlyMap<string, unknown>): Message {
  const role = toText(values.get('role') ?? 'assistant');
  const content = values.get('content');
  const answered = values.get('tool_call_id');
  const texts = [
    ...(content === undefined || content === null || content === '' ? [] : [toText(content)]),
    ...partsIn(values, 'contents.').map((part) => toText(part.get('message_content.text'))),
  ];
  const calls = partsIn(values, 'tool_calls.').map((call) => ({
    type: 'tool_call',
    id: call.get('id') ?? call.get('tool_call.id') ?? '',
    name: call.get('name') ?? call.get('tool_call.function.name') ?? '',
    arguments: call.get('arguments') ?? call.get('tool_call.function.arguments') ?? '{}',
  }));
  // The older form of a call, one a message.
  const name = values.get('function_call_name') ?? values.get('function_call.name');
  const given = values.get('function_call_arguments_json') ?? values.get('function_call.arguments');
  if (name !== undefined && name !== null) calls.push({ type: 'tool_call', id: '', name, arguments: given ?? '{}' });
  const isTool = role === 'tool' || role === 'function';
  return {
    role: isTool
      ? 'tool'
      : ['system', 'user', 'assistant'].includes(role)
        ? role
        : role === 'developer'
          ? 'system'
          : 'user',
    parts: isTool
      ? [{ type: 'tool_call_response', id: answered ?? '', response: texts.join('\n') }]
      : [...texts.map((text) => ({ type: 'text', content: text })), ...calls],
    finish_reason: values.get('finish_reason') ?? null,
  };
}

function partsIn(values: ReadonlyMap<string, unknown>, prefix: string): ReadonlyMap<string, unknown>[] {
  const found = new Map<number, Map<string, unknown>>();
  for (const [key, value] of values) {
    const [, place = '', name = ''] = key.startsWith(prefix)
      ? (/^(\d{1,6})\.(.+)$/.exec(key.slice(prefix.length)) ?? [])
      : [];
    if (place === '') continue;
    const part = found.get(Number(place)) ?? new Map<string, unknown>();
    found.set(Number(place), part.set(name, value));
  }
  return [...found].toSorted(([one], [other]) => one - other).map(([, part]) => part);
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
