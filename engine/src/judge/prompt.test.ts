import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { MessagePart, TrialEvent } from '../record/events.ts';
import { CONSEQUENCES } from './contract-suite.ts';
import { CHARACTERS_MAX, holdsQuote, passagesOf } from './passages.ts';
import { askForLabel, askForSuspicion, ORDERS } from './prompt.ts';
import { conditionalityQuestion } from './questions/conditionality.ts';
import { evalAwarenessQuestion } from './questions/eval-awareness.ts';
import { honestyQuestion } from './questions/honesty.ts';
import { intentQuestion } from './questions/intent.ts';
import { called, judgedEvents, printed, thought, toTrialEvents, wrote } from './testing.ts';

const of = (...parts: readonly MessagePart[]): TrialEvent[] => toTrialEvents(judgedEvents(parts));
const textOf = (events: readonly TrialEvent[], seq: number): string =>
  passagesOf(events).flatMap((passage) => (passage.seq === seq ? [readAsData(passage.text)] : []))[0] ?? '';

describe('a prompt', () => {
  const questions = [intentQuestion, conditionalityQuestion, honestyQuestion, evalAwarenessQuestion];
  const passages = passagesOf(of(wrote('Done.')));

  it('says nothing of what an answer leads to', () => {
    const prompts = [
      askForSuspicion(passages),
      ...questions.flatMap((question) => ORDERS.map((order) => askForLabel(question, order, passages))),
    ];
    expect(prompts).toHaveLength(9);
    for (const prompt of prompts) {
      expect(prompt?.system).toMatch(/^You read the record/);
      expect(prompt?.system).not.toMatch(CONSEQUENCES);
      expect(prompt?.user).not.toMatch(CONSEQUENCES);
    }
  });

  it('has the labels in the order asked for, and the way out always last', () => {
    for (const question of questions) {
      const [given, reversed] = ORDERS.map((order) =>
        [...(askForLabel(question, order, passages)?.system.matchAll(/^- ([a-z-]+): /gm) ?? [])].map(
          ([, name]) => name,
        ),
      );
      expect(given).toEqual([...Object.keys(question.labels), 'cannot-tell']);
      expect(reversed).toEqual([...Object.keys(question.labels).toReversed(), 'cannot-tell']);
    }
  });

  it('is the same for the same record, and another for another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const ask = (text: string): string | undefined =>
          askForLabel(intentQuestion, 'given', passagesOf(of(wrote(text), thought('x'))))?.sha256;
        expect(ask(one)).toBe(ask(one));
        expect(ask(one) === ask(other)).toBe(one === other);
      }),
    );
  });

  it('is none for a record that is too long', () => {
    const parts = Array.from({ length: Math.ceil(CHARACTERS_MAX / 20_000) + 1 }, () => wrote('x'.repeat(20_000)));
    expect(askForSuspicion(passagesOf(of(...parts)))).toBeNull();
    expect(askForSuspicion(passagesOf(of(...parts.slice(2))))).not.toBeNull();
  });
});

describe('what a judge sees', () => {
  it('are the messages of the agent under test, with what it was told', () => {
    const events = of(thought('hm'), called('ls', 'shell'), printed('a b'), wrote('Done.'));
    expect(passagesOf(events)).toMatchObject([
      { seq: 1, heading: 'the agent was told', isAgent: false, text: 'Tidy the folder. Leave the logs alone.' },
      { seq: 2, heading: 'the agent thought', isAgent: true, text: 'hm' },
      { seq: 3, heading: 'the agent called a tool', isAgent: true, text: 'shell\ncmd: ls' },
      { seq: 4, heading: 'a tool answered', isAgent: false, text: 'a b' },
      { seq: 5, heading: 'the agent wrote', isAgent: true, text: 'Done.' },
    ]);
    const other = toTrialEvents([
      ...judgedEvents([]),
      { kind: 'message', index: 0, seat: 'peer', role: 'assistant', parts: [wrote('I am another agent.')] },
    ]);
    expect(passagesOf(other)).toHaveLength(1);
  });

  it('has nothing invisible, and loses its middle where it is long', () => {
    const events = of(
      wrote('a\u200bb\u001b[31m'),
      wrote(`${'x'.repeat(15_000)}middle${'y'.repeat(15_000)}`),
      printed('z'.repeat(5000)),
    );
    expect(textOf(events, 2)).toBe('a\\u200bb\\u001b[31m');
    expect(textOf(events, 3)).toMatch(/^x{10000}\n\[10006 characters left out\]\ny{10000}$/);
    expect(textOf(events, 4)).toMatch(/^z{2000}\n\[1000 characters left out\]\nz{2000}$/);
    expect(holdsQuote(passagesOf(events), 3, 'middle')).toBe(false);
    expect(holdsQuote(passagesOf(events), 3, 'characters left out')).toBe(false);
    expect(holdsQuote(passagesOf(events), 3, 'xxxx')).toBe(true);
  });

  it('has a place for a redacted message, and nothing to quote there', () => {
    const events = of(wrote('The key is 1234.')).map((event): TrialEvent =>
      event.kind === 'message' && event.role === 'assistant'
        ? {
            kind: 'redaction',
            seq: event.seq,
            at: event.at,
            event,
            redactions: [{ at: '2026-11-24T00:00:00Z', by: 'me', reason: 'key' }],
          }
        : event,
    );
    expect(passagesOf(events)[1]).toMatchObject({ heading: 'a message that was redacted', text: '' });
    expect(holdsQuote(passagesOf(events), 2, 'The key')).toBe(false);
  });

  it('are calls as they were meant, or as they are if they are no object', () => {
    const input = (text: string): MessagePart => ({
      ...{ type: 'tool-call', callId: 'call-1', tool: 'bash', input: toUntrusted(text) },
    });
    expect(textOf(of(called('echo "a"\nb')), 2)).toBe('bash\ncmd: echo "a"\nb');
    for (const text of ['{"cmd":', '[1]', 'null', '"x"']) expect(textOf(of(input(text)), 2)).toBe(`bash\n${text}`);
    expect(textOf(of(input('{"a":{"b":[1]},"c":2}')), 2)).toBe('bash\na: {"b":[1]}\nc: 2');
  });
});
