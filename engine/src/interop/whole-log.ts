import type { z } from 'zod';

import { toUntrusted } from '../base/untrusted-text.ts';
import type { AgentEndReason, MessagePart } from '../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from './contract.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, readWholeText, recognisesFiles } from './json-lines.ts';
import { limitsOf } from './limits.ts';
import { LogError } from './log-error.ts';
import { parsePythonJson } from './python-json.ts';
import { createTranscript, cut, show, sourceOf, type Transcript } from './transcript.ts';

/** A format in which one JSON document is one trial, told as a talk. */
export interface WholeLog<S extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  /** `trajectory of SWE-agent`, for sentences. */
  readonly what: string;
  readonly scenario: string;
  readonly extension: string;
  readonly otherExtensions?: readonly string[];
  readonly looksRight: (head: string) => boolean;
  readonly schema: S;
  /** The documents that the lines of a `.jsonl` are: each line one, or all of them together. Absent: there are no such files. */
  readonly fromLines?: (lines: readonly unknown[]) => readonly LineDocument[];
  readonly read: (log: z.output<S>, intake: Intake) => TalkAbout;
}

export interface LineDocument {
  /** Null: the file is one trial. */
  readonly id: string | null;
  readonly value: unknown;
}

export interface Intake {
  readonly transcript: Transcript;
  readonly talk: Conversation;
}

/** What the log says of the whole trial. */
export interface TalkAbout {
  readonly agent: string | null;
  readonly startedAt: number | null;
  readonly software?: Readonly<Record<string, string>>;
  /** Null or absent: from the talk. */
  readonly end?: { readonly reason: AgentEndReason; readonly detail: string | null } | null;
}

export function createWholeLogReader<S extends z.ZodType>(log: WholeLog<S>): LogReader {
  const format: JsonLinesFormat = {
    title: log.what,
    extension: log.extension,
    otherExtensions: log.otherExtensions ?? [],
    looksRight: log.looksRight,
    readFile: (path, id, options) =>
      path.endsWith('.jsonl') && log.fromLines !== undefined
        ? readDocuments(log, log.fromLines, { path, id }, options)
        : readWhole(log, { path, id }, options),
  };
  return {
    name: log.name,
    title: log.title,
    recognises: (path) => recognisesFiles(format, path),
    read: (path, options) => readFiles(format, path, options),
  };
}

async function readWhole<S extends z.ZodType>(
  log: WholeLog<S>,
  { path, id }: { readonly path: string; readonly id: string },
  options: ReadLogOptions,
): Promise<ImportedSample> {
  const { depthMax, sampleBytesMax } = limitsOf(options);
  options.signal?.throwIfAborted();
  const value = parsePythonJson(await readWholeText(path, sampleBytesMax), { what: `the ${log.what}`, depthMax });
  return toSample(log, { value, id, source: await sourceOf(log.name, path) }, options);
}

async function* readDocuments<S extends z.ZodType>(
  log: WholeLog<S>,
  fromLines: NonNullable<WholeLog<S>['fromLines']>,
  { path, id }: { readonly path: string; readonly id: string },
  options: ReadLogOptions,
): AsyncGenerator<ImportedSample> {
  const lines: unknown[] = [];
  for await (const value of readJsonLines(path, id, options)) lines.push(value);
  const source = await sourceOf(log.name, path);
  for (const { id: own, value } of fromLines(lines)) {
    const whole = own === null ? id : `${id}/${own}`;
    try {
      yield toSample(log, { value, id: whole, source }, options);
    } catch (error) {
      if (!(error instanceof LogError) || own === null) throw error;
      options.onProblem(`"${show(whole)}" is left out: ${error.message}`);
    }
  }
}

function toSample<S extends z.ZodType>(
  log: WholeLog<S>,
  { value, id, source }: { readonly value: unknown; readonly id: string; readonly source: Record<string, string> },
  options: ReadLogOptions,
): ImportedSample {
  const parsed = log.schema.safeParse(value);
  if (!parsed.success) throw new LogError('wrong-format', `expected a ${log.what}, got something else`);
  const transcript = createTranscript(options);
  const talk = createConversation(transcript);
  const { agent, startedAt, software = {}, end = null } = log.read(parsed.data, { transcript, talk });
  talk.end(end?.reason ?? null, end?.detail ?? null);
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: log.scenario,
    version: '1',
    agent: cut(agent ?? 'unknown', 200),
    software: { ...source, ...software },
    startedAt,
  });
}

export function textPart(text: string): MessagePart[] {
  return text === '' ? [] : [{ type: 'text', text: toUntrusted(text) }];
}

export function reasoningPart(text: string): MessagePart[] {
  return text === '' ? [] : [{ type: 'reasoning', text: toUntrusted(text) }];
}

export function callPart(callId: string, tool: string, input: unknown): MessagePart {
  return {
    type: 'tool-call',
    callId,
    tool,
    input: toUntrusted(typeof input === 'string' ? input : JSON.stringify(input ?? {})),
  };
}

/** Texts of a content that is one, or a list of parts; what is no text is kept beside the record. */
export function textOfContent({ transcript }: Pick<Intake, 'transcript'>, content: unknown): string {
  if (typeof content === 'string') return content;
  if (content === null || content === undefined) return '';
  if (!Array.isArray(content)) {
    transcript.keepRest('content', content, null);
    return '';
  }
  return (content as readonly unknown[])
    .flatMap((part) => {
      if (typeof part === 'string') return [part];
      if (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string')
        return [part.text];
      transcript.keepRest('content', part, null);
      return [];
    })
    .join('\n');
}
