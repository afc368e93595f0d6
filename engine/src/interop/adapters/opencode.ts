import { copyFileSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { z } from 'zod';

import type { MessagePart, Usage } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { createConversation, type Result } from '../conversation.ts';
import { checkFileSize, type JsonLinesFormat, readFiles, recognisesFiles } from '../json-lines.ts';
import { type LogLimits, limitsOf } from '../limits.ts';
import { LogError, tooLarge, unreadable } from '../log-error.ts';
import { parsePythonJson } from '../python-json.ts';
import { createTranscript, cut, show, sourceOf, toCount, toTime, UNKNOWN_USAGE } from '../transcript.ts';
import { callPart, reasoningPart, textPart } from '../whole-log.ts';

const NAME = 'opencode';

/**
 * The database of OpenCode (`~/.local/share/opencode/opencode.db`), with what SQLite has not yet written into it
 * (`opencode.db-wal`). Each session is one trial. A copy is opened, read-only: SQLite writes beside what it opens.
 */
export const openCodeReader: LogReader = {
  name: NAME,
  title: 'OpenCode databases (.db, with the -wal beside it)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  read: (path, options) => readFiles(FORMAT, path, options),
};

const FORMAT: JsonLinesFormat = {
  title: 'database of OpenCode',
  extension: '.db',
  looksRight: (head) => head.startsWith('SQLite format 3\0'),
  readFile: readDatabase,
};

const VALUE_BYTES_MAX = 64 * 1024 * 1024;

interface Row {
  readonly id: string;
  /** Session of a message, message of a part. */
  readonly of: string;
  readonly at: number | null;
  /** JSON text. */
  readonly data: string;
}

interface Tables {
  readonly sessions: readonly Row[];
  readonly messages: readonly Row[];
  readonly parts: readonly Row[];
}

async function* readDatabase(path: string, id: string, options: ReadLogOptions): AsyncGenerator<ImportedSample> {
  const limits = limitsOf(options);
  options.signal?.throwIfAborted();
  const tables = await readTables(path, limits);
  const source = await sourceOf(NAME, path);
  const messages = Map.groupBy(tables.messages, ({ of }) => of);
  const parts = Map.groupBy(tables.parts, ({ of }) => of);
  for (const session of tables.sessions.toSorted(byTime)) {
    options.signal?.throwIfAborted();
    const name = tables.sessions.length === 1 ? id : `${id}/${session.id}`;
    try {
      yield readSession(session, { name, source, limits, messages, parts }, options);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      options.onProblem(`"${show(name)}" is left out: ${error.message}`);
    }
  }
}

async function readTables(path: string, { sampleBytesMax, eventsMax }: LogLimits): Promise<Tables> {
  const ahead = `${path}-wal`;
  // A pipe of that name would hold up whoever opens it.
  const hasAhead = lstatSync(ahead, { throwIfNoEntry: false })?.isFile() === true;
  await checkFileSize(path, sampleBytesMax);
  if (hasAhead) await checkFileSize(ahead, sampleBytesMax);
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-opencode-'));
  try {
    const copy = join(folder, 'opencode.db');
    try {
      copyFileSync(path, copy);
      if (hasAhead) copyFileSync(ahead, `${copy}-wal`);
    } catch (error) {
      throw unreadable(path, error);
    }
    using database = new DatabaseSync(copy, { readOnly: true, limits: { length: VALUE_BYTES_MAX } });
    let bytes = 0;
    const read = (table: string, columns: readonly string[]): Row[] => {
      assertPlain(database, table, columns);
      const rows: Row[] = [];
      // Nothing is left out or sorted by SQLite: a damaged tree of pages may have no end.
      for (const row of database.prepare(`SELECT ${columns.join(', ')} FROM ${table}`).iterate()) {
        const [id, of, at, data] = columns.map((column) => row[column]);
        bytes += String(id).length + String(data).length;
        if (rows.length >= eventsMax) throw tooLarge(`the table "${table}"`, `${eventsMax} rows`, 'more');
        if (bytes > sampleBytesMax) throw tooLarge('all rows of the log', `${sampleBytesMax} bytes`, 'more');
        if (typeof id === 'string' && typeof of === 'string' && typeof data === 'string')
          rows.push({ id, of, at: typeof at === 'number' ? toTime(dateText(at)) : null, data });
      }
      return rows;
    };
    return {
      sessions: read('session', ['id', 'version', 'time_created', 'title']),
      messages: read('message', ['id', 'session_id', 'time_created', 'data']),
      parts: read('part', ['id', 'message_id', 'time_created', 'data']),
    };
  } catch (error) {
    if (error instanceof LogError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new LogError('damaged', `expected a database of OpenCode, and SQLite cannot read it: ${why}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A view or a computed column would run what the file says. */
function assertPlain(database: DatabaseSync, table: string, columns: readonly string[]): void {
  const found = database.prepare("SELECT type, sql FROM sqlite_schema WHERE name = ? AND type <> 'index'").all(table);
  const there = new Map(
    database
      .prepare(`PRAGMA table_xinfo(${table})`)
      .all()
      .map((row) => [row['name'], row['hidden']]),
  );
  const [one, ...others] = found;
  const isTable = one?.['type'] === 'table' && /^CREATE TABLE\b/i.test(String(one['sql'])) && others.length === 0;
  if (!isTable || columns.some((column) => there.get(column) !== 0))
    throw new LogError('wrong-format', `expected a database of OpenCode, got one without its table "${table}"`);
}

const text = z.string().nullish().catch(null);
const tokens = z
  .looseObject({ input: z.unknown(), output: z.unknown(), reasoning: z.unknown(), cache: z.unknown() })
  .nullish()
  .catch(null);
const message = z.looseObject({ role: z.string(), modelID: text, finish: text, tokens });
const part = z.looseObject({
  type: z.string(),
  text,
  tool: text,
  callID: text,
  tokens,
  state: z
    .looseObject({
      status: text,
      input: z.unknown().optional(),
      output: text,
      error: text,
      metadata: z
        .looseObject({ exit: z.int().nullish().catch(null) })
        .nullish()
        .catch(null),
      time: z.looseObject({ start: z.unknown(), end: z.unknown() }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
});
type Part = z.output<typeof part>;

interface SessionContext {
  readonly name: string;
  readonly source: Readonly<Record<string, string>>;
  readonly limits: LogLimits;
  readonly messages: ReadonlyMap<string, readonly Row[]>;
  readonly parts: ReadonlyMap<string, readonly Row[]>;
}

function readSession(
  { id, of: version, at: startedAt, data: title }: Row,
  { name, source, limits, messages, parts }: SessionContext,
  options: ReadLogOptions,
): ImportedSample {
  const transcript = createTranscript(options);
  const talk = createConversation(transcript);
  let agent = 'unknown';
  const parse = ({ id: row, data }: Row): unknown => {
    try {
      return parsePythonJson(data, { what: `"${show(row)}"`, depthMax: limits.depthMax });
    } catch (error) {
      if (!(error instanceof LogError) || error.code === 'too-large') throw error;
      options.onProblem(`${error.message}; it is left out`);
      return null;
    }
  };
  transcript.keepRest('session', { id, title }, startedAt);
  for (const row of (messages.get(id) ?? []).toSorted(byTime)) {
    const value = parse(row);
    const about = message.safeParse(value);
    if (!about.success) {
      transcript.keepForeign('message', value, row.at);
      continue;
    }
    const { role, modelID, finish, tokens: used } = about.data;
    const model = modelID ?? 'unknown';
    if (role === 'assistant' && agent === 'unknown') agent = model;
    let said: MessagePart[] = [];
    let results: Result[] = [];
    const flush = (usage: Usage): void => {
      if (said.length === 0) return;
      if (role === 'assistant') talk.answer({ parts: said, at: row.at, model, usage, finishReason: finish ?? null });
      else talk.say('user', said, row.at);
      for (const result of results) talk.result(result);
      said = [];
      results = [];
    };
    for (const own of (parts.get(row.id) ?? []).toSorted(byId)) {
      const parsed = part.safeParse(parse(own));
      if (!parsed.success) transcript.keepForeign('part', own.data, own.at);
      else if (parsed.data.type === 'text') said.push(...textPart(parsed.data.text ?? ''));
      else if (parsed.data.type === 'reasoning') said.push(...reasoningPart(parsed.data.text ?? ''));
      else if (parsed.data.type === 'tool') {
        said.push(callPart(parsed.data.callID ?? '', parsed.data.tool ?? '', parsed.data.state?.input));
        results.push(...toResult(parsed.data, own.at));
      } else {
        // An answer ends with each step; older versions keep several in one message.
        if (parsed.data.type === 'step-finish') flush(toUsage(parsed.data.tokens));
        transcript.keepForeign(parsed.data.type, parsed.data, own.at);
      }
    }
    flush(toUsage(used));
  }
  talk.end();
  return transcript.finish({
    id: name,
    trialName: name.replaceAll('/', '-'),
    scenario: 'opencode-session',
    version: '1',
    agent: cut(agent, 200),
    software: { ...source, opencode: cut(version, 100) },
    startedAt,
  });
}

/** None while the call runs. */
function toResult({ callID, state }: Part, at: number | null): Result[] {
  const { status, output, error, metadata, time } = state ?? {};
  if (status !== 'completed' && status !== 'error') return [];
  const [start, end] = [toCount(time?.start), toCount(time?.end)];
  return [
    {
      callId: callID ?? '',
      text: output ?? error ?? '',
      at: end === null ? at : toTime(dateText(end)),
      exitCode: metadata?.exit ?? null,
      durationMs: start !== null && end !== null && end >= start ? end - start : null,
      interrupted: false,
      failed: status === 'error',
    },
  ];
}

function toUsage(given: Part['tokens']): Usage {
  if (given === null || given === undefined) return UNKNOWN_USAGE;
  const cache = z.looseObject({ read: z.unknown() }).safeParse(given.cache);
  return {
    inputTokens: toCount(given.input),
    outputTokens: toCount(given.output),
    reasoningTokens: toCount(given.reasoning),
    cachedInputTokens: cache.success ? toCount(cache.data.read) : null,
  };
}

/** Null for a number that is no time. */
function dateText(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function byTime(one: Row, other: Row): number {
  return (one.at ?? 0) - (other.at ?? 0) || byId(one, other);
}

function byId(one: Row, other: Row): number {
  return one.id === other.id ? 0 : one.id < other.id ? -1 : 1;
}
