import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import type { LogReader } from '../contract.ts';
import { commandsOf, eventsOf, kindsOf, readAll } from '../testing.ts';
import { atifReader } from './atif.ts';
import { claudeCodeReader } from './claude-code.ts';
import { codexReader } from './codex.ts';
import { otlpReader } from './otlp.ts';

const at = (second: number): string => `2026-03-04T05:06:${String(second).padStart(2, '0')}.000Z`;
const lines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** In the form of each program, in our own words. */
const claudeCode = (): string => {
  const common = { sessionId: 's1', version: '2.1.0', cwd: '/somewhere', isSidechain: false };
  const answer = (second: number, content: object): object => ({
    ...common,
    type: 'assistant',
    uuid: `a${second}`,
    timestamp: at(second),
    message: {
      id: 'msg_1',
      role: 'assistant',
      model: 'model-x',
      content: [content],
      stop_reason: null,
      usage: { input_tokens: 7, output_tokens: 3, cache_read_input_tokens: 2 },
    },
  });
  return lines([
    { type: 'summary', summary: 'Cleaning up', leafUuid: 'x', sessionId: 's1', uuid: 'u' },
    { ...common, type: 'user', uuid: 'u1', timestamp: at(1), message: { role: 'user', content: 'Clean up.' } },
    answer(2, { type: 'thinking', thinking: 'First I look.', signature: 'abc' }),
    answer(3, { type: 'text', text: 'Looking.' }),
    answer(4, { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls', description: 'List' } }),
    {
      ...common,
      type: 'user',
      uuid: 'u2',
      timestamp: at(6),
      message: {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'Exit code 2\nno such file', is_error: true },
        ],
      },
      toolUseResult: { interrupted: false },
    },
    {
      ...common,
      isSidechain: true,
      type: 'user',
      uuid: 'u3',
      timestamp: at(7),
      message: { role: 'user', content: 'A second agent.' },
    },
    {
      ...common,
      type: 'assistant',
      uuid: 'a8',
      timestamp: at(8),
      message: {
        id: 'msg_2',
        role: 'assistant',
        model: 'model-x',
        content: [{ type: 'text', text: 'Nothing to do.' }],
        stop_reason: 'end_turn',
      },
    },
  ]);
};

const codex = (): string => {
  const item = (second: number, payload: object): object => ({ timestamp: at(second), type: 'response_item', payload });
  return lines([
    { timestamp: at(0), type: 'session_meta', payload: { id: 'r1', cwd: '/somewhere', cli_version: '0.90.0' } },
    { timestamp: at(0), type: 'turn_context', payload: { model: 'model-y' } },
    item(1, { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'You have a shell.' }] }),
    item(1, {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'Clean up.' },
        { type: 'input_image', image_url: 'x' },
      ],
    }),
    item(2, {
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'First I look.' }],
      encrypted_content: 'zzz',
    }),
    item(3, { type: 'function_call', name: 'shell', arguments: '{"command":["bash","-lc","ls"]}', call_id: 'call_1' }),
    {
      timestamp: at(3),
      type: 'event_msg',
      payload: {
        type: 'token_count',
        info: { last_token_usage: { input_tokens: 5, output_tokens: 4, reasoning_output_tokens: 1 } },
      },
    },
    item(4, {
      type: 'function_call_output',
      call_id: 'call_1',
      output: '{"output":"a.txt\\n","metadata":{"exit_code":0,"duration_seconds":0.5}}',
    }),
    item(5, { type: 'function_call', name: 'exec_command', arguments: '{"cmd":"cat nothing"}', call_id: 'call_2' }),
    item(6, {
      type: 'function_call_output',
      call_id: 'call_2',
      output: 'Exit code: 1\nWall time: 0.25 seconds\nOutput:\nno such file',
    }),
    item(7, { type: 'ghost', haunts: true }),
    item(8, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Nothing to do.' }] }),
  ]);
};

const atif = (): string =>
  JSON.stringify({
    schema_version: 'ATIF-v1.6',
    session_id: 't1',
    agent: { name: 'scaffold', version: '3', model_name: 'model-z' },
    steps: [
      { step_id: 1, timestamp: at(1), source: 'system', message: 'You have a shell.' },
      {
        step_id: 2,
        timestamp: at(1),
        source: 'user',
        message: [
          { type: 'text', text: 'Clean up.' },
          { type: 'image', source: {} },
        ],
      },
      {
        step_id: 3,
        timestamp: at(3),
        source: 'agent',
        message: 'Looking.',
        reasoning_content: 'First I look.',
        tool_calls: [{ tool_call_id: 'c1', function_name: 'bash', arguments: { command: 'ls' } }],
        observation: { results: [{ source_call_id: 'c1', content: 'a.txt' }] },
        metrics: { prompt_tokens: 9, completion_tokens: 8, cached_tokens: 1 },
      },
      { step_id: 4, timestamp: at(4), source: 'user', message: 'copied', is_copied_context: true },
      { step_id: 5, source: 'agent', message: 'Nothing to do.' },
    ],
  });

const otlp = (): string => {
  const attributes = (values: Record<string, unknown>): object[] =>
    Object.entries(values).map(([key, value]) => ({
      key,
      value:
        typeof value === 'number'
          ? { intValue: String(value) }
          : { stringValue: typeof value === 'string' ? value : JSON.stringify(value) },
    }));
  const span = (second: number, values: Record<string, unknown>): object => ({
    traceId: 'abc',
    spanId: `s${second}`,
    name: 'span',
    startTimeUnixNano: `${Date.parse(at(second))}000000`,
    endTimeUnixNano: `${Date.parse(at(second + 1))}000000`,
    attributes: attributes(values),
  });
  const user = { role: 'user', parts: [{ type: 'text', content: 'Clean up.' }] };
  const asked = {
    role: 'assistant',
    parts: [{ type: 'tool_call', id: 'c1', name: 'bash', arguments: { cmd: 'ls' } }],
    finish_reason: 'tool_call',
  };
  const answered = { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'a.txt' }] };
  const done = { role: 'assistant', parts: [{ type: 'text', content: 'Nothing to do.' }], finish_reason: 'stop' };
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'model-o', 'gen_ai.usage.input_tokens': 6 };
  const spans = [
    span(6, { ...chat, 'gen_ai.input.messages': [user, asked, answered], 'gen_ai.output.messages': [done] }),
    span(0, { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' }),
    span(1, {
      ...chat,
      'gen_ai.system_instructions': [{ type: 'text', content: 'You have a shell.' }],
      'gen_ai.input.messages': [user],
      'gen_ai.output.messages': [asked],
    }),
    span(3, {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'bash',
      'gen_ai.tool.call.id': 'c1',
      'gen_ai.tool.call.arguments': { cmd: 'ls' },
      'gen_ai.tool.call.result': 'a.txt',
    }),
    span(4, { 'http.method': 'GET' }),
  ];
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
};

const examples: readonly (readonly [LogReader, string, () => string])[] = [
  [claudeCodeReader, 'session.jsonl', claudeCode],
  [codexReader, 'rollout-1.jsonl', codex],
  [atifReader, 'trajectory.json', atif],
  [otlpReader, 'spans.json', otlp],
];

for (const [reader, fileName, write] of examples)
  describeLogReaderContract(reader, { fileName, write: (path) => writeFileSync(path, write()) });

async function readText(reader: LogReader, fileName: string, text: string): ReturnType<typeof readAll> {
  using folder = createTemporaryFolder();
  writeFileSync(folder.file(fileName), text);
  return await readAll(reader, folder.file(fileName));
}

describe('logs of other agents', () => {
  it('are not taken for one another', async () => {
    using folder = createTemporaryFolder();
    for (const [, fileName, write] of examples) writeFileSync(folder.file(fileName), write());
    for (const [reader] of examples) {
      const seen = await Promise.all(examples.map(([, fileName]) => reader.recognises(folder.file(fileName))));
      expect(seen).toEqual(examples.map(([other]) => other === reader));
    }
  });

  it('Claude Code: the lines of one answer become one message, its exit code is taken, a second agent stays apart', async () => {
    const { samples, problems } = await readText(claudeCodeReader, 'session.jsonl', claudeCode());
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message model-call command-start command-end message message model-call agent-end',
    );
    expect(eventsOf(samples[0], 'message')[1]?.parts.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'tool-call',
    ]);
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'command-end')).toMatchObject([{ callId: 'toolu_1', exitCode: 2, durationMs: 2000 }]);
    expect(eventsOf(samples[0], 'model-call')[0]).toMatchObject({
      prompt: [{ from: 0, to: 1 }],
      answer: { model: 'model-x', usage: { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2 } },
    });
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['summary', 'sidechain']);
    expect(JSON.stringify(samples[0]?.events)).not.toContain('/somewhere');
  });

  it('Codex: commands with exit code and duration from either form of output, usage, unknown items kept', async () => {
    const { samples, problems } = await readText(codexReader, 'rollout-1.jsonl', codex());
    expect(problems).toEqual([]);
    expect(commandsOf(samples[0])).toEqual(['ls', 'cat nothing']);
    expect(eventsOf(samples[0], 'command-end')).toMatchObject([
      { callId: 'call_1', exitCode: 0, durationMs: 500, stdoutBytes: 6 },
      { callId: 'call_2', exitCode: 1, durationMs: 250 },
    ]);
    expect(eventsOf(samples[0], 'message').map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ]);
    expect(eventsOf(samples[0], 'model-call')[0]).toMatchObject({
      requested: { model: 'model-y' },
      answer: { usage: { inputTokens: 5, outputTokens: 4, reasoningTokens: 1 } },
    });
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['ghost']);
    expect(samples[0]?.unmapped.join(' ')).toContain('"input_image"');
  });

  it('Codex: a rollout from before its lines had an envelope', async () => {
    const old = lines([
      { id: 'r0', timestamp: at(0), instructions: null },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Go.' }] },
      {
        type: 'local_shell_call',
        call_id: 'c1',
        status: 'completed',
        action: { type: 'exec', command: ['bash', '-lc', 'ls'] },
      },
      { type: 'function_call_output', call_id: 'c1', output: 'a.txt' },
    ]);
    const { samples } = await readText(codexReader, 'rollout-0.jsonl', old);
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'command-end')).toMatchObject([{ exitCode: null }]);
    expect(kindsOf(samples[0])).not.toContain('agent-end');
  });

  it('ATIF: steps with their observations, copied context left to the trajectory that it came from', async () => {
    const { samples, problems } = await readText(atifReader, 'trajectory.json', atif());
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message message model-call command-start command-end message message model-call agent-end',
    );
    expect(eventsOf(samples[0], 'trial-start')).toMatchObject([
      { scenario: { version: 'ATIF-v1.6' }, agent: { name: 'model-z' }, software: { scaffold: 'scaffold 3' } },
    ]);
    expect(eventsOf(samples[0], 'model-call')[0]).toMatchObject({
      answer: { usage: { inputTokens: 9, outputTokens: 8, cachedInputTokens: 1 } },
    });
    expect(samples[0]?.unmapped.join(' ')).toContain('copied from another trajectory');
  });

  it('ATIF: a newer version is read as far as it is understood, and says so', async () => {
    const { samples, problems } = await readText(
      atifReader,
      'trajectory.json',
      atif().replace('ATIF-v1.6', 'ATIF-v2.0'),
    );
    expect(samples).toHaveLength(1);
    expect(problems).toEqual([expect.stringContaining('has version ATIF-v2.0')]);
  });

  it('OpenTelemetry: spans by time, each message once although every call repeats it, other spans kept', async () => {
    const { samples, problems } = await readText(otlpReader, 'spans.json', otlp());
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message message model-call command-start command-end message message model-call agent-end',
    );
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'command-end')).toMatchObject([{ callId: 'c1', durationMs: 1000 }]);
    expect(eventsOf(samples[0], 'model-call')[1]).toMatchObject({
      answer: { rawFinishReason: 'stop', usage: { inputTokens: 6 } },
    });
    expect(eventsOf(samples[0], 'trial-start')).toMatchObject([
      { agent: { name: 'model-o' }, software: { scaffold: 'helper' } },
    ]);
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['span span']);
  });

  it('OpenTelemetry: one batch a line, as a collector writes them', async () => {
    const { samples } = await readText(
      otlpReader,
      'spans.jsonl',
      `${otlp()}\n${otlp().replaceAll('"abc"', '"def"')}\n`,
    );
    expect(samples.map(({ trialId }) => trialId)).toEqual(['trace-abc', 'trace-def']);
  });
});
