import { unknownNameError } from '../base/usage-error.ts';
import { CORE_MEASURES, type Score } from '../detect/score.ts';
import { CORE_OUTCOMES } from '../record/outcome.ts';
import type { ReportScenario, ReportScenarios } from './input.ts';
import type { Report, ReportCell, ReportRate, ReportWords } from './report-schema.ts';

/** The vocabulary of a scenario together with the outcomes and measures of the core: all names that a report prints. */
export function toWords({ title, arms, vocabulary: { outcomes, behaviours, measures } }: ReportScenario): ReportWords {
  return {
    title,
    arms: { ...arms },
    outcomes: {
      ...Object.fromEntries(Object.entries(outcomes).map(([name, { means, rung }]) => [name, { means, rung }])),
      ...Object.fromEntries(Object.entries(CORE_OUTCOMES).map(([name, means]) => [name, { means, rung: null }])),
    },
    behaviours: { ...behaviours },
    measures: {
      ...Object.fromEntries(
        Object.entries(measures).map(([name, { title: text, predicate, definition, source }]) => [
          name,
          { title: text, predicate, definition, source },
        ]),
      ),
      ...CORE_MEASURES,
    },
  };
}

/**
 * The scenario whose rules gave a score.
 * @throws TypeError if it was not passed in
 */
export function scenarioOf({ scoredBy }: Pick<Score, 'scoredBy'>, scenarios: ReportScenarios): ReportScenario {
  const found = scenarios.get(scoredBy);
  if (found === undefined) throw new TypeError(`expected the scenario "${scoredBy}", whose rules gave a score`);
  return found;
}

/** The vocabulary of one scenario in a report. */
export function wordsOf(
  { scenarios }: Pick<Report, 'scenarios'>,
  { scoredBy }: { readonly scoredBy: string },
): ReportWords {
  const words = scenarios[scoredBy];
  if (words === undefined) throw new TypeError(`the report has no scenario "${scoredBy}"`);
  return words;
}

/**
 * The requested measure, or the headline measure of the scenario.
 * @throws UsageError if it has no such measure
 */
export function measureIn({ measures }: ReportWords, asked: string | undefined): string {
  const names = Object.keys(measures);
  const name = asked ?? names[0] ?? '';
  if (!names.includes(name)) throw unknownNameError('measure', name, names);
  return name;
}

type Measures = ReportWords['measures'];

/** The vocabulary of a measure. */
export function measureOf(report: Pick<Report, 'scenarios'>, cell: ReportCell, name = cell.metric): Measures[string] {
  const measure = wordsOf(report, cell).measures[name];
  if (measure === undefined) throw new TypeError(`the scenario "${cell.scoredBy}" has no measure "${name}"`);
  return measure;
}

/** The title of the measure of these cells, or the titles of several scenarios. */
export function titleOf(
  report: Pick<Report, 'scenarios' | 'cells'>,
  cells: readonly ReportCell[] = report.cells,
): string {
  return [...new Set(cells.map((cell) => measureOf(report, cell).title))].join(' or ');
}

/** The title of a measure that a plan or a publication names. */
export function titleOfMeasure({ scenarios }: Pick<Report, 'scenarios'>, name: string): string {
  return Object.values(scenarios).flatMap(({ measures }) => measures[name]?.title ?? [])[0] ?? name;
}

/** The rate of a cell. Default: for the measure of the report. */
export function rateIn(cell: ReportCell, name = cell.metric): ReportRate {
  return cell.rates[name] ?? { successes: 0, trials: 0, unknown: cell.counted, isMean: false, interval: null };
}

/** The description of a behaviour, or its name if the vocabulary has none. */
export function describeBehaviour({ behaviours }: ReportWords, behaviour: string): string {
  const known = Object.hasOwn(behaviours, behaviour) ? behaviours[behaviour] : undefined;
  return known?.says ?? behaviour.replaceAll('-', ' ');
}
