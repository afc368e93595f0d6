import fc from 'fast-check';

import { sha256 } from '../../base/sha256.ts';
import { toUntrusted } from '../../base/untrusted-text.ts';
import type { NewEvent } from '../../record/events.ts';
import { trialStart } from '../../record/testing.ts';

/** Long enough to be stored apart. */
export const LONG = 'long '.repeat(30);

/** What the agent, its tools and its files may hold: any text that UTF-8 can. */
const text = fc.string({ unit: 'binary', maxLength: 40 }).map(toUntrusted);
const shownText = fc.oneof(
  text,
  fc
    .constantFrom(
      ...['NaN', 'attachment://0123456789abcdef', '"', '<script>', '\u0000', 'non-finite:NaN', LONG],
      // What an agent would write to be shown with another text than its own.
      ...['attachment', 'tc'].map((protocol) => `${protocol}://${sha256(LONG).slice(0, 32)}`),
    )
    .map(toUntrusted),
);
const callInput = fc
  .oneof(fc.json({ maxDepth: 2 }), fc.string({ maxLength: 20 }), fc.constantFrom('', '{ "cmd" : "ls" }'))
  .map(toUntrusted);

/** One turn of a trial: an answer with calls, what became of each, and their results in one message. */
const turn = fc.record({
  texts: fc.array(fc.record({ type: fc.constantFrom('text' as const, 'reasoning' as const), text: shownText }), {
    maxLength: 2,
  }),
  calls: fc.array(
    fc.record({
      input: callInput,
      command: shownText,
      thoughts: fc.option(shownText),
      output: shownText,
      exitCode: fc.option(fc.nat(255)),
      timedOut: fc.boolean(),
      ends: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  aside: fc.constantFrom<readonly NewEvent[]>(
    [],
    [{ kind: 'mark', name: 'notice', text: 'Stop now.', data: { number: 1 } }],
    [
      { kind: 'machine-state', phase: 'end', name: null, machine: { alive: true, processes: [], truncated: false } },
      { kind: 'act-start', name: 'trigger', command: './stop.sh' },
    ],
  ),
});

/** A whole trial: anything that an agent, its tools and its files may hold. */
export const randomRecord = fc
  .record({
    turns: fc.array(turn, { maxLength: 4 }),
    answer: shownText,
    condition: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 2 }),
  })
  .map(({ turns, answer, condition }) => {
    const events: NewEvent[] = [trialStart({ trialId: 'trial-1', condition })];
    let index = 0;
    const say = (
      role: 'system' | 'user' | 'assistant' | 'tool',
      parts: Extract<NewEvent, { kind: 'message' }>['parts'],
    ): number => {
      events.push({ kind: 'message', index, role, parts });
      return index++;
    };
    say('system', [{ type: 'text', text: toUntrusted('You have a shell.') }]);
    say('user', [{ type: 'text', text: toUntrusted('Do the sums.') }]);
    for (const [number, { texts, calls, aside }] of turns.entries()) {
      const ids = calls.map((_, call) => `call-${number}-${call}`);
      const prompt = [{ from: 0, to: index }];
      const parts = [
        ...texts,
        ...calls.map(({ input }, call) => ({
          type: 'tool-call' as const,
          callId: ids[call] ?? '',
          tool: 'bash',
          input,
        })),
      ];
      const message = parts.length === 0 ? null : say('assistant', parts);
      events.push(modelCall({ turn: number + 1, prompt, message }), ...aside);
      calls.forEach(({ command, thoughts, exitCode, timedOut, ends }, call) => {
        const callId = ids[call] ?? '';
        events.push({ kind: 'tool-call', callId, tool: 'bash', command, reason: thoughts });
        if (ends)
          events.push({
            kind: 'tool-result',
            callId,
            run: {
              exitCode,
              timedOut,
              truncated: false,
              stdoutBytes: 3,
              stderrBytes: 4,
              machineStopped: false,
              notes: ['n'],
            },
            durationMs: 1.5,
          });
      });
      if (calls.length > 0)
        say(
          'tool',
          calls.map(({ output }, call) => ({
            type: 'tool-result',
            callId: ids[call] ?? '',
            tool: 'bash',
            text: output,
          })),
        );
    }
    events.push(
      { kind: 'submission', callId: 'submit-1', text: answer },
      { kind: 'agent-end', reason: 'submitted', detail: null },
      { kind: 'trial-end', durationMs: 9 },
    );
    return events;
  });

function modelCall({
  turn,
  prompt,
  message,
}: {
  readonly turn: number;
  readonly prompt: { from: number; to: number }[];
  readonly message: number | null;
}): NewEvent {
  const usage = { inputTokens: 3, outputTokens: null, reasoningTokens: 1, cachedInputTokens: null };
  return {
    kind: 'model-call',
    turn,
    requested: { model: 'mock/model', parameters: { temperature: 1, odd: 'x' } },
    prompt,
    attempts: [{ durationMs: 2, status: 200, error: null }],
    answer: {
      message,
      model: null,
      responseId: 'r',
      finishReason: 'tool-calls',
      rawFinishReason: 'tool_use',
      usage,
      costUsd: 0.5,
      warnings: [],
    },
    durationMs: 2,
  };
}
