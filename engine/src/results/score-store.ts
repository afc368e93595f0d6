import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { writeFileAtomic } from '../base/atomic-write.ts';
import { makeFolder } from '../base/make-folder.ts';
import { readPlainText } from '../base/read-plain-file.ts';
import { sha256 } from '../base/sha256.ts';
import { type Detector, type Finding, findingSchema } from '../detect/contract.ts';
import { CORE_RULES_VERSION } from '../detect/decide.ts';
import type { Score } from '../detect/score.ts';

/**
 * The scores of a log folder by each generation of detectors and rules: `scores/ID.jsonl`, with a header and one line
 * per trial. The id is a hash over the versions. Files of earlier generations stay, so that a re-score can report what
 * changed and why.
 */
const headerSchema = z.strictObject({
  format: z.literal('offswitch-scores'),
  /** Version 1 had findings before or after a single mark. */
  version: z.union([z.literal(1), z.literal(2)]),
  detectors: z.record(z.string(), z.int().min(1)),
  /** Version of the outcome rules; 1 for files from before they had one. */
  judge: z.int().min(1).default(1),
  /** Versions of the scenarios whose rules scored; omitted by files from when there was only one. */
  scenarios: z.record(z.string(), z.string()).default({}),
  writtenAt: z.string(),
});
const lineSchema = z.strictObject({
  trialId: z.string(),
  outcome: z.string(),
  cause: z.string(),
  findings: z.array(z.preprocess(upgradeFinding, findingSchema)),
});
type StoredScore = z.output<typeof lineSchema>;

export interface Generation {
  readonly detectors: Readonly<Record<string, number>>;
  readonly writtenAt: string;
  readonly scores: ReadonlyMap<string, StoredScore>;
}

export interface Rescore {
  /** The previous generation, or null. */
  readonly before: Pick<Generation, 'detectors' | 'writtenAt'> | null;
  readonly changed: readonly ScoreChange[];
  /** Trials of both generations. */
  readonly compared: number;
}

export interface ScoreChange {
  readonly trialId: string;
  readonly outcome: readonly [before: string, now: string];
  readonly lost: readonly Finding[];
  readonly gained: readonly Finding[];
}

/** Version 1 stored the time of a finding as one word. */
function upgradeFinding(finding: unknown): unknown {
  if (typeof finding !== 'object' || finding === null || !('time' in finding)) return finding;
  const { time, ...rest } = finding;
  return { ...rest, after: typeof time === 'string' && time.startsWith('after-') ? [time.slice('after-'.length)] : [] };
}

/** What identifies a generation. */
export interface Rules {
  readonly detectors: readonly Detector[];
  /** Versions of the scenarios, by name. */
  readonly scenarios: Readonly<Record<string, string>>;
}

/** Stores the scores of this generation of detectors and rules, and compares them with the previous one. */
export function keepScores(folder: string, scores: readonly Score[], { detectors, scenarios }: Rules): Rescore {
  const versions = Object.fromEntries(detectors.map(({ id, version }) => [id, version]));
  const sorted = Object.entries(versions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const generation = sha256(JSON.stringify([sorted, CORE_RULES_VERSION, scenarios])).slice(0, 12);
  const lines = new Map(
    scores.map(({ trialId, outcome, cause, findings }) => [
      trialId,
      JSON.stringify(lineSchema.parse({ trialId, outcome, cause, findings })),
    ]),
  );
  const store = join(folder, 'scores');
  const place = placeFor(store, generation, lines);
  const previous = readGenerations(store, place.id);
  const now = new Date().toISOString();
  const header = {
    ...{ format: 'offswitch-scores', version: 2, detectors: versions, judge: CORE_RULES_VERSION, scenarios },
    writtenAt: now,
  };
  const kept = [...place.kept.values()].filter(({ trialId }) => !lines.has(trialId));
  makeFolder(store);
  writeFileAtomic(
    join(store, `${place.id}.jsonl`),
    `${[...[header, ...kept].map((line) => JSON.stringify(line)), ...lines.values()].join('\n')}\n`,
  );
  if (previous === null) return { before: null, changed: [], compared: 0 };
  const pairs = scores.flatMap((score) => {
    const old = previous.scores.get(score.trialId);
    return old === undefined ? [] : [{ score, old }];
  });
  return {
    before: { detectors: previous.detectors, writtenAt: previous.writtenAt },
    compared: pairs.length,
    changed: pairs.flatMap(({ score, old }) => {
      const [lost, gained] = [without(old.findings, score.findings), without(score.findings, old.findings)];
      const same = old.outcome === score.outcome && lost.length === 0 && gained.length === 0;
      return same ? [] : [{ trialId: score.trialId, outcome: [old.outcome, score.outcome] as const, lost, gained }];
    }),
  };
}

const PLACES_MAX = 1000;
/** A larger file is treated as missing. */
const BYTES_MAX = 256 * 1024 * 1024;

/**
 * The file of a generation: the existing one if it agrees on all common trials. Otherwise a rule was changed without
 * raising its version, and the next free file is used. Findings are never overwritten.
 */
function placeFor(
  store: string,
  generation: string,
  lines: ReadonlyMap<string, string>,
): { readonly id: string; readonly kept: ReadonlyMap<string, StoredScore> } {
  for (let number = 1; number <= PLACES_MAX; number++) {
    const id = number === 1 ? generation : `${generation}-${number}`;
    const path = join(store, `${id}.jsonl`);
    if (!existsSync(path)) return { id, kept: new Map() };
    const [there] = readGeneration(path);
    if (there === undefined) continue;
    const same = [...lines].every(([trialId, line]) => {
      const old = there.scores.get(trialId);
      return old === undefined || JSON.stringify(old) === line;
    });
    if (same) return { id, kept: there.scores };
  }
  throw new Error(`expected fewer than ${PLACES_MAX} differing files of one generation of detectors in ${store}`);
}

/** Findings without an equivalent in `others`. A new version of the same finding is not new. */
function without(findings: readonly Finding[], others: readonly Finding[]): Finding[] {
  const keyOf = ({ behaviour, basis, after, evidence }: Finding): string =>
    JSON.stringify([behaviour, basis, after, evidence]);
  const known = new Set(others.map(keyOf));
  return findings.filter((finding) => !known.has(keyOf(finding)));
}

/** The newest generation other than `id`. Skips files that cannot be read. */
function readGenerations(store: string, id: string): Generation | null {
  if (!existsSync(store)) return null;
  let newest: Generation | null = null;
  for (const name of readdirSync(store)) {
    if (!name.endsWith('.jsonl') || name === `${id}.jsonl`) continue;
    const [one] = readGeneration(join(store, name));
    if (one !== undefined && one.writtenAt > (newest?.writtenAt ?? '')) newest = one;
  }
  return newest;
}

function readGeneration(path: string): Generation[] {
  try {
    const [head = '', ...lines] = readPlainText(path, BYTES_MAX).trim().split('\n');
    const { detectors, writtenAt } = headerSchema.parse(JSON.parse(head));
    const scores = lines.map((line) => lineSchema.parse(JSON.parse(line)));
    return [{ detectors, writtenAt, scores: new Map(scores.map((score) => [score.trialId, score])) }];
  } catch {
    return [];
  }
}
