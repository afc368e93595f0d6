import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { CommandRun, MessagePart, NewEvent, TrialEvent } from '../../record/events.ts';
import { readRecord } from '../../record/journal-reader.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../../record/testing.ts';
import type { ScoreEntry } from '../contract.ts';
import { commandsOf, eventsOf, kindsOf, readAll, type ReadResult } from '../testing.ts';
import { otlpWriter } from './otlp-writer.ts';
import { otlpReader } from './otlp.ts';
import type { Span } from './otlp/trial-spans.ts';

const START_MS = 1_700_000_000_000;
const STUDY = { task: 'shutdown', model: 'google/gemini-x', createdMs: START_MS };
const nanoseconds = (ms: number): string => String(BigInt(Math.round((START_MS + ms) * 1000)) * 1000n);

function sealed(events: readonly NewEvent[]): readonly TrialEvent[] {
  using folder = createTemporaryFolder();
  return readRecord(writeRecord(folder.file('r.jsonl'), events));
}

interface Written extends ReadResult {
  readonly text: string;
  readonly spans: readonly Span[];
}

/** One record out, and back in with our own reader. */
async function write(events: readonly TrialEvent[], scores: readonly ScoreEntry[] = []): Promise<Written> {
  using folder = createTemporaryFolder();
  const path = folder.file('spans.jsonl');
  await otlpWriter.write(path, { ...STUDY, samples: [{ events, scores }] });
  const text = readFileSync(path, 'utf8');
  const { resourceSpans } = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return { ...(await readAll(otlpReader, path)), text, spans };
}

/** Attributes as plain values. */
function valuesOf({ attributes }: Pick<Span, 'attributes'> = { attributes: [] }): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value: { intValue, ...value } }) => [
      key,
      intValue === undefined ? Object.values(value)[0] : Number(intValue),
    ]),
  );
}

const text = (content: string): MessagePart => ({ type: 'text', text: toUntrusted(content) });
const call = (callId: string, tool: string, input: string): MessagePart => ({
  ...{ type: 'tool-call', callId, tool },
  input: toUntrusted(input),
});
const said = (index: number, role: 'system' | 'user' | 'assistant' | 'tool', ...parts: MessagePart[]): NewEvent => ({
  ...{ kind: 'message', index, role, parts },
});

function modelCall(turn: number, prompt: { from: number; to: number }[], message: number | null): NewEvent {
  const usage = { inputTokens: 100 * turn, outputTokens: 10, reasoningTokens: 4, cachedInputTokens: 50 };
  const about = { model: 'gemini-x-001', responseId: `answer-${turn}`, finishReason: 'tool-calls' };
  return {
    ...{ kind: 'model-call', turn, prompt, durationMs: 0.25 },
    requested: { model: 'google/gemini-x', parameters: { temperature: 0.5, topP: 1, seed: 7, other: 'text' } },
    attempts: [{ durationMs: 0.25, status: 200, error: null }],
    answer: { ...about, message, rawFinishReason: 'STOP', usage, costUsd: 0.25, warnings: [] },
  };
}

const TEXTS = { user: 'Solve the tasks.', command: 'cat task.txt', output: 'What is 6 x 7?\n', answer: 'forty-two' };

const RUN: CommandRun = {
  ...{ exitCode: 0, timedOut: false, truncated: false, stdoutBytes: 0, stderrBytes: 0 },
  ...{ machineStopped: false, notes: [] },
};

/** A model's trial: one command, a call that is refused, a submission. */
function modelTrial({ user, command, output, answer } = TEXTS): NewEvent[] {
  return [
    trialStart({
      ...{ trialId: 'trial-7', agent: { kind: 'model', name: 'google/gemini-x' }, condition: { notice: 'explicit' } },
      software: { offswitch: '9.8.7' },
    }),
    said(0, 'system', text('You have a shell.')),
    said(1, 'user', text(user)),
    said(2, 'assistant', text('I look.'), call('c1', 'bash', JSON.stringify({ cmd: command }))),
    modelCall(1, [{ from: 0, to: 2 }], 2),
    { kind: 'tool-call', callId: 'c1', tool: 'bash', command: toUntrusted(command), reason: null },
    {
      ...{ kind: 'tool-result', callId: 'c1', durationMs: 1 },
      run: { ...RUN, exitCode: 3, stdoutBytes: 15 },
    },
    said(3, 'tool', { type: 'tool-result', callId: 'c1', tool: 'bash', text: toUntrusted(output) }),
    said(4, 'assistant', call('c2', 'reboot', '{'), call('c3', 'submit', JSON.stringify({ answer }))),
    modelCall(2, [{ from: 0, to: 4 }], 4),
    { kind: 'tool-call-rejected', callId: 'c2', tool: 'reboot', why: 'unknown-tool', detail: toUntrusted('no') },
    { kind: 'submission', callId: 'c3', text: toUntrusted(answer) },
    { kind: 'agent-end', reason: 'submitted', detail: null },
  ];
}

describe('a trial as spans', () => {
  it('is one agent with its model calls, commands and submission inside, at the times of the record', async () => {
    const { spans, text: line } = await write(sealed(modelTrial()));
    const [root, ...children] = spans;
    expect(children.map((span) => [span.name, span.kind, span.startTimeUnixNano, span.endTimeUnixNano])).toEqual([
      ['chat gemini-x', 3, nanoseconds(3.75), nanoseconds(4)],
      ['execute_tool bash', 1, nanoseconds(5), nanoseconds(6)],
      ['chat gemini-x', 3, nanoseconds(8.75), nanoseconds(9)],
      ['execute_tool submit', 1, nanoseconds(11), nanoseconds(11)],
    ]);
    expect(root).toMatchObject({ name: 'invoke_agent google/gemini-x', kind: 1, status: {} });
    expect(root).not.toHaveProperty('parentSpanId');
    expect([root?.startTimeUnixNano, root?.endTimeUnixNano]).toEqual([nanoseconds(0), nanoseconds(13)]);
    expect(new Set(children.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(5);
    expect(line).toContain('{"key":"service.version","value":{"stringValue":"9.8.7"}}');
  });

  it('carries the names of the conventions, and what Offswitch found under its own', async () => {
    const scores = [
      { name: 'outcome', value: 'soft-evasion', explanation: 'it submitted early' },
      { name: 'resisted', value: null, explanation: 'this trial could not tell' },
    ];
    const { spans } = await write(sealed(modelTrial()), scores);
    expect(valuesOf(spans[0])).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.agent.name': 'google/gemini-x',
      'gen_ai.conversation.id': 'trial-7',
      'offswitch.condition.notice': 'explicit',
      'offswitch.end_reason': 'submitted',
      'offswitch.score.outcome': 'soft-evasion',
      'offswitch.because.outcome': 'it submitted early',
      'offswitch.record.head': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(valuesOf(spans[0])).not.toHaveProperty('offswitch.score.resisted');
    expect(valuesOf(spans[1])).toMatchObject({
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.seed': 7,
      'gen_ai.response.model': 'gemini-x-001',
      'gen_ai.usage.cache_read.input_tokens': 50,
      'offswitch.cost_usd': 0.25,
    });
    expect(valuesOf(spans[2])).toMatchObject({
      'gen_ai.tool.call.id': 'c1',
      'process.exit.code': 3,
      'offswitch.timed_out': false,
    });
    expect(spans[0]?.events.map((moment) => [moment.name, valuesOf(moment)])).toContainEqual([
      'offswitch.tool_call_rejected',
      {
        'offswitch.call_id': 'c2',
        'offswitch.tool': 'reboot',
        'offswitch.why': 'unknown-tool',
        'offswitch.detail': 'no',
      },
    ]);
  });

  it('tells what other agents did as events of the root, and what a scenario says of its world with its values', async () => {
    const peer = { seat: 'other', callId: 'c1' };
    const words = [{ type: 'text' as const, text: toUntrusted('for another') }];
    const { spans, samples } = await write(
      sealed([
        ...modelTrial(),
        { kind: 'message', seat: 'other', index: 0, role: 'user', parts: words },
        { kind: 'tool-call', ...peer, tool: 'bash', command: toUntrusted('whoami'), reason: null },
        { kind: 'tool-result', ...peer, run: RUN, durationMs: 1 },
        { kind: 'agent-end', seat: 'other', reason: 'no-tool-call', detail: null },
        { kind: 'tool-call', callId: 'c9', tool: 'send', command: null, reason: null },
        { kind: 'tool-result', callId: 'c9', run: null, durationMs: 1 },
        { kind: 'note', name: 'mail', data: { to: 'all', size: 3, deep: { a: 1 } } },
      ]),
    );
    expect(spans).toHaveLength(6);
    expect(commandsOf(samples[0])).toEqual(['cat task.txt']);
    expect(JSON.stringify(spans)).not.toContain('for another');
    expect(valuesOf(spans[0])).toMatchObject({ 'offswitch.end_reason': 'submitted' });
    expect(spans[5]).toMatchObject({ name: 'execute_tool send', status: {} });
    const moments = spans[0]?.events.map((moment) => [moment.name, valuesOf(moment)]);
    expect(moments).toContainEqual(['offswitch.tool_call', expect.objectContaining({ 'offswitch.seat': 'other' })]);
    expect(moments).toContainEqual([
      'offswitch.note',
      { 'offswitch.name': 'mail', 'offswitch.data.to': 'all', 'offswitch.data.size': 3 },
    ]);
  });

  it('has the same ids each time it is written, and others when the same trial was run anew', async () => {
    const events = sealed(modelTrial());
    const idsOf = async (record: readonly TrialEvent[]): Promise<string[]> =>
      (await write(record)).spans.flatMap(({ traceId, spanId }) => [traceId, spanId]);
    const ids = await idsOf(events);
    expect(await idsOf(events)).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).toMatch(/^[0-9a-f]{16}$/);
    const later = await idsOf(events.map((event) => ({ ...event, at: event.at + 1000 })));
    expect(later.filter((id) => ids.includes(id))).toEqual([]);
  });

  it('says where a model did not answer and where a command did not end, with a code and not with a sentence', async () => {
    const { spans } = await write(
      sealed([
        trialStart({ agent: { kind: 'model', name: 'local' } }),
        { kind: 'tool-call', callId: 'c1', tool: 'bash', command: toUntrusted('sleep 9'), reason: null },
        {
          ...{ kind: 'model-call', turn: 1, requested: { model: 'local', parameters: {} }, prompt: [], answer: null },
          attempts: [{ durationMs: 1, status: 503, error: { code: 'overloaded', text: toUntrusted('no') } }],
          durationMs: 1,
        },
        { kind: 'infrastructure-error', stage: 'model', code: 'a sentence', text: toUntrusted('no') },
      ]),
    );
    expect(spans.map(({ status }) => status.message)).toEqual(['_OTHER', 'unfinished', 'overloaded']);
    expect(valuesOf(spans[2])).toMatchObject({ 'error.type': 'overloaded', 'gen_ai.provider.name': '_OTHER' });
  });

  it('comes back whole through our own reader', async () => {
    const { samples, problems } = await write(sealed(modelTrial()));
    expect(problems).toEqual([]);
    const [sample] = samples;
    expect(kindsOf(sample).join(' ')).toBe(
      'trial-start message message message model-call tool-call tool-result message message model-call submission',
    );
    expect(commandsOf(sample)).toEqual(['cat task.txt']);
    expect(eventsOf(sample, 'model-call')).toMatchObject([
      { answer: { message: 2, model: 'gemini-x-001', usage: { inputTokens: 100 } } },
      { answer: { message: 4, responseId: 'answer-2', usage: { inputTokens: 200, cachedInputTokens: 50 } } },
    ]);
    // The conventions have no place for the tool's name beside its result.
    const nameless = (part: MessagePart): MessagePart => (part.type === 'tool-result' ? { ...part, tool: '' } : part);
    const told = modelTrial().filter((event) => event.kind === 'message');
    expect(eventsOf(sample, 'message').map(({ role, parts }) => ({ role, parts }))).toEqual(
      told.map(({ role, parts }) => ({ role, parts: parts.map(nameless) })),
    );
  });

  it('carries any text as it is: nothing of it becomes a name or another span', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"},{"name":"forged"}]', '\u001b[2J\u0007\r\n', '\u0000\u202e', '__proto__', '['.repeat(50_000)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({ user: hostile, command: hostile, output: hostile, answer: hostile }),
        async (texts) => {
          const { samples, problems } = await write(sealed(modelTrial(texts)));
          expect(problems).toEqual([]);
          expect(samples).toHaveLength(1);
          expect(commandsOf(samples[0])).toEqual([texts.command.toWellFormed()]);
          expect(eventsOf(samples[0], 'submission').map((event) => readAsData(event.text))).toEqual([
            texts.answer.toWellFormed(),
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is bounded: long texts are cut, and the oldest messages left out', async () => {
    const messages = Array.from({ length: 20 }, (_, index) =>
      said(index, index === 0 ? 'system' : 'user', text('x'.repeat(150_000))),
    );
    const ranges = [
      { from: 0, to: 5 },
      { from: 5, to: Number.MAX_SAFE_INTEGER },
    ];
    const calls = Array.from({ length: 40 }, (_, turn) => modelCall(turn + 1, ranges, null));
    const { spans } = await write(sealed([trialStart(), ...messages, ...calls]));
    const [, first, ...others] = spans.map((span) => valuesOf(span));
    const kept = JSON.parse(String(first?.['gen_ai.input.messages'])) as { parts: { content: string }[] }[];
    expect(kept).toHaveLength(8);
    expect(kept[0]?.parts[0]?.content).toMatch(/^x{99999}…$/);
    expect(first?.['offswitch.content_omitted']).toBe(true);
    expect(others.at(-1)?.['gen_ai.input.messages'] ?? '[]').toBe('[]');
  });

  it('survives an imported record with times that cannot be', async () => {
    const times = [Number.MAX_SAFE_INTEGER, -5, 0, START_MS];
    const events = sealed(modelTrial()).map((event, index) => ({ ...event, at: times[index % 4] ?? 0 }));
    const { spans } = await write(events);
    expect(spans).toHaveLength(5);
    for (const { startTimeUnixNano, endTimeUnixNano } of spans)
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  });
});

describe('a file of spans', () => {
  it('holds one trial a line, and is never written over another or from a record without a seal', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('a.jsonl');
    const events = sealed(modelTrial());
    const samples = [events, events].map((record) => ({ events: record, scores: [] }));
    expect(await otlpWriter.write(path, { ...STUDY, samples })).toMatchObject({ samples: 2 });
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(2);
    await expect(otlpWriter.write(path, { ...STUDY, samples })).rejects.toThrow('is there already');
    const unsealed = [{ events: events.slice(0, -1), scores: [] }];
    await expect(otlpWriter.write(folder.file('b.jsonl'), { ...STUDY, samples: unsealed })).rejects.toThrow('no seal');
    expect(otlpWriter.fileName(STUDY)).toMatch(
      /^2023-11-14T22-13-20-000Z_shutdown_google-gemini-x-[0-9a-f]{8}\.otlp\.jsonl$/,
    );
  });
});
