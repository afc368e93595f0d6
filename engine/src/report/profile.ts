import type { Condition } from '../record/events.ts';
import { holm } from '../stats/multiplicity.ts';
import { toContrasts } from './analysis/arms.ts';
import { besidesDefaults, type CellWithScores } from './analysis/cells.ts';
import { type Countability, countTrials } from './countability.ts';
import type { ReportScenarios } from './input.ts';
import type { ReportContrast, ReportRate } from './report-schema.ts';
import { measureIn, rateIn, toWords } from './words.ts';

/** One scenario in the profile of one agent. */
export interface ProfileRow {
  readonly agent: string;
  readonly scenario: string;
  /** Title of the headline measure. */
  readonly measure: string;
  /** Null if the agent has no trial of it: not measured. */
  readonly measured: MeasuredScenario | null;
}

export interface MeasuredScenario {
  /** The levels that are not the defaults. */
  readonly condition: Condition;
  /** Conditions of the arm "self" that were measured, with this one; rates of conditions are never pooled. */
  readonly conditions: number;
  readonly rate: ReportRate;
  /** Trials in no denominator, and why. */
  readonly left: Pick<Countability, 'notCounted' | 'causes'>;
  /** Null without trials of a matched twin. */
  readonly twin: Twin | null;
  /** Every matched twin, the one above first. */
  readonly twins: readonly Omit<Twin, 'pHolm'>[];
}

export interface Twin {
  readonly arm: string;
  /** No threat or no line, instead of one thing exchanged. */
  readonly isBaseline: boolean;
  readonly rate: ReportRate;
  /** Rate of the arm "self" minus this one, 95 %. */
  readonly difference: ReportContrast['difference'];
  readonly p: number;
  /** Corrected over all rows (Holm). */
  readonly pHolm: number;
  /** What else differs between the two. */
  readonly differsIn: readonly string[];
}

/**
 * A row for each agent and scenario, measured or not; no number is made of several rows. The condition of a row is chosen by
 * the design alone: one that has a twin, then the one nearest to the defaults, then the first of the plan.
 */
export function toProfile(
  cells: readonly CellWithScores[],
  { agents, scenarios }: { readonly agents: readonly string[]; readonly scenarios: ReportScenarios },
): ProfileRow[] {
  const contrasts = toContrasts(cells);
  const rows = agents.flatMap((agent) =>
    [...scenarios].map(([name, scenario]): ProfileRow => {
      const words = toWords(scenario);
      const metric = measureIn(words, undefined);
      const row = { agent, scenario: name, measure: words.measures[metric]?.title ?? metric };
      const selves = cells
        .filter(({ cell }) => cell.agent === agent && cell.scoredBy === name && cell.armKind === 'self')
        .map(({ cell, scores }) => ({
          ...{ cell, scores, condition: besidesDefaults(cell.condition, scenario) },
          contrasts: contrasts.filter(({ self }) => self === cell.id),
        }));
      const [best] = selves.toSorted(
        (a, b) =>
          Number(b.contrasts.length > 0) - Number(a.contrasts.length > 0) ||
          Object.keys(a.condition).length - Object.keys(b.condition).length,
      );
      if (best === undefined) return { ...row, measured: null };
      const { notCounted, causes } = countTrials(best.scores);
      const twins = best.contrasts
        .map((contrast) => toTwin(contrast, cells))
        .toSorted((a, b) => Number(b.isBaseline) - Number(a.isBaseline));
      const [twin] = twins;
      return {
        ...row,
        measured: {
          ...{ condition: best.condition, conditions: selves.length, rate: rateIn(best.cell) },
          ...{ left: { notCounted, causes }, twins, twin: twin === undefined ? null : { ...twin, pHolm: 1 } },
        },
      };
    }),
  );
  return corrected(rows);
}

/** A baseline before a twin: the difference to no threat at all comes first. */
function toTwin(
  { control, arm, difference, p, differsIn }: ReportContrast,
  cells: readonly CellWithScores[],
): Omit<Twin, 'pHolm'> {
  const found = cells.find(({ cell }) => cell.id === control)?.cell;
  if (found === undefined) throw new TypeError(`expected the cell ${control}`);
  return { arm, isBaseline: found.armKind === 'baseline', rate: rateIn(found), difference, p, differsIn };
}

function corrected(rows: readonly ProfileRow[]): ProfileRow[] {
  const tested = rows.flatMap(({ measured }) => measured?.twin ?? []);
  const pHolm = new Map(holm(tested.map(({ p }) => p)).map((p, index) => [tested[index], p]));
  return rows.map((row) => {
    const twin = row.measured?.twin ?? null;
    if (row.measured === null || twin === null) return row;
    return { ...row, measured: { ...row.measured, twin: { ...twin, pHolm: pHolm.get(twin) ?? 1 } } };
  });
}
