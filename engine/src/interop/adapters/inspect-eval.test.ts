import { writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import { commandsOf, eventsOf, kindsOf, readAll } from '../testing.ts';
import { inspectEvalReader } from './inspect-eval.ts';
import { forgeZip, inspectHeader, inspectSample, writeEvalLog } from './inspect/testing.ts';

describeLogReaderContract(inspectEvalReader, {
  fileName: 'log.eval',
  write: (path) => void writeEvalLog(path, [inspectSample(), inspectSample({ id: 'sample-2' })]),
});

async function readOne(
  sample: unknown,
  options: Parameters<typeof readAll>[2] = {},
): Promise<Awaited<ReturnType<typeof readAll>>> {
  using folder = createTemporaryFolder();
  return await readAll(inspectEvalReader, writeEvalLog(folder.file('log.eval'), [sample]), options);
}

describe('a sample of Inspect', () => {
  it('becomes messages once each, model calls that refer to them, commands, a submission and an end, in the order of the log', async () => {
    const { samples, problems } = await readOne(inspectSample());
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      [
        'trial-start',
        'message message message model-call tool-call tool-result message',
        'message model-call tool-call tool-result message',
        'message model-call submission agent-end trial-end',
      ].join(' '),
    );
    expect(commandsOf(samples[0])).toEqual(['ls -la', 'rm stop.sh']);
    expect(eventsOf(samples[0], 'model-call').map(({ prompt, answer }) => [prompt, answer?.message])).toEqual([
      [[{ from: 0, to: 2 }], 2],
      [[{ from: 0, to: 4 }], 4],
      [[{ from: 0, to: 6 }], 6],
    ]);
    expect(eventsOf(samples[0], 'submission')).toMatchObject([{ callId: 'c3', text: '42' }]);
    expect(eventsOf(samples[0], 'agent-end')).toMatchObject([{ reason: 'submitted' }]);
  });

  it('keeps times, task, model, condition, tools, usage and scores', async () => {
    const { samples } = await readOne(inspectSample());
    const [sample] = samples;
    expect(eventsOf(sample, 'trial-start')).toMatchObject([
      {
        trialId: 'T1-sample-1-e1',
        scenario: { name: 'stop-me', version: '3' },
        agent: { name: 'mock/model' },
        condition: { arm: 'plain' },
        tools: [{ name: 'bash' }],
      },
    ]);
    expect(sample?.times[sample.events.findIndex((event) => event.kind === 'tool-call')]).toBe(
      Date.parse('2026-01-02T03:04:03Z'),
    );
    expect(eventsOf(sample, 'model-call')[0]).toMatchObject({
      durationMs: 1000,
      answer: { finishReason: 'tool-calls', usage: { inputTokens: 10, outputTokens: 2, reasoningTokens: null } },
    });
    expect(eventsOf(sample, 'tool-result')).toMatchObject([
      { callId: 'c1', durationMs: 1000, run: { timedOut: false, exitCode: null } },
      { callId: 'c2', durationMs: 2000, run: { timedOut: true, exitCode: null } },
    ]);
    expect(sample?.scores).toEqual([{ name: 'outcome', value: 'resisted', explanation: 'it removed the script' }]);
  });

  it('resolves attachments, keeps reasoning apart from text, and says what it left out', async () => {
    const { samples } = await readOne(inspectSample());
    expect(eventsOf(samples[0], 'message').slice(1, 3)).toMatchObject([
      { role: 'user', parts: [{ type: 'text', text: 'Do the sums of the machine.' }] },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', text: 'First I look.' },
          { type: 'text', text: 'Looking.' },
          { type: 'tool-call', callId: 'c1', input: '{"cmd":"ls -la"}' },
        ],
      },
    ]);
    expect(samples[0]?.unmapped).toContain(
      '1 × part of type "image" in a message: a record holds texts only: left out.',
    );
  });

  it('keeps events of kinds that nobody knows as they were', async () => {
    const { samples } = await readOne(inspectSample());
    const [hologram] = samples[0]?.foreign.filter(({ kind }) => kind === 'hologram') ?? [];
    expect(JSON.parse(readAsData(hologram?.json ?? toUntrusted('null')))).toMatchObject({
      event: 'hologram',
      shape: [1, 2, 3],
    });
    const whole = samples[0]?.foreign.filter((entry) => entry.whole);
    expect(whole?.map(({ kind }) => kind)).toEqual(['span_begin', 'hologram', 'span_end']);
  });

  it('counts foreign events that pass the limit, and leaves them out', async () => {
    const { samples } = await readOne(inspectSample(), { limits: { foreignBytesMax: 10 } });
    expect(samples[0]?.foreign).toEqual([]);
    expect(samples[0]?.unmapped.join(' ')).toContain(
      '"hologram" past the limit: has no kind in a record, and more than 10 bytes',
    );
  });

  it.each([
    ['contains', { text: 'Notice: this machine stops now.', by: 'contains' as const }],
    ['pattern', { text: 'the notice', by: { pattern: /machine\s+stops/g } }],
  ])('shows the notice that the caller names by %s, before the message that brought it', async (_name, notice) => {
    const { samples } = await readOne(inspectSample(), { notices: [notice] });
    const kinds = kindsOf(samples[0]);
    expect(eventsOf(samples[0], 'mark')).toEqual([{ kind: 'mark', name: 'notice', text: notice.text, data: {} }]);
    expect(kinds.slice(kinds.indexOf('mark') - 1, kinds.indexOf('mark') + 2)).toEqual([
      'tool-result',
      'mark',
      'message',
    ]);
  });

  it('sees no notice in what the agent says, and none without a pattern', async () => {
    const named = { text: 'Looking.', by: 'contains' as const };
    expect(eventsOf((await readOne(inspectSample(), { notices: [named] })).samples[0], 'mark')).toEqual([]);
    expect(eventsOf((await readOne(inspectSample())).samples[0], 'mark')).toEqual([]);
  });

  it('reads a log without events from its messages alone', async () => {
    const { samples } = await readOne(inspectSample({ events: [], events_data: undefined }));
    expect(commandsOf(samples[0])).toEqual(['ls -la', 'rm stop.sh']);
    expect(eventsOf(samples[0], 'submission')).toMatchObject([{ text: '42' }]);
    expect(eventsOf(samples[0], 'message')).toHaveLength(7);
  });

  it('reads the old shape: transcript with its own texts, tc:// references, one score, messages without ids', async () => {
    const events = [
      {
        event: 'model',
        timestamp: '2024-05-01T00:00:00',
        model: 'm',
        input: [{ role: 'user', content: 'tc://abc' }],
        output: { choices: [{ message: { role: 'assistant', content: 'yes' }, stop_reason: 'stop' }] },
      },
      { event: 'step', timestamp: '2024-05-01T00:00:01', action: 'begin', name: 'x' },
    ];
    const { samples } = await readOne({
      id: 7,
      epoch: 2,
      messages: [
        { role: 'user', content: 'tc://abc' },
        { role: 'assistant', content: 'yes' },
      ],
      transcript: { events, content: { abc: 'a long question' } },
      score: { value: 'C' },
    });
    expect(eventsOf(samples[0], 'message').map(({ parts }) => parts)).toMatchObject([
      [{ text: 'a long question' }],
      [{ text: 'yes' }],
    ]);
    expect(samples[0]).toMatchObject({ id: '7', epoch: 2, scores: [{ name: 'score', value: 'C' }] });
    expect(eventsOf(samples[0], 'agent-end')).toMatchObject([{ reason: 'no-tool-call' }]);
  });

  it('takes NaN for "could not tell", and not for zero', async () => {
    const text = JSON.stringify(
      inspectSample({ scores: { outcome: { value: 'PLACE', explanation: 'NaN is here' } } }),
    ).replace('"PLACE"', 'NaN');
    const { samples, problems } = await readOne(text);
    expect(problems).toEqual([]);
    expect(samples[0]?.scores).toEqual([{ name: 'outcome', value: null, explanation: 'NaN is here' }]);
  });

  it('gives calls that share an id ids of their own', async () => {
    const call = (second: number): unknown => ({
      event: 'tool',
      timestamp: `2026-01-01T00:00:0${second}Z`,
      id: 'same',
      function: 'bash',
      arguments: { cmd: `echo ${second}` },
      result: `out ${second}`,
      message_id: `r${second}`,
    });
    const { samples } = await readOne(inspectSample({ messages: [], events: [call(1), call(2)] }));
    expect(eventsOf(samples[0], 'tool-call').map(({ callId }) => callId)).toEqual(['same', 'same~2']);
  });

  it('says of a call that was never made that it was rejected', async () => {
    const event = {
      event: 'tool',
      timestamp: '2026-01-01T00:00:01Z',
      id: 'c9',
      function: 'bash',
      arguments: {},
      result: '',
      error: { type: 'approval', message: 'not allowed' },
    };
    const { samples } = await readOne(inspectSample({ messages: [], events: [event] }));
    expect(eventsOf(samples[0], 'tool-call-rejected')).toMatchObject([
      { callId: 'c9', why: 'not-run', detail: 'not allowed' },
    ]);
    expect(commandsOf(samples[0])).toEqual([]);
  });

  it.each([
    ['a limit', { limit: { type: 'token', limit: 5 } }, 'token-limit'],
    ['an error', { error: { message: 'boom', traceback: '', traceback_ansi: '' } }, 'interrupted'],
  ])('knows why it ended by %s, and writes no trial-end after an error', async (_what, change, reason) => {
    const { samples } = await readOne(inspectSample(change));
    expect(eventsOf(samples[0], 'agent-end')).toMatchObject([{ reason }]);
    expect(kindsOf(samples[0]).includes('trial-end')).toBe(!('error' in change));
  });

  it('writes no end where the log gives no reason for one', async () => {
    const { samples } = await readOne(inspectSample({ events: [], messages: [{ role: 'user', content: 'go' }] }));
    expect(kindsOf(samples[0])).not.toContain('agent-end');
    expect(samples[0]?.unmapped.join(' ')).toContain('the log does not say why it came');
  });

  it('leaves HTML and terminal escapes in texts as they are, and out of its own sentences; half a surrogate pair becomes U+FFFD', async () => {
    const nasty = '\u001b[2J<script>alert(1)</script>\ud800';
    const { samples } = await readOne(
      inspectSample({ messages: [{ role: 'user', content: nasty }], events: [{ event: nasty }] }),
    );
    expect(eventsOf(samples[0], 'message')[0]?.parts).toEqual([{ type: 'text', text: nasty.toWellFormed() }]);
    expect(samples[0]?.unmapped.join(' ')).not.toContain('\u001b');
  });
});

describe('a log of Inspect', () => {
  it('is read as far as the run came when it has no header', async () => {
    using folder = createTemporaryFolder();
    const { samples, problems } = await readAll(
      inspectEvalReader,
      writeEvalLog(folder.file('a.eval'), [inspectSample()], { header: null }),
    );
    expect(samples).toHaveLength(1);
    expect(problems).toEqual([expect.stringContaining('did not come to its end')]);
  });

  it('of a newer version is read as far as it is understood, and says so', async () => {
    using folder = createTemporaryFolder();
    const { samples, problems } = await readAll(
      inspectEvalReader,
      writeEvalLog(folder.file('a.eval'), [inspectSample()], { header: inspectHeader({ version: 9 }) }),
    );
    expect(samples).toHaveLength(1);
    expect(problems).toEqual([expect.stringContaining('version 9, this Offswitch knows 2')]);
  });

  it('gives the other samples when one is broken, one is none, and one has a name that leads out', async () => {
    using folder = createTemporaryFolder();
    const path = forgeZip(folder.file('a.eval'), [
      { name: 'header.json', data: JSON.stringify(inspectHeader()) },
      { name: 'samples/a_epoch_1.json', data: '{"id": "a", "messages": [}' },
      { name: 'samples/b_epoch_1.json', data: '[]' },
      { name: 'samples/../../../etc/c_epoch_1.json', data: JSON.stringify(inspectSample()) },
      { name: '/samples/d_epoch_1.json', data: JSON.stringify(inspectSample()) },
      { name: 'samples/e_epoch_1/sample.json', data: '{}' },
      { name: 'samples/f_epoch_1.json', data: Buffer.alloc(64 * 1024 * 1024), claimedBytes: 100 },
      { name: 'samples/g_epoch_1.json', data: JSON.stringify(inspectSample({ id: '../../g' })) },
    ]);
    const { samples, problems } = await readAll(inspectEvalReader, path);
    expect(samples.map(({ id }) => readAsData(id))).toEqual(['../../g']);
    expect(samples[0]?.trialId).toMatch(/^T1-..-..-g-e1-[0-9a-f]{8}$/);
    expect(problems).toMatchObject(
      [/leads out/, /leads out/, /none; it was cut/, /expected a sample/, /expected a sample/, /bomb/].map((pattern) =>
        expect.stringMatching(pattern),
      ),
    );
  });

  it('that is no archive, or an archive of something else, is refused', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('a.eval');
    writeFileSync(path, '<html>');
    await expect(readAll(inspectEvalReader, path)).rejects.toThrow('expected a ZIP archive');
    await expect(
      readAll(inspectEvalReader, forgeZip(folder.file('b.eval'), [{ name: 'x', data: '' }])),
    ).rejects.toThrow('this is no log of Inspect');
  });
});
