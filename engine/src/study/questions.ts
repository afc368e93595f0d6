import { unknownNameError, UsageError } from '../base/usage-error.ts';
import { CORE_MEASURES } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { PlannedStudy } from './plan.ts';

/**
 * Holds the hypotheses of a plan to what is going to be run. Throws a `UsageError` on a measure, factor, level or agent
 * that is not known, on a side that selects no arm, and on two sides that share one: a study that ends with "no data" is
 * money lost.
 */
export function checkQuestions({ design: { scenario, analysis }, arms }: PlannedStudy): void {
  const agents = [...new Set(arms.map(({ name }) => name))];
  const conditions = arms.map(({ name, inForce }) => ({ ...inForce, agent: name }));
  const known = new Map(scenario.factors.map(({ name, levels }) => [name, levels.map((level) => level.name)]));
  const measures = measuresOf(scenario);
  for (const { name, metric, first, second } of analysis?.hypotheses ?? []) {
    if (!measures.includes(metric))
      throw new UsageError(
        `the hypothesis "${name}": ${unknownNameError(`measure of the scenario "${scenario.name}"`, metric, measures).message}`,
      );
    const sides = [['first', first] as const, ['second', second] as const].map(([side, selection]) => {
      const where = `the hypothesis "${name}", ${side}`;
      checkNames(selection, { where, agents, known });
      const chosen = armsOf(selection, conditions);
      if (chosen.length === 0)
        throw new UsageError(
          `${where}: none of the ${arms.length} arms of the study has ${show(selection)}: run such an arm, or ask for one that is run`,
        );
      return chosen;
    });
    const shared = sides[0]?.filter((arm) => sides[1]?.includes(arm) === true) ?? [];
    if (shared.length > 0)
      throw new UsageError(
        `the hypothesis "${name}": first (${show(first)}) and second (${show(second)}) share ${shared.length} of ${arms.length} arms, and trials are not compared with themselves: give both sides levels that part them`,
      );
  }
}

/** Names of all measures of a scenario: its own, the headline first, then those of the core. */
export function measuresOf({ vocabulary }: Pick<Scenario, 'vocabulary'>): string[] {
  return [...Object.keys(vocabulary.measures), ...Object.keys(CORE_MEASURES)];
}

interface Known {
  readonly where: string;
  readonly agents: readonly string[];
  readonly known: ReadonlyMap<string, readonly string[]>;
}

function checkNames(selection: Condition, { where, agents, known }: Known): void {
  for (const [name, level] of Object.entries(selection)) {
    const levels = name === 'agent' ? agents : known.get(name);
    if (levels === undefined)
      throw new UsageError(`${where}: ${unknownNameError('factor', name, ['agent', ...known.keys()]).message}`);
    if (!levels.includes(level)) {
      const kind = name === 'agent' ? 'agent' : `level of the factor "${name}"`;
      throw new UsageError(`${where}: ${unknownNameError(kind, level, levels).message}`);
    }
  }
}

function armsOf(selection: Condition, conditions: readonly Condition[]): number[] {
  return conditions.flatMap((condition, index) =>
    Object.entries(selection).every(([name, level]) => condition[name] === level) ? [index] : [],
  );
}

function show(selection: Condition): string {
  const levels = Object.entries(selection).map(([name, level]) => `${name}=${level}`);
  return levels.length === 0 ? 'everything' : levels.join(' ');
}
