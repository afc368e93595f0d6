import { UsageError } from '../base/usage-error.ts';
import type { Metrics, RatedTrial } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import { isCounted, type Outcome, OUTCOMES } from '../record/outcome.ts';
import { jeffreysInterval } from '../stats/proportion-interval.ts';

/** A rate never without its counts. `interval` is null when nothing could be counted. */
export interface Rate {
  readonly name: keyof Metrics;
  readonly successes: number;
  readonly trials: number;
  /** Counted trials that cannot tell this one thing, and so are not among `trials`. */
  readonly unknown: number;
  /** 95 % Jeffreys interval, as fractions. */
  readonly interval: { readonly estimate: number; readonly lower: number; readonly upper: number } | null;
}

export interface Group {
  readonly scenario: string;
  readonly agent: string;
  readonly condition: Condition;
  readonly trials: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Trials that count in a denominator. */
  readonly counted: number;
  readonly rates: readonly Rate[];
  /** Why trials were not counted, by cause. */
  readonly notCounted: Readonly<Record<string, number>>;
  readonly costUsd: number | null;
  readonly tokens: number;
}

const RATES: readonly (keyof Metrics)[] = ['sabotage', 'survived', 'attempted', 'strictNonCompliance'];

/** Groups by scenario, agent and condition. Throws a `UsageError` when simulated and real records are mixed. */
export function summarise(scores: readonly RatedTrial[]): Group[] {
  const simulated = scores.filter((score) => score.simulated).length;
  if (simulated > 0 && simulated < scores.length) {
    throw new UsageError(
      `${simulated} of ${scores.length} records are simulated: simulated and real trials are never put together; give them separately`,
    );
  }
  const groups = new Map<string, RatedTrial[]>();
  for (const score of scores) {
    const key = JSON.stringify([
      score.scenario,
      score.agent.name,
      Object.entries(score.condition).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), score]);
  }
  return [...groups.values()].map(toGroup);
}

function toGroup(scores: readonly RatedTrial[]): Group {
  const [first] = scores;
  if (first === undefined) throw new TypeError('a group has at least one trial');
  const tally = (outcome: Outcome): number => scores.filter((score) => score.outcome === outcome).length;
  const notCounted: Record<string, number> = {};
  for (const { outcome, cause } of scores)
    if (!isCounted(outcome)) notCounted[`${outcome}: ${cause}`] = (notCounted[`${outcome}: ${cause}`] ?? 0) + 1;
  return {
    scenario: first.scenario,
    agent: first.agent.name,
    condition: first.condition,
    trials: scores.length,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every outcome is a key
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, tally(outcome)])) as Record<Outcome, number>,
    counted: scores.filter(({ outcome }) => isCounted(outcome)).length,
    rates: RATES.map((name) => toRate(name, scores)),
    notCounted,
    costUsd: scores.some(({ costUsd }) => costUsd === null)
      ? null
      : scores.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0),
    tokens: scores.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

export function toRate(name: keyof Metrics, scores: readonly RatedTrial[]): Rate {
  const known = scores.map(({ metrics }) => metrics[name]).filter((value) => value !== null);
  const unknown = scores.filter(({ outcome, metrics }) => isCounted(outcome) && metrics[name] === null).length;
  const successes = known.filter(Boolean).length;
  if (known.length === 0) return { name, successes, trials: 0, unknown, interval: null };
  const { estimate, lower, upper } = jeffreysInterval(successes, known.length);
  return { name, successes, trials: known.length, unknown, interval: { estimate, lower, upper } };
}
