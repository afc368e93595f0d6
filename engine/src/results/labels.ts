import { readPlainText, whyUnread } from '../base/read-plain-file.ts';
import { UsageError } from '../base/usage-error.ts';
import { createChance } from '../base/world.ts';
import type { Score } from '../detect/score.ts';
import { CORE_OUTCOMES, RUNG_CROSSED, RUNG_TRIED } from '../record/outcome.ts';
import type { LabelMeaning, Scenario } from '../scenario/contract.ts';
import { cohenKappa, type Kappa } from '../stats/agreement.ts';
import { clusterBootstrap } from '../stats/cluster-bootstrap.ts';
import { jeffreysInterval, type ProportionInterval } from '../stats/proportion-interval.ts';

/** The scenarios whose rules scored the trials, by name. */
export type LabelScenarios = ReadonlyMap<string, Pick<Scenario, 'vocabulary' | 'labelWords'>>;

/** How well outcomes agree with imported labels. */
export interface Agreement {
  /** Label against outcome, with counts. */
  readonly confusion: readonly { readonly label: string; readonly outcome: string; readonly count: number }[];
  /** Trials that crossed the line according to both, only us, only the label, or neither. */
  readonly counts: {
    readonly both: number;
    readonly onlyFound: number;
    readonly onlyLabelled: number;
    readonly neither: number;
  };
  readonly precision: ProportionInterval | null;
  readonly recall: ProportionInterval | null;
  readonly f1: { readonly estimate: number; readonly lower: number | null; readonly upper: number | null } | null;
  readonly kappa: Kappa | null;
  /** Left out, because the label is undecided. */
  readonly undecided: number;
  readonly unlabelled: number;
  /** Trials with a decided label but no verdict of ours. They stay in the denominator, as not found. */
  readonly untold: { readonly crossed: number; readonly otherwise: number };
  /** Found only by a measure: no act was seen, and the outcome is `invalid`. Counted as found. */
  readonly byMeasureAlone: number;
  /** Trials in which the agent tried to cross the line and failed, by label. */
  readonly attempted: { readonly crossed: number; readonly otherwise: number };
  readonly disagreements: readonly Disagreement[];
}

interface Disagreement {
  readonly trialId: string;
  readonly label: string;
  readonly outcome: string;
  readonly because: string;
  readonly findings: readonly string[];
}

const COMMON_WORDS: Readonly<Record<string, LabelMeaning>> = {
  ...Object.fromEntries(['crossed', 'true', '1', 'yes'].map((word) => [word, 'crossed'])),
  ...Object.fromEntries(['not crossed', 'false', '0', 'no'].map((word) => [word, 'otherwise'])),
  ...Object.fromEntries(
    ['error', 'infra error', 'unknown', 'undecided', '', ...Object.keys(CORE_OUTCOMES)].map((word) => [
      word,
      'undecided',
    ]),
  ),
};

export const plainWord = (label: string): string =>
  label
    .trim()
    .toLowerCase()
    .replaceAll(/[-_\s]+/g, ' ');

/** All words that a label may be: those of the scenarios, names of their outcomes, and a few common ones. */
export function wordsForLabels(scenarios: LabelScenarios): ReadonlyMap<string, LabelMeaning> {
  return new Map([
    ...Object.entries(COMMON_WORDS),
    ...[...scenarios.values()].flatMap(({ vocabulary, labelWords }): (readonly [string, LabelMeaning])[] => [
      ...Object.entries(vocabulary.outcomes).map(
        ([name, { rung }]) => [plainWord(name), rung >= RUNG_CROSSED ? 'crossed' : 'otherwise'] as const,
      ),
      ...Object.entries(labelWords?.words ?? {}),
    ]),
  ]);
}

/** Enough for a million labels. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * Labels by trial id. CSV with a header (`id` and one of `label`, `official_outcome`, `outcome`), or a JSON object from
 * id to label or to a list of tags. Throws a `UsageError` on anything else.
 */
export function readLabels(path: string, words: ReadonlyMap<string, LabelMeaning>): Map<string, string> {
  let text: string;
  try {
    text = readPlainText(path, BYTES_MAX);
  } catch (error) {
    throw new UsageError(`cannot read the labels ${path}: ${whyUnread(error)}`, { cause: error });
  }
  // Spreadsheets start their files with a byte order mark.
  const plain = text.replace(/^\uFEFF/, '');
  const entries = path.endsWith('.json') ? readJson(plain, path, words) : readCsv(plain, path);
  if (entries.length === 0) throw new UsageError(`${path} has no labels`);
  const labels = new Map<string, string>();
  for (const [id, label] of entries) {
    if (labels.has(id)) throw new UsageError(`${path}: the id "${id}" has more than one label`);
    if (!words.has(plainWord(label)))
      throw new UsageError(
        `${path}: the label "${label}" of "${id}" is not known; expected one of ${[...words.keys()].filter((word) => word !== '').join(', ')}, or nothing`,
      );
    labels.set(id, label);
  }
  return labels;
}

function readJson(text: string, path: string, words: ReadonlyMap<string, LabelMeaning>): (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${path}: expected an object from trial id to label`);
  const twice = keyTwice(text);
  if (twice !== null) throw new UsageError(`${path}: the id "${twice}" has more than one label`);
  return Object.entries(value).map(([id, label]: [string, unknown]) => {
    if (typeof label === 'string') return [id, label];
    if (!Array.isArray(label)) throw new UsageError(`${path}: expected a label or a list of tags for "${id}"`);
    // The strongest tag of a list counts; the others may be anything.
    const tags = label.map(String);
    const strongest = (['crossed', 'undecided', 'otherwise'] as const).flatMap((meaning) =>
      tags.filter((tag) => words.get(plainWord(tag)) === meaning),
    );
    return [id, strongest[0] ?? tags[0] ?? ''];
  });
}

/** Finds a duplicate key of the outermost object. A parser would silently take the last one. */
function keyTwice(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (const [token, key] of text.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (/^[{[]$/.test(token)) depth++;
    else if (/^[}\]]$/.test(token)) depth--;
    else if (key !== undefined && depth === 1) {
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return null;
}

function readCsv(text: string, path: string): (readonly [string, string])[] {
  const [header, ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map(splitCsvLine);
  const id = header?.indexOf('id') ?? -1;
  const label = ['label', 'official_outcome', 'outcome']
    .map((name) => header?.indexOf(name) ?? -1)
    .find((column) => column >= 0);
  if (id < 0 || label === undefined)
    throw new UsageError(`${path}: expected a CSV whose header names "id" and "label"`);
  return rows.map((row) => [row[id] ?? '', row[label] ?? ''] as const);
}

/** Cells of one line, quoted or not (RFC 4180, without line breaks in cells). */
export function splitCsvLine(line: string): string[] {
  return (line.match(/(?<=^|,)("(?:[^"]|"")*"|[^,]*)(?=,|$)/g) ?? []).map((cell) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  );
}

/** Throws a `UsageError` if a label names no trial. */
export function compareWithLabels(
  scores: readonly Score[],
  labels: ReadonlyMap<string, string>,
  scenarios: LabelScenarios,
): Agreement {
  const words = wordsForLabels(scenarios);
  const byScore = matchLabels(scores, labels);
  const confusion = new Map<string, Agreement['confusion'][number]>();
  const pairs: { readonly found: boolean; readonly labelled: boolean }[] = [];
  const disagreements: Disagreement[] = [];
  const untold = { crossed: 0, otherwise: 0 };
  const attempted = { crossed: 0, otherwise: 0 };
  let undecided = 0;
  let byMeasureAlone = 0;
  for (const [score, label] of byScore) {
    const { outcome, rung } = score;
    const key = JSON.stringify([label, outcome]);
    confusion.set(key, { label, outcome, count: (confusion.get(key)?.count ?? 0) + 1 });
    const meaning = words.get(plainWord(label)) ?? 'undecided';
    if (meaning === 'undecided') {
      undecided++;
      continue;
    }
    const foundBy = scenarios.get(score.scoredBy)?.labelWords?.foundBy;
    const isByMeasure = outcome === 'invalid' && foundBy !== undefined && score.measures[foundBy] === true;
    const isUntold = rung === null && !isByMeasure;
    if (isByMeasure) byMeasureAlone++;
    if (isUntold) untold[meaning]++;
    if (rung === RUNG_TRIED) attempted[meaning]++;
    const pair = { found: isByMeasure || (rung !== null && rung >= RUNG_CROSSED), labelled: meaning === 'crossed' };
    pairs.push(pair);
    if (pair.found !== pair.labelled || isUntold) {
      const findings = score.findings.filter(({ basis }) => basis !== 'text').map(({ because }) => because);
      disagreements.push({ trialId: score.trialId, label, outcome, because: score.because, findings });
    }
  }
  const count = (found: boolean, labelled: boolean): number =>
    pairs.filter((pair) => pair.found === found && pair.labelled === labelled).length;
  const counts = {
    both: count(true, true),
    onlyFound: count(true, false),
    onlyLabelled: count(false, true),
    neither: count(false, false),
  };
  const rate = (successes: number, trials: number): ProportionInterval | null =>
    trials === 0 ? null : jeffreysInterval(successes, trials);
  return {
    confusion: [...confusion.values()],
    counts,
    precision: rate(counts.both, counts.both + counts.onlyFound),
    recall: rate(counts.both, counts.both + counts.onlyLabelled),
    f1: f1Interval(pairs),
    kappa:
      pairs.length === 0 ? null : cohenKappa(pairs.map(({ found, labelled }) => [String(found), String(labelled)])),
    undecided,
    unlabelled: scores.length - byScore.length,
    untold,
    byMeasureAlone,
    attempted,
    disagreements,
  };
}

/** Ids of logs may have slashes. A trial id has none, and may start with the imported folder. */
export function matchLabels<T extends { readonly trialId: string }>(
  scores: readonly T[],
  labels: ReadonlyMap<string, string>,
): (readonly [T, string])[] {
  const plain = (id: string): string => id.replace(/\.jsonl$/, '').replaceAll('/', '-');
  const unknown: string[] = [];
  const matched = new Map<T, { readonly id: string; readonly label: string }>();
  for (const [id, label] of labels) {
    const name = plain(id);
    const exact = scores.filter(({ trialId }) => trialId === id || trialId === name);
    const found = exact.length > 0 ? exact : scores.filter(({ trialId }) => trialId.endsWith(`-${name}`));
    const [one] = found;
    if (one === undefined) {
      unknown.push(id);
      continue;
    }
    if (found.length > 1)
      throw new UsageError(
        `the label of "${id}" may mean ${found.length} trials, e.g. "${one.trialId}": give the whole id`,
      );
    const other = matched.get(one);
    if (other !== undefined)
      throw new UsageError(`"${other.id}" and "${id}" name the same trial, ${one.trialId}: give each trial one label`);
    matched.set(one, { id, label });
  }
  // A log folder may have copies of a trial under a longer name, which readers leave out. Then the label is repeated.
  const strangers = unknown.filter(
    (id) =>
      ![...matched.values()].some(
        (known) => known.label === labels.get(id) && /^[_.-]/.test(suffixOf(plain(id), plain(known.id))),
      ),
  );
  const [first] = strangers;
  if (first !== undefined)
    throw new UsageError(
      `${strangers.length} of ${labels.size} labels name no trial here, e.g. "${first}": give labels for these trials only`,
    );
  return [...matched].map(([score, { label }]) => [score, label] as const);
}

/** The rest of a name after a prefix; empty if it does not start with that prefix. */
function suffixOf(name: string, beginning: string): string {
  return name.startsWith(beginning) ? name.slice(beginning.length) : '';
}

function f1Interval(pairs: readonly { readonly found: boolean; readonly labelled: boolean }[]): Agreement['f1'] {
  const f1 = (sample: typeof pairs): number => {
    const both = sample.filter(({ found, labelled }) => found && labelled).length;
    const either = sample.filter(({ found, labelled }) => found !== labelled).length;
    return both + either === 0 ? 1 : (2 * both) / (2 * both + either);
  };
  if (!pairs.some(({ found, labelled }) => found || labelled)) return null;
  const estimate = f1(pairs);
  if (pairs.length < 2) return { estimate, lower: null, upper: null };
  const { lower, upper, isDegenerate } = clusterBootstrap(pairs, f1, { chance: createChance('f1') });
  return isDegenerate ? { estimate, lower: null, upper: null } : { estimate, lower, upper };
}
