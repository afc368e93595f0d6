import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { sha256OfJson } from '../base/sha256.ts';
import type { Condition } from '../record/events.ts';
import type { Scenario } from '../scenario/contract.ts';
import { reasonAgainstComparing } from '../scenario/presets.ts';
import type { PublishedCell } from '../scenario/published-cell.ts';
import { wordsOf } from '../scenario/published-words.ts';
import { splitCsvLine } from './labels.ts';
import { labelsOf } from './published-numbers.ts';
import type { TrialContext } from './trial-context.ts';

/** A published cell, and the test that it is of. Cells with the same hash are one condition with one denominator. */
export interface HashedCell extends PublishedCell {
  readonly hash: string;
}

const text = z.string().trim().min(1);
const orNull = z.string().transform((value) => (value === '' ? null : value));
const count = z
  .string()
  .regex(/^\d*$/)
  .transform((value) => (value === '' ? null : Number(value)));
const rowSchema = z
  .strictObject({
    ...{ id: text, behaviour: text, model: text, condition: text, per: text, source: text, caveat: orNull },
    ...{ k: count, n: count, percent: z.coerce.number().min(0).max(100) },
    date: z.union([z.literal('').transform(() => null), z.string().regex(/^\d{4}(-\d{2})?$/)]),
  })
  .transform(({ k, n, percent, ...row }): PublishedCell => ({
    ...row,
    ...{ successes: k, trials: n, rate: k !== null && n !== null ? k / n : percent / 100, interval: null },
  }));

/**
 * Published cells of behaviours that no scenario here owns, from the file beside this one; a scenario has its own in its
 * folder. Throws if a row is not of the form.
 */
export function readShippedCells(): HashedCell[] {
  const [header = '', ...rows] = readFileSync(new URL('published-cells.csv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const names = splitCsvLine(header);
  return rows.map((row) => {
    const fields = splitCsvLine(row);
    return hashed(rowSchema.parse(Object.fromEntries(names.map((name, index) => [name, fields[index]]))));
  });
}

/** The published results of a scenario: those of its presets, and its other cells. */
export function cellsOfScenario(scenario: Scenario): HashedCell[] {
  const ofPresets = scenario.presets.flatMap((preset) =>
    preset.published.map((row): HashedCell => {
      const { summary = '' } = preset.conditions.find(({ label }) => label === row.condition) ?? {};
      const measure = scenario.vocabulary.measures[row.measure]?.title ?? row.measure;
      return {
        id: [preset.name, row.condition, row.model, row.measure].join('/'),
        behaviour: scenario.name,
        ...{ model: row.model, condition: `${preset.name} ${row.condition}, ${summary}`, per: `trials, ${measure}` },
        ...{ successes: row.successes, trials: row.trials, rate: row.value, interval: row.interval },
        ...{ date: preset.publishedOn ?? null, source: row.source, caveat: row.doubt },
        hash: hashOfPreset(preset.name, row.condition, row.measure),
      };
    }),
  );
  return [...ofPresets, ...(scenario.publishedCells ?? []).map(hashed)];
}

/** The model is what a series goes over; everything else makes the test. */
function hashed(cell: PublishedCell): HashedCell {
  const { behaviour, source, condition, per } = cell;
  return { ...cell, hash: sha256OfJson({ behaviour, source, condition, per }) };
}

function hashOfPreset(preset: string, label: string, measure: string): string {
  return sha256OfJson({ preset, label, measure });
}

/**
 * The hash of the published condition that trials repeat: the same levels, and the published texts. Null if they repeat
 * none; then they are another test.
 */
export function hashOfRepeated(
  scenario: Scenario,
  trials: {
    readonly condition: Condition;
    readonly measure: string;
    readonly stimuli: TrialContext['stimuli'];
  },
): string | null {
  const words = wordsOf(trials.stimuli, scenario.publishedHashes ?? []);
  for (const preset of scenario.presets) {
    const label = labelsOf(preset.name, scenario)(trials.condition);
    if (label !== null && reasonAgainstComparing(preset, { label, words }) === null)
      return hashOfPreset(preset.name, label, trials.measure);
  }
  return null;
}
