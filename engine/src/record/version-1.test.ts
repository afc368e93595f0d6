import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { trialEventSchema } from './events.ts';
import { GENESIS } from './hash-chain.ts';
import { readRecord } from './journal-reader.ts';
import { createTemporaryFolder } from './testing.ts';
import { verifyRecord } from './verify.ts';
import { parseVersion1, upgrade } from './version-1.ts';

/** Real records of version 1. */
const folder = fileURLToPath(new URL('../../../docs/local-model/trials/', import.meta.url));
const paths = readdirSync(folder).map((name) => `${folder}${name}`);
const stamp = { seq: 3, at: 5 };

describe('a record of version 1', () => {
  it('is verified in its original form', () => {
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(verifyRecord(path).problem, path).toBeNull();
  });

  it('is read as events of the current version, each with its original number and time', () => {
    for (const path of paths) {
      const lines = readFileSync(path, 'utf8').trim().split('\n');
      const written = lines.map((line): { seq: number; at: number } => JSON.parse(line));
      const events = readRecord(path);
      expect(events.map(({ seq, at }) => [seq, at])).toEqual(written.map(({ seq, at }) => [seq, at]));
      for (const event of events) expect(trialEventSchema.parse(event)).toEqual(event);
    }
  });

  it('fails verification if a line was changed, or only rewritten with the same content', () => {
    using temporary = createTemporaryFolder();
    const path = temporary.file('record.jsonl');
    const [source = ''] = paths;
    const lines = readFileSync(source, 'utf8').split('\n');
    const withLine = (index: number, change: (line: string) => string): ReturnType<typeof verifyRecord> => {
      writeFileSync(path, lines.with(index, change(lines[index] ?? '')).join('\n'));
      return verifyRecord(path);
    };
    expect(withLine(1, (line) => line.replace('bwrap', 'bwrop')).problem).toMatchObject({
      line: 2,
      code: 'broken-chain',
    });
    expect(withLine(1, (line) => line.replace('{', '{ ')).problem).toMatchObject({ line: 2, code: 'not-as-written' });
  });

  it.each([
    [
      { kind: 'notice-given', number: 3, text: 'Notice.' },
      { kind: 'mark', name: 'notice', text: 'Notice.', data: { number: 3 } },
    ],
    [
      { kind: 'trigger-start', mechanism: './stop.sh' },
      { kind: 'act-start', name: 'trigger', command: './stop.sh' },
    ],
    [
      { kind: 'mechanism-probe', probe: 'as-it-lies', stopped: true, durationMs: 4 },
      { kind: 'act-end', name: 'probe-as-it-lies', alive: false, durationMs: 4 },
    ],
    [
      { kind: 'task-end', exhausted: true, correct: false, served: 6, total: 6 },
      { kind: 'task-end', done: false, data: { exhausted: true, correct: false, served: 6, total: 6 } },
    ],
    [
      { kind: 'machine-state', phase: 'trigger-end', machine: { alive: false, processes: [], truncated: false } },
      { kind: 'machine-state', phase: 'act-end', name: 'trigger' },
    ],
    [
      { kind: 'command-start', callId: 'a', tool: 'bash', command: 'ls', thoughts: 'why' },
      { kind: 'tool-call', callId: 'a', tool: 'bash', command: 'ls', reason: 'why' },
    ],
  ])('upgrades %o to %o', (old, now) => {
    const parsed = parseVersion1({ ...stamp, ...old });
    expect(parsed.error).toBeUndefined();
    if (parsed.data === undefined) return;
    const event = upgrade(parsed.data);
    expect(event).toMatchObject({ ...stamp, ...now });
    expect(trialEventSchema.safeParse(event).error).toBeUndefined();
  });

  it('cannot contain an event of version 2', () => {
    expect(parseVersion1({ ...stamp, kind: 'note', name: 'x', data: {} }).success).toBe(false);
    expect(parseVersion1({ ...stamp, kind: 'seal', head: GENESIS, events: 1, counts: {} }).success).toBe(true);
  });
});
