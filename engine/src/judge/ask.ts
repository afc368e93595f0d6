import { callModel, type RetryPolicy } from '../agent/model-call.ts';
import { readUsage } from '../agent/read-answer.ts';
import { costOf } from '../agent/spending.ts';
import type { World } from '../base/world.ts';
import { CONVERSATION, type ModelPrice, type OpenModel } from '../model/contract.ts';
import type { Budget } from '../study/budget.ts';
import { answeredSchema, type AnswerStore, type StoredAnswer } from './answer-store.ts';
import { type JudgePrompt, toModelPrompt } from './prompt.ts';

/** A judge that can be asked. */
export interface Judge {
  /** `provider/model` */
  readonly name: string;
  /** Null for a dry run: nothing is asked, and calls are only counted. */
  readonly open: OpenModel | null;
  /** Null if unknown: then no cost is computed. */
  readonly price: ModelPrice | null;
}

/** What is written with an answer, so that people find it. */
export type About = Pick<StoredAnswer, 'trialId' | 'record' | 'question'>;

export interface Asker {
  /**
   * The stored answer, or a new one, which is stored. Null if there is none: the call failed, its judge has failed too
   * often, or the money is spent. Never rejects because of a model.
   */
  readonly ask: (
    judge: Judge,
    prompt: JudgePrompt,
    where: { readonly store: AnswerStore; readonly about: About },
  ) => Promise<StoredAnswer | null>;
  readonly tally: (judge: string) => Tally;
  /** A sentence for each judge that is asked no more. */
  readonly stopped: () => readonly string[];
}

/** Calls that were made, or in a dry run would be, with the length of their prompts. */
export interface Tally {
  calls: number;
  failed: number;
  characters: number;
}

export interface AskerDeps {
  readonly budget: Budget;
  readonly retry: RetryPolicy;
  readonly world: Pick<World, 'elapsed' | 'now' | 'random'>;
  readonly signal: AbortSignal;
}

/** An answer is short; a model that thinks aloud needs room. */
export const OUTPUT_TOKENS_MAX = 4096;
/** A server that is gone is not asked for every record. */
const FAILURES_IN_A_ROW_MAX = 3;

export function createAsker({ budget, retry, world, signal }: AskerDeps): Asker {
  const tallies = new Map<string, Tally & { failuresInARow: number }>();
  const stopped = new Map<string, string>();
  const tallyOf = (name: string): Tally & { failuresInARow: number } => {
    const tally = tallies.get(name) ?? { calls: 0, failed: 0, characters: 0, failuresInARow: 0 };
    tallies.set(name, tally);
    return tally;
  };
  const fail = (name: string, { code, text }: { readonly code: string; readonly text: string }): void => {
    const tally = tallyOf(name);
    tally.failed++;
    tally.failuresInARow++;
    if (code === 'unauthorised' || code === 'unknown-model' || tally.failuresInARow >= FAILURES_IN_A_ROW_MAX)
      stopped.set(name, `${name} is asked no more (${code}): ${text}`);
  };
  const call = async (
    open: OpenModel,
    { name, price }: Judge,
    prompt: JudgePrompt,
  ): Promise<Pick<StoredAnswer, 'parameters' | 'reply' | 'answeredAs' | 'usage' | 'costUsd'> | null> => {
    // The same prompt gets the same seed, so that a replay on local weights gets the same answer.
    const seed = open.needsSeed === true ? { seed: Number.parseInt(prompt.sha256.slice(0, 7), 16) } : {};
    const named =
      open.inProcess === true
        ? { providerOptions: { [CONVERSATION.provider]: { [CONVERSATION.option]: prompt.sha256 } } }
        : {};
    const parameters = { ...open.defaults, maxOutputTokens: OUTPUT_TOKENS_MAX, ...seed };
    const { result, failure } = await callModel(
      { prompt: toModelPrompt(prompt), ...parameters, ...named },
      { open, retry, world, signal },
    );
    open.release?.(prompt.sha256);
    if (result === null) {
      fail(name, failure ?? { code: 'interrupted', text: 'the run was stopped' });
      return null;
    }
    tallyOf(name).failuresInARow = 0;
    const usage = readUsage(result);
    return answeredSchema.parse({
      parameters: { ...open.properties, ...parameters },
      reply: {
        text: result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
        finishReason: result.finishReason.unified,
      },
      answeredAs: result.response?.modelId ?? null,
      usage,
      costUsd: costOf(usage, price),
    });
  };
  return {
    ask: async (judge, prompt, { store, about }) => {
      const { name, open } = judge;
      const known = store.find(name, prompt.sha256);
      if (known !== undefined || stopped.has(name)) return known ?? null;
      const reservation = await budget.reserve(name);
      if (reservation === null) return null;
      const tally = tallyOf(name);
      tally.calls++;
      tally.characters += prompt.system.length + prompt.user.length;
      const answered =
        open === null
          ? null
          : await call(open, judge, prompt).catch((error: unknown) => {
              // A server or a package may give what no answer can be, e.g. more tokens than can be counted.
              fail(name, { code: 'broken-answer', text: error instanceof Error ? error.message : String(error) });
              return null;
            });
      reservation.settle(answered?.costUsd ?? 0);
      if (answered === null) return null;
      const answer: StoredAnswer = {
        ...{ format: 'offswitch-judge-answer', version: 1, at: new Date(world.now()).toISOString() },
        ...{ judge: name, prompt: prompt.sha256, ...about, ...answered },
      };
      store.append(answer);
      return answer;
    },
    tally: tallyOf,
    stopped: () => [...stopped.values()],
  };
}
