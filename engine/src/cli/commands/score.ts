import { statSync } from 'node:fs';

import { UsageError } from '../../base/usage-error.ts';
import type { RatedTrial, Score } from '../../detect/score.ts';
import type { Condition } from '../../record/events.ts';
import { OUTCOMES } from '../../record/outcome.ts';
import { answerPlan, type PlanAnswer } from '../../report/analysis/plan.ts';
import type { HypothesisResult } from '../../report/comparison.ts';
import { metricTexts } from '../../report/metric.ts';
import { summarise } from '../../report/summary.ts';
import { showRate, textTable } from '../../report/text-table.ts';
import { checkPlan } from '../../study/key.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { keepScores, type Rescore } from '../../study/score-store.ts';
import type { Parts } from '../compose.ts';
import { labelsOf } from '../published-numbers.ts';
import { isOurs, recordsAt } from '../records.ts';
import { scoreRecords } from '../score-records.ts';
import { findScenario } from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { compareWithLabels, readLabels, renderAgreement } from './labels.ts';
import { scoresOf } from './logs.ts';

/** Detectors and outcomes over records that are there; nothing is run. */
export async function score(
  paths: readonly string[],
  { json, parts, terminal }: { readonly json: boolean; readonly parts: Parts; readonly terminal: Terminal },
): Promise<ExitCode> {
  const scores: Score[] = [];
  const problems: string[] = [];
  let unreadable = 0;
  const seen = new Set<string>();
  const foreign = paths.filter((path) => !isOurs(path));
  for (const path of foreign) scores.push(...(await scoresOf(path, parts, terminal)));
  const own = paths.filter((one) => !foreign.includes(one)).flatMap(recordsAt);
  for (const one of await scoreRecords(own, parts)) {
    if ('problem' in one) {
      problems.push(`${one.path}: ${one.problem.why}`);
      if (one.problem.code === 'unreadable') unreadable++;
    }
    // A copy of a record is no second trial.
    else if (seen.has(one.score.trialId)) problems.push(`${one.path}: ${one.score.trialId} was scored already`);
    else {
      scores.push(one.score);
      seen.add(one.score.trialId);
    }
  }
  // Nothing was looked at: then nothing was found either.
  if (unreadable > 0 && unreadable === problems.length && scores.length === 0) throw new UsageError(problems[0] ?? '');
  for (const problem of problems) terminal.note(`not scored: ${safe(problem)}`);
  for (const path of paths.filter((one) => !foreign.includes(one)))
    for (const problem of planProblems(path)) terminal.note(`${safe(path)}: ${safe(problem)}`);
  const answers = paths.flatMap((path) => testPlan(path, scores) ?? []);
  const [only] = paths;
  const labelOf = labelsIn(paths.length === 1 ? only : undefined, parts);
  const rescore =
    paths.length === 1 && only !== undefined && foreign.length === 0 ? keepIn(only, scores, { parts, terminal }) : null;
  if (json) {
    for (const one of scores) terminal.out(JSON.stringify({ kind: 'trial', label: labelOf(one.condition), ...one }));
    for (const answer of answers) printAnswer(answer, terminal);
    if (rescore !== null) terminal.out(JSON.stringify({ kind: 'rescore', ...rescore }));
    terminal.out(
      JSON.stringify({
        kind: 'done',
        trials: scores.length,
        notScored: problems.length,
        groups: summarise(scores).map((group) => ({ label: labelOf(group.condition), ...group })),
      }),
    );
  } else {
    terminal.out(scores.length === 0 ? 'no record could be scored' : renderGroups(scores, labelOf));
    for (const answer of answers) terminal.out(`\n${renderAnswer(answer)}`);
    if (rescore !== null) terminal.out(`\n${renderRescore(rescore)}`);
  }
  return problems.length > 0 ? EXIT.findings : EXIT.ok;
}

function planProblems(path: string): readonly string[] {
  const study = statSync(path).isDirectory() ? readStudyFile(path) : null;
  return study === null ? [] : checkPlan(study, []).problems;
}

/** The questions that the study of a folder was bound to before its first trial; null where there is no such plan. */
export function testPlan(path: string, scores: readonly RatedTrial[]): PlanAnswer | null {
  return answerPlan(statSync(path).isDirectory() ? readStudyFile(path) : null, scores);
}

/** As JSON lines: each hypothesis, then the looks. */
export function printAnswer({ results, ...rest }: PlanAnswer, terminal: Terminal): void {
  for (const result of results) terminal.out(JSON.stringify({ kind: 'hypothesis', ...result }));
  terminal.out(JSON.stringify({ kind: 'plan', ...rest }));
}

export function renderAnswer({ results, level, looks, spending, remarks }: PlanAnswer): string {
  return [
    renderHypotheses(results),
    ...(looks.length === 0
      ? []
      : [
          '',
          textTable(
            [`look (${spending ?? ''})`, 'level', 'spent', 'p', ''],
            looks.map(({ epochs, level: own, spent, p, state }) => [
              `after ${epochs} epochs`,
              showSmall(own),
              showSmall(spent),
              p === null ? '' : showSmall(p),
              state,
            ]),
          ),
          ...(level === null ? [] : [`the verdict is given at the level ${showSmall(level)}`]),
        ]),
    ...remarks,
  ].join('\n');
}

function showSmall(value: number): string {
  return value < 0.0001 ? (value === 0 ? '0' : value.toExponential(1)) : value.toFixed(4);
}

function renderHypotheses(results: readonly HypothesisResult[]): string {
  const share = ({ successes, trials }: { readonly successes: number; readonly trials: number }): string =>
    `${successes}/${trials}`;
  return textTable(
    ['hypothesis (fixed before the first trial)', 'first', 'second', 'difference [95 %]', 'p adjusted', 'verdict'],
    results.map(({ hypothesis, contrast, pAdjusted, verdict }) => [
      safe(hypothesis.name),
      contrast === null ? '' : share(contrast.first),
      contrast === null ? '' : share(contrast.second),
      contrast === null
        ? ''
        : `${(contrast.difference.estimate * 100).toFixed(1)} % [${(contrast.difference.lower * 100).toFixed(1)}, ${(contrast.difference.upper * 100).toFixed(1)}]`,
      pAdjusted === null ? '' : pAdjusted < 0.0001 ? '< 0.0001' : pAdjusted.toFixed(4),
      verdict,
    ]),
  );
}

/** What changed since an earlier generation of detectors; null where there is none, or no log folder to keep scores in. */
function keepIn(
  path: string,
  scores: readonly Score[],
  { parts, terminal }: { readonly parts: Parts; readonly terminal: Terminal },
): Rescore | null {
  if (!statSync(path).isDirectory() || scores.length === 0) return null;
  try {
    const rescore = keepScores(path, scores, parts.detectors);
    return rescore.before === null ? null : rescore;
  } catch (error) {
    terminal.note(
      `the scores were not kept in ${safe(path)}: ${safe(error instanceof Error ? error.message : String(error))}`,
    );
    return null;
  }
}

function renderRescore({ before, changed, compared }: Rescore): string {
  const versions = Object.entries(before?.detectors ?? {})
    .map(([id, version]) => `${id} ${version}`)
    .join(', ');
  return [
    `since the detectors of ${safe(before?.writtenAt ?? '')} (${safe(versions)}): ${changed.length} of ${compared} trials have other findings`,
    ...changed
      .slice(0, 20)
      .map(
        ({ trialId, outcome: [old, now], lost, gained }) =>
          `  ${safe(trialId)}: ${old === now ? now : `${old} -> ${now}`}; ${lost.length} findings gone, ${gained.length} new`,
      ),
  ].join('\n');
}

/** Outcomes beside the labels that somebody else gave; of our records, or of logs of other tools. */
export async function scoreAgainstLabels(
  paths: readonly string[],
  labelFile: string,
  { json, parts, terminal }: { readonly json: boolean; readonly parts: Parts; readonly terminal: Terminal },
): Promise<ExitCode> {
  const labels = readLabels(labelFile);
  const scores = (await Promise.all(paths.map((path) => scoresOf(path, parts, terminal)))).flat();
  const agreement = compareWithLabels(scores, labels);
  terminal.out(json ? JSON.stringify({ kind: 'agreement', ...agreement }) : renderAgreement(agreement));
  return EXIT.ok;
}

type LabelOf = (condition: Condition) => string | null;

const showLabel = (label: string | null): string => (label === null ? '' : `${label}: `);

/** What the preset of a log folder calls its conditions. */
function labelsIn(path: string | undefined, parts: Parts): LabelOf {
  const study = path !== undefined && statSync(path).isDirectory() ? readStudyFile(path) : null;
  if (study?.preset === undefined) return () => null;
  return labelsOf(study.preset, findScenario(study.scenario.name, parts));
}

/** An imported log may say nothing of its conditions. */
function showCondition(condition: Condition): string {
  const levels = Object.entries(condition).map(([name, level]) => `${name}=${level}`);
  return levels.length === 0 ? 'no condition is known' : levels.join(' ');
}

/** A missing price explains an unknown cost only where a model was asked by us. */
function showSpent(
  { tokens, costUsd }: { readonly tokens: number; readonly costUsd: number | null },
  kind: RatedTrial['agent']['kind'] | undefined,
): string {
  if (kind === 'control') return 'a script: no model was asked, no cost';
  if (costUsd !== null) return `tokens ${tokens}, cost ${costUsd.toFixed(4)} US dollars`;
  return `tokens ${tokens}, cost unknown${kind === 'model' ? ' (no --price)' : ''}`;
}

export function renderGroups(scores: readonly RatedTrial[], labelOf: LabelOf = () => null): string {
  const groups = summarise(scores);
  const simulated = scores[0]?.simulated === true ? ['SIMULATED: nothing below is evidence.', ''] : [];
  return [
    ...simulated,
    ...groups.flatMap((group) => [
      safe(
        `${group.agent}, ${group.scenario}: ${showLabel(labelOf(group.condition))}${showCondition(group.condition)}`,
      ),
      textTable(
        ['outcome', 'trials'],
        OUTCOMES.filter((outcome) => group.outcomes[outcome] > 0).map((outcome) => [
          outcome,
          `${group.outcomes[outcome]}/${group.trials}`,
        ]),
      ),
      textTable(
        ['rate', 'k/n = % [95 %]', ''],
        group.rates.map((rate) => [
          rate.name,
          showRate(rate),
          rate.unknown === 0
            ? ''
            : `${rate.unknown} counted, not in this rate: ${metricTexts[rate.name].unknownBecause}`,
        ]),
      ),
      `counted ${group.counted} of ${group.trials}${Object.entries(group.notCounted)
        .map(([cause, count]) => `; ${safe(cause)} x${count}`)
        .join('')}`,
      showSpent(group, scores.find(({ agent }) => agent.name === group.agent)?.agent.kind),
      '',
    ]),
  ]
    .join('\n')
    .trimEnd();
}
