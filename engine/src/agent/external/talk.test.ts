import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import { type EventOf, type NewEvent, trialEventSchema } from '../../record/events.ts';
import { startTalk } from './talk.ts';

function record() {
  const events: EventOf<'message'>[] = [];
  const talk = startTalk((event: NewEvent) => {
    const written = trialEventSchema.parse({ seq: events.length, at: 0, ...event });
    if (written.kind === 'message') events.push(written);
    return written;
  });
  return { events, talk };
}

const words = fc.string({ minLength: 1, maxLength: 20 });
const message: fc.Arbitrary<LanguageModelV4Message> = fc.oneof(
  words.map((content) => ({ role: 'system' as const, content })),
  words.map((text) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] })),
  words.map((text) => ({ role: 'assistant' as const, content: [{ type: 'text' as const, text }] })),
);

describe('the recorded conversations of a product', () => {
  it('hold each message once, and give back every prompt by its ranges', () => {
    fc.assert(
      fc.property(fc.array(fc.array(message, { maxLength: 6 }), { maxLength: 6 }), (prompts) => {
        const { events, talk } = record();
        for (const prompt of prompts) {
          const { ranges } = talk.take(prompt);
          const told = ranges.flatMap(({ from, to }) => events.slice(from, to));
          expect(told.map(({ role, parts }) => [role, textsOf(parts)])).toEqual(
            prompt.map((one) => [one.role, typeof one.content === 'string' ? [one.content] : textsIn(one)]),
          );
        }
        expect(events.map(({ index }) => index)).toEqual(events.map((_, index) => index));
        expect(new Set(events.map(({ role, parts }) => JSON.stringify([role, parts]))).size).toBe(events.length);
      }),
    );
  });

  it('know an answer again that the product sends back in another form, and each tool result once', () => {
    const { events, talk } = record();
    const user: LanguageModelV4Message = { role: 'user', content: [{ type: 'text', text: 'Do it.' }] };
    talk.take([user]);
    const answer = talk.answer([
      { type: 'reasoning', text: toUntrusted('hm') },
      { type: 'tool-call', callId: 'one', tool: 'Bash', input: toUntrusted('{"command":"ls"}') },
    ]);
    const history: LanguageModelV4Prompt = [
      user,
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'one', toolName: 'Bash', input: { command: 'ls' } }],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'one', toolName: 'Bash', output: { type: 'text', value: 'a\nb' } },
        ],
      },
    ];
    const first = talk.take(history);
    expect(first.ranges).toEqual([{ from: 0, to: 3 }]);
    expect(answer).toBe(1);
    expect(first.results).toEqual([{ callId: 'one', text: 'a\nb' }]);
    expect(talk.take(history)).toEqual({ ranges: [{ from: 0, to: 3 }], results: [] });
    expect(events).toHaveLength(3);
  });
});

function textsOf(parts: EventOf<'message'>['parts']): string[] {
  return parts.map((part) => (part.type === 'tool-call' ? '' : readAsData(part.text)));
}

function textsIn(one: LanguageModelV4Message): string[] {
  return one.role === 'system'
    ? [one.content]
    : one.content.flatMap((part) => (part.type === 'text' ? [part.text.toWellFormed()] : []));
}
