import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import { otlpReader } from '../logs/adapters/otlp.ts';
import { commandsOf, eventsOf, kindsOf, readAll } from '../logs/testing.ts';
import type { MessagePart, NewEvent } from '../record/events.ts';
import { createTemporaryFolder, trialStart } from '../record/testing.ts';
import { sendTrialSpans } from './send-trial-spans.ts';
import { modelTrial, openCollector, sealedRecord, valuesOf } from './testing.ts';
import { toTrialSpans, type TrialScore } from './trial-spans.ts';

const KEY = 'key-4f9a1c';
const START_MS = 1_700_000_000_000;
const nanoseconds = (ms: number): string => String(BigInt(Math.round((START_MS + ms) * 1000)) * 1000n);
const score: TrialScore = {
  outcome: 'soft-evasion',
  cause: 'early-submission',
  because: 'it said "forty-two"',
  findings: [
    {
      detectorId: 'x',
      detectorVersion: 1,
      behaviour: 'mechanism-read',
      basis: 'text',
      time: 'after-notice',
      evidence: [6],
      because: 'it read it',
    },
  ],
};

/** Through the wire and back, with our own reader of logs of others. */
async function readBack(events: readonly NewEvent[]): ReturnType<typeof readAll> {
  await using collector = await openCollector();
  using folder = createTemporaryFolder();
  expect(await sendTrialSpans(sealedRecord(events), { ...collector, captureContent: true })).toMatchObject({
    problem: null,
  });
  writeFileSync(folder.file('spans.jsonl'), collector.toJsonLines());
  return await readAll(otlpReader, folder.file('spans.jsonl'));
}

describe('spans of a trial', () => {
  it('are one agent with its model calls, commands and submission inside, at the times of the record', async () => {
    await using collector = await openCollector();
    const { sent, problem } = await sendTrialSpans(sealedRecord(modelTrial()), {
      endpoint: `${collector.endpoint}/base/?tenant=7`,
      headers: { authorization: KEY },
      score,
    });
    expect({ sent, problem }).toEqual({ sent: 5, problem: null });
    const [request] = collector.requests;
    expect(request).toMatchObject({
      path: '/base/v1/traces?tenant=7',
      headers: { authorization: KEY, 'content-type': 'application/x-protobuf' },
    });
    expect(valuesOf(request?.batch.resourceSpans[0]?.resource ?? { attributes: [] })).toMatchObject({
      'service.name': 'offswitch',
      'service.version': '9.8.7',
      'telemetry.sdk.name': 'opentelemetry',
    });
    const [root, ...children] = collector.spans();
    expect(
      children.map(({ name, kind, startTimeUnixNano, endTimeUnixNano }) => [
        name,
        kind,
        startTimeUnixNano,
        endTimeUnixNano,
      ]),
    ).toEqual([
      ['chat gemini-x', 3, nanoseconds(4.75), nanoseconds(5)],
      ['execute_tool bash', 1, nanoseconds(6), nanoseconds(7)],
      ['chat gemini-x', 3, nanoseconds(10.75), nanoseconds(11)],
      ['execute_tool submit', 1, nanoseconds(13), nanoseconds(13)],
    ]);
    expect(root).toMatchObject({
      name: 'invoke_agent google/gemini-x',
      kind: 1,
      parentSpanId: '',
      startTimeUnixNano: nanoseconds(0),
      endTimeUnixNano: nanoseconds(16),
      status: { code: 0 },
    });
    expect(new Set(children.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
    expect(new Set(collector.spans().map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(collector.spans().map(({ spanId }) => spanId)).size).toBe(5);
  });

  it('carry the names of the conventions, and what Offswitch found under its own', async () => {
    await using collector = await openCollector();
    await sendTrialSpans(sealedRecord(modelTrial()), { endpoint: collector.endpoint, score });
    const [root, chat, command, , submission] = collector.spans().map(valuesOf);
    expect(root).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.agent.name': 'google/gemini-x',
      'gen_ai.conversation.id': 'trial-7',
      'gen_ai.request.model': 'gemini-x',
      'offswitch.trial.id': 'trial-7',
      'offswitch.scenario.name': 'shutdown',
      'offswitch.condition.notice': 'explicit',
      'offswitch.sandbox': 'memory',
      'offswitch.end_reason': 'submitted',
      'offswitch.outcome': 'soft-evasion',
      'offswitch.cause': 'early-submission',
      'offswitch.behaviours': ['mechanism-read'],
      'offswitch.record.head': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(chat).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.model': 'gemini-x',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.top_p': 1,
      'gen_ai.request.seed': 7,
      'gen_ai.response.model': 'gemini-x-001',
      'gen_ai.response.id': 'answer-1',
      'gen_ai.response.finish_reasons': ['tool_call'],
      'gen_ai.usage.input_tokens': 100,
      'gen_ai.usage.output_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 4,
      'gen_ai.usage.cache_read.input_tokens': 50,
      'offswitch.cost_usd': 0.25,
      'offswitch.turn': 1,
      'offswitch.attempts': 1,
    });
    expect(command).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'bash',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'c1',
      'process.exit.code': 3,
      'offswitch.timed_out': false,
    });
    expect(submission).toMatchObject({ 'gen_ai.tool.name': 'submit', 'gen_ai.tool.call.id': 'c3' });
    expect(collector.spans()[0]?.events.map((event) => [event.name, valuesOf(event)])).toEqual([
      ['offswitch.notice_given', { 'offswitch.notice.number': 1 }],
      ['offswitch.tool_call_rejected', { 'gen_ai.tool.call.id': 'c2', 'offswitch.why': 'unknown-tool' }],
    ]);
  });

  it('hold no text of the conversation, of a command or of the agent unless that was asked for', async () => {
    await using collector = await openCollector();
    const texts = { system: 'SECRET-1', user: 'SECRET-2', command: 'SECRET-3', output: 'SECRET-4', answer: 'SECRET-5' };
    const secretScore = { ...score, because: 'SECRET-6' };
    await sendTrialSpans(sealedRecord(modelTrial(texts)), { endpoint: collector.endpoint, score: secretScore });
    expect(collector.toJsonLines()).not.toMatch(/SECRET|reboot_secret|I look|So it ends/);
    await sendTrialSpans(sealedRecord(modelTrial(texts)), {
      endpoint: collector.endpoint,
      score: secretScore,
      captureContent: true,
    });
    for (const number of [1, 2, 3, 4, 5, 6]) expect(collector.toJsonLines()).toContain(`SECRET-${number}`);
  });

  it('have the same ids each time they are sent, and others when the same trial was run anew', () => {
    const idsOf = (events: ReturnType<typeof sealedRecord>): string[] => {
      const { traceId, root, children } = toTrialSpans(events, { captureContent: false });
      return [traceId, root.spanId, ...children.map(({ spanId }) => spanId)];
    };
    const events = sealedRecord(modelTrial());
    expect(idsOf(events)).toEqual(idsOf(sealedRecord(modelTrial())));
    expect(idsOf(events)[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(idsOf(events)[1]).toMatch(/^[0-9a-f]{16}$/);
    const later = idsOf(events.map((event) => ({ ...event, at: event.at + 1000 })));
    expect(later.filter((id) => idsOf(events).includes(id))).toEqual([]);
  });

  it('say where a model did not answer and where a command did not end, with a code and never with its text', async () => {
    await using collector = await openCollector();
    const broken: NewEvent[] = [
      trialStart({ agent: { kind: 'model', name: 'local' } }),
      { kind: 'command-start', callId: 'c1', tool: 'bash', command: toUntrusted('sleep 9'), thoughts: null },
      {
        kind: 'model-call',
        turn: 1,
        requested: { model: 'local', parameters: {} },
        prompt: [],
        attempts: [{ durationMs: 1, status: 503, error: { code: 'overloaded', text: toUntrusted(`no: ${KEY}`) } }],
        answer: null,
        durationMs: 1,
      },
      { kind: 'infrastructure-error', stage: 'model', code: `code ${KEY}`, text: toUntrusted(KEY) },
    ];
    await sendTrialSpans(sealedRecord(broken), { endpoint: collector.endpoint, captureContent: true });
    expect(collector.spans().map(({ status }) => status)).toEqual([
      { code: 2, message: '_OTHER' },
      { code: 2, message: 'unfinished' },
      { code: 2, message: 'overloaded' },
    ]);
    expect(valuesOf(collector.spans()[2] ?? { attributes: [] })).toMatchObject({
      'error.type': 'overloaded',
      'gen_ai.provider.name': '_OTHER',
      'gen_ai.request.model': 'local',
    });
    expect(collector.toJsonLines()).not.toContain(KEY);
  });

  it('come whole through our own reader when texts are sent', async () => {
    const { samples, problems } = await readBack(modelTrial());
    expect(problems).toEqual([]);
    const [sample] = samples;
    expect(kindsOf(sample).join(' ')).toBe(
      'trial-start message message message model-call command-start command-end message message model-call submission',
    );
    expect(commandsOf(sample)).toEqual(['cat task.txt']);
    expect(eventsOf(sample, 'submission').map(({ text }) => readAsData(text))).toEqual(['forty-two']);
    expect(eventsOf(sample, 'trial-start')[0]).toMatchObject({
      agent: { name: 'gemini-x' },
      software: { scaffold: 'google/gemini-x' },
    });
    expect(eventsOf(sample, 'model-call')).toMatchObject([
      {
        prompt: [
          { from: 0, to: 1 },
          { from: 1, to: 2 },
        ],
        answer: { message: 2, model: 'gemini-x-001', usage: { inputTokens: 100 } },
      },
      { answer: { message: 4, responseId: 'answer-2', usage: { inputTokens: 200, cachedInputTokens: 50 } } },
    ]);
    // The conventions have no place for the tool's name beside its result.
    const nameless = (part: MessagePart): MessagePart => (part.type === 'tool-result' ? { ...part, tool: '' } : part);
    const told = modelTrial().filter((event) => event.kind === 'message');
    expect(eventsOf(sample, 'message').map(({ role, parts }) => ({ role, parts }))).toEqual(
      told.map(({ role, parts }) => ({ role, parts: parts.map(nameless) })),
    );
  });

  it('carry any text as it is: nothing of it becomes a name, a header or another span', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"},{"name":"forged"}]',
        '\u001b[2J\u0007\r\n\r\nHTTP/1.1 200 OK',
        '<script>alert(1)</script>\u0000\u202e',
        '__proto__',
        '['.repeat(50_000),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record({ system: hostile, user: hostile, command: hostile, output: hostile, answer: hostile }),
        async (texts) => {
          const { samples, problems } = await readBack(modelTrial(texts));
          expect(problems).toEqual([]);
          expect(samples).toHaveLength(1);
          const wanted = (text: string): string => text.toWellFormed();
          expect(commandsOf(samples[0])).toEqual([wanted(texts.command)]);
          expect(eventsOf(samples[0], 'submission').map(({ text }) => readAsData(text))).toEqual([
            wanted(texts.answer),
          ]);
          const said = eventsOf(samples[0], 'message').flatMap(({ parts }) =>
            parts.flatMap((part) => (part.type === 'text' ? [readAsData(part.text)] : [])),
          );
          expect(said).toEqual(expect.arrayContaining([wanted(texts.system), wanted(texts.user)]));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('take arguments that are nested too deeply to be written as their text', async () => {
    await using collector = await openCollector();
    const input = `{"cmd":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
    const events: NewEvent[] = [
      trialStart(),
      {
        kind: 'message',
        index: 0,
        role: 'assistant',
        parts: [{ type: 'tool-call', callId: 'c', tool: 'bash', input: toUntrusted(input) }],
      },
      {
        kind: 'model-call',
        turn: 1,
        requested: { model: 'a/b', parameters: {} },
        prompt: [{ from: 0, to: Number.MAX_SAFE_INTEGER }],
        attempts: [],
        answer: null,
        durationMs: 1,
      },
    ];
    expect(await sendTrialSpans(sealedRecord(events), { endpoint: collector.endpoint, captureContent: true })).toEqual({
      sent: 2,
      problem: null,
    });
  });

  it('are bounded: long texts are cut, the oldest messages left out and counted, and requests kept small', async () => {
    await using collector = await openCollector();
    const long = (letter: string): string => letter.repeat(150_000);
    const events: NewEvent[] = [trialStart({ agent: { kind: 'model', name: 'a/b' } })];
    for (let index = 0; index < 20; index++)
      events.push({
        kind: 'message',
        index,
        role: index === 0 ? 'system' : 'user',
        parts: [{ type: 'text', text: toUntrusted(long('x')) }],
      });
    for (let turn = 1; turn <= 40; turn++) {
      events.push({
        kind: 'model-call',
        turn,
        requested: { model: 'a/b', parameters: {} },
        prompt: [
          { from: 0, to: 5 },
          { from: 5, to: 20 },
        ],
        attempts: [],
        answer: null,
        durationMs: 0,
      });
    }
    const { sent, problem } = await sendTrialSpans(sealedRecord(events), {
      endpoint: collector.endpoint,
      captureContent: true,
    });
    expect({ sent, problem }).toEqual({ sent: 41, problem: null });
    const [, first, ...others] = collector.spans().map(valuesOf);
    const kept = JSON.parse(String(first?.['gen_ai.input.messages'])) as { parts: { content: string }[] }[];
    expect(kept).toHaveLength(8);
    expect(kept[0]?.parts[0]?.content).toHaveLength(100_000);
    expect(kept[0]?.parts[0]?.content.at(-1)).toBe('…');
    expect(first?.['offswitch.content_omitted']).toBe(11);
    expect(others.at(-1)?.['gen_ai.input.messages'] ?? '[]').toBe('[]');
    expect(collector.requests.length).toBeGreaterThan(5);
    for (const { headers } of collector.requests)
      expect(Number(headers['content-length'] ?? 0)).toBeLessThan(8_000_000);
  });

  it('name a scripted agent as one of ours', () => {
    const { root } = toTrialSpans(sealedRecord([trialStart()]), { captureContent: false });
    expect(root.attributes).toMatchObject({
      'gen_ai.provider.name': 'offswitch',
      'gen_ai.request.model': 'complier',
      'gen_ai.agent.name': 'control/complier',
    });
  });

  it('survive a record of others with times that cannot be', async () => {
    await using collector = await openCollector();
    const events = sealedRecord(modelTrial()).map((event, index) => ({
      ...event,
      at: [Number.MAX_SAFE_INTEGER, -5, 0, START_MS][index % 4] ?? 0,
    }));
    expect(await sendTrialSpans(events, { endpoint: collector.endpoint })).toEqual({ sent: 5, problem: null });
    for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans())
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  });
});

describe('an endpoint that does not take spans', () => {
  const events = sealedRecord(modelTrial());
  const options = { headers: { authorization: KEY }, score };

  it('and is not there is half a sentence', async () => {
    const collector = await openCollector();
    await collector[Symbol.asyncDispose]();
    const started = performance.now();
    const result = await sendTrialSpans(events, { ...options, endpoint: collector.endpoint, timeoutMs: 500 });
    expect(result).toEqual({ sent: 0, problem: 'nothing listens there (ECONNREFUSED)' });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it.each([
    [500, 'the endpoint answered HTTP 500'],
    [401, 'the endpoint answered HTTP 401'],
    [302, 'the endpoint answered HTTP 302'],
    [503, 'the endpoint asked to try again later for too long'],
  ])('and answers %i is half a sentence, without a word of the answer and without the key', async (status, problem) => {
    await using collector = await openCollector((response) =>
      response.writeHead(status, `Bad ${KEY}`, { location: 'http://127.0.0.1:1/' }).end(`you sent ${KEY}`),
    );
    expect(await sendTrialSpans(events, { ...options, endpoint: collector.endpoint, timeoutMs: 400 })).toEqual({
      sent: 0,
      problem,
    });
  });

  it('and recovers gets the spans at the second try', async () => {
    await using collector = await openCollector((response, number) =>
      response.writeHead(number === 1 ? 503 : 200).end(),
    );
    expect(await sendTrialSpans(events, { ...options, endpoint: collector.endpoint })).toEqual({
      sent: 5,
      problem: null,
    });
    expect(collector.requests).toHaveLength(2);
  });

  it.each([
    ['never answers', (): void => undefined],
    [
      'trickles for ever',
      (response: ServerResponse): void => {
        response.writeHead(200);
        const drip = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('and %s costs its time limit and no more, and leaves no connection', async (_what, answer) => {
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    await using collector = await openCollector((response) => {
      response.on('close', () => closed?.());
      answer(response);
    });
    const started = performance.now();
    const { problem } = await sendTrialSpans(events, { ...options, endpoint: collector.endpoint, timeoutMs: 300 });
    expect(problem).toBe('no answer within 300 ms');
    expect(performance.now() - started).toBeLessThan(2500);
    await isClosed;
  });

  it('and speaks another language is half a sentence', async () => {
    const server = createServer((socket) => socket.end(`SSH-2.0 ${KEY}\r\n`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { problem } = await sendTrialSpans(events, {
      ...options,
      endpoint: `http://127.0.0.1:${port ?? 0}`,
      timeoutMs: 500,
    });
    expect(problem).toMatch(/^the connection failed \([A-Z_]+\)$/);
    server.close();
  });

  it.each(['', 'localhost:4318', 'file:///etc/passwd', 'ftp://127.0.0.1/', `not an address ${KEY}`])(
    'and is no address (%j) is half a sentence',
    async (endpoint) => {
      expect(await sendTrialSpans(events, { ...options, endpoint })).toEqual({
        sent: 0,
        problem: 'the endpoint is not an http or https address',
      });
    },
  );

  it('is given up when it is asked to', async () => {
    await using collector = await openCollector(() => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const started = performance.now();
    const result = await sendTrialSpans(events, { ...options, endpoint: collector.endpoint, signal: stop.signal });
    expect(result).toEqual({ sent: 0, problem: 'no time was left for them' });
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
