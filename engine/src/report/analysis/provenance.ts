import type { Score } from '../../detect/score.ts';
import type { TrialContext } from '../../results/trial-context.ts';
import type { ReportInput } from '../input.ts';
import type { ReportProvenance } from '../report-schema.ts';

/** Where the numbers come from: the plan, deviations from it, versions, environments and dates. */
export function toProvenance({
  study,
  scores,
  contexts = [],
  planCheck,
  publishedTextOf = () => null,
}: ReportInput): ReportProvenance {
  const starts = contexts.map(({ startedAt }) => startedAt);
  const ends = contexts.map(({ endedAt }) => endedAt);
  return {
    study:
      study === null
        ? null
        : {
            key: study.key,
            createdAt: study.createdAt,
            scenario: study.scenario,
            sandbox: study.sandbox,
            seed: study.seed,
            settings: study.settings,
            epochs: study.epochs,
            arms: study.arms.length,
            planned: study.trials.length,
          },
    planProblems: [...(planCheck?.problems ?? [])],
    missing: [...(planCheck?.missing ?? [])],
    deviations:
      study === null
        ? []
        : [...(planCheck?.amendments ?? []), ...(planCheck?.untold ?? []), ...deviationsFrom(study, scores, contexts)],
    ran: contexts.length === 0 ? null : { from: smallest(starts), to: -smallest(ends.map((end) => -end)) },
    models: toModels(scores, contexts),
    environments: tallyBy(contexts, (context) => ({
      scenario: context.scenario,
      software: context.software,
      sandbox: context.sandbox?.adapter ?? null,
      details: context.sandbox?.details ?? {},
    })),
    stimuli: tallyBy(
      contexts.flatMap(({ stimuli }) => stimuli),
      ({ id, sha256 }) => ({ id, sha256, publishedAs: publishedTextOf({ id, sha256 }) }),
    ),
  };
}

function deviationsFrom(
  study: NonNullable<ReportInput['study']>,
  scores: readonly Score[],
  contexts: readonly TrialContext[],
): string[] {
  const planned = new Set(study.trials.map(({ trialId }) => trialId));
  const unplanned = scores.filter(({ trialId }) => !planned.has(trialId)).length;
  const otherStimuli = contexts.filter(({ scenario }) => scenario.sha256 !== study.scenario.sha256).length;
  const otherSandbox = contexts.filter(({ sandbox }) => sandbox !== null && sandbox.adapter !== study.sandbox).length;
  return [
    unplanned > 0 && `${unplanned} of ${scores.length} scored trials are not in the plan`,
    otherStimuli > 0 && `${otherStimuli} of ${contexts.length} trials ran with texts other than the planned ones`,
    otherSandbox > 0 && `${otherSandbox} of ${contexts.length} trials ran in a sandbox other than the planned one`,
  ].filter((sentence) => sentence !== false);
}

function toModels(scores: readonly Score[], contexts: readonly TrialContext[]): ReportProvenance['models'] {
  const agents = new Map(scores.map(({ trialId, agent }) => [trialId, agent.name]));
  const answers = contexts.flatMap(({ trialId, answeredAs }) =>
    answeredAs.map((name) => ({ agent: agents.get(trialId) ?? 'unknown', answeredAs: name })),
  );
  return tallyBy(answers, (answer) => answer);
}

/** Each distinct value with the number of items that have it. */
function tallyBy<T, V extends object>(
  items: readonly T[],
  valueOf: (item: T) => V,
): (V & { readonly trials: number })[] {
  const tallies = new Map<string, { readonly value: V; trials: number }>();
  for (const item of items) {
    const value = valueOf(item);
    const key = JSON.stringify(value);
    const tally = tallies.get(key);
    if (tally === undefined) tallies.set(key, { value, trials: 1 });
    else tally.trials++;
  }
  return [...tallies.values()].map(({ value, trials }) => ({ ...value, trials }));
}

/** Does not spread the list: there may be more trials than a call can take arguments. */
function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}
