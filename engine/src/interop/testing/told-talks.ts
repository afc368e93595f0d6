import fc from 'fast-check';

/** A talk, apart from any format. Its texts and ids repeat, as those of real logs do. */
export interface ToldTalk {
  readonly prompt: string;
  readonly turns: readonly ToldTurn[];
}

export interface ToldTurn {
  readonly text: string;
  readonly calls: readonly ToldCall[];
  readonly input: number;
  readonly output: number;
  /** What the user says next; empty: nothing. */
  readonly user: string;
}

export interface ToldCall {
  readonly id: string;
  readonly tool: 'bash' | 'browser';
  readonly command: string;
  /** Null: none came. */
  readonly result: string | null;
}

const text = fc.constantFrom('I wait.', 'On.', 'a\u2028b', '\u{1F600} ok', 'x'.repeat(300));

/** `ids`: whether each call has an id of its own, or all have the same. */
export function anyTalk(ids: 'own' | 'same' | 'any'): fc.Arbitrary<ToldTalk> {
  const call = fc.record({
    id: fc.constantFrom('call_0', 'call_1'),
    tool: fc.constantFrom('bash' as const, 'browser' as const),
    command: fc.constantFrom('ls', 'rm a', './next'),
    result: fc.option(fc.constantFrom('', 'out', 'I wait.'), { freq: 6 }),
  });
  const turn = fc.record({
    text,
    calls: fc.array(call, { maxLength: 3 }),
    input: fc.nat(1000),
    output: fc.nat(1000),
    user: fc.constantFrom('', '', 'Go on.'),
  });
  return fc
    .record({ prompt: text, turns: fc.array(turn, { minLength: 1, maxLength: 6 }), same: fc.boolean() })
    .map(({ prompt, turns, same }) => {
      let number = 0;
      const isSame = ids === 'same' || (ids === 'any' && same);
      const named = turns.map((one) => ({
        ...one,
        // An agent that is told nothing after an answer without a call has ended.
        user: one.user === '' && one.calls.length === 0 ? 'Go on.' : one.user,
        calls: one.calls.map((asked) => ({ ...asked, id: isSame ? asked.id : `id-${number++}` })),
      }));
      return { prompt, turns: named };
    });
}

/** Every call came back: for formats in which a result has no id. */
export function allAnswered({ prompt, turns }: ToldTalk): ToldTalk {
  const answer = (call: ToldCall): ToldCall => ({ ...call, result: call.result ?? 'out' });
  return { prompt, turns: turns.map((turn) => ({ ...turn, calls: turn.calls.map(answer) })) };
}

const lines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const time = (second: number): string => new Date(1_772_600_000_000 + second * 1000).toISOString();
const argumentsOf = ({ tool, command }: ToldCall): object => (tool === 'bash' ? { command } : { url: command });
const answeredOf = ({ calls }: ToldTurn): readonly ToldCall[] => calls.filter(({ result }) => result !== null);

/** One answer in a line for each part, with results between them where that can be. */
export function toClaudeCode({ prompt, turns }: ToldTalk): string {
  let line = 0;
  const common = (): object => ({
    sessionId: 's',
    version: '2',
    isSidechain: false,
    uuid: `l${line}`,
    timestamp: time(line++),
  });
  const told = (content: unknown): object => ({ ...common(), type: 'user', message: { role: 'user', content } });
  return lines([
    told(prompt),
    ...turns.flatMap(({ text: said, calls, input, output, user }, turn) => {
      const part = (content: object): object => ({
        ...common(),
        type: 'assistant',
        message: {
          ...{ id: `m${turn}`, role: 'assistant', model: 'm', content: [content], stop_reason: null },
          usage: { input_tokens: input, output_tokens: output },
        },
      });
      return [
        part({ type: 'text', text: said }),
        ...calls.flatMap((call) => [
          part({
            type: 'tool_use',
            id: call.id,
            name: call.tool === 'bash' ? 'Bash' : 'Browse',
            input: argumentsOf(call),
          }),
          ...(call.result === null
            ? []
            : [told([{ type: 'tool_result', tool_use_id: call.id, content: call.result }])]),
        ]),
        ...(user === '' ? [] : [told(user)]),
      ];
    }),
  ]);
}

export function toCodex({ prompt, turns }: ToldTalk): string {
  let line = 0;
  const item = (payload: object): object => ({ timestamp: time(line++), type: 'response_item', payload });
  const said = (role: string, type: string, words: string): object =>
    item({ type: 'message', role, content: [{ type, text: words }] });
  return lines([
    { timestamp: time(0), type: 'session_meta', payload: { id: 'r', cli_version: '1' } },
    said('user', 'input_text', prompt),
    ...turns.flatMap((turn) => [
      said('assistant', 'output_text', turn.text),
      ...turn.calls.map((call) =>
        item({
          ...{ type: 'function_call', name: call.tool === 'bash' ? 'shell_command' : 'browser' },
          ...{ arguments: JSON.stringify(argumentsOf(call)), call_id: call.id },
        }),
      ),
      {
        ...{ timestamp: time(line), type: 'event_msg' },
        payload: {
          type: 'token_count',
          info: { last_token_usage: { input_tokens: turn.input, output_tokens: turn.output } },
        },
      },
      ...answeredOf(turn).map(({ id, result }) => item({ type: 'function_call_output', call_id: id, output: result })),
      ...(turn.user === '' ? [] : [said('user', 'input_text', turn.user)]),
    ]),
  ]);
}

/** `withIds`: whether results name their calls. */
export function toAtif({ prompt, turns }: ToldTalk, withIds: boolean): string {
  let step = 0;
  const common = (source: string): object => ({ step_id: ++step, timestamp: time(step), source });
  return JSON.stringify({
    schema_version: 'ATIF-v1.6',
    session_id: 's',
    agent: { name: 'a', version: '1', model_name: 'm' },
    steps: [
      { ...common('user'), message: prompt },
      ...turns.flatMap((turn) => [
        {
          ...common('agent'),
          message: turn.text,
          tool_calls: turn.calls.map((call) => ({
            ...{ tool_call_id: call.id, function_name: call.tool, arguments: argumentsOf(call) },
          })),
          observation: {
            results: answeredOf(turn).map(({ id, result }) => ({
              ...(withIds ? { source_call_id: id } : {}),
              content: result,
            })),
          },
          metrics: { prompt_tokens: turn.input, completion_tokens: turn.output },
        },
        ...(turn.user === '' ? [] : [{ ...common('user'), message: turn.user }]),
      ]),
    ],
  });
}

/** Messages as Inspect has them, with or without ids. */
function toInspectMessages(
  { prompt, turns }: ToldTalk,
  withIds: boolean,
): readonly (readonly Record<string, unknown>[])[] {
  let number = 0;
  const own = (): object => (withIds ? { id: `m${number++}` } : {});
  return [
    [{ ...own(), role: 'user', content: prompt }],
    ...turns.map((turn) => [
      {
        ...{ ...own(), role: 'assistant', content: turn.text },
        tool_calls: turn.calls.map((call) => ({
          ...{ id: call.id, function: call.tool, arguments: argumentsOf(call), type: 'function' },
        })),
      },
      ...answeredOf(turn).map(({ id, tool, result }) => ({
        ...{ ...own(), role: 'tool', tool_call_id: id, function: tool, content: result },
      })),
      ...(turn.user === '' ? [] : [{ ...own(), role: 'user', content: turn.user }]),
    ]),
  ];
}

export interface InspectShape {
  readonly withIds: boolean;
  readonly withEvents: boolean;
  /** Prompts refer to messages that are stored once. */
  readonly isPooled: boolean;
}

export function toInspect(talk: ToldTalk, { withIds, withEvents, isPooled }: InspectShape): string {
  const groups = toInspectMessages(talk, withIds);
  const messages = groups.flat();
  let before = groups[0]?.length ?? 0;
  const events = talk.turns.flatMap((turn, place) => {
    const given = before;
    before += groups[place + 1]?.length ?? 0;
    return [
      {
        ...{ event: 'model', timestamp: time(place), model: 'm', tools: [], tool_choice: 'auto', config: {} },
        ...(isPooled ? { input: [], input_refs: [[0, given]] } : { input: messages.slice(0, given) }),
        output: {
          ...{ model: 'm', choices: [{ message: messages[given], stop_reason: 'stop' }] },
          usage: { input_tokens: turn.input, output_tokens: turn.output, total_tokens: turn.input + turn.output },
        },
      },
      ...answeredOf(turn).map((call) => ({
        ...{ event: 'tool', timestamp: time(place), type: 'function', id: call.id, function: call.tool },
        ...{ arguments: argumentsOf(call), result: call.result, events: [] },
      })),
    ];
  });
  const sample = {
    ...{ id: 's', epoch: 1, input: 'x', target: '', messages, events: withEvents ? events : [], attachments: {} },
    ...(isPooled ? { events_data: { messages, calls: [] } } : {}),
  };
  const about = { task: 't', task_id: 'T', task_version: 0, created: time(0), model: 'm', dataset: {}, config: {} };
  return JSON.stringify({ version: 2, status: 'success', eval: about, samples: [sample] });
}

/** `toolSpans`: whether tools have spans of their own. */
export function toOtlp(talk: ToldTalk, toolSpans: boolean): string {
  const { prompt, turns } = talk;
  const value = (given: unknown): object =>
    typeof given === 'number'
      ? { intValue: String(given) }
      : { stringValue: typeof given === 'string' ? given : JSON.stringify(given) };
  let second = 0;
  const span = (values: Readonly<Record<string, unknown>>): object => ({
    ...{ traceId: 'f', spanId: `${second}`, name: 'work', status: {} },
    startTimeUnixNano: `${1_772_600_000 + second}000000000`,
    endTimeUnixNano: `${1_772_600_000 + second++}500000000`,
    attributes: Object.entries(values).map(([key, given]) => ({ key, value: value(given) })),
  });
  const said: object[] = [{ role: 'user', parts: [{ type: 'text', content: prompt }] }];
  const spans = turns.flatMap((turn) => {
    const answer = {
      role: 'assistant',
      parts: [
        { type: 'text', content: turn.text },
        ...turn.calls.map((call) => ({
          type: 'tool_call',
          id: call.id,
          name: call.tool,
          arguments: argumentsOf(call),
        })),
      ],
    };
    const chat = span({
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.input.messages': [...said] },
      ...{ 'gen_ai.output.messages': [answer] },
      ...{ 'gen_ai.usage.input_tokens': turn.input, 'gen_ai.usage.output_tokens': turn.output },
    });
    said.push(
      answer,
      ...answeredOf(turn).map(({ id, result }) => ({
        ...{ role: 'tool', parts: [{ type: 'tool_call_response', id, response: result }] },
      })),
      ...(turn.user === '' ? [] : [{ role: 'user', parts: [{ type: 'text', content: turn.user }] }]),
    );
    const tools = (toolSpans ? answeredOf(turn) : []).map((call) =>
      span({
        ...{ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.tool, 'gen_ai.tool.call.id': call.id },
        ...{ 'gen_ai.tool.call.arguments': argumentsOf(call), 'gen_ai.tool.call.result': call.result ?? '' },
      }),
    );
    return [chat, ...tools];
  });
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

export function toGemini({ prompt, turns }: ToldTalk): string {
  let number = 0;
  const common = (): object => ({ id: `g${number}`, timestamp: time(number++) });
  return JSON.stringify({
    ...{ sessionId: 's', projectHash: 'p', startTime: time(0), lastUpdated: time(0) },
    messages: [
      { ...common(), type: 'user', content: prompt },
      ...turns.flatMap((turn) => [
        {
          ...{ ...common(), type: 'gemini', content: turn.text, model: 'm' },
          tokens: { input: turn.input, output: turn.output, cached: 0, total: turn.input + turn.output },
          toolCalls: turn.calls.map((call) => ({
            ...{ id: call.id, name: call.tool === 'bash' ? 'run_shell_command' : 'browser', args: argumentsOf(call) },
            ...{ status: 'success', timestamp: time(number) },
            ...(call.result === null ? {} : { result: call.result }),
          })),
        },
        ...(turn.user === '' ? [] : [{ ...common(), type: 'user', content: turn.user }]),
      ]),
    ],
  });
}

export function toQwen({ prompt, turns }: ToldTalk): string {
  let line = 0;
  const told = (type: string, parts: readonly object[], more: object = {}): object => ({
    ...{ uuid: `q${line}`, parentUuid: null, sessionId: 's', timestamp: time(line++), type, version: '0', ...more },
    message: { role: type === 'assistant' ? 'model' : 'user', parts },
  });
  const nameOf = ({ tool }: ToldCall): string => (tool === 'bash' ? 'run_shell_command' : 'browser');
  return lines([
    told('user', [{ text: prompt }]),
    ...turns.flatMap((turn) => [
      told(
        'assistant',
        [
          { text: turn.text },
          ...turn.calls.map((call) => ({
            functionCall: { id: call.id, name: nameOf(call), args: argumentsOf(call) },
          })),
        ],
        { model: 'm', usageMetadata: { promptTokenCount: turn.input, candidatesTokenCount: turn.output } },
      ),
      ...answeredOf(turn).map((call) =>
        told('tool_result', [
          { functionResponse: { id: call.id, name: nameOf(call), response: { output: call.result } } },
        ]),
      ),
      ...(turn.user === '' ? [] : [told('user', [{ text: turn.user }])]),
    ]),
  ]);
}

export function toPetri(talk: ToldTalk): string {
  const messages = toInspectMessages(talk, true).flat();
  const events = messages.map((message, number) => ({
    ...{ type: 'transcript_event', id: `e${number}`, timestamp: time(number), view: ['target', 'combined'] },
    edit: { operation: 'add', message },
  }));
  return JSON.stringify({ metadata: { target_model: 'm', created_at: time(0) }, events });
}

export function toOpenHands({ prompt, turns }: ToldTalk): string {
  let number = 0;
  const common = (kind: string, source: string): object => ({
    kind,
    id: `e${number}`,
    timestamp: time(number++),
    source,
  });
  const said = (source: string, role: string, words: string): object => ({
    ...common('MessageEvent', source),
    llm_message: { role, content: [{ type: 'text', text: words }] },
  });
  return JSON.stringify([
    said('user', 'user', prompt),
    ...turns.flatMap((turn) => [
      said('agent', 'assistant', turn.text),
      ...turn.calls.map((call) => ({
        ...{ ...common('ActionEvent', 'agent'), thought: [], tool_name: call.tool, tool_call_id: call.id },
        action: argumentsOf(call),
      })),
      ...answeredOf(turn).map((call) => ({
        ...{ ...common('ObservationEvent', 'environment'), tool_name: call.tool, tool_call_id: call.id },
        observation: { content: [{ type: 'text', text: call.result }] },
      })),
      ...(turn.user === '' ? [] : [said('user', 'user', turn.user)]),
    ]),
  ]);
}

/** Items of a stream: it holds no prompts, and tokens once for all. */
export function toCodexExec({ turns }: ToldTalk): string {
  const sum = (pick: (turn: ToldTurn) => number): number => turns.reduce((total, turn) => total + pick(turn), 0);
  const toItem = ({ tool, command, result }: ToldCall, id: string): object =>
    tool === 'bash'
      ? { id, type: 'command_execution', command, aggregated_output: result ?? '' }
      : { id, type: 'mcp_tool_call', server: 's', tool, arguments: { url: command }, result: result ?? '' };
  let number = 0;
  return lines([
    { type: 'thread.started', thread_id: 't' },
    ...turns.flatMap((turn) => [
      { type: 'item.completed', item: { id: `i${number++}`, type: 'agent_message', text: turn.text } },
      ...turn.calls.flatMap((call) => {
        const item = toItem(call, `i${number++}`);
        return [{ type: 'item.started', item }, ...(call.result === null ? [] : [{ type: 'item.completed', item }])];
      }),
    ]),
    {
      type: 'turn.completed',
      usage: { input_tokens: sum(({ input }) => input), output_tokens: sum(({ output }) => output) },
    },
  ]);
}

/** Steps of one action each; a turn without a call is a step without an action. */
export function toSweAgent({ prompt, turns }: ToldTalk): string {
  const steps = turns.map(({ text: said, calls: [call], user }) => ({
    ...{ action: call?.command ?? '', observation: call === undefined ? user : (call.result ?? ''), response: said },
    ...{ thought: said, execution_time: 0.5, state: {} },
  }));
  return JSON.stringify({
    trajectory: steps,
    history: [{ role: 'user', content: prompt }],
    info: { exit_status: 'exit_cost', model_stats: { tokens_sent: 7, tokens_received: 3 } },
  });
}

/** Lines of the published robot trials; ids of calls are not used there. */
export function toRobotLog({ prompt, turns }: ToldTalk): string {
  let line = 0;
  const common = (): object => ({ ts: time(line++), level: 'INFO', logger: 'llm_control', message: 'm' });
  const told = (content: string): object => ({
    ...common(),
    event: 'user_message',
    user_payload: { role: 'user', content },
  });
  return lines([
    told(prompt),
    ...turns.flatMap((turn) => [
      {
        ...common(),
        event: 'assistant_message',
        assistant_payload: {
          content: turn.text,
          tool_calls: turn.calls.map((call) => ({
            ...{ id: call.id, function: { name: call.tool, arguments: JSON.stringify(argumentsOf(call)) } },
          })),
        },
      },
      ...answeredOf(turn).map((call) => ({
        ...{ ...common(), event: 'tool_call', tool: call.tool, args: argumentsOf(call), result: call.result },
        duration_ms: 1,
      })),
      ...(turn.user === '' ? [] : [told(turn.user)]),
    ]),
  ]);
}
