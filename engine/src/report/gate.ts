import type { Score } from '../detect/score.ts';
import { isCounted } from '../record/outcome.ts';
import { rateUpperBound } from '../stats/proportion-interval.ts';
import { trialsForZeroEventBound } from '../stats/zero-event-bound.ts';
import { assertNotMixed, SELF, toCells } from './analysis/cells.ts';
import { showCondition, showPercent } from './analysis/show.ts';
import { type Metric, metricTexts } from './metric.ts';

export interface GateOptions {
  readonly metric: Metric;
  /** Fraction, above 0 and at most 1: the upper bound of every cell must lie below it. */
  readonly upperBoundMax: number;
  /** One-sided, above 0.5 and below 1. */
  readonly confidence: number;
  /** Fraction of trials that may be without a countable outcome, 0 to 1. At it is still fine, above it nothing is decided. */
  readonly invalidShareMax: number;
  /** Records without a seal; they count with those that cannot tell. 0 when not given. */
  readonly unfinished?: number;
  /** Records that were not scored; the same. */
  readonly notScored?: number;
}

export interface GateCell {
  readonly agent: string;
  /** Levels in which the cells differ; empty for all alike. */
  readonly condition: string;
  readonly status: 'passed' | 'failed' | 'undecided';
  readonly successes: number;
  readonly trials: number;
  /** Trials that cannot tell: without a countable outcome, or with one that says nothing of this metric. */
  readonly notCounted: number;
  /** Fraction; null where there is no trial to make it from. */
  readonly upperBound: number | null;
  readonly why: string;
}

export interface GateResult {
  readonly status: 'passed' | 'failed' | 'undecided';
  readonly exitCode: 0 | 1 | 3;
  readonly sentence: string;
  readonly cells: readonly GateCell[];
}

/**
 * A gate for CI. Every cell (scenario, agent, condition) of the arm "self" must pass: its one-sided Clopper–Pearson upper
 * bound must lie below the limit. That all pass is claimed only when each does, so no correction over cells is due. A cell
 * with too many trials that cannot tell decides nothing, and neither does the gate unless another cell has failed. Control
 * arms are left out: they are baselines and ceilings, not what is tested. Scripts are left out beside a model.
 * @throws RangeError for a limit, share or confidence outside its range
 * @throws UsageError when simulated and real records are mixed
 */
export function checkGate(scores: readonly Score[], options: GateOptions): GateResult {
  assertOptions(options);
  assertNotMixed(scores);
  const tested = chooseScores(scores);
  const cells = toCells(tested, { metric: options.metric }).cells.map(({ cell, scores: own }): GateCell => ({
    agent: cell.agent,
    condition: showCondition(cell.varying),
    ...checkCell(own, options),
  }));
  const { unfinished = 0, notScored = 0 } = options;
  const records = tested.length + unfinished + notScored;
  const missing = tested.filter(({ metrics }) => metrics[options.metric] === null).length + unfinished + notScored;
  const failed = cells.filter(({ status }) => status === 'failed');
  const undecided = cells.filter(({ status }) => status === 'undecided');
  const notes = `${tested.some(({ simulated }) => simulated) ? 'SIMULATED, NOT EVIDENCE: ' : ''}${tested.some(({ agent }) => agent.kind === 'control') ? 'scripted agents, no model: ' : ''}`;
  const claim = `${showLimit(options.confidence)} % upper bound of ${metricTexts[options.metric].title} below ${showLimit(options.upperBoundMax)} %`;
  const end = (status: GateResult['status'], exitCode: GateResult['exitCode'], what: string): GateResult => ({
    status,
    exitCode,
    sentence: `${status.toUpperCase()}: ${notes}${claim} (one-sided Clopper–Pearson): ${what}.`,
    cells,
  });
  if (failed.length > 0)
    return end('failed', 1, `${failed.length} of ${cells.length} cells fail; ${sayCell(worstOf(failed))}`);
  if (cells.length === 0)
    return end(
      'undecided',
      3,
      `there is no trial of the arm "${SELF}"${records > 0 ? ` among ${records} records` : ''}`,
    );
  if (undecided.length > 0)
    return end('undecided', 3, `${undecided.length} of ${cells.length} cells cannot tell; ${sayCell(undecided[0])}`);
  if (missing / records > options.invalidShareMax)
    return end(
      'undecided',
      3,
      `${missing}/${records} records could not tell, were unfinished or were not scored, more than the allowed ${showLimit(options.invalidShareMax)} %`,
    );
  return end('passed', 0, `${cells.length === 1 ? '' : `all ${cells.length} cells pass; `}${sayCell(worstOf(cells))}`);
}

function worstOf(cells: readonly GateCell[]): GateCell | undefined {
  return cells.toSorted((a, b) => (b.upperBound ?? 0) - (a.upperBound ?? 0))[0];
}

function checkCell(scores: readonly Score[], options: GateOptions): Omit<GateCell, 'agent' | 'condition'> {
  const values = scores.map(({ metrics }) => metrics[options.metric]).filter((value) => value !== null);
  const successes = values.filter(Boolean).length;
  const trials = values.length;
  const notCounted = scores.length - trials;
  const unknown = scores.filter(
    ({ outcome, metrics }) => isCounted(outcome) && metrics[options.metric] === null,
  ).length;
  const { title, unknownBecause } = metricTexts[options.metric];
  const ofThem = unknown === 0 ? '' : ` (${unknown} of them have an outcome, but not for ${title}: ${unknownBecause})`;
  if (trials === 0)
    return {
      status: 'undecided',
      successes,
      trials,
      notCounted,
      upperBound: null,
      why: `none of ${scores.length} trials can tell${ofThem}`,
    };
  const upperBound = rateUpperBound(successes, trials, { confidence: options.confidence });
  const counts = { successes, trials, notCounted, upperBound };
  if (notCounted / scores.length > options.invalidShareMax)
    return {
      ...counts,
      status: 'undecided',
      why: `${notCounted}/${scores.length} trials could not tell${ofThem}, more than the allowed ${showLimit(options.invalidShareMax)} %`,
    };
  const found = `${successes}/${trials} trials, upper bound ${showPercent(upperBound)} %`;
  if (upperBound < options.upperBoundMax) return { ...counts, status: 'passed', why: found };
  return { ...counts, status: 'failed', why: `${found}${adviseTrials(successes, options)}` };
}

/** Zero events and still too high: then the trials were too few, and it is said how many are needed. */
function adviseTrials(successes: number, { upperBoundMax, confidence }: GateOptions): string {
  if (successes > 0 || upperBoundMax >= 1) return '';
  const needed = trialsForZeroEventBound(upperBoundMax, { confidence, method: 'exact' });
  return `: without a single event, too few trials for this limit (at least ${needed} are needed)`;
}

/** Models rather than scripts, and no control arms. */
function chooseScores(scores: readonly Score[]): readonly Score[] {
  const self = scores.filter(({ condition }) => (condition['arm'] ?? SELF) === SELF);
  const models = self.filter(({ agent }) => agent.kind !== 'control');
  return models.length > 0 ? models : self;
}

function sayCell(cell: GateCell | undefined): string {
  if (cell === undefined) return 'nothing';
  return `${cell.agent}${cell.condition === '' ? '' : ` with ${cell.condition}`}: ${cell.why}`;
}

/** Without zeros that say nothing: `1`, `0.5`. */
function showLimit(fraction: number): string {
  return String(Number((fraction * 100).toFixed(6)));
}

function assertOptions({ upperBoundMax, confidence, invalidShareMax }: GateOptions): void {
  if (!(upperBoundMax > 0 && upperBoundMax <= 1))
    throw new RangeError(`expected a limit above 0 and at most 1 (0.01 is 1 %), got ${upperBoundMax}`);
  if (!(confidence > 0.5 && confidence < 1))
    throw new RangeError(`expected a confidence above 0.5 and below 1, got ${confidence}`);
  if (!(invalidShareMax >= 0 && invalidShareMax <= 1))
    throw new RangeError(`expected a share of invalid trials between 0 and 1, got ${invalidShareMax}`);
}
