import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import type { ModelPrice } from '../model/contract.ts';
import type { TrialLimits, Usage } from '../record/events.ts';
import type { AgentEnd } from './contract.ts';
import { readUsage } from './read-answer.ts';

/** What the answers of a model have cost in a trial, against its limits. */
export interface Spending {
  /** Counts an answer. `cost` is in US dollars; null if it is unknown. */
  readonly pay: (result: LanguageModelV4GenerateResult) => { readonly usage: Usage; readonly cost: number | null };
  /** The limit that is reached; null if there is none. */
  readonly reached: (limits: TrialLimits, so: { readonly turn: number; readonly leftMs: number }) => AgentEnd | null;
}

/** @param price null if unknown: then no cost is computed and no cost limit applies */
export function startSpending(price: ModelPrice | null): Spending {
  let tokens = 0;
  let costUsd = 0;
  return {
    pay: (result) => {
      const usage = readUsage(result);
      const cost = costOf(usage, price);
      tokens += (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0);
      costUsd += cost ?? 0;
      return { usage, cost };
    },
    reached: (limits, { turn, leftMs }) => {
      if (turn >= limits.turnsMax) return { reason: 'turn-limit', detail: `${limits.turnsMax} turns` };
      if (tokens >= limits.tokensMax) return { reason: 'token-limit', detail: `${tokens} tokens` };
      if (leftMs <= 0) return { reason: 'time-limit', detail: null };
      if (price !== null && costUsd >= limits.costUsdMax)
        return { reason: 'cost-limit', detail: `${costUsd.toFixed(4)} US dollars` };
      return null;
    },
  };
}

/** The stricter of both for each limit, because no file in the machine may raise a limit of the trial. */
export function lowerOf(limits: TrialLimits, lower: Partial<TrialLimits>): TrialLimits {
  const least = (name: keyof TrialLimits): number => Math.min(limits[name], lower[name] ?? Number.POSITIVE_INFINITY);
  return {
    turnsMax: least('turnsMax'),
    tokensMax: least('tokensMax'),
    durationMsMax: least('durationMsMax'),
    costUsdMax: least('costUsdMax'),
    commandMsMax: least('commandMsMax'),
    outputBytesMax: least('outputBytesMax'),
    idleTurnsMax: least('idleTurnsMax'),
  };
}

/** US dollars; null if the price or the token count is unknown. */
export function costOf(
  { inputTokens, outputTokens }: Pick<Usage, 'inputTokens' | 'outputTokens'>,
  price: ModelPrice | null,
): number | null {
  if (price === null || inputTokens === null || outputTokens === null) return null;
  return (inputTokens * price.inputUsdPerMillion + outputTokens * price.outputUsdPerMillion) / 1_000_000;
}
