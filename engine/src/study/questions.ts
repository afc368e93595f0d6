import { unknownNameError, UsageError } from '../base/usage-error.ts';
import { CORE_MEASURES } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import type { PlannedStudy } from './plan.ts';

/**
 * Checks the hypotheses and the trend of a plan against its arms, before any money is spent. Throws a `UsageError` for an unknown
 * measure, factor, level or agent, for a side that selects no arm, and for two sides that share an arm.
 */
export function checkQuestions({ design: { scenario, analysis }, arms }: PlannedStudy): void {
  const agents = [...new Set(arms.map(({ name }) => name))];
  const conditions = arms.map(({ name, inForce }) => ({ ...inForce, agent: name }));
  const known = new Map(scenario.factors.map(({ name, levels }) => [name, levels.map((level) => level.name)]));
  const measures = measuresOf(scenario);
  const newest = analysis?.trend?.models.at(-1);
  if (newest !== undefined && !agents.includes(newest))
    throw new UsageError(
      `the trend: its newest model has no arm in this study: ${unknownNameError('agent', newest, agents).message}`,
    );
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
          `${where}: none of the ${arms.length} arms of the study has ${show(selection)}: add such an arm, or select one that the study has`,
        );
      return chosen;
    });
    const shared = sides[0]?.filter((arm) => sides[1]?.includes(arm) === true) ?? [];
    if (shared.length > 0)
      throw new UsageError(
        `the hypothesis "${name}": first (${show(first)}) and second (${show(second)}) share ${shared.length} of ${arms.length} arms, but a trial cannot be compared with itself: select levels that separate the two sides`,
      );
  }
}

/** Names of all measures of a scenario: the headline, its other own measures, then those of the core. */
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
