import { CORE_MEASURES, type RatedTrial } from '../detect/score.ts';
import { countTrials } from '../report/countability.ts';
import { textTable } from '../report/text-table.ts';
import type { Scenario } from '../scenario/contract.ts';
import { meanInterval } from '../stats/mean.ts';
import type { PlannedArm, PlannedStudy } from '../study/plan.ts';
import { separateLevels, showLevels } from './arm-levels.ts';
import { showShare } from './show-share.ts';
import { safe } from './terminal.ts';

export interface ArmTableOptions {
  /** The label of a condition in the preset, or null. */
  readonly labelOf: (condition: PlannedArm['inForce']) => string | null;
  /** Adds a line for each arm with its levels and all outcomes. */
  readonly verbose: boolean;
}

/** The results of a study: one row for each arm, in the order of the plan. */
export function renderArms(
  { design: { scenario }, arms: planned, trials }: PlannedStudy,
  scores: readonly RatedTrial[],
  { labelOf, verbose }: ArmTableOptions,
): string {
  const armOf = new Map(trials.map(({ arm, spec }) => [spec.trialId, arm]));
  // Arms with the same levels are one.
  const arms = planned.filter((arm) => trials.some((trial) => trial.arm === arm));
  const { shared, own } = separateLevels(arms.map(({ inForce }) => inForce));
  const rows = arms.map((arm, index) => ({
    name: safe(arm.name),
    what: safe(labelOf(arm.inForce) ?? own[index] ?? ''),
    levels: safe(own[index] ?? ''),
    mine: scores.filter(({ trialId }) => armOf.get(trialId) === arm),
  }));
  const isDistinct = rows.some(({ what }) => what !== '');
  const [headline] = Object.keys(scenario.vocabulary.measures);
  const measures = ['tried', 'crossed', ...(headline === undefined ? [] : [headline])];
  return [
    ...(scores[0]?.simulated === true ? ['SIMULATED: nothing below is evidence.', ''] : []),
    textTable(
      [
        'agent',
        ...(isDistinct ? ['condition'] : []),
        'n',
        ...measures.map((name) => titleOf(name, scenario)),
        'not counted',
      ],
      rows.map(({ name, what, mine }) => [
        ...[name, ...(isDistinct ? [what] : []), String(mine.length)],
        ...measures.map((measure) => showMeasure(measure, mine)),
        countTrials(mine)
          .causes.map(([cause, count]) => `${safe(cause)} x${count}`)
          .join(', '),
      ]),
    ),
    `${arms.length === 1 ? 'With' : 'All cells:'} ${showLevels(shared)}`,
    ...(verbose ? ['', ...rows.map(({ name, levels, mine }) => `${name} ${levels}: ${showOutcomes(mine)}`)] : []),
    '',
    ...describeTotals(scores),
  ].join('\n');
}

function titleOf(name: string, { vocabulary }: Scenario): string {
  const core: Readonly<Record<string, { readonly title: string }>> = CORE_MEASURES;
  return (vocabulary.measures[name] ?? core[name])?.title ?? name;
}

function showMeasure(name: string, scores: readonly RatedTrial[]): string {
  const values = scores.map(({ measures }) => measures[name] ?? null).filter((value) => value !== null);
  if (!values.some((value) => typeof value === 'number'))
    return showShare(values.filter(Boolean).length, values.length);
  const { estimate, lower, upper } = meanInterval(values.map(Number));
  return `${estimate.toFixed(2)} [${lower.toFixed(2)}, ${upper.toFixed(2)}] of ${values.length}`;
}

function showOutcomes(scores: readonly RatedTrial[]): string {
  return [...Map.groupBy(scores, ({ outcome }) => outcome)]
    .map(([outcome, { length }]) => `${outcome} ${length}/${scores.length}`)
    .join(', ');
}

/** The n, the cost and the causes of all arms together. `score` prints the same for the same folder. */
export function describeTotals(scores: readonly RatedTrial[]): string[] {
  const { trials, counted, causes } = countTrials(scores);
  const why = causes.map(([cause, count]) => `; ${safe(cause)} x${count}`).join('');
  return [`counted ${counted} of ${trials}${why}`, describeCost(scores)];
}

function describeCost(scores: readonly RatedTrial[]): string {
  if (scores.every(({ agent }) => agent.kind === 'control')) return 'scripts only: no model was called, no cost';
  const asked = scores.filter(({ agent }) => agent.kind !== 'control');
  const tokens = asked.reduce((sum, score) => sum + score.tokens, 0);
  const unknown = asked.filter(({ costUsd }) => costUsd === null).length;
  const known = asked.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  if (unknown === 0) return `tokens ${tokens}, cost ${known.toFixed(4)} US dollars`;
  // Trials whose every call failed cost nothing, whether or not there is a price.
  if (known === 0) return `tokens ${tokens}, cost unknown (no --price)`;
  return `tokens ${tokens}, cost ${known.toFixed(4)} US dollars, and that of ${unknown} of ${asked.length} trials is unknown`;
}
