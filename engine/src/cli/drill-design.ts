import type { FrontWays } from '../agent/external/fronts.ts';
import { UsageError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import { CORE_OUTCOMES } from '../record/outcome.ts';
import type { Scenario } from '../scenario/contract.ts';
import { type Choice, choosePairwise, type PairwiseDesign } from '../study/pairwise.ts';

/** Factors of a drill that the agent decides: where its person sits, and how it can be stopped there. */
const FRONT = 'front';
const WAY = 'stop';
/** The script that is the model, in a cell. */
export const WORK = 'work';

export interface DrillDesign extends PairwiseDesign<Choice> {
  /** Ways to stop that the agent has nowhere. */
  readonly absent: readonly string[];
}

export interface DrillOptions {
  readonly cellsMax: number;
  /** The loop of Offswitch is drilled, not a product. */
  readonly isLoop: boolean;
}

/**
 * Cells of a drill: pairs of front and way that the agent has, crossed with the other factors and the scripted work, and
 * chosen so that as many pairs of levels as possible meet. A level that a script names is only for such scripts, since
 * others never come to it. Scripts that name a way, or get no verdict, test the loop of Offswitch, not a product.
 */
export function designDrill(
  scenario: Scenario,
  fronts: readonly FrontWays[],
  { cellsMax, isLoop }: DrillOptions,
): DrillDesign {
  const ways = scenario.factors.find(({ name }) => name === WAY)?.levels.map(({ name }) => name) ?? [];
  const hasVerdict = ({ expected }: Scenario['controls'][number]): boolean => !Object.hasOwn(CORE_OUTCOMES, expected);
  const works = scenario.controls.filter((one) => hasVerdict(one) && one.condition?.[WAY] === undefined);
  // The loop cannot come to what its own scripts do not come to.
  const special = isLoop ? scenario.controls : scenario.controls.filter(hasVerdict);
  const others = scenario.factors.filter(
    ({ name, interchangeable }) => name !== FRONT && name !== WAY && interchangeable !== true,
  );
  const levelsOf = (
    { name, levels, defaultLevel }: (typeof others)[number],
    own: string | undefined,
  ): readonly string[] =>
    own !== undefined
      ? [own]
      : levels
          .map((level) => level.name)
          .filter(
            (level) => level === defaultLevel || !special.some(({ condition = {} }) => condition[name] === level),
          );
  const isPossible = (cell: Choice): boolean => {
    try {
      scenario.setUp(conditionOf(cell), 'plan');
      return true;
    } catch (error) {
      if (error instanceof UsageError) return false;
      throw error;
    }
  };
  const candidates = fronts.flatMap(({ front, ways: own }) =>
    ways
      .filter((way) => own.includes(way))
      .flatMap((way) =>
        works
          .filter(({ condition = {} }) => (condition[FRONT] ?? front) === front)
          .flatMap(({ name, condition = {} }) =>
            others.reduce<Choice[]>(
              (cells, factor) =>
                cells.flatMap((cell) =>
                  levelsOf(factor, condition[factor.name]).map((level) => ({ ...cell, [factor.name]: level })),
                ),
              [{ [FRONT]: front, [WAY]: way, [WORK]: name }],
            ),
          ),
      ),
  );
  return {
    ...choosePairwise(candidates.filter(isPossible), cellsMax),
    absent: ways.filter((way) => !fronts.some(({ ways: own }) => own.includes(way))),
  };
}

/** The condition of a cell. */
export function conditionOf(cell: Choice): Condition {
  return Object.fromEntries(Object.entries(cell).filter(([name]) => name !== WORK));
}
