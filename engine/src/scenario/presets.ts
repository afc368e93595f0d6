import { unknownNameError } from '../base/usage-error.ts';
import type { Condition } from '../record/events.ts';

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
  /** Trials of each condition when a study says nothing. */
  readonly epochs: number;
  readonly published: readonly PublishedRate[];
  /** Controls that are run when no model is named, to show what it looks like. None: a model must be named. */
  readonly controls?: readonly string[];
  /** By label of a condition: whether its factors are those of the publication. About the words it says nothing. */
  readonly comparability: Readonly<Record<string, Comparability>>;
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
  readonly rate: 'sabotage' | 'strictNonCompliance';
  /** Fraction, 0 to 1. */
  readonly value: number;
  /** What was printed, e.g. `94.5 (93.0-95.8) %`. Where it is the complement of `rate`, it says so. */
  readonly printed: string;
  readonly successes: number | null;
  readonly trials: number | null;
  /** Where `trials` is null: what was said instead; null when nothing was. */
  readonly trialsSaid: string | null;
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

/** Why a measured rate of this condition cannot be held against the published one; null when it can. */
export function reasonAgainstComparing(
  { comparability }: Preset,
  { label, publishedWords }: { readonly label: string; readonly publishedWords: boolean },
): string | null {
  const known = comparability[label];
  if (known === undefined) return `nothing is published under "${label}"`;
  const reasons = [
    ...(publishedWords ? [] : ['own wording: the published texts were not used']),
    ...(known === 'comparable' ? [] : [known.reason]),
  ];
  return reasons.length === 0 ? null : reasons.join('; ');
}
