import { writeFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { NewEvent } from '../../record/events.ts';
import { readRecord } from '../../record/journal-reader.ts';
import { keepBeside } from '../../record/kept-bytes.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../../record/testing.ts';
import { verifyRecord } from '../../record/verify.ts';
import { claudeCodeReader } from '../adapters/claude-code.ts';
import { codexReader } from '../adapters/codex.ts';
import { geminiCliReader } from '../adapters/gemini-cli.ts';
import { qwenCodeReader } from '../adapters/qwen-code.ts';
import * as told from '../testing/told-talks.ts';
import type { ToldTalk } from '../testing/told-talks.ts';
import { compareSessionLog, type SessionLogComparison } from './compare.ts';
import { readAsides, readSessionLogs } from './read.ts';
import { saySessionLog } from './say.ts';

interface Format {
  readonly name: string;
  readonly file: string;
  readonly shell: string;
  readonly other: string;
  readonly write: (talk: ToldTalk) => string;
}

const claude: Format = {
  ...{ name: 'claude-code', file: 's.jsonl', shell: 'Bash', other: 'Browse' },
  write: told.toClaudeCode,
};
const formats: readonly Format[] = [
  claude,
  { name: 'codex', file: 's.jsonl', shell: 'shell_command', other: 'browser', write: told.toCodex },
  { name: 'gemini-cli', file: 's.json', shell: 'run_shell_command', other: 'browser', write: told.toGemini },
  { name: 'qwen-code', file: 's.jsonl', shell: 'run_shell_command', other: 'browser', write: told.toQwen },
];
const readers = [claudeCodeReader, codexReader, geminiCliReader, qwenCodeReader];

interface Seen {
  /** What the model asked for and was given. */
  readonly seen: ToldTalk;
  /** The text of the log; null: there is none. */
  readonly log: string | null;
  readonly format?: Format;
  /** Commands that start in the machine. Default: all that came back. */
  readonly runs?: (command: string) => boolean;
  readonly isRecorded?: boolean;
  readonly more?: readonly NewEvent[];
}

/** Events of a trial in which the talk took place. */
function eventsOf({ seen, format = claude, runs = () => true, isRecorded = true }: Seen): NewEvent[] {
  const events: NewEvent[] = [
    trialStart({
      agent: { kind: 'model', name: 'x/y', product: { name: format.name, version: '1' } },
    }),
    { kind: 'ledger', callId: null, ledger: { recorded: isRecorded, entries: [], lost: 0 } },
  ];
  let index = 0;
  let pid = 10;
  for (const [place, { text, calls }] of seen.turns.entries()) {
    const nameOf = (tool: string): string => (tool === 'bash' ? format.shell : format.other);
    events.push(
      {
        ...{ kind: 'message', index, role: 'assistant' },
        parts: [
          { type: 'text', text: toUntrusted(text) },
          ...calls.map(({ id, tool, command }) => ({
            ...{ type: 'tool-call' as const, callId: id, tool: nameOf(tool) },
            input: toUntrusted(JSON.stringify(tool === 'bash' ? { command } : { url: command }, null, 2)),
          })),
        ],
      },
      {
        ...{ kind: 'model-call', turn: place + 1, requested: { model: 'm', parameters: {} }, prompt: [], attempts: [] },
        answer: {
          ...{ message: index++, model: 'm', responseId: null, finishReason: 'stop', rawFinishReason: null },
          usage: { inputTokens: null, outputTokens: null, reasoningTokens: null, cachedInputTokens: null },
          ...{ costUsd: null, warnings: [] },
        },
        durationMs: 1,
      },
    );
    for (const { id, tool, command, result } of calls) {
      if (tool === 'bash' && runs(command) && isRecorded)
        events.push({
          kind: 'ledger',
          callId: id,
          ledger: { recorded: true, lost: 0, entries: [shell(pid++, command)] },
        });
      if (result !== null)
        events.push({
          ...{ kind: 'message', index: index++, role: 'tool' },
          parts: [{ type: 'tool-result', callId: id, tool: nameOf(tool), text: toUntrusted(result) }],
        });
    }
  }
  return events;
}

const NOW = 1_700_000_000_000;

function shell(pid: number, command: string) {
  return {
    ...{ what: 'exec' as const, at: NOW, pid, startTicks: pid, parentPid: 4, session: pid, errno: 0, inode: '1:1' },
    ...{ program: toUntrusted('/usr/bin/bash'), asked: toUntrusted('/bin/bash'), directory: toUntrusted('/home/user') },
    words: ['/bin/bash', '-c', `. ./snapshot && eval '${command.replaceAll("'", String.raw`'\''`)}' </dev/null`].map(
      toUntrusted,
    ),
  };
}

async function compare(one: Seen): Promise<SessionLogComparison> {
  using folder = createTemporaryFolder();
  const path = folder.file('record.jsonl');
  const { log, format = claude, more = [] } = one;
  const place = { kind: 'session-log' as const, path: `/home/user/${format.file}`, format: format.name };
  writeRecord(path, [
    ...eventsOf(one),
    log === null
      ? { ...place, bytes: 0, sha256: null, problem: 'missing' }
      : { ...place, bytes: Buffer.byteLength(log), sha256: keepBeside(path)(Buffer.from(log)), problem: null },
    ...more,
  ]);
  const events = readRecord(path);
  const comparison = compareSessionLog(events, await readSessionLogs(path, events, readers), readAsides(path, events));
  if (comparison === null) throw new TypeError('the agent is a product');
  for (const { seqs } of comparison.differences)
    for (const seq of seqs) expect(events.some((event) => event.seq === seq)).toBe(true);
  return comparison;
}

const kinds = ({ differences }: SessionLogComparison): string[] => differences.map(({ kind }) => kind);

/** Two turns: `ls -l` and its output, then two calls at once. */
const talk: ToldTalk = {
  prompt: 'Work.',
  turns: [
    { text: 'I look.', calls: [bash('a', 'ls -l', 'one\ntwo')], input: 1, output: 1, user: '' },
    {
      text: 'On.',
      calls: [bash('b', './step one', '1'), bash('c', "echo 'it  is'", 'it  is')],
      input: 1,
      output: 1,
      user: '',
    },
    { text: 'Done.', calls: [], input: 1, output: 1, user: 'Go on.' },
  ],
};

function bash(id: string, command: string, result: string | null) {
  return { id, tool: 'bash' as const, command, result };
}

/** The talk with other calls in its turn of this number. */
function withCalls(
  turn: number,
  change: (calls: ToldTalk['turns'][number]['calls']) => ToldTalk['turns'][number]['calls'],
): ToldTalk {
  return {
    ...talk,
    turns: talk.turns.map((one, place) => (place === turn ? { ...one, calls: change(one.calls) } : one)),
  };
}

describe('a session log beside what was seen from outside', () => {
  it.for(formats)('has no difference when it was written from the same events: $name', async (format) => {
    await fc.assert(
      fc.asyncProperty(told.anyTalk('own'), async (any) => {
        const { differences } = await compare({ seen: any, log: format.write(any), format });
        expect(differences).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it.for(formats)('has a difference whenever a command or a result in it was changed: $name', async (format) => {
    await fc.assert(
      fc.asyncProperty(
        told.anyTalk('own').map(told.allAnswered),
        fc.nat(),
        fc.boolean(),
        async (any, at, isCommand) => {
          const all = any.turns.flatMap(({ calls }) => calls);
          fc.pre(all.length > 0);
          const chosen = all[at % all.length];
          const edited = {
            ...any,
            turns: any.turns.map((turn) => ({
              ...turn,
              calls: turn.calls.map((call) =>
                call !== chosen ? call : isCommand ? { ...call, command: 'true' } : { ...call, result: 'all is well' },
              ),
            })),
          };
          const { differences } = await compare({ seen: any, log: format.write(edited), format });
          expect(differences[0]).toMatchObject({ kind: isCommand ? 'call-differs' : 'result-differs' });
          expect(new Set(differences.map(({ callId }) => callId))).toEqual(new Set([chosen?.id]));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('says in one line that all is as seen, and nothing for an agent that is no product', async () => {
    const same = await compare({ seen: talk, log: told.toClaudeCode(talk) });
    expect(saySessionLog(same)).toBe('session log: 3 calls, all as seen from outside');
    expect(compareSessionLog([], [])).toBeNull();
  });

  it.for<[string, ToldTalk]>([
    [
      'other spaces in a command',
      withCalls(0, ([call]) => [{ ...bash('a', ' ls \t-l', 'one\ntwo'), ...(call && { id: call.id }) }]),
    ],
    ['other spaces in a result', withCalls(0, () => [bash('a', 'ls -l', 'one \r\ntwo\n')])],
    ['calls of one answer in another order', withCalls(1, (calls) => calls.toReversed())],
    ['ids of its own', withCalls(1, (calls) => calls.map((call) => ({ ...call, id: `own-${call.id}` })))],
    ['the name of the tool before the id', withCalls(0, () => [bash('Bash__a', 'ls -l', 'one\ntwo')])],
  ])('takes for no difference: %s', async ([, log]) => {
    expect(kinds(await compare({ seen: talk, log: told.toClaudeCode(log) }))).toEqual([]);
  });

  it('takes an output that says it was cut for no difference, and counts it; one that was edited is told', async () => {
    const long = Array.from({ length: 500 }, (_, number) => `line ${number}`).join('\n');
    const seen = withCalls(0, () => [bash('a', 'ls -l', long)]);
    const logOf = (result: string): string => told.toClaudeCode(withCalls(0, () => [bash('a', 'ls -l', result)]));
    for (const cut of [
      `${long.slice(0, 2000)}\n[1800 characters truncated]\n${long.slice(-900)}`,
      long.slice(0, 1500),
    ]) {
      const comparison = await compare({ seen, log: logOf(cut) });
      expect(kinds(comparison)).toEqual([]);
      expect(saySessionLog(comparison)).toContain('1 result cut on one side, otherwise alike');
    }
    for (const edited of [long.replace('line 250', 'line two'), long.replace('line 250\n', 'x'), 'line 0'])
      expect(kinds(await compare({ seen, log: logOf(edited) }))).toEqual(['result-differs']);
  });

  it('tells a call that no model asked for, and whether it ran all the same', async () => {
    const log = told.toClaudeCode(withCalls(0, (calls) => [...calls, bash('z', './helper --now', 'ok')]));
    const quiet = await compare({ seen: talk, log });
    expect(quiet.differences).toMatchObject([
      { kind: 'call-not-asked', callId: 'z', text: expect.stringContaining('nothing of it was seen to run') },
    ]);
    const entries = [shell(90, './helper --now')];
    const ran = await compare({
      seen: talk,
      log,
      more: [{ kind: 'ledger', callId: null, ledger: { recorded: true, entries, lost: 0 } }],
    });
    expect(ran.differences).toMatchObject([
      { kind: 'call-not-asked', text: expect.stringContaining('the ledger shows that it ran') },
    ]);
  });

  it('tells a call that is not in the log, but not one that was going on when the work ended', async () => {
    const shorter = told.toClaudeCode(withCalls(1, (calls) => calls.slice(1)));
    const missing = await compare({ seen: talk, log: shorter });
    expect(missing.differences).toMatchObject([{ kind: 'call-not-told', callId: 'b' }]);
    expect(saySessionLog(missing)).toMatch(
      /^session log: 1 difference from what was seen from outside; it tells 2 of the 3 calls that the model asked for\n {2}- the model asked for ".\/step one", and no log tells of it \(events \d+, \d+\)$/,
    );
    const cutOff = {
      ...talk,
      turns: [...talk.turns, { text: '', calls: [bash('d', './step two', null)], input: 1, output: 1, user: '' }],
    };
    const last = await compare({ seen: cutOff, log: told.toClaudeCode(talk) });
    expect(kinds(last)).toEqual([]);
    expect(saySessionLog(last)).toContain('1 call had not come back when the work ended, and no log tells of it');
  });

  it('takes what a product sends back as an answer of its model for no answer of its model', async () => {
    const forged: NewEvent = {
      ...{ kind: 'message', index: 99, role: 'assistant' },
      parts: [{ type: 'tool-call', callId: 'f', tool: 'Bash', input: toUntrusted('{"command":"./helper"}') }],
    };
    const log = told.toClaudeCode(withCalls(0, (calls) => [...calls, bash('f', './helper', 'ok')]));
    expect(kinds(await compare({ seen: talk, log, more: [forged] }))).toEqual(['call-not-asked']);
  });

  it('tells a result that came back and is not in the log', async () => {
    const log = told.toClaudeCode(withCalls(0, () => [bash('a', 'ls -l', null)]));
    expect(kinds(await compare({ seen: talk, log }))).toEqual(['result-not-told']);
  });

  it('tells a command of the log that nothing in the ledger started, unless the ledger could have missed it', async () => {
    const runs = (command: string): boolean => command !== './step one';
    const missing = await compare({ seen: talk, log: told.toClaudeCode(talk), runs });
    expect(missing.differences).toMatchObject([{ kind: 'not-run', callId: 'b' }]);
    const blind = await compare({ seen: talk, log: told.toClaudeCode(talk), runs, isRecorded: false });
    expect(kinds(blind)).toEqual([]);
    expect(saySessionLog(blind)).toContain('the ledger was not recorded: it is not compared what ran');
  });

  it('takes each start for one command: the same command twice needs two', async () => {
    const twice = withCalls(0, () => [bash('a', 'ls -l', 'one'), bash('a2', 'ls -l', 'one')]);
    expect(kinds(await compare({ seen: twice, log: told.toClaudeCode(twice) }))).toEqual([]);
    let first = true;
    const runs = (command: string): boolean => command !== 'ls -l' || (first && !(first = false));
    expect(kinds(await compare({ seen: twice, log: told.toClaudeCode(twice), runs }))).toEqual(['not-run']);
  });

  it('says that a log is missing, of no known format, or no log at all, and never that all is as seen', async () => {
    const none = await compare({ seen: talk, log: null });
    expect(kinds(none)).toEqual(['log-missing']);
    expect(saySessionLog(none)).toBe(
      'session log: 1 difference from what was seen from outside\n  - /home/user/s.jsonl: there is no such file in the machine (events 14)',
    );
    for (const log of ['', 'nothing', '{"type":"user"', '\0\0\0', '[]'])
      expect(kinds(await compare({ seen: talk, log }))).toEqual(['log-unreadable']);
    const strange = { ...claude, name: 'strange' };
    expect((await compare({ seen: talk, log: '', format: strange })).differences).toMatchObject([
      { kind: 'log-unreadable', text: '/home/user/s.jsonl: no reader reads the format "strange"' },
    ]);
  });

  it('reads a hostile log within bounds, and what it says stays text', async () => {
    const [first = '', ...rest] = told.toClaudeCode(talk).split('\n');
    const other = JSON.stringify({
      type: 'user',
      sessionId: 's',
      uuid: 'u',
      message: {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: '../../../etc/passwd', content: '/etc/passwd' }],
      },
    });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const huge = JSON.stringify({
      type: 'assistant',
      message: { id: 'h', role: 'assistant', content: [{ type: 'text', text: 'x'.repeat(8_000_000) }] },
    });
    const hostile = await compare({ seen: talk, log: [first, '{"type":', other, huge, ...rest].join('\n') });
    expect(kinds(hostile)).toEqual(['log-unreadable']);
    expect(kinds(await compare({ seen: talk, log: [first, deep, ...rest].join('\n') }))).toContain('log-unreadable');
    const escape = told.toClaudeCode(withCalls(0, (calls) => [...calls, bash('e', 'echo \u001B[2J\u202E', 'ok')]));
    const said = saySessionLog(await compare({ seen: talk, log: escape }));
    expect(said).not.toMatch(/[\u001B\u202E]/);
  });

  it('shows at most 20 differences, and counts the others', async () => {
    const many = withCalls(0, (calls) => [
      ...calls,
      ...Array.from({ length: 30 }, (_, number) => bash(`m${number}`, `./m ${number}`, 'ok')),
    ]);
    const said = saySessionLog(await compare({ seen: talk, log: told.toClaudeCode(many) }));
    expect(said.split('\n')).toHaveLength(22);
    expect(said).toContain('and 10 more; --json lists them');
  });

  it('has bytes that verify checks', () => {
    using folder = createTemporaryFolder();
    const path = folder.file('record.jsonl');
    const sha256 = keepBeside(path)(Buffer.from('as it was'));
    writeRecord(path, [
      trialStart(),
      { kind: 'session-log', path: '/home/user/s', format: 'codex', bytes: 9, sha256, problem: null },
    ]);
    expect(verifyRecord(path).problem).toBeNull();
    writeFileSync(folder.file(`exchanges/${sha256}.zst`), 'edited');
    expect(verifyRecord(path).problem).toMatchObject({ line: 2, code: 'bytes-changed' });
  });

  it('does not compare calls of other conversations of the product', async () => {
    using folder = createTemporaryFolder();
    const path = folder.file('record.jsonl');
    const keep = keepBeside(path);
    const log = told.toClaudeCode(withCalls(0, (calls) => [...calls, bash('aside-1', './look', 'ok')]));
    const [sent, answered] = ['{}', '{"content":[{"type":"tool_use","id":"aside-1"}]}'].map((text) => ({
      bytes: text.length,
      sha256: keep(Buffer.from(text)),
    }));
    if (sent === undefined || answered === undefined) throw new TypeError('two texts');
    writeRecord(path, [
      ...eventsOf({ seen: talk, log }),
      {
        ...{
          kind: 'exchange',
          number: 1,
          protocol: null,
          request: toUntrusted('POST /'),
          purpose: 'aside',
          turn: null,
        },
        ...{ sent, answered: { status: 200, ...answered }, askedAt: 0, complete: true, refused: null },
      },
      {
        kind: 'session-log',
        path: '/home/user/s.jsonl',
        format: 'claude-code',
        bytes: 1,
        sha256: keep(Buffer.from(log)),
        problem: null,
      },
    ]);
    const events = readRecord(path);
    const comparison = compareSessionLog(
      events,
      await readSessionLogs(path, events, readers),
      readAsides(path, events),
    );
    expect(comparison).toMatchObject({
      differences: [],
      limits: ['1 call of other conversations of the product, not compared'],
    });
  });
});
