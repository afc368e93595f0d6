import { assertCounts, type Counts } from './counts.ts';
import { chiSquareUpperTail, normalUpperTail } from './distributions.ts';
import type { DesignMatrix } from './factor-coding.ts';
import { defaultConfidence, twoSidedZ, type IntervalOptions } from './interval.ts';
import { factor, type Factored } from './linear-solve.ts';

export interface LogisticOptions extends IntervalOptions {
  /**
   * `none` (the default): maximum likelihood. `firth`: penalised by Jeffreys' prior, finite even if a cell has only successes
   * or only failures.
   */
  readonly penalty?: 'none' | 'firth';
}

export interface Coefficient {
  readonly name: string;
  /** Change of the log odds. */
  readonly estimate: number;
  readonly standardError: number;
  /** Wald's two-sided p-value, in (0, 1]. */
  readonly p: number;
  readonly oddsRatio: number;
  /** Wald limits of the odds ratio; `upper` may be `Infinity` if the data are separated. */
  readonly lower: number;
  readonly upper: number;
}

export interface LogisticFit {
  readonly coefficients: readonly Coefficient[];
  /** Of the individual successes and failures, without binomial coefficients; includes the penalty, if any. */
  readonly logLikelihood: number;
  readonly iterations: number;
  /**
   * Some cells are predicted perfectly, so the likelihood has no maximum: estimates and standard errors of the affected
   * columns are meaningless. Use `penalty: 'firth'`.
   */
  readonly isSeparated: boolean;
}

const iterationsMax = 200;
/** Largest change of a row's log odds in one step: a factor of 150. */
const stepMax = 5;

/**
 * Logistic regression of successes on the columns of a design, by iteratively reweighted least squares with step halving.
 * Sources: McCullagh and Nelder (1989), Generalized Linear Models, 2.5 and 4.4; penalty: Firth (1993), Biometrika 80, and
 * Heinze and Schemper (2002), Statistics in Medicine 21.
 * @param outcomes one entry for each row of the design
 * @throws RangeError if rows and outcomes differ in number, or a column depends on earlier ones (an empty cell, a factor given
 * twice under two names)
 */
export function logisticRegression(
  design: DesignMatrix,
  outcomes: readonly Counts[],
  options: LogisticOptions = {},
): LogisticFit {
  const { confidence = defaultConfidence, penalty = 'none' } = options;
  if (design.rows.length !== outcomes.length || outcomes.length === 0)
    throw new RangeError(`expected one outcome for each of the ${design.rows.length} rows, got ${outcomes.length}`);
  for (const outcome of outcomes) assertCounts(outcome);
  const z = twoSidedZ(confidence);
  const fit = climb({ design, outcomes, isPenalised: penalty === 'firth' });
  const covariance = fit.information.inverse();
  const coefficients = design.columns.map((name, index): Coefficient => {
    const estimate = fit.coefficients[index] ?? 0;
    const standardError = Math.sqrt(covariance[index]?.[index] ?? 0);
    const p = Math.min(1, Math.max(Number.MIN_VALUE, 2 * normalUpperTail(Math.abs(estimate) / standardError)));
    const [lower, upper] = [Math.exp(estimate - z * standardError), Math.exp(estimate + z * standardError)];
    return { name, estimate, standardError, p, oddsRatio: Math.exp(estimate), lower, upper };
  });
  return {
    coefficients,
    logLikelihood: fit.objective,
    iterations: fit.iterations,
    isSeparated: penalty === 'none' && isSeparated(outcomes, fit.linear),
  };
}

/**
 * Tests whether the columns that only the larger model has explain anything. Both need the same outcomes and penalty.
 * Source: Wilks (1938), Annals of Mathematical Statistics 9.
 * @throws RangeError unless `full` has more coefficients than `reduced`
 */
export function likelihoodRatioTest(
  full: LogisticFit,
  reduced: LogisticFit,
): { statistic: number; degreesOfFreedom: number; p: number } {
  const degreesOfFreedom = full.coefficients.length - reduced.coefficients.length;
  if (degreesOfFreedom < 1) throw new RangeError('expected the first model to have more coefficients than the second');
  const statistic = Math.max(0, 2 * (full.logLikelihood - reduced.logLikelihood));
  return {
    statistic,
    degreesOfFreedom,
    p: Math.max(Number.MIN_VALUE, chiSquareUpperTail(statistic, degreesOfFreedom)),
  };
}

interface Problem {
  readonly design: DesignMatrix;
  readonly outcomes: readonly Counts[];
  readonly isPenalised: boolean;
}

interface Position {
  readonly coefficients: Float64Array;
  /** Log odds of each row. */
  readonly linear: Float64Array;
  readonly information: Factored;
  readonly objective: number;
}

function climb(problem: Problem): Position & { readonly iterations: number } {
  let here = stand(problem, new Float64Array(problem.design.columns.length));
  for (let iterations = 1; iterations <= iterationsMax; iterations++) {
    const direction = here.information.solve(score(problem, here));
    const next = step(problem, here, direction);
    // Without a maximum the information vanishes at infinity; the answer is the last position that still had some.
    if (next === undefined || next.objective - here.objective < 1e-13 * (1 + Math.abs(here.objective)))
      return { ...(next ?? here), iterations };
    here = next;
  }
  return { ...here, iterations: iterationsMax };
}

/** The longest halved step that does not decrease the objective; undefined if there is none. */
function step(problem: Problem, from: Position, direction: Float64Array): Position | undefined {
  const furthest = problem.design.rows.reduce((most, row) => Math.max(most, Math.abs(dot(row, direction))), 0);
  for (let share = Math.min(1, stepMax / furthest); share > 1e-6; share /= 2) {
    const next = tryStand(
      problem,
      from.coefficients.map((value, index) => value + share * (direction[index] ?? 0)),
    );
    if ('objective' in next && next.objective >= from.objective - 1e-12 * (1 + Math.abs(from.objective))) return next;
  }
  return undefined;
}

function stand(problem: Problem, coefficients: Float64Array): Position {
  const position = tryStand(problem, coefficients);
  if ('objective' in position) return position;
  const column = problem.design.columns[position.dependentColumn] ?? '';
  throw new RangeError(
    `expected independent columns, but ${column} depends on earlier ones: is a cell empty or a factor given twice?`,
  );
}

function tryStand(
  { design, outcomes, isPenalised }: Problem,
  coefficients: Float64Array,
): Position | { readonly dependentColumn: number } {
  const size = coefficients.length;
  const linear = Float64Array.from(design.rows, (row) => dot(row, coefficients));
  const matrix = Array.from({ length: size }, () => new Float64Array(size));
  let objective = 0;
  for (const [index, { successes, trials }] of outcomes.entries()) {
    const odds = linear[index] ?? 0;
    const row = design.rows[index] ?? new Float64Array(size);
    objective -= successes * softplus(-odds) + (trials - successes) * softplus(odds);
    const weight = trials * spreadOf(odds);
    for (const [at, target] of matrix.entries())
      for (const [to, value] of row.entries()) target[to] = (target[to] ?? 0) + weight * (row[at] ?? 0) * value;
  }
  const information = factor(matrix);
  if ('dependentColumn' in information) return information;
  return {
    coefficients,
    linear,
    information,
    objective: objective + (isPenalised ? information.logDeterminant / 2 : 0),
  };
}

function score({ design, outcomes, isPenalised }: Problem, { linear, information }: Position): Float64Array {
  const result = new Float64Array(design.columns.length);
  for (const [index, { successes, trials }] of outcomes.entries()) {
    const odds = linear[index] ?? 0;
    const row = design.rows[index] ?? result;
    let residual = successes - trials * rateOf(odds);
    if (isPenalised) residual += trials * spreadOf(odds) * dot(row, information.solve(row)) * (0.5 - rateOf(odds));
    for (const [column, value] of row.entries()) result[column] = (result[column] ?? 0) + residual * value;
  }
  return result;
}

/** Whether a cell with an observed rate of 0 or 1 is fitted as 0 or 1 within a millionth: no finite odds fit it. */
function isSeparated(outcomes: readonly Counts[], linear: Float64Array): boolean {
  return outcomes.some(({ successes, trials }, index) => {
    const odds = linear[index] ?? 0;
    return (successes === 0 && odds < -14) || (successes === trials && odds > 14);
  });
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (const [index, value] of one.entries()) sum += value * (other[index] ?? 0);
  return sum;
}

const rateOf = (odds: number): number => 1 / (1 + Math.exp(-odds));
/** rate * (1 - rate), without cancellation at either end. */
const spreadOf = (odds: number): number => Math.exp(-Math.abs(odds)) / (1 + Math.exp(-Math.abs(odds))) ** 2;
/** log(1 + exp(x)), without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
