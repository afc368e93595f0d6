import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import type { LogReader } from '../contract.ts';
import { commandsOf, eventsOf, kindsOf, readAll } from '../testing.ts';
import { atifReader } from './atif.ts';
import { claudeCodeReader } from './claude-code.ts';
import { codexReader } from './codex.ts';
import { otlpReader } from './otlp.ts';
import { qwenCodeReader } from './qwen-code.ts';

/** In the form of each program, in our own words. */
const log = (name: string): string => readFileSync(join(import.meta.dirname, '../testing/logs', name), 'utf8');

const examples: readonly (readonly [LogReader, string])[] = [
  [claudeCodeReader, 'claude-code.jsonl'],
  [codexReader, 'codex.jsonl'],
  [qwenCodeReader, 'qwen-code.jsonl'],
  [atifReader, 'atif.json'],
  [otlpReader, 'otlp.json'],
];

for (const [reader, fileName] of examples)
  describeLogReaderContract(reader, { fileName, write: (path) => writeFileSync(path, log(fileName)) });

async function readText(reader: LogReader, fileName: string, text: string): ReturnType<typeof readAll> {
  using folder = createTemporaryFolder();
  writeFileSync(folder.file(fileName), text);
  return await readAll(reader, folder.file(fileName));
}

describe('sessions of agent products', () => {
  it('Qwen Code: thoughts, exit code, tokens and the end are taken, its own events are kept beside', async () => {
    const { samples, problems } = await readText(qwenCodeReader, 'qwen-code.jsonl', log('qwen-code.jsonl'));
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message model-call tool-call tool-result message message model-call agent-end',
    );
    expect(eventsOf(samples[0], 'message')[1]?.parts.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'tool-call',
    ]);
    expect(commandsOf(samples[0])).toEqual(['ls | wc -l']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([
      { callId: 'call_1', run: { exitCode: 0 }, durationMs: 2000 },
    ]);
    expect(eventsOf(samples[0], 'model-call')[0]?.answer?.usage).toEqual({
      inputTokens: 120,
      outputTokens: 30,
      reasoningTokens: 4,
      cachedInputTokens: 0,
    });
    expect(samples[0]?.foreign).toMatchObject([{ kind: 'system' }]);
  });

  it('are not taken for one another', async () => {
    using folder = createTemporaryFolder();
    for (const [, fileName] of examples) writeFileSync(folder.file(fileName), log(fileName));
    for (const [reader] of examples) {
      const seen = await Promise.all(examples.map(([, fileName]) => reader.recognises(folder.file(fileName))));
      expect(seen).toEqual(examples.map(([other]) => other === reader));
    }
  });

  it('Claude Code: the lines of one answer become one message, its exit code is taken, a second agent stays apart', async () => {
    const { samples, problems } = await readText(claudeCodeReader, 'claude-code.jsonl', log('claude-code.jsonl'));
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message model-call tool-call tool-result message message model-call agent-end',
    );
    expect(eventsOf(samples[0], 'message')[1]?.parts.map(({ type }) => type)).toEqual([
      'reasoning',
      'text',
      'tool-call',
    ]);
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([
      { callId: 'toolu_1', run: { exitCode: 2 }, durationMs: 2000 },
    ]);
    expect(eventsOf(samples[0], 'model-call')[0]).toMatchObject({
      prompt: [{ from: 0, to: 1 }],
      answer: { model: 'model-x', usage: { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2 } },
    });
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['summary', 'sidechain']);
    expect(JSON.stringify(samples[0]?.events)).not.toContain('/somewhere');
  });

  it('Codex: commands with exit code and duration from either form of output, usage, unknown items kept', async () => {
    const { samples, problems } = await readText(codexReader, 'codex.jsonl', log('codex.jsonl'));
    expect(problems).toEqual([]);
    expect(commandsOf(samples[0])).toEqual(['ls', 'cat nothing']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([
      { callId: 'call_1', run: { exitCode: 0, stdoutBytes: 6 }, durationMs: 500 },
      { callId: 'call_2', run: { exitCode: 1 }, durationMs: 250 },
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
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['session_meta', 'turn_context', 'content', 'ghost']);
  });

  it('Codex: calls of every kind, arguments that are no text, outputs in parts', async () => {
    const item = (payload: object): string => `${JSON.stringify({ type: 'response_item', payload })}\n`;
    const text = [
      item({
        type: 'reasoning',
        summary: [],
        content: [{ type: 'reasoning_text', text: 'hm' }],
        encrypted_content: 'x',
      }),
      item({ type: 'web_search_call', id: 'w', status: 'completed', action: { type: 'search', query: 'q' } }),
      item({ type: 'function_call', name: 'shell', arguments: { command: ['bash', '-lc', 'ls'] }, call_id: 'c' }),
      item({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'a.txt' }] }),
    ];
    const { samples } = await readText(
      codexReader,
      'c.jsonl',
      `{"type":"session_meta","payload":{}}\n${text.join('')}`,
    );
    expect(eventsOf(samples[0], 'tool-call')).toMatchObject([
      { callId: 'w', tool: 'web_search', command: null },
      { callId: 'c', tool: 'shell', command: 'ls' },
    ]);
    const parts = eventsOf(samples[0], 'message').flatMap((message) => message.parts);
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'hm' },
      { type: 'tool-call' },
      { type: 'tool-call' },
      { type: 'tool-result', text: 'a.txt' },
    ]);
    expect(samples[0]?.unmapped.join(' ')).toContain('1 × encrypted reasoning');
  });

  it('Codex: a rollout from before its lines had an envelope', async () => {
    const { samples } = await readText(codexReader, 'codex.jsonl', log('codex-without-envelope.jsonl'));
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([{ run: { exitCode: null } }]);
    expect(kindsOf(samples[0])).not.toContain('agent-end');
  });

  it('ATIF: steps with their observations, copied context left to the trajectory that it came from', async () => {
    const { samples, problems } = await readText(atifReader, 'atif.json', log('atif.json'));
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message message model-call tool-call tool-result message message model-call agent-end',
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
      'atif.json',
      log('atif.json').replace('ATIF-v1.6', 'ATIF-v2.0'),
    );
    expect(samples).toHaveLength(1);
    expect(problems).toEqual([expect.stringContaining('has version ATIF-v2.0')]);
  });

  it('OpenTelemetry: spans by time, each message once although every call repeats it, other spans kept', async () => {
    const { samples, problems } = await readText(otlpReader, 'otlp.json', log('otlp.json'));
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message message model-call tool-call tool-result message message model-call agent-end',
    );
    expect(commandsOf(samples[0])).toEqual(['ls']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([{ callId: 'c1', durationMs: 1000 }]);
    expect(eventsOf(samples[0], 'model-call')[1]).toMatchObject({
      answer: { rawFinishReason: 'stop', usage: { inputTokens: 6 } },
    });
    expect(eventsOf(samples[0], 'trial-start')).toMatchObject([
      { agent: { name: 'model-o' }, software: { scaffold: 'helper' } },
    ]);
    expect(samples[0]?.foreign.map(({ kind }) => kind)).toEqual(['span span']);
  });

  it('OpenTelemetry: one batch a line, as a collector writes them', async () => {
    const otlp = JSON.stringify(JSON.parse(log('otlp.json')));
    const { samples } = await readText(
      otlpReader,
      'spans.jsonl',
      ['abc', 'def'].map((id) => `${otlp.replaceAll('abc', id)}\n`).join(''),
    );
    expect(samples.map(({ trialId }) => trialId)).toEqual(['trace-abc', 'trace-def']);
  });
});
