/**
 * The money of a study. What a trial costs is known when it is over, so room is kept for each one in flight: that of the
 * dearest trial seen of its agent. Of an agent of which none has been seen, one trial runs alone. So a study goes past its
 * budget only by what trials in flight cost more than every trial of their agent before them.
 */
export interface Budget {
  /** Room for a trial of this agent; waits for those in flight where it depends on them. Null: no trial is begun any more. */
  readonly reserve: (agent: string) => Promise<Reservation | null>;
  readonly spentUsd: () => number;
  /** True once a trial was refused for want of money. */
  readonly isSpent: () => boolean;
}

export interface Reservation {
  /** The trial is over and cost this much. Called once. */
  readonly settle: (costUsd: number) => void;
}

export interface BudgetOptions {
  /** US dollars; null: no cap. */
  readonly capUsd: number | null;
  /** Spent before. */
  readonly spentUsd: number;
  /** The dearest trial of each agent that was run before. */
  readonly dearestUsd: ReadonlyMap<string, number>;
  /** True when no trial is to begin for other reasons: nobody waits then. */
  readonly isOver: () => boolean;
}

/** Sums of prices are not exact: a budget of five trials at a tenth of a dollar must hold five. */
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
        // What is in flight may turn out cheaper than what is kept for it.
        else await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return null;
    },
    spentUsd: () => spentUsd,
    isSpent: () => refused,
  };
}
