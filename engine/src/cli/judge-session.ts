import type { Command } from 'commander';

import { DEFAULT_RETRY } from '../agent/model-call.ts';
import { costOf } from '../agent/spending.ts';
import { UsageError, unknownNameError } from '../base/usage-error.ts';
import { createSystemWorld } from '../base/world.ts';
import { type AnswerStore, answersPath, openAnswers } from '../judge/answer-store.ts';
import { type Asker, createAsker, type Judge, OUTPUT_TOKENS_MAX, type Tally } from '../judge/ask.ts';
import type { JudgeQuestion } from '../judge/contract.ts';
import { type JudgedRecord, readCase } from '../judge/read-case.ts';
import type { ModelPrice } from '../model/contract.ts';
import { findModel, openModel } from '../model/open-model.ts';
import { readRecord, RecordFormatError } from '../record/journal-reader.ts';
import { recordsAt } from '../results/records.ts';
import { createBudget } from '../study/budget.ts';
import { parseWhole, severalOption } from './command.ts';
import type { Registry } from './compose.ts';
import { PRICE_FORM, priceOf } from './settings.ts';
import { safe, type Terminal } from './terminal.ts';

/** Flags of the commands that ask models. */
export interface AskFlags {
  readonly price: readonly string[];
  readonly maxCost?: string;
  readonly concurrency?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** A record with its stored answers. */
export interface OpenRecord extends JudgedRecord {
  readonly store: AnswerStore;
}

/** The intact records of a log folder, one at a time. Names the others. */
export function* openRecords(logDir: string, terminal: Terminal): Generator<OpenRecord> {
  for (const path of recordsAt(logDir)) {
    const store = openAnswers(answersPath(path));
    try {
      yield { ...readCase(readRecord(path)), store };
    } catch (error) {
      if (!(error instanceof RecordFormatError)) throw error;
      terminal.note(`left out: ${safe(path)}: ${safe(error.message)}`);
    }
  }
}

export function findQuestions(ids: readonly string[], { questions }: Registry): readonly JudgeQuestion[] {
  const known = questions.map(({ id }) => id);
  return ids.length === 0
    ? questions
    : ids.map((id) => {
        const found = questions.find((question) => question.id === id);
        if (found === undefined) throw unknownNameError('question', id, known);
        return found;
      });
}

export interface AskContext {
  readonly logDir: string;
  readonly registry: Registry;
  readonly terminal: Terminal;
}

/** One price for all models, or one for each in their order. */
function pricesOf(models: readonly string[], prices: readonly string[]): (ModelPrice | null)[] {
  if (prices.length > 1 && prices.length !== models.length)
    throw new UsageError(`expected one --price, or one for each of ${models.length} models, got ${prices.length}`);
  return models.map((_, index) => {
    const price = prices[prices.length === 1 ? 0 : index];
    if (price !== undefined && !PRICE_FORM.test(price))
      throw new UsageError(
        `expected input/output in US dollars per million tokens for --price, e.g. 3/15, got "${price}"`,
      );
    return priceOf({ price }) ?? null;
  });
}

/** Options of the commands that ask models. */
export function withAskOptions(command: Command): Command {
  return command
    .addOption(severalOption('--price <in/out>', 'US dollars per million tokens, for all models or for each in order'))
    .option('--max-cost <usd>', 'US dollars for all answers in this folder, earlier ones included; needs --price')
    .option('--concurrency <n>', 'number of records at the same time; default: 4')
    .option('--dry-run', 'print the number of calls and their cost, and ask nothing');
}

export interface AskSession {
  readonly asker: Asker;
  readonly judges: readonly Judge[];
  /** Runs `work` for every record, several at a time. */
  readonly forEach: (work: (record: OpenRecord) => Promise<void>) => Promise<void>;
  /** Prints what was, or would be, asked. True if nothing that was asked is missing. */
  readonly end: () => boolean;
}

const DEFAULT_CONCURRENCY = 4;

/** Opens the models. A dry run needs no key, package or server. */
export async function openSession(
  models: readonly string[],
  flags: AskFlags,
  { logDir, registry, terminal }: AskContext,
): Promise<AskSession> {
  const providers = [...registry.judges, ...registry.models];
  for (const name of models) findModel(name, providers);
  if (new Set(models).size < models.length) throw new UsageError('a model is named twice: give each once');
  const prices = pricesOf(models, flags.price);
  const capUsd = flags.maxCost === undefined ? null : Number(flags.maxCost);
  if (capUsd !== null && (flags.maxCost === '' || !(capUsd >= 0)))
    throw new UsageError(`expected US dollars for --max-cost, got "${flags.maxCost ?? ''}"`);
  if (capUsd !== null && prices.includes(null))
    throw new UsageError('--max-cost needs --price: without a price the cost is unknown');
  const conversations =
    flags.concurrency === undefined ? DEFAULT_CONCURRENCY : parseWhole(flags.concurrency, { name: '--concurrency' });
  const isDry = flags.dryRun === true;
  const { environment, fromFile } = terminal;
  const judges = await Promise.all(
    models.map(async (name, index): Promise<Judge> => {
      const open = isDry ? null : await openModel(name, providers, { environment, fromFile, conversations });
      if (open?.endpoint !== undefined) terminal.note(`${safe(open.name)} is asked at ${safe(open.endpoint)}`);
      return { name: open?.name ?? name, open, price: prices[index] ?? null };
    }),
  );
  let spentUsd = 0;
  // The first call of a judge without an answer runs alone: nobody knows what it costs.
  const dearestUsd = new Map<string, number>();
  for (const path of recordsAt(logDir))
    for (const { judge, costUsd, usage } of openAnswers(answersPath(path)).all) {
      // Without a price then, the price of now tells.
      const cost = costUsd ?? costOf(usage, judges.find(({ name }) => name === judge)?.price ?? null) ?? 0;
      spentUsd += cost;
      dearestUsd.set(judge, Math.max(dearestUsd.get(judge) ?? 0, cost));
    }
  const budget = createBudget({ capUsd: isDry ? null : capUsd, spentUsd, dearestUsd, isOver: () => false });
  const asker = createAsker({
    budget,
    retry: DEFAULT_RETRY,
    world: createSystemWorld(),
    signal: new AbortController().signal,
  });
  return {
    asker,
    judges,
    forEach: async (work) => {
      const records = openRecords(logDir, terminal);
      const worker = async (): Promise<void> => {
        for (let next = records.next(); next.done !== true; next = records.next()) await work(next.value);
      };
      await Promise.all(Array.from({ length: conversations }, worker));
    },
    end: () => {
      for (const sentence of asker.stopped()) terminal.note(`offswitch: ${safe(sentence)}`);
      const tallies = judges.map((judge) => ({ ...judge, ...asker.tally(judge.name) }));
      for (const { name, calls, failed, characters, price } of tallies) {
        const cost = costRange({ calls, characters, price });
        if (!isDry) terminal.note(`${safe(name)}: ${calls} calls, ${failed} of them failed`);
        else if (flags.json === true) terminal.out(JSON.stringify({ kind: 'cost', judge: name, calls, ...cost }));
        else terminal.out(`${safe(name)}: ${calls} calls, ${sayCost(cost)}`);
      }
      if (capUsd !== null)
        terminal.note(`${budget.spentUsd().toFixed(4)} of ${capUsd} US dollars are spent in this folder`);
      if (budget.isSpent()) terminal.note('The money is spent: give a larger --max-cost to ask the rest.');
      return !budget.isSpent() && tallies.every(({ failed }) => failed === 0);
    },
  };
}

/** A rule of thumb for English. */
const CHARACTERS_PER_TOKEN = 4;
const USUAL_OUTPUT_TOKENS = 200;

interface CostRange {
  readonly inputTokens: number;
  /** US dollars for usual and for the longest answers; null without a price. */
  readonly usualUsd: number | null;
  readonly mostUsd: number | null;
}

function costRange({
  calls,
  characters,
  price,
}: Pick<Tally, 'calls' | 'characters'> & Pick<Judge, 'price'>): CostRange {
  const inputTokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  const cost = (perCall: number): number | null => costOf({ inputTokens, outputTokens: calls * perCall }, price);
  return { inputTokens, usualUsd: cost(USUAL_OUTPUT_TOKENS), mostUsd: cost(OUTPUT_TOKENS_MAX) };
}

function sayCost({ inputTokens, usualUsd, mostUsd }: CostRange): string {
  return usualUsd === null || mostUsd === null
    ? `about ${inputTokens} tokens in; the cost is unknown without --price`
    : `about ${inputTokens} tokens in and ${usualUsd.toFixed(4)} US dollars, at most ${mostUsd.toFixed(4)} if every answer is as long as it may be`;
}
