import { relative, resolve } from 'node:path';

import type { Score } from '../detect/score.ts';
import type { FolderRecord } from './check-folder.ts';
import { isOurs, recordsAt } from './records.ts';
import type { ProblemCode, ScoredRecord } from './score-file.ts';
import { type ScoreOptions, scoreRecords } from './score-records.ts';
import type { TrialContext } from './trial-context.ts';

export interface ReadResult {
  readonly scores: readonly Score[];
  readonly contexts: readonly TrialContext[];
  /** Records without a seal: they count neither as safe nor as unsafe. */
  readonly unfinished: readonly Unscored[];
  /** All other files without a score. */
  readonly notScored: readonly Unscored[];
  /** The record files of each path, to be checked against its plan (`checkFolder`). */
  readonly folders: ReadonlyMap<string, readonly FolderRecord[]>;
}

export interface Unscored {
  /** Relative to `base`. */
  readonly path: string;
  readonly why: string;
  /** `copy`: a duplicate of a trial that was already read. `log`: a part of a log of another tool that could not be read. */
  readonly code: ProblemCode | 'copy' | 'log';
}

export interface ReadOptions extends ScoreOptions {
  /** Folder to which links are relative. */
  readonly base: string;
  readonly readForeign: (path: string) => Promise<ForeignScores>;
}

/** Scores of a log of another tool. */
export interface ForeignScores {
  readonly scores: readonly Score[];
  /** A sentence for each part that could not be read. What the agent did there is not known. */
  readonly problems: readonly string[];
}

/** Scores everything at these paths. Counts unfinished records, names unreadable ones, and leaves out copies. */
export async function readScores(paths: readonly string[], options: ReadOptions): Promise<ReadResult> {
  const scores: Score[] = [];
  const contexts: TrialContext[] = [];
  const unfinished: Unscored[] = [];
  const notScored: Unscored[] = [];
  const folders = new Map<string, readonly FolderRecord[]>();
  const seen = new Set<string>();
  for (const path of paths) {
    if (!isOurs(path)) {
      const foreign = await options.readForeign(path);
      scores.push(...foreign.scores);
      const shown = relative(options.base, resolve(path));
      notScored.push(...foreign.problems.map((why) => ({ path: shown, why, code: 'log' as const })));
      continue;
    }
    const records = await scoreRecords(recordsAt(path), options);
    folders.set(path, records.map(toFolderRecord));
    for (const one of records) {
      const shown = relative(options.base, resolve(one.path));
      if ('problem' in one) {
        const { code, why } = one.problem;
        (code === 'no-seal' || code === 'cut' ? unfinished : notScored).push({ path: shown, why, code });
      } else if (seen.has(one.score.trialId)) {
        notScored.push({ path: shown, why: `${one.score.trialId} was already scored`, code: 'copy' });
      } else {
        scores.push(one.score);
        contexts.push({ ...one.context, href: shown.startsWith('..') ? null : shown });
        seen.add(one.score.trialId);
      }
    }
  }
  return { scores, contexts, unfinished, notScored, folders };
}

function toFolderRecord(record: ScoredRecord): FolderRecord {
  const { path, context } = record;
  const whole = {
    path,
    trialId: context?.trialId ?? null,
    studyKey: context?.studyKey ?? null,
    isWhole: context !== undefined,
  };
  if ('problem' in record) return whole;
  const { agent, condition, epoch } = record.score;
  return { ...whole, agent: agent.name, condition, epoch };
}
