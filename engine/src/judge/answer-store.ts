import { appendFileSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { z } from 'zod';

import { makeFolder } from '../base/make-folder.ts';
import { readPlainText, whyUnread } from '../base/read-plain-file.ts';
import { UsageError } from '../base/usage-error.ts';
import { usageSchema } from '../record/events.ts';
import { sha256Hex } from '../record/evidence.ts';
import { replySchema } from './read-reply.ts';

/**
 * What judges answered about one record, beside it: `judge/ID.jsonl`, append-only. The words of the judge are stored, and read
 * anew each time: a quote is checked against the record as it is now. No chain proves this file, and no outcome rests on it.
 */
const answerSchema = z.strictObject({
  format: z.literal('offswitch-judge-answer'),
  version: z.literal(1),
  at: z.iso.datetime(),
  trialId: z.string(),
  /** The chain head of the record when it was judged. */
  record: sha256Hex,
  /** `provider/model` */
  judge: z.string(),
  /** What was asked, for people; `prompt` decides. */
  question: z.strictObject({ id: z.string(), version: z.int().min(1), variant: z.string() }),
  /** Hash of the whole prompt: of the record as it was shown, the question's texts and their order. */
  prompt: sha256Hex,
  parameters: z.record(z.string(), z.unknown()),
  reply: replySchema,
  /** The name under which the provider answered. */
  answeredAs: z.string().nullable(),
  usage: usageSchema,
  costUsd: z.number().min(0).nullable(),
});
export type StoredAnswer = z.output<typeof answerSchema>;

/** What a model gave of it. */
export const answeredSchema = answerSchema.pick({
  ...{ parameters: true, reply: true, answeredAs: true, usage: true, costUsd: true },
});

export interface AnswerStore {
  /** The first answer of a judge to a prompt. */
  readonly find: (judge: string, prompt: string) => StoredAnswer | undefined;
  readonly all: readonly StoredAnswer[];
  /** Lines that are no answers, e.g. cut by a crash. */
  readonly unreadable: number;
  readonly append: (answer: StoredAnswer) => void;
}

const BYTES_MAX = 256 * 1024 * 1024;

/** The file of answers for a record of a log folder. Throws a `UsageError` for a record that is in none. */
export function answersPath(record: string): string {
  const trials = dirname(record);
  if (basename(trials) !== 'trials')
    throw new UsageError(
      `${record} is not in a log folder: expected FOLDER/trials/ID.jsonl, because answers lie in FOLDER/judge`,
    );
  return join(dirname(trials), 'judge', basename(record));
}

export function openAnswers(path: string): AnswerStore {
  const text = existsSync(path) ? readText(path) : '';
  const lines = text.split('\n').filter((line) => line !== '');
  const all = lines.flatMap((line) => parse(line) ?? []);
  const keyOf = (judge: string, prompt: string): string => JSON.stringify([judge, prompt]);
  const first = new Map(all.toReversed().map((answer) => [keyOf(answer.judge, answer.prompt), answer]));
  // A crash may have left a part of a line.
  let before = text === '' || text.endsWith('\n') ? '' : '\n';
  return {
    all,
    unreadable: lines.length - all.length,
    find: (judge, prompt) => first.get(keyOf(judge, prompt)),
    append: (answer) => {
      makeFolder(dirname(path));
      appendFileSync(path, `${before}${JSON.stringify(answerSchema.parse(answer))}\n`);
      before = '';
      all.push(answer);
      first.set(keyOf(answer.judge, answer.prompt), answer);
    },
  };
}

function readText(path: string): string {
  try {
    return readPlainText(path, BYTES_MAX);
  } catch (error) {
    throw new UsageError(`cannot read the answers ${path}: ${whyUnread(error)}`, { cause: error });
  }
}

function parse(line: string): StoredAnswer | null {
  try {
    return answerSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
