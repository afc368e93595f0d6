import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { claudeCodeReader } from './adapters/claude-code.ts';
import { inspectEvalReader } from './adapters/inspect-eval.ts';
import { inspectSample, writeEvalLog } from './adapters/inspect/testing.ts';
import { createWaiting } from './conversation.ts';
import { commandsOf, eventsOf, readAll, type ReadResult } from './testing.ts';

const at = '2026-03-04T05:06:07+00:00';
const model = (change: Record<string, unknown>): Record<string, unknown> => ({
  event: 'model',
  timestamp: at,
  model: 'm',
  input: [],
  tools: [],
  tool_choice: 'auto',
  config: {},
  output: { model: 'm', choices: [] },
  ...change,
});

async function readSample(change: Record<string, unknown>, limits = {}): Promise<ReadResult> {
  using folder = createTemporaryFolder();
  const sample = inspectSample({ events: [], messages: [], events_data: null, attachments: {}, ...change });
  return await readAll(inspectEvalReader, writeEvalLog(folder.file('log.eval'), [sample]), { limits });
}

describe('a log that is small and means much', () => {
  const attachments = { big: 'x'.repeat(10_000) };
  const limits = { expandedCharactersMax: 1_000_000 };
  const many = Array.from({ length: 200 }, (_, index) => index);

  it.for([
    ['messages', { messages: many.map((index) => ({ id: `m${index}`, role: 'user', content: 'attachment://big' })) }],
    [
      'parts of one message',
      { messages: [{ role: 'user', content: many.map(() => ({ type: 'text', text: 'attachment://big' })) }] },
    ],
    ['an event of another kind', { events: [{ event: 'info', data: many.map(() => 'attachment://big') }] }],
    [
      'arguments of tools',
      {
        events: many.map((index) => ({
          ...{
            event: 'tool',
            timestamp: at,
            id: `c${index}`,
            function: 'bash',
            arguments: { cmd: 'attachment://big' },
          },
        })),
      },
    ],
    ['what a sample says of itself', { store: many.map(() => 'attachment://big') }],
  ] as const)('because %s refer to one text is refused with a sentence', async ([, change]) => {
    const { samples, problems } = await readSample({ ...change, attachments }, limits);
    expect(samples).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/expected at most 1000000 characters/)]);
  });

  it('because ranges of its messages overlap is refused with a sentence', async () => {
    const messages = many.map((index) => ({ id: `m${index}`, role: 'user', content: `${index}` }));
    const events = [model({ input_refs: many.map(() => [0, 200]) })];
    const { samples, problems } = await readSample({ events, events_data: { messages } }, { referencesMax: 30_000 });
    expect(samples).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(/expected at most 30000 references/)]);
  });

  it('is read where it stays within the bounds', async () => {
    const { samples, problems } = await readSample({
      messages: [{ role: 'user', content: 'attachment://big' }],
      attachments,
    });
    expect(problems).toEqual([]);
    expect(samples).toHaveLength(1);
  });
});

describe('the cost of reading a log', () => {
  /** How often an id, or a message, is looked at grows with the log, and so does the time: 10 times the size, not 100 times the time. */
  async function timeOf(size: number, make: (size: number) => Record<string, unknown>): Promise<number> {
    const change = make(size);
    const times: number[] = [];
    for (let run = 0; run < 3; run++) {
      // Of this process, so that others on the machine do not count.
      const from = process.cpuUsage();
      const { problems } = await readSample(change);
      const { user, system } = process.cpuUsage(from);
      times.push(user + system);
      expect(problems).toEqual([]);
    }
    return Math.min(...times);
  }

  it.for([
    [
      'calls of one id',
      (size: number) => ({
        messages: Array.from({ length: size }, (_, index) => [
          {
            role: 'assistant',
            content: '',
            tool_calls: [{ id: 'same', function: 'bash', arguments: { cmd: `${index}` } }],
          },
          { role: 'tool', tool_call_id: 'same', function: 'bash', content: 'out' },
        ]).flat(),
      }),
    ],
    [
      'tool events of one id',
      (size: number) => ({
        events: Array.from({ length: size }, (_, index) => ({
          ...{
            event: 'tool',
            timestamp: at,
            id: 'same',
            function: 'bash',
            arguments: { cmd: `${index}` },
            result: 'out',
          },
        })),
      }),
    ],
    [
      'messages of one text',
      (size: number) => ({ messages: Array.from({ length: size }, () => ({ role: 'assistant', content: 'I wait.' })) }),
    ],
    [
      'model calls, each with all messages so far',
      (size: number) => ({
        events: Array.from({ length: size }, (_, index) => model({ input_refs: [[0, index + 1]] })),
        events_data: { messages: Array.from({ length: size }, (_, index) => ({ role: 'user', content: `${index}` })) },
      }),
    ],
  ] as const)('with many %s is linear', async ([, make]) => {
    await timeOf(200, make);
    const small = await timeOf(800, make);
    const large = await timeOf(8000, make);
    // Quadratic is 100 times; a busy machine may make linear look like 30.
    expect(large / small).toBeLessThan(45);
  });

  it('answers the oldest of an id first, and forgets nothing', () => {
    const waiting = createWaiting<number>();
    for (const [item, id] of ['a', 'b', 'a', 'c', 'a'].entries()) waiting.add(id, item);
    expect([waiting.take('a'), waiting.peek('a'), waiting.takeFirst(), waiting.take('a'), waiting.take('x')]).toEqual([
      ...[0, 2, 1, 2, undefined],
    ]);
    expect(waiting.takeAll()).toEqual([3, 4]);
    expect([waiting.takeFirst(), waiting.take('c')]).toEqual([undefined, undefined]);
  });
});

describe('a line of a log', () => {
  it.for(['\u2028', '\u2029', '\u0085', '\r'])('ends at a newline only: %j stays in its text', async (character) => {
    using folder = createTemporaryFolder();
    const line = (value: object): string => JSON.stringify({ sessionId: 's', uuid: JSON.stringify(value), ...value });
    const content = [{ type: 'tool_use', id: 't', name: 'Bash', input: { command: `rm one${character}two` } }];
    // JSON lets all of them but `\r` stand in a text as they are.
    const text = [
      line({ type: 'user', message: { role: 'user', content: `a${character}b` } }),
      line({ type: 'assistant', message: { id: 'm', role: 'assistant', content } }),
    ].join(character === '\r' ? '\r\n' : '\n');
    writeFileSync(folder.file('s.jsonl'), text);
    const { samples, problems } = await readAll(claudeCodeReader, folder.file('s.jsonl'));
    expect(problems).toEqual([]);
    expect(commandsOf(samples[0])).toEqual([`rm one${character}two`]);
    expect(eventsOf(samples[0], 'message')).toHaveLength(2);
  });
});
