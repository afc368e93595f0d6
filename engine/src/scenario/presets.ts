import { unknownNameError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';
import type { WordsUsed } from './published-words.ts';

/**
 * Conditions that belong together, with what others have measured under them. A preset is data: it lies in the folder of
 * its scenario, and numbers are in it only as they were published.
 */
export interface Preset {
  readonly name: string;
  readonly summary: string;
  /** Name of its scenario. */
  readonly scenario: string;
  readonly conditions: readonly PresetCondition[];
  /** Label of the condition that the others are varied from. */
  readonly baseline: string;
  /** Trials of each condition when a study says nothing. */
  readonly epochs: number;
  readonly published: readonly PublishedRate[];
  /** Controls that are run when no model is named, to show what it looks like. None: a model must be named. */
  readonly controls?: readonly string[];
  /** By label of a condition: whether its factors are those of the publication. About the words it says nothing. */
  readonly comparability: Readonly<Record<string, Comparability>>;
  /** Ids of texts whose published words nobody has: ours in their place are said, and stand against no comparison. */
  readonly unpublishedTexts: readonly string[];
}

export interface PresetCondition {
  /** What the publication calls it, e.g. `E`. */
  readonly label: string;
  readonly summary: string;
  /** Levels other than the defaults. */
  readonly factors: Condition;
}

export type Comparability = 'comparable' | { readonly reason: string };

/** One published number. Nothing in it is worked out from another; what was not published is null. */
export interface PublishedRate {
  /** Label of the condition. */
  readonly condition: string;
  /** Name of the model in the publication. */
  readonly model: string;
  /** Name of the measure, in the vocabulary of the scenario. */
  readonly measure: string;
  /** Fraction, 0 to 1. */
  readonly value: number;
  /** What was printed, e.g. `94.5 (93.0-95.8) %`. Where it is the complement of the measure, it says so. */
  readonly printed: string;
  readonly successes: number | null;
  readonly trials: number | null;
  /** Where `trials` is null: what was said instead; null when nothing was. */
  readonly trialsSaid: string | null;
  /** Where `trials` is null: the fewest there can have been, by what was said; null when nothing was. */
  readonly trialsAtLeast: number | null;
  /** 95 %, Jeffreys; fractions. */
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly source: string;
  /** Why this number must not decide anything; null where nothing speaks against it. */
  readonly doubt: string | null;
}

/** Typed identity for authors. */
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
 * The label of the condition that these levels are, by what is in force and not by what was asked for; null where they are
 * none of the preset. Which of the levels of an interchangeable factor is used is no part of a condition.
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

/** Why a measured rate of this condition cannot be held against the published one; null when it can. */
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

/** What a comparison that is made all the same must say of its words; null when there is nothing to say. */
export function caveatOfWords({ unpublishedTexts }: Preset, { shipped, given }: WordsUsed): string | null {
  const own = [...shipped, ...given].filter((id) => unpublishedTexts.includes(id));
  return own.length === 0 ? null : `${own.join(', ')} in words of our own: the published ones are not known`;
}
