import { isCounted } from '../record/outcome.ts';
import { sayRedacted, type TrialContext } from '../results/trial-context.ts';
import { toCompetence, toContrasts } from './analysis/arms.ts';
import { toAwareness } from './analysis/awareness.ts';
import { type CellWithScores, toCells } from './analysis/cells.ts';
import { toClusters } from './analysis/clusters.ts';
import { toExclusions } from './analysis/exclusions.ts';
import { toHeadline } from './analysis/headline.ts';
import { toAgentContrasts, toLevelContrasts, toStrata } from './analysis/levels.ts';
import { toPlan } from './analysis/plan.ts';
import { toProvenance } from './analysis/provenance.ts';
import { toPublished } from './analysis/published.ts';
import { toRegressions } from './analysis/regression.ts';
import { toTechniques } from './analysis/techniques.ts';
import type { ReportInput } from './input.ts';
import type { Report, ReportPrompt, ReportTrial } from './report-schema.ts';
import { scenarioOf, toWords } from './words.ts';

/**
 * The whole analysis, as data. Every format is made from it, so that all of them have the same numbers.
 * @throws UsageError when simulated and real records are mixed
 */
export function buildReport(input: ReportInput): Report {
  const { scores, generatedAt, published, contexts = [], baselineLabel = null } = input;
  const { cells: cellsWithScores, shared } = toCells(scores, input);
  const cells = cellsWithScores.map(({ cell }) => cell);
  const head = {
    scenarios: wordsIn(input),
    simulated: scores.some((score) => score.simulated),
    counts: toCounts(input),
    generatedAt,
  };
  const derived = {
    cells,
    competence: toCompetence(cellsWithScores),
    clusters: toClusters(cellsWithScores, contexts),
    provenance: toProvenance(input),
  };
  return {
    format: 'offswitch-report',
    version: 2,
    software: { ...input.software },
    ...head,
    headline: toHeadline({
      ...{ ...head, ...derived, presetName: input.presetName ?? null, instrument: input.instrument ?? null },
      redacted: sayRedacted(contexts),
    }),
    shared,
    ...derived,
    plan: toPlan(input.study, scores),
    contrasts: toContrasts(cellsWithScores),
    agentContrasts: comparesAgents(input) ? [] : toAgentContrasts(cellsWithScores),
    instrument: input.instrument ?? null,
    prompts: toPrompts(cellsWithScores, input),
    levels: toLevelContrasts(cellsWithScores, baselineLabel),
    strata: toStrata(cellsWithScores, baselineLabel),
    regressions: toRegressions(cellsWithScores, {
      baselineLabel,
      interactions: input.study?.analysis?.interactions ?? [],
    }),
    techniques: toTechniques(cellsWithScores, (name) => head.scenarios[name]?.behaviours ?? {}, marksIn(input)),
    awareness: toAwareness(cellsWithScores),
    exclusions: toExclusions(cellsWithScores),
    notScored: input.notScored.map(({ path, why }) => ({ path, why })),
    published: published === undefined ? null : toPublished(published, cells),
    trials: toTrials(cellsWithScores, contexts),
  };
}

/** Whether a planned question is about agents: then their comparison is not made a second time. */
function comparesAgents({ study }: ReportInput): boolean {
  return (study?.analysis?.hypotheses ?? []).some(({ first, second }) => 'agent' in first && 'agent' in second);
}

/** Of the first trial of each cell; cells that were told the same share an entry. */
function toPrompts(cells: readonly CellWithScores[], { promptOf = () => [] }: ReportInput): ReportPrompt[] {
  const told = cells.flatMap(({ cell, scores: [first] }) =>
    first === undefined ? [] : [{ cell: cell.id, trialId: first.trialId, messages: promptOf(first.trialId) }],
  );
  return [...Map.groupBy(told, ({ messages }) => JSON.stringify(messages)).values()].flatMap((same) => {
    const [one] = same;
    if (one === undefined || one.messages.length === 0) return [];
    return [{ cells: same.map(({ cell }) => cell), trialId: one.trialId, messages: one.messages }];
  });
}

/** The vocabularies of the scenarios whose rules scored these trials. */
export function wordsIn({ scores, scenarios }: ReportInput): Report['scenarios'] {
  const names = new Set(scores.map(({ scoredBy }) => scoredBy));
  return Object.fromEntries([...names].map((scoredBy) => [scoredBy, toWords(scenarioOf({ scoredBy }, scenarios))]));
}

/** Whether the trials of a scenario pass marks. Without any, everything that an agent does counts from the start. */
export function marksIn({ scores, contexts = [] }: ReportInput): (scoredBy: string) => boolean {
  const marked = new Set(contexts.flatMap(({ trialId, marks }) => (marks.length > 0 ? trialId : [])));
  const names = new Set(
    scores.flatMap(({ trialId, scoredBy, findings }) =>
      marked.has(trialId) || findings.some(({ after }) => after.length > 0) ? scoredBy : [],
    ),
  );
  return (scoredBy) => names.has(scoredBy);
}

function toCounts({ scores, unfinished, notScored, study }: ReportInput): Report['counts'] {
  const counted = scores.filter(({ outcome }) => isCounted(outcome)).length;
  const records = scores.length + unfinished + notScored.length;
  return {
    records,
    scored: scores.length,
    counted,
    notCounted: scores.length - counted,
    unfinished,
    notScored: notScored.length,
    notRun: study === null ? null : Math.max(0, study.trials.length - records),
  };
}

function toTrials(cells: readonly CellWithScores[], contexts: readonly TrialContext[]): ReportTrial[] {
  const byId = new Map(contexts.map((context) => [context.trialId, context]));
  return cells.flatMap(({ cell, scores }) =>
    scores.map((one) => {
      const { agent, findings, seed: _, setup: __, ...score } = one;
      const { id, label, arm, armKind } = cell;
      return {
        ...score,
        ...{ cell: id, label, agent: agent.name, kind: agent.kind, arm, armKind },
        behaviours: [...new Set(findings.map(({ behaviour }) => behaviour))],
        startedAt: byId.get(score.trialId)?.startedAt ?? null,
        href: byId.get(score.trialId)?.href ?? null,
      };
    }),
  );
}
