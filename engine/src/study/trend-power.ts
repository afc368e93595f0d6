import { createChance } from '../base/world.ts';
import { trendPower, trendTrialsMax } from '../stats/trend-test.ts';
import type { AnalysisPlan, PlannedStudy } from './plan.ts';

type TrendPlan = NonNullable<AnalysisPlan['trend']>;

export interface TrendExtent {
  /** Two-sided, for one condition: the level of the plan over the number of conditions, so never too optimistic. */
  readonly alpha: number;
  /** Of each model and condition. */
  readonly trials: number;
  /** Texts that the trials of a model share. */
  readonly instances: number;
}

/** Rates that rise or fall evenly from the oldest model to the newest. */
export function evenRates({ from, to }: Pick<TrendPlan, 'from' | 'to'>, models: number): number[] {
  return Array.from({ length: models }, (_, index) => from + ((to - from) * index) / (models - 1));
}

/** Chance of finding the planned change, always the same for the same plan; null with fewer than two texts. */
export function powerOfTrend(plan: TrendPlan, { alpha, trials, instances }: TrendExtent): number | null {
  if (instances < 2 || trials < instances) return null;
  const models = plan.models.length;
  const most = Math.floor(trendTrialsMax / models);
  const question = { rates: evenRates(plan, models), trials: Math.min(trials, most), instances, icc: plan.icc };
  return trendPower(question, { alpha, chance: createChance('trend power') });
}

/** One sentence for the plan of a study, before its first trial; null if it plans no trend. */
export function sayTrendPower({ design: { scenario, seed, epochs, analysis }, arms }: PlannedStudy): string | null {
  const plan = analysis?.trend;
  if (plan === undefined) return null;
  const isSelf = (level = 'self'): boolean =>
    (Object.hasOwn(scenario.arms, level) ? scenario.arms[level] : level) === 'self';
  const own = arms.filter(({ name, inForce }) => name === plan.models.at(-1) && isSelf(inForce['arm']));
  const [arm] = own;
  const texts = Array.from({ length: arm === undefined ? 0 : epochs }, (_, index) =>
    JSON.stringify(scenario.setUp(arm?.condition ?? {}, `${seed}/${index + 1}`).stimuli),
  );
  const instances = new Set(texts).size;
  const alpha = (analysis?.alpha ?? 0) / Math.max(1, own.length);
  const power = powerOfTrend(plan, { alpha, trials: epochs, instances });
  const change = `a change of the headline rate from ${plan.from * 100} % to ${plan.to * 100} % over ${plan.models.length} models`;
  return power === null
    ? `no power to find ${change}: ${epochs} trials of a model have ${instances} texts, and a trend needs two`
    : `power ${power.toFixed(2)} to find ${change}: ${epochs} trials of each in ${instances} texts, ${own.length} conditions, correlation within a text ${plan.icc}`;
}
