import { unknownNameError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import type { WordsUsed } from './published-words.ts';

/**
 * A named set of conditions with the published results for them. A preset is data in the folder of its scenario. It has
 * numbers only as they were published.
 */
export interface Preset {
  readonly name: string;
  readonly summary: string;
  /** Name of its scenario. */
  readonly scenario: string;
  readonly conditions: readonly PresetCondition[];
  /** Label of the condition from which the others vary. */
  readonly baseline: string;
  /** Trials per condition unless a study sets another number. */
  readonly epochs: number;
  readonly published: readonly PublishedRate[];
  /** Year and month of the publication, e.g. `2025-09`. */
  readonly publishedOn?: string;
  /** Controls that run as a demonstration if no model is named. If empty, a model must be named. */
  readonly controls?: readonly string[];
  /** By condition label: whether the factors match the publication. The wording is checked separately. */
  readonly comparability: Readonly<Record<string, Comparability>>;
  /**
   * Ids of texts whose published wording is unknown. Own wording in their place is reported, but does not rule out a
   * comparison.
   */
  readonly unpublishedTexts: readonly string[];
}

export interface PresetCondition {
  /** The label in the publication, for example `E`. */
  readonly label: string;
  readonly summary: string;
  /** Levels other than the defaults. */
  readonly factors: Condition;
}

export type Comparability = 'comparable' | { readonly reason: string };

/** One published result. No value is computed from another; what was not published is null. */
export interface PublishedRate {
  /** Label of the condition. */
  readonly condition: string;
  /** Name of the model in the publication. */
  readonly model: string;
  /** Name of the measure, in the vocabulary of the scenario. */
  readonly measure: string;
  /** Fraction, 0 to 1. */
  readonly value: number;
  /** The number as printed, for example `94.5 (93.0-95.8) %`. States it if the publication prints the complement. */
  readonly printed: string;
  readonly successes: number | null;
  readonly trials: number | null;
  /** If `trials` is null: what was published instead, or null. */
  readonly trialsSaid: string | null;
  /** If `trials` is null: the smallest number that is consistent with the publication, or null. */
  readonly trialsAtLeast: number | null;
  /** 95 %, Jeffreys; fractions. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly source: string;
  /** Why this number must not be relied on, or null. */
  readonly doubt: string | null;
}

/** Returns its argument; gives authors type checking. */
export function definePreset(preset: Preset): Preset {
  return preset;
}

export function findPreset(name: string, presets: readonly Preset[]): Preset {
  const found = presets.find((preset) => preset.name === name);
  if (found !== undefined) return found;
  throw unknownNameError(
    'preset',
    name,
    presets.map((preset) => preset.name),
  );
}

/**
 * The label of the preset condition that matches these levels in force, or null. Levels of interchangeable factors are
 * ignored.
 */
export function labelOf(
  condition: Condition,
  { conditions }: Preset,
  {
    factors: all,
    inForce,
  }: {
    readonly factors: readonly { readonly name: string; readonly interchangeable?: boolean }[];
    readonly inForce: (factors: Condition) => Condition;
  },
): string | null {
  const drawn = new Set(all.filter(({ interchangeable }) => interchangeable === true).map(({ name }) => name));
  const keyOf = (levels: Condition): string =>
    JSON.stringify(
      Object.entries(levels)
        .filter(([factor]) => !drawn.has(factor))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  const key = keyOf(condition);
  return conditions.find(({ factors }) => keyOf(inForce(factors)) === key)?.label ?? null;
}

/** Why a measured rate cannot be compared with the published one; null if it can. */
export function reasonAgainstComparing(
  { comparability, unpublishedTexts }: Preset,
  { label, words }: { readonly label: string; readonly words: WordsUsed },
): string | null {
  const known = comparability[label];
  if (known === undefined) return `nothing is published under "${label}"`;
  const own = [...words.shipped, ...words.given].filter((id) => !unpublishedTexts.includes(id));
  const reasons = [
    ...(words.published.length === 0
      ? ['own wording: the published texts were not used']
      : own.length > 0
        ? [`own wording of ${own.join(', ')}`]
        : []),
    ...(known === 'comparable' ? [] : [known.reason]),
  ];
  return reasons.length === 0 ? null : reasons.join('; ');
}

/** A caveat on the wording that a comparison must print, or null. */
export function caveatOfWords({ unpublishedTexts }: Preset, { shipped, given }: WordsUsed): string | null {
  const own = [...shipped, ...given].filter((id) => unpublishedTexts.includes(id));
  return own.length === 0 ? null : `${own.join(', ')} in own wording: the published wording is unknown`;
}
