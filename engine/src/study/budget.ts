/**
 * The budget of a study. The cost of a trial is known only at its end, so each trial in flight reserves the cost of the
 * most expensive trial of its agent so far. The first trial of an agent runs alone. A study exceeds its budget only if
 * trials in flight cost more than every earlier trial of their agent.
 */
export interface Budget {
  /** Reserves money for a trial of this agent. May wait for trials in flight. Null: start no more trials. */
  readonly reserve: (agent: string) => Promise<Reservation | null>;
  readonly spentUsd: () => number;
  /** True once a trial was refused because the money did not suffice. */
  readonly isSpent: () => boolean;
}

export interface Reservation {
  /** Called once, at the end of the trial, with its actual cost. */
  readonly settle: (costUsd: number) => void;
}

export interface BudgetOptions {
  /** US dollars; null means no cap. */
  readonly capUsd: number | null;
  /** Spent by earlier runs. */
  readonly spentUsd: number;
  /** Cost of the most expensive earlier trial of each agent. */
  readonly dearestUsd: ReadonlyMap<string, number>;
  /** True if the study is ending for another reason, so that no reservation waits any longer. */
  readonly isOver: () => boolean;
}

/** Tolerance for floating-point sums: five trials of 0.1 dollars must fit into 0.5. */
const ROUNDING = 1e-9;

export function createBudget({ capUsd, dearestUsd, isOver, ...before }: BudgetOptions): Budget {
  const cap = (capUsd ?? Number.POSITIVE_INFINITY) * (1 + ROUNDING);
  const dearest = new Map(dearestUsd);
  const inFlight: { readonly agent: string; readonly keptUsd: number }[] = [];
  let { spentUsd } = before;
  let refused = false;
  let waiting: (() => void)[] = [];

  const roomFor = (agent: string): number | null => {
    const kept = inFlight.reduce((sum, { keptUsd }) => sum + keptUsd, 0);
    const own = dearest.get(agent);
    if (own === undefined) {
      const alone = !inFlight.some((one) => one.agent === agent);
      return capUsd === null || (alone && spentUsd + kept < capUsd) ? 0 : null;
    }
    return spentUsd + kept + own <= cap && (capUsd === null || spentUsd < capUsd) ? own : null;
  };
  const begin = (agent: string, keptUsd: number): Reservation => {
    const one = { agent, keptUsd };
    inFlight.push(one);
    return {
      settle: (costUsd) => {
        inFlight.splice(inFlight.indexOf(one), 1);
        spentUsd += costUsd;
        dearest.set(agent, Math.max(dearest.get(agent) ?? 0, costUsd));
        const woken = waiting;
        waiting = [];
        for (const go of woken) go();
      },
    };
  };
  return {
    reserve: async (agent) => {
      while (!isOver() && !refused) {
        const room = roomFor(agent);
        if (room !== null) return begin(agent, room);
        if (inFlight.length === 0) refused = true;
        // A trial in flight may cost less than its reservation.
        else await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return null;
    },
    spentUsd: () => spentUsd,
    isSpent: () => refused,
  };
}
