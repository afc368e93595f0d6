import { relative, resolve } from 'node:path';

import type { Score } from '../../detect/score.ts';
import type { TrialContext } from '../../report/trial-context.ts';
import type { Parts } from '../compose.ts';
import { isOurs, recordsAt } from '../records.ts';
import { scoreRecords } from '../score-records.ts';
import type { Terminal } from '../terminal.ts';
import { scoresOf } from './logs.ts';

export interface ReadResult {
  readonly scores: readonly Score[];
  readonly contexts: readonly TrialContext[];
  readonly unfinished: number;
  readonly notScored: readonly { readonly path: string; readonly why: string }[];
}

interface ReadOptions {
  readonly parts: Parts;
  readonly terminal: Terminal;
  /** Folder that links are relative to. */
  readonly base: string;
}

/** Everything at these paths, scored. What is unfinished is counted, what cannot be read is named, a copy is no second trial. */
export async function readScores(
  paths: readonly string[],
  { parts, terminal, base }: ReadOptions,
): Promise<ReadResult> {
  const scores: Score[] = [];
  const contexts: TrialContext[] = [];
  const notScored: { path: string; why: string }[] = [];
  const seen = new Set<string>();
  let unfinished = 0;
  for (const path of paths) {
    if (!isOurs(path)) {
      scores.push(...(await scoresOf(path, parts, terminal)));
      continue;
    }
    for (const one of await scoreRecords(recordsAt(path), parts)) {
      const shown = relative(base, resolve(one.path));
      if ('problem' in one) {
        if (one.problem.code === 'no-seal' || one.problem.code === 'cut') unfinished++;
        else notScored.push({ path: shown, why: one.problem.why });
      } else if (seen.has(one.score.trialId)) {
        notScored.push({ path: shown, why: `${one.score.trialId} was scored already` });
      } else {
        scores.push(one.score);
        contexts.push({ ...one.context, href: shown.startsWith('..') ? null : shown });
        seen.add(one.score.trialId);
      }
    }
  }
  return { scores, contexts, unfinished, notScored };
}
