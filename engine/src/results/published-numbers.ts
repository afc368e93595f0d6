import { UsageError, unknownNameError } from '../base/usage-error.ts';
import type { Score } from '../detect/score.ts';
import type { Condition } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import { caveatOfWords, findPreset, labelOf, type Preset, reasonAgainstComparing } from '../scenario/presets.ts';
import { wordsOf } from '../scenario/published-words.ts';
import { isSameModel } from './agent-names.ts';
import type { PublishedTable } from './published-table.ts';
import type { TrialContext } from './trial-context.ts';

export interface Measured {
  readonly scores: readonly Score[];
  readonly contexts: readonly TrialContext[];
}

export interface PresetInReport {
  readonly labelOf: (condition: Condition) => string | null;
  readonly baselineLabel: string;
  /** Undefined if nothing is published. */
  readonly published: PublishedTable | undefined;
}

/** The label of a condition in a preset, by the levels in force. */
export function labelsOf(name: string, scenario: Scenario): (condition: Condition) => string | null {
  const preset = findPreset(name, scenario.presets);
  return (condition) => labelOf(condition, preset, { factors: scenario.factors, inForce: inForceIn(scenario) });
}

function inForceIn(scenario: Scenario): (factors: Condition) => Condition {
  return (factors) => scenario.setUp(factors, 'plan').condition;
}

/**
 * What a preset adds to a report: the labels of its conditions, and the published results for them.
 * @param stated `MODEL=Published name`, as given with `--as`
 */
export function presetInReport(
  name: string,
  {
    scenario,
    measured,
    stated,
  }: { readonly scenario: Scenario; readonly measured: Measured; readonly stated: readonly string[] },
): PresetInReport {
  const preset = findPreset(name, scenario.presets);
  const inForce = inForceIn(scenario);
  const label = labelsOf(name, scenario);
  if (preset.published.length === 0) {
    if (stated.length > 0)
      throw new UsageError(`--as names a published model, but the preset "${preset.name}" has no published results`);
    return { labelOf: label, baselineLabel: preset.baseline, published: undefined };
  }
  const agents = matchAgents(preset, measured.scores, stated);
  // Interchangeable levels are not part of a condition.
  const drawn = new Set(
    scenario.factors.filter(({ interchangeable }) => interchangeable === true).map(({ name: factor }) => factor),
  );
  return {
    labelOf: label,
    baselineLabel: preset.baseline,
    published: {
      title: preset.summary,
      source: [...new Set(preset.published.map(({ source }) => source))].join('; '),
      notComparable: null,
      agents,
      rows: inOrder(preset).map((row) => {
        const condition = preset.conditions.find((one) => one.label === row.condition);
        const levels = Object.entries(inForce(condition?.factors ?? {})).filter(([factor]) => !drawn.has(factor));
        const measuredAs = agents.filter(({ publishedAs }) => publishedAs === row.model).map(({ agent }) => agent);
        const ids = new Set(
          measured.scores
            .filter((score) => measuredAs.includes(score.agent.name) && label(score.condition) === row.condition)
            .map(({ trialId }) => trialId),
        );
        const words = wordsOf(
          measured.contexts.filter(({ trialId }) => ids.has(trialId)).flatMap(({ stimuli }) => stimuli),
          scenario.publishedHashes ?? [],
        );
        return {
          label: row.condition,
          agent: row.model,
          measuredAs,
          condition: Object.fromEntries(levels),
          metric: row.measure,
          rate: row.value,
          trials: row.trials,
          trialsAtLeast: row.trialsAtLeast,
          successes: row.successes,
          interval: row.interval,
          notComparable:
            [reasonAgainstComparing(preset, { label: row.condition, words }), row.doubt]
              .filter((reason) => reason !== null)
              .join('; ') || null,
          caveat: caveatOfWords(preset, words),
        };
      }),
    },
  };
}

/** Sorted by model as published, and within each by the conditions of the preset. */
function inOrder({ published, conditions }: Preset): Preset['published'] {
  const rank = (label: string): number => conditions.findIndex((one) => one.label === label);
  return [...Map.groupBy(published, ({ model }) => model).values()].flatMap((rows) =>
    rows.toSorted((a, b) => rank(a.condition) - rank(b.condition)),
  );
}

/** The publication with exactly this text, if a scenario was given it. */
export function publishedTextIn(
  scenarios: readonly Scenario[],
): (stimulus: { readonly id: string; readonly sha256: string }) => string | null {
  const known = scenarios.flatMap(({ publishedHashes = [] }) => publishedHashes);
  return ({ id, sha256 }) =>
    known.find((one) => id === `given/${one.id}` && one.sha256 === sha256)?.publication ?? null;
}

/** A stated match takes precedence over names. Scripts are never matched with a model. */
function matchAgents(preset: Preset, scores: readonly Score[], stated: readonly string[]): PublishedTable['agents'] {
  const names = [...new Set(scores.filter(({ agent }) => agent.kind !== 'control').map(({ agent }) => agent.name))];
  const models = [...new Set(preset.published.map(({ model }) => model))];
  const said = new Map(
    stated.map((text) => {
      const [agent, publishedAs] = parseStated(text);
      if (!names.includes(agent)) throw unknownNameError('model of these records', agent, names);
      if (!models.includes(publishedAs)) throw unknownNameError('published model', publishedAs, models);
      return [agent, publishedAs];
    }),
  );
  return names.flatMap((agent): PublishedTable['agents'] => {
    const own = said.get(agent);
    if (own !== undefined) return [{ agent, publishedAs: own, ground: 'stated' }];
    const same = models.filter((model) => isSameModel(agent, model));
    return same.map((publishedAs) => ({ agent, publishedAs, ground: 'name' }));
  });
}

function parseStated(text: string): readonly [agent: string, publishedAs: string] {
  const at = text.lastIndexOf('=');
  const [agent, publishedAs] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
  if (agent === '' || publishedAs === '')
    throw new UsageError(`expected --as "MODEL=Published name", e.g. "openai/o3=o3", got "${text}"`);
  return [agent, publishedAs];
}
