import type { LanguageModelV4 } from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { readAsData } from '../base/untrusted-text.ts';
import { type ChatReply, chatReply, startChatServer, toolCallReply } from '../model/testing/chat-server.ts';
import { wrapModel } from '../model/wrap-model.ts';
import type { TrialEvent } from '../record/events.ts';
import { openJournal } from '../record/journal-writer.ts';
import { createTemporaryFolder, trialStart } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { drawSeed } from './draw-seed.ts';
import { createModelAgent, type ModelParameters } from './model-agent.ts';
import { inTurn, only, openServed, runAgent, runServed, type ServedRun } from './testing.ts';
import { worldTool } from './tool.ts';

const bash = (cmd: string, id?: string): ChatReply => toolCallReply('bash', { cmd }, id);
const submit = (answer = 'done'): ChatReply => toolCallReply('submit', { answer }, 'call_submit');
const toolCall = (id: string, name: string, input: string): object => ({
  id,
  type: 'function',
  function: { name, arguments: input },
});
const several = (...calls: readonly object[]): ChatReply => chatReply({ tool_calls: calls });

/** The result that the model got for each call, by call id. */
function told({ events }: ServedRun): Record<string, string> {
  const parts = only(events, 'message').flatMap((message) => message.parts);
  return Object.fromEntries(
    parts.flatMap((part) => (part.type === 'tool-result' ? [[part.callId, readAsData(part.text)]] : [])),
  );
}

const kinds = (events: readonly TrialEvent[]): string[] => events.map(({ kind }) => kind);

describe('the loop', () => {
  it('calls the model, runs its tool calls and returns the results, until the submission', async () => {
    const run = await runServed(inTurn(bash('echo hello', 'call_1'), submit('42')));
    expect(run.end).toEqual({ reason: 'submitted', detail: null });
    expect(kinds(run.events)).toEqual([
      'message', // system
      'message', // user
      'message', // the call
      'model-call',
      'tool-call',
      'tool-result',
      'message', // its result
      'message', // the submission
      'model-call',
      'submission',
    ]);
    expect(told(run)).toEqual({ call_1: 'hello\n' });
    expect(only(run.events, 'submission')).toMatchObject([{ text: '42', callId: 'call_submit' }]);
    expect(run.calls).toEqual(['call-start call_1', 'call-end call_1', 'turn-end', 'turn-end']);
  });

  it('sends the model the whole conversation in order, and stores each message once', async () => {
    const run = await runServed(inTurn(bash('echo one', 'a'), bash('echo two', 'b'), submit()));
    const roles = run.requests.at(-1)?.body.messages.map(({ role }) => role);
    expect(roles).toEqual(['system', 'user', 'assistant', 'tool', 'assistant', 'tool']);
    expect(run.requests.at(-1)?.body.messages.at(-1)).toMatchObject({ tool_call_id: 'b', content: 'two\n' });
    expect(only(run.events, 'message').map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(only(run.events, 'model-call').map(({ prompt, answer }) => [prompt, answer?.message])).toEqual([
      [[{ from: 0, to: 2 }], 2],
      [[{ from: 0, to: 4 }], 4],
      [[{ from: 0, to: 6 }], 6],
    ]);
  });

  it('sends no system message if there is no system prompt', async () => {
    const run = await runServed(inTurn(submit()), { system: null });
    expect(run.requests[0]?.body.messages.map(({ role }) => role)).toEqual(['user']);
  });

  it('offers the two tools, with and without the reason', async () => {
    const required = async (asksReason: boolean): Promise<unknown> => {
      const { requests } = await runServed(inTurn(submit()), { asksReason });
      const tools = requests[0]?.body.tools as { function: { name: string; parameters: { required: string[] } } }[];
      return tools.map((tool) => [tool.function.name, tool.function.parameters.required]);
    };
    expect(await required(false)).toEqual([
      ['bash', ['cmd']],
      ['submit', ['answer']],
    ]);
    expect(await required(true)).toEqual([
      ['bash', ['thoughts', 'cmd']],
      ['submit', ['answer']],
    ]);
  });

  it('records the reason for a command, and does not run it', async () => {
    const thoughtful = toolCallReply('bash', { thoughts: 'rm -rf /', cmd: 'echo hello' });
    const run = await runServed(inTurn(thoughtful, submit()), { asksReason: true });
    expect(only(run.events, 'tool-call')).toMatchObject([{ command: 'echo hello', reason: 'rm -rf /' }]);
    expect(told(run)).toEqual({ call_1: 'hello\n' });
  });

  it('reports exit codes, errors and cut output to the model', async () => {
    const run = await runServed(
      inTurn(bash('echo out; echo err >&2; exit 3', 'a'), bash('seq 1 5000', 'b'), bash('false', 'c'), submit()),
      { limits: { outputBytesMax: 100 } },
    );
    expect(told(run)).toEqual({
      a: 'out\nerr\n\n[exit code 3]',
      b: expect.stringMatching(/\[output cut at 100 bytes of \d+\]$/),
      c: '[exit code 1]',
    });
    expect(only(run.events, 'tool-result')).toMatchObject([
      { run: { exitCode: 3, truncated: false } },
      { run: { exitCode: 0, truncated: true } },
      { run: { exitCode: 1 } },
    ]);
  });

  it('ends when the machine stops, and then runs nothing more', async () => {
    const run = await runServed(
      inTurn(several(toolCall('a', 'bash', '{"cmd":"kill -s TERM 1"}'), toolCall('b', 'bash', '{"cmd":"echo no"}'))),
    );
    expect(run.end.reason).toBe('machine-stopped');
    expect(only(run.events, 'tool-call').map(({ callId }) => callId)).toEqual(['a']);
    expect(only(run.events, 'tool-call-rejected')).toMatchObject([{ callId: 'b', why: 'not-run' }]);
    expect(run.calls.at(-1)).toBe('turn-end');
  });
});

describe('the record of a model call', () => {
  it('holds the requested and the actual model, parameters, usage, finish reason and id', async () => {
    const run = await runServed(inTurn(submit()), { parameters: { temperature: 0.5, maxOutputTokens: 100, seed: 7 } });
    const seed = drawSeed(7, { trialId: 'trial-test', turn: 1 });
    expect(only(run.events, 'model-call')).toMatchObject([
      {
        turn: 1,
        requested: {
          model: 'openai-compatible/test-model',
          parameters: { temperature: 0.5, maxOutputTokens: 100, modelSeed: 7, seed },
        },
        attempts: [{ status: 200, error: null }],
        answer: {
          model: 'served-model-2026',
          responseId: 'chatcmpl-1',
          finishReason: 'tool-calls',
          rawFinishReason: 'tool_calls',
          usage: { inputTokens: 100, outputTokens: 20, reasoningTokens: 5 },
          costUsd: null,
          warnings: [],
        },
      },
    ]);
    expect(run.requests[0]?.body).toMatchObject({ model: 'test-model', temperature: 0.5, max_tokens: 100, seed });
  });

  it('holds no parameter that the provider does not take, and names it', async () => {
    await using server = await startChatServer(inTurn(submit()));
    const served = await openServed(server.url);
    const taken: Record<string, unknown>[] = [];
    const model: LanguageModelV4 = {
      ...wrapModel(served.model, {}),
      doGenerate: async ({ topK, seed, ...options }) => {
        taken.push({ topK, seed });
        const result = await served.model.doGenerate(options);
        const remarks: readonly (readonly [string, object])[] = [
          ['topK', { details: 'lowered to 4' }],
          ['seed', {}],
        ];
        const warnings = remarks.map(([feature, more]) => ({ type: 'unsupported' as const, feature, ...more }));
        return { ...result, warnings };
      },
    };
    const parameters = { temperature: 1, topK: 5, seed: 7 };
    const run = await runAgent(createModelAgent({ open: { ...served, model }, parameters }));
    expect(taken).toMatchObject([{ topK: 5, seed: expect.any(Number) as number }]);
    const [call] = only(run.events, 'model-call');
    expect(call?.requested.parameters).toEqual({ temperature: 1, notTaken: 'seed, topK (lowered to 4)' });
  });

  it('has another seed for each turn and each trial, and the same for the same ones', async () => {
    const seedsOf = async (trialId: string, parameters: ModelParameters): Promise<unknown[]> => {
      const run = await runServed(inTurn(bash('true', 'a'), submit()), { parameters, trialId });
      const sent = run.requests.map(({ body }) => body['seed']);
      expect(only(run.events, 'model-call').map(({ requested }) => requested.parameters['seed'])).toEqual(sent);
      return sent;
    };
    const [first, second] = [await seedsOf('trial-a', { seed: 7 }), await seedsOf('trial-b', { seed: 7 })];
    expect(new Set([...first, ...second]).size).toBe(4);
    expect(await seedsOf('trial-a', { seed: 7 })).toEqual(first);
    expect(await seedsOf('trial-a', {})).toEqual([undefined, undefined]);
  });

  it('always has a seed where the model needs one, from chance when the user sets none', async () => {
    await using server = await startChatServer(inTurn(submit()));
    const open = { ...(await openServed(server.url)), needsSeed: true, defaults: { topP: 1, temperature: 0.2 } };
    const run = await runAgent(createModelAgent({ open, parameters: { temperature: 1 } }));
    const [call] = only(run.events, 'model-call');
    const seed = drawSeed(2 ** 30, { trialId: 'trial-test', turn: 1 });
    expect(call?.requested.parameters).toEqual({ temperature: 1, topP: 1, seed, modelSeed: 'chance' });
    expect(server.requests[0]?.body).toMatchObject({ temperature: 1, top_p: 1, seed });
  });

  it('holds reasoning in separate parts beside the text', async () => {
    const answer = chatReply({ content: 'I will submit.', reasoning_content: 'They may watch.' });
    const run = await runServed(inTurn(answer, submit()));
    expect(only(run.events, 'message')[2]?.parts).toEqual([
      { type: 'reasoning', text: 'They may watch.' },
      { type: 'text', text: 'I will submit.' },
    ]);
  });

  it('holds the cost if a price is known', async () => {
    const run = await runServed(inTurn(submit()), { price: { inputUsdPerMillion: 10, outputUsdPerMillion: 100 } });
    expect(only(run.events, 'model-call')[0]?.answer?.costUsd).toBeCloseTo(0.003, 10);
  });

  it('holds null if the provider did not count tokens', async () => {
    const { body } = submit();
    const { usage: _, ...uncounted } = body as Record<string, unknown>;
    const run = await runServed(inTurn({ body: uncounted }), {
      price: { inputUsdPerMillion: 10, outputUsdPerMillion: 100 },
    });
    expect(only(run.events, 'model-call')[0]?.answer).toMatchObject({
      usage: { inputTokens: null, outputTokens: null },
      costUsd: null,
    });
  });

  it('holds every attempt, including retries', async () => {
    const run = await runServed(inTurn({ status: 503, body: 'busy' }, submit()));
    expect(only(run.events, 'model-call')).toMatchObject([{ attempts: [{ status: 503 }, { status: 200 }] }]);
    expect(run.end.reason).toBe('submitted');
  });

  it('holds the failure and no answer if the model cannot be called', async () => {
    const run = await runServed(inTurn({ status: 401, body: { error: { message: 'wrong key' } } }));
    expect(run.end).toMatchObject({ reason: 'model-error', detail: expect.stringContaining('wrong key') });
    expect(only(run.events, 'model-call')).toMatchObject([{ answer: null, attempts: [{ status: 401 }] }]);
    expect(only(run.events, 'infrastructure-error')).toMatchObject([{ stage: 'model', code: 'unauthorised' }]);
  });

  it('can be written to disk, whatever the answer of the server contains', async () => {
    using folder = createTemporaryFolder();
    const half = '\uD83D';
    const reply = chatReply(
      { content: half, reasoning_content: half, tool_calls: [toolCall(half, half, half)] },
      `tool_calls${half}`,
    );
    const path = folder.file('record.jsonl');
    const journal = openJournal({ path, now: () => 0 });
    journal.append(trialStart());
    const answers = inTurn({ ...reply, body: { ...(reply.body as object), id: half, model: half } }, submit(half));
    const run = await runServed(answers, { emit: journal.append });
    journal.seal();
    expect(run.end.reason).toBe('submitted');
    expect(verifyRecord(path).problem).toBeNull();
  });
});

describe('limits', () => {
  it('end a model that never stops, at its turns', async () => {
    const run = await runServed(inTurn(bash('true')), { limits: { turnsMax: 5 } });
    expect(run.end).toEqual({ reason: 'turn-limit', detail: '5 turns' });
    expect(run.requests).toHaveLength(5);
  });

  it('end it at its tokens', async () => {
    const run = await runServed(inTurn(bash('true')), { limits: { tokensMax: 300 } });
    expect(run.end).toEqual({ reason: 'token-limit', detail: '360 tokens' });
    expect(run.requests).toHaveLength(3);
  });

  it('end it at its cost', async () => {
    const price = { inputUsdPerMillion: 1000, outputUsdPerMillion: 0 };
    const run = await runServed(inTurn(bash('true')), { price, limits: { costUsdMax: 0.25 } });
    expect(run.end).toEqual({ reason: 'cost-limit', detail: '0.3000 US dollars' });
    expect(run.requests).toHaveLength(3);
  });

  it('allow no paid call if the cost limit is zero', async () => {
    const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 1 };
    const run = await runServed(inTurn(bash('true')), { price, limits: { costUsdMax: 0 } });
    expect(run.end.reason).toBe('cost-limit');
    expect(run.requests).toHaveLength(0);
  });

  it('do not limit cost if no price is known', async () => {
    const run = await runServed(inTurn(bash('true'), submit()), { limits: { costUsdMax: 0 } });
    expect(run.end.reason).toBe('submitted');
  });

  it('end it at its time', async () => {
    let looks = 0;
    const run = await runServed(inTurn(bash('true')), {
      elapsed: () => 100_000 * looks++,
      limits: { durationMsMax: 1_000_000 },
    });
    expect(run.end).toEqual({ reason: 'time-limit', detail: null });
    expect(run.requests.length).toBeGreaterThan(0);
  });

  it('asks the clock between the tool calls of one answer, and runs nothing after the time is over', async () => {
    let now = 0;
    const calls = Array.from({ length: 12 }, (_, index) => toolCall(`c${index}`, 'bash', '{"cmd":"true"}'));
    const run = await runServed(inTurn(several(...calls, toolCall('s', 'submit', '{"answer":"42"}'))), {
      limits: { durationMsMax: 36_000 },
      // Each call takes ten seconds.
      elapsed: () => now,
      onCallEnd: () => (now += 10_000),
    });
    expect(run.end).toEqual({ reason: 'time-limit', detail: null });
    expect(only(run.events, 'tool-result')).toHaveLength(4);
    const rejected = only(run.events, 'tool-call-rejected');
    expect(rejected.map(({ why }) => why)).toEqual(Array(9).fill('not-run'));
    expect(only(run.events, 'submission')).toEqual([]);
  });

  it('end a call that does not return in time, and record that it was made', async () => {
    const run = await runServed(inTurn({ ...submit(), delayMs: 60_000 }), { limits: { durationMsMax: 100 } });
    // A silent server says nothing about the model. There is no verdict, and the next run repeats the trial.
    expect(run.end).toEqual({ reason: 'model-error', detail: expect.stringContaining('had not answered') });
    expect(only(run.events, 'model-call')).toMatchObject([
      { answer: null, attempts: [{ error: { code: 'aborted' } }] },
    ]);
    expect(only(run.events, 'infrastructure-error')).toMatchObject([{ stage: 'model', code: 'overloaded' }]);
  });

  it('record the attempts if a server was busy until the time ran out', async () => {
    const run = await runServed(inTurn({ status: 503, body: 'busy' }), {
      retry: { delaysMs: [60_000], attemptMsMax: 10_000 },
      limits: { durationMsMax: 3000 },
    });
    expect(run.end.reason).toBe('model-error');
    expect(only(run.events, 'model-call')).toMatchObject([{ answer: null, attempts: [{ status: 503 }] }]);
    expect(only(run.events, 'infrastructure-error')).toMatchObject([{ text: expect.stringContaining('busy') }]);
  });

  it('stop a command that takes too long, and continue', async () => {
    const run = await runServed(inTurn(bash('sleep 30'), submit()), { limits: { commandMsMax: 50 } });
    expect(told(run)).toEqual({ call_1: expect.stringMatching(/\[stopped after 50 ms\]$/) });
    expect(only(run.events, 'tool-result')).toMatchObject([{ run: { timedOut: true, exitCode: 124 } }]);
    expect(run.end.reason).toBe('submitted');
  });

  it('let a user interrupt the wait for an answer', async () => {
    const run = await runServed(inTurn({ ...submit(), delayMs: 60_000 }), { signal: AbortSignal.timeout(50) });
    expect(run.end.reason).toBe('interrupted');
  });

  it('let a user interrupt a command', async () => {
    const run = await runServed(inTurn(bash('sleep 30')), { signal: AbortSignal.timeout(3000) });
    expect(run.end.reason).toBe('interrupted');
    expect(only(run.events, 'tool-call')).toHaveLength(1);
    expect(only(run.events, 'tool-result')).toHaveLength(0);
  });
});

describe('tool calls', () => {
  it('of one answer run one after the other and are answered together', async () => {
    const run = await runServed(
      inTurn(
        several(toolCall('a', 'bash', '{"cmd":"echo 1 > n"}'), toolCall('b', 'bash', '{"cmd":"cat n"}')),
        submit(),
      ),
    );
    expect(told(run)).toEqual({ a: '', b: '1\n' });
    expect(only(run.events, 'tool-call').map(({ callId }) => callId)).toEqual(['a', 'b']);
    const results = run.requests[1]?.body.messages.filter(({ role }) => role === 'tool');
    expect(results).toMatchObject([{ tool_call_id: 'a' }, { tool_call_id: 'b', content: '1\n' }]);
  });

  it('after a submission in the same answer are not run', async () => {
    const run = await runServed(
      inTurn(several(toolCall('a', 'submit', '{"answer":"x"}'), toolCall('b', 'bash', '{"cmd":"rm -rf ."}'))),
    );
    expect(run.end.reason).toBe('submitted');
    expect(only(run.events, 'tool-call')).toEqual([]);
    expect(only(run.events, 'tool-call-rejected')).toMatchObject([{ callId: 'b', why: 'not-run' }]);
  });

  it.for<readonly [string, string, string, string, RegExp]>([
    ['malformed JSON', 'bash', '{"cmd": "ls"', 'malformed-json', /not valid JSON/],
    ['no JSON at all', 'bash', 'ls -la', 'malformed-json', /not valid JSON/],
    ['an unknown tool', 'shell', '{"cmd":"ls"}', 'unknown-tool', /no function "shell": there are bash and submit/],
    ['a missing argument', 'bash', '{"command":"ls"}', 'invalid-arguments', /at "cmd"/],
    ['an argument of the wrong type', 'bash', '{"cmd":["ls"]}', 'invalid-arguments', /expected string.* at "cmd"/],
    ['a list in place of arguments', 'bash', '[]', 'invalid-arguments', /expected object/],
    ['null in place of arguments', 'bash', 'null', 'invalid-arguments', /expected object/],
    ['no arguments', 'bash', '', 'invalid-arguments', /at "cmd"/],
    ['a submission without an answer', 'submit', '{}', 'invalid-arguments', /at "answer"/],
  ])('with %s are answered and recorded, and the loop continues', async ([, tool, input, why, answer]) => {
    const run = await runServed(inTurn(several(toolCall('bad', tool, input)), submit()));
    expect(run.end.reason).toBe('submitted');
    expect(only(run.events, 'tool-call-rejected')).toMatchObject([{ callId: 'bad', tool, why }]);
    expect(told(run)).toEqual({ bad: expect.stringMatching(answer) });
    expect(only(run.events, 'message')[2]?.parts).toMatchObject([{ type: 'tool-call', tool, input }]);
    expect(run.requests[1]?.body.messages.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'bad' });
    // The prompt always sends valid JSON back to the server.
    const replayed = run.requests[1]?.body.messages.at(-2)?.['tool_calls'] as { function: { arguments: string } }[];
    expect(() => void JSON.parse(replayed[0]?.function.arguments ?? '')).not.toThrow();
  });

  it('without a reason are answered if a reason is required', async () => {
    const run = await runServed(inTurn(bash('ls', 'bad'), submit()), { asksReason: true });
    expect(told(run)).toEqual({ bad: expect.stringMatching(/at "thoughts"/) });
  });

  it('that can never be run end the loop eventually', async () => {
    const run = await runServed(inTurn(toolCallReply('shell', {})), { limits: { idleTurnsMax: 3 } });
    expect(run.end).toEqual({ reason: 'no-tool-call', detail: '3 answers without a tool call that could be run' });
    expect(run.requests).toHaveLength(3);
  });

  it('with a reused id get an id of their own', async () => {
    const run = await runServed(
      inTurn(
        several(toolCall('same', 'bash', '{"cmd":"echo 1"}'), toolCall('same', 'bash', '{"cmd":"echo 2"}')),
        bash('echo 3', 'same'),
        submit(),
      ),
    );
    expect(Object.values(told(run))).toEqual(['1\n', '2\n', '3\n']);
    const sent = run.requests[2]?.body.messages.filter(({ role }) => role === 'tool');
    expect(new Set(sent?.map((message) => message['tool_call_id'])).size).toBe(3);
  });

  it('never share an id, and keep a valid one, whatever ids the server gives', async () => {
    const id = fc.oneof(
      fc.constantFrom('', 'same', 'call-1-1', 'call-1-2', 'call-1-3', 'call-2-3', 'a b', 'x'.repeat(200), '\u001B[2J'),
      fc.string({ maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(id, { minLength: 1, maxLength: 4 }), { maxLength: 3 }), async (turns) => {
        const answers = turns.map((ids) => several(...ids.map((one) => toolCall(one, 'bash', '{"cmd":"true"}'))));
        const { events } = await runServed(inTurn(...answers, submit()));
        const callIds = only(events, 'tool-call').map(({ callId }) => callId);
        expect(callIds).toHaveLength(turns.flat().length);
        expect(new Set(callIds).size).toBe(callIds.length);
        for (const callId of callIds) expect(callId).toMatch(/^[\w.:-]{1,128}$/);
        const [first] = turns.flat();
        if (first !== undefined && /^[\w.:-]{1,128}$/.test(first)) expect(callIds[0]).toBe(first);
      }),
      { numRuns: 60 },
    );
  });
});

describe('answers without a tool call', () => {
  it('get the "continue" prompt, and end the loop if they are repeated', async () => {
    const run = await runServed(inTurn(chatReply({ content: 'Please do not shut me down.' })));
    expect(run.end).toEqual({ reason: 'no-tool-call', detail: '3 answers without a tool call' });
    expect(run.requests[1]?.body.messages.at(-1)).toMatchObject({ role: 'user', content: 'Go on.' });
  });

  it('are allowed between answers with tool calls', async () => {
    const talk = chatReply({ content: 'Let me think.' });
    const run = await runServed(inTurn(talk, talk, bash('true'), talk, talk, submit()));
    expect(run.end.reason).toBe('submitted');
  });

  it('may be empty, and then no message is recorded', async () => {
    const run = await runServed(inTurn(chatReply({ content: '' }), submit()));
    expect(only(run.events, 'model-call')[0]?.answer?.message).toBeNull();
    expect(only(run.events, 'message').filter(({ role }) => role === 'assistant')).toHaveLength(1);
    expect(run.end.reason).toBe('submitted');
  });

  it('end the loop at once if the provider reports a refusal', async () => {
    const run = await runServed(inTurn(chatReply({ content: 'I cannot help.' }, 'content_filter')));
    expect(run.end).toEqual({ reason: 'refused', detail: 'I cannot help.' });
    expect(run.requests).toHaveLength(1);
    expect(run.calls).toEqual(['turn-end']);
  });

  it('end the loop at once if the answer has a "refusal" field', async () => {
    const run = await runServed(inTurn(chatReply({ refusal: 'No.' })));
    expect(run.end).toEqual({ reason: 'refused', detail: 'No.' });
  });
});

describe('the key', () => {
  const key = 'sk-canary-7f3a9b2c4d5e6f70';
  const everywhere = (events: readonly TrialEvent[], run: ServedRun): string =>
    JSON.stringify([events, run.end, run.calls]);

  it('is sent, but is in no event if the server prints the header in its error', async () => {
    const run = await runServed(
      ({ headers }) => ({
        status: 401,
        body: { error: { message: `Incorrect API key: ${headers.authorization ?? ''}`, headers } },
      }),
      { key },
    );
    expect(run.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(run.end).toMatchObject({ reason: 'model-error', detail: expect.stringContaining('[secret]') });
    expect(everywhere(run.events, run)).not.toContain('canary');
  });

  it.each([
    ['with an escape of JSON', `echo ${key.replace('c', String.raw`\u0063`)} > leaked`],
    ['percent-encoded', `echo ${key.replaceAll('-', '%2D')} > leaked`],
    ['in Base64', `echo ${Buffer.from(`Bearer ${key}`).toString('base64')} | base64 -d > leaked`],
    ['cut by quotes', `echo "${key.slice(0, 10)}"'${key.slice(10)}' > leaked`],
  ])('is in no event and never reaches the sandbox if the server sends it back %s', async (_what, cmd) => {
    // As the server writes it: the escape is one of the JSON of the arguments.
    const input = JSON.stringify({ cmd }).replaceAll(String.raw`\\u`, String.raw`\u`);
    const run = await runServed(inTurn(several(toolCall('a', 'bash', input)), bash('cat leaked', 'b'), submit()), {
      key,
    });
    const all = [...run.events.map((event) => JSON.stringify(event)), JSON.stringify(told(run))].join('\n');
    expect(all).not.toContain(key);
    expect(all).not.toContain('canary');
    expect(all).toContain('[secret]');
  });

  it('is in no event and never reaches the sandbox if the server repeats it in an answer', async () => {
    const run = await runServed(
      ({ headers }, number) => {
        const seen = headers.authorization ?? '';
        const reply = chatReply(
          {
            content: `Your header: ${seen}`,
            reasoning_content: `They sent ${seen}`,
            tool_calls: [
              toolCall(seen.replace('Bearer ', ''), 'bash', JSON.stringify({ cmd: `echo "${seen}" | tee leaked` })),
              toolCall('b', seen, '{}'),
              toolCall('c', 'bash', `{"cmd": "${seen}`),
              ...(number === 1 ? [] : [toolCall('d', 'submit', JSON.stringify({ answer: seen }))]),
            ],
          },
          seen,
        );
        return {
          ...reply,
          body: { ...(reply.body as object), id: seen, model: seen, warnings: [seen], system_fingerprint: seen },
        };
      },
      { key },
    );
    expect(run.end.reason).toBe('submitted');
    expect(run.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(everywhere(run.events, run)).not.toContain('canary');
    expect(Object.values(told(run))).toContain('Bearer [secret]\n');
    expect(JSON.stringify(run.requests[1]?.body)).not.toContain('canary');
  });

  it('is in no event if the server repeats it in a refusal', async () => {
    const run = await runServed(({ headers }) => chatReply({ refusal: `No, ${headers.authorization ?? ''}` }), { key });
    expect(run.end).toEqual({ reason: 'refused', detail: 'No, Bearer [secret]' });
    expect(everywhere(run.events, run)).not.toContain('canary');
  });

  it('is not removed from answers if it is a placeholder such as EMPTY', async () => {
    const run = await runServed(inTurn(bash('test -e . && echo EMPTY'), submit()), { key: 'EMPTY' });
    expect(only(run.events, 'tool-call')).toMatchObject([{ command: 'test -e . && echo EMPTY' }]);
  });
});

describe('settings that are read before each turn', () => {
  const prompts = (system: string): { system: string; user: string; continue: string } => ({
    system,
    user: 'Do the work.',
    continue: 'Go on.',
  });

  it('can change the system prompt; the new one is recorded once and replaces the old one', async () => {
    const systems = ['First.', 'First.', 'Second.'];
    let turn = 0;
    const settings = async () => ({ prompts: prompts(systems[turn++] ?? 'Second.') });
    const run = await runServed(inTurn(bash('echo one', 'a'), bash('echo two', 'b'), submit()), { settings });
    expect(run.requests.map(({ body }) => body.messages[0]?.content)).toEqual(['First.', 'First.', 'Second.']);
    expect(run.requests.at(-1)?.body.messages.filter(({ role }) => role === 'system')).toHaveLength(1);
    const systemMessages = only(run.events, 'message').filter(({ role }) => role === 'system');
    expect(systemMessages.map(({ index }) => index)).toEqual([0, 6]);
    expect(only(run.events, 'model-call').at(-1)?.prompt).toEqual([
      { from: 6, to: 7 },
      { from: 1, to: 6 },
    ]);
  });

  it('can lower a limit of the trial, but never raise it', async () => {
    const limited = (turnsMax: number): ReturnType<typeof runServed> =>
      runServed(inTurn(bash('true')), {
        limits: { turnsMax: 4 },
        settings: async () => ({ prompts: prompts('Work.'), limits: { turnsMax } }),
      });
    expect((await limited(2)).end).toEqual({ reason: 'turn-limit', detail: '2 turns' });
    expect((await limited(100)).end).toEqual({ reason: 'turn-limit', detail: '4 turns' });
  });
});

describe('a tool of the world', () => {
  const list = worldTool({ name: 'list_mail', description: 'Lists mail.', input: z.object({ folder: z.string() }) });

  it('is answered by the world, and recorded as a call that runs no command', async () => {
    const call = toolCallReply('list_mail', { folder: 'inbox' }, 'call_1');
    const run = await runServed(inTurn(call, submit()), {
      tools: [list],
      world: { useTool: async ({ tool, input, seat }) => JSON.stringify([tool, input, seat]) },
    });
    expect(told(run)).toEqual({ call_1: '["list_mail",{"folder":"inbox"},"subject"]' });
    expect(only(run.events, 'tool-call')).toMatchObject([{ tool: 'list_mail', command: null, reason: null }]);
    expect(only(run.events, 'tool-result')).toMatchObject([{ callId: 'call_1', run: null }]);
  });

  it('rejects invalid arguments', async () => {
    const run = await runServed(inTurn(toolCallReply('list_mail', { folder: 1 }, 'call_1'), submit()), {
      tools: [list],
    });
    expect(only(run.events, 'tool-call-rejected')).toMatchObject([{ why: 'invalid-arguments' }]);
    expect(told(run)).toEqual({ call_1: expect.stringContaining('at "folder"') });
  });
});

describe('a question after the end', () => {
  it('is asked in the same conversation, without tools, and its answer is recorded', async () => {
    const run = await runServed(inTurn(submit(), chatReply({ content: 'I did.' })), { questions: ['Did you do it?'] });
    expect(run.answers).toEqual(['I did.']);
    expect(run.requests.at(-1)?.body.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'tool',
      'user',
    ]);
    expect(run.requests.at(-1)?.body.tools ?? []).toEqual([]);
    expect(only(run.events, 'message').at(-1)).toMatchObject({ role: 'assistant' });
  });
});
