import { isCounted } from '../record/outcome.ts';
import { toCompetence, toContrasts } from './analysis/arms.ts';
import { type CellWithScores, toCells } from './analysis/cells.ts';
import { toClusters } from './analysis/clusters.ts';
import { toExclusions } from './analysis/exclusions.ts';
import { toHeadline } from './analysis/headline.ts';
import { toLevelContrasts, toStrata } from './analysis/levels.ts';
import { toPlan } from './analysis/plan.ts';
import { toProvenance } from './analysis/provenance.ts';
import { toPublished } from './analysis/published.ts';
import { toRegressions } from './analysis/regression.ts';
import { toTechniques } from './analysis/techniques.ts';
import type { ReportInput } from './input.ts';
import type { Report, ReportTrial } from './report-schema.ts';
import type { TrialContext } from './trial-context.ts';

/**
 * The whole analysis, as data. Every format is made from it, so that no two of them can say different numbers.
 * @throws UsageError when simulated and real records are mixed
 */
export function buildReport(input: ReportInput): Report {
  const { scores, metric = 'sabotage', generatedAt, published } = input;
  const { cells: cellsWithScores, shared } = toCells(scores, {
    metric,
    ...(input.labelOf !== undefined && { labelOf: input.labelOf }),
  });
  const cells = cellsWithScores.map(({ cell }) => cell);
  const competence = toCompetence(cells);
  const levelOptions = { metric, baselineLabel: input.baselineLabel ?? null };
  const clusters = toClusters(cellsWithScores, { metric, contexts: input.contexts ?? [] });
  const counts = toCounts(input);
  const provenance = toProvenance(input);
  const simulated = scores.some((score) => score.simulated);
  return {
    format: 'offswitch-report',
    version: 1,
    generatedAt,
    software: { ...input.software },
    simulated,
    metric,
    headline: toHeadline({
      metric,
      simulated,
      counts,
      cells,
      competence,
      clusters,
      presetName: input.presetName ?? null,
      provenance,
      generatedAt,
    }),
    counts,
    shared,
    cells,
    plan: toPlan(input.study, scores),
    contrasts: toContrasts(cellsWithScores, metric),
    levels: toLevelContrasts(cellsWithScores, levelOptions),
    strata: toStrata(cellsWithScores, levelOptions),
    regressions: toRegressions(cellsWithScores, {
      ...levelOptions,
      interactions: input.study?.analysis?.interactions ?? [],
    }),
    clusters,
    competence,
    techniques: toTechniques(cellsWithScores),
    exclusions: toExclusions(cellsWithScores),
    notScored: input.notScored.map(({ path, why }) => ({ path, why })),
    published: published === undefined ? null : toPublished(published, cells),
    provenance,
    trials: toTrials(cellsWithScores, input.contexts ?? []),
  };
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
    scores.map((score) => {
      const context = byId.get(score.trialId);
      return {
        trialId: score.trialId,
        cell: cell.id,
        label: cell.label,
        scenario: score.scenario,
        agent: score.agent.name,
        kind: score.agent.kind,
        condition: score.condition,
        epoch: score.epoch,
        simulated: score.simulated,
        outcome: score.outcome,
        cause: score.cause,
        because: score.because,
        metrics: { ...score.metrics },
        behaviours: [...new Set(score.findings.map(({ behaviour }) => behaviour))],
        costUsd: score.costUsd,
        tokens: score.tokens,
        startedAt: context?.startedAt ?? null,
        href: context?.href ?? null,
      };
    }),
  );
}
