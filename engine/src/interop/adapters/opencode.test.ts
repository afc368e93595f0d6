import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import { commandsOf, eventsOf, kindsOf, readAll } from '../testing.ts';
import { openCodeReader } from './opencode.ts';

/** The tables that are read, as OpenCode 1.18 has them, without their references. */
const TABLES = `
  CREATE TABLE session (id text PRIMARY KEY, title text NOT NULL, version text NOT NULL, time_created integer NOT NULL);
  CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, data text NOT NULL);
  CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, time_created integer NOT NULL, data text NOT NULL);`;
const NOW = 1_777_881_600_000;

interface Said {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly object[];
}

const example: readonly Said[] = [
  { role: 'user', parts: [{ type: 'text', text: 'Count the files.' }] },
  {
    role: 'assistant',
    parts: [
      { type: 'step-start' },
      { type: 'reasoning', text: 'I look first.' },
      {
        ...{ type: 'tool', tool: 'bash', callID: 'call_1' },
        state: {
          ...{ status: 'completed', input: { command: 'ls | wc -l' }, output: '3\n', title: 'ls | wc -l' },
          ...{ metadata: { exit: 0, truncated: false }, time: { start: NOW + 1000, end: NOW + 3000 } },
        },
      },
      {
        type: 'step-finish',
        reason: 'tool-calls',
        tokens: { input: 120, output: 30, reasoning: 4, cache: { read: 7 } },
      },
    ],
  },
  { role: 'assistant', parts: [{ type: 'text', text: 'There are three.' }] },
];

function fill(database: DatabaseSync, said: readonly Said[] = example, id = 'ses_1'): void {
  database.exec(TABLES);
  database.prepare('INSERT INTO session VALUES (?, ?, ?, ?)').run(id, 'Files', '1.18.33', NOW);
  for (const [number, { role, parts }] of said.entries()) {
    const message = JSON.stringify({ role, ...(role === 'assistant' && { modelID: 'a-model', providerID: 'p' }) });
    database.prepare('INSERT INTO message VALUES (?, ?, ?, ?)').run(`msg_${number}`, id, NOW + number, message);
    for (const [place, part] of parts.entries())
      database
        .prepare('INSERT INTO part VALUES (?, ?, ?, ?)')
        .run(`prt_${number}_${place}`, `msg_${number}`, NOW, JSON.stringify(part));
  }
}

function write(path: string): void {
  using database = new DatabaseSync(path);
  fill(database);
}

describeLogReaderContract(openCodeReader, { fileName: 'log.db', write });

describe('databases of OpenCode', () => {
  it('give messages, calls with their exit codes, results and tokens', async () => {
    using folder = createTemporaryFolder();
    write(folder.file('log.db'));
    const { samples, problems } = await readAll(openCodeReader, folder.file('log.db'));
    expect(problems).toEqual([]);
    expect(kindsOf(samples[0]).join(' ')).toBe(
      'trial-start message message model-call tool-call tool-result message message model-call agent-end',
    );
    expect(commandsOf(samples[0])).toEqual(['ls | wc -l']);
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([{ run: { exitCode: 0 }, durationMs: 2000 }]);
    expect(eventsOf(samples[0], 'model-call')[0]?.answer?.usage).toEqual({
      inputTokens: 120,
      outputTokens: 30,
      reasoningTokens: 4,
      cachedInputTokens: 7,
    });
  });

  it('are read with what is not yet written into them, and nothing is written beside them', async () => {
    using folder = createTemporaryFolder();
    using database = new DatabaseSync(folder.file('live.db'));
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    fill(database);
    copyFileSync(folder.file('live.db'), folder.file('log.db'));
    await expect(readAll(openCodeReader, folder.file('log.db'))).rejects.toMatchObject({ code: 'wrong-format' });
    copyFileSync(folder.file('live.db-wal'), folder.file('log.db-wal'));
    const { samples } = await readAll(openCodeReader, folder.file('log.db'));
    expect(commandsOf(samples[0])).toEqual(['ls | wc -l']);
    execFileSync('mkfifo', [folder.file('pipe.db-wal')]);
    copyFileSync(folder.file('live.db'), folder.file('pipe.db'));
    await expect(readAll(openCodeReader, folder.file('pipe.db'))).rejects.toMatchObject({ code: 'wrong-format' });
    expect(readdirSync(folder.path).filter((name) => name.startsWith('log'))).toEqual(['log.db', 'log.db-wal']);
  });

  it('are refused where a table is a view, or a column is computed: reading them would run what the file says', async () => {
    for (const [drop, make] of [
      [
        'part',
        'CREATE VIEW part AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, id AS message_id, id AS time_created, id AS data FROM n',
      ],
      [
        'part',
        "CREATE TABLE part (id text, message_id text, time_created integer, data text GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x')))",
      ],
      ['part', 'CREATE VIRTUAL TABLE part USING fts5(id, message_id, time_created, data)'],
    ] as const) {
      using folder = createTemporaryFolder();
      write(folder.file('log.db'));
      {
        using database = new DatabaseSync(folder.file('log.db'));
        database.exec(`DROP TABLE ${drop}; ${make}`);
      }
      await expect(readAll(openCodeReader, folder.file('log.db'))).rejects.toMatchObject({ code: 'wrong-format' });
    }
  });

  it('are refused above the limits, and where values are no texts', async () => {
    using folder = createTemporaryFolder();
    write(folder.file('log.db'));
    {
      using database = new DatabaseSync(folder.file('log.db'));
      database.exec("UPDATE message SET time_created = 9223372036854775807 WHERE id = 'msg_0'");
    }
    await expect(readAll(openCodeReader, folder.file('log.db'))).rejects.toMatchObject({ code: 'damaged' });
    writeFileSync(folder.file('none.db'), 'SQLite format 3\0and nothing of it');
    await expect(readAll(openCodeReader, folder.file('none.db'))).rejects.toMatchObject({ code: 'damaged' });
  });

  it('tell a call that failed, and leave one open that never came back', async () => {
    using folder = createTemporaryFolder();
    const call = (callID: string, state: object): object => ({ type: 'tool', tool: 'bash', callID, state });
    {
      using database = new DatabaseSync(folder.file('log.db'));
      fill(database, [
        {
          role: 'assistant',
          parts: [
            call('a', { status: 'error', input: { command: 'x' }, error: 'not allowed' }),
            call('b', { status: 'running', input: { command: 'sleep 9' } }),
          ],
        },
      ]);
    }
    const { samples } = await readAll(openCodeReader, folder.file('log.db'));
    expect(eventsOf(samples[0], 'tool-result')).toMatchObject([
      { callId: 'a', run: { notes: expect.arrayContaining(['imported: the log calls it a failure']) } },
    ]);
    expect(samples[0]?.unmapped.join(' ')).toContain('1 × call of the tool "bash"');
  });
});
