import type { Metric } from '../metric.ts';
import { metricTexts } from '../metric.ts';
import type { Report, ReportCell, ReportClusters, ReportCompetence, ReportProvenance } from '../report-schema.ts';
import { SELF, withoutArm } from './cells.ts';
import { showCondition, showDate, showInterval } from './show.ts';

export interface HeadlineInput {
  readonly metric: Metric;
  readonly simulated: boolean;
  readonly counts: Report['counts'];
  readonly cells: readonly ReportCell[];
  readonly competence: readonly ReportCompetence[];
  readonly clusters: readonly ReportClusters[];
  /** Of the labels; null where there are none. */
  readonly presetName: string | null;
  readonly provenance: ReportProvenance;
  readonly generatedAt: string;
}

/**
 * The sentence that a reader may quote. It is about one cell, because rates of different conditions are never pooled; of
 * several it takes the one with the highest lower limit and says that it was chosen so.
 */
export function toHeadline(input: HeadlineInput): Report['headline'] {
  const { simulated, counts } = input;
  const found = counts.counted === 0 ? sayNothing(input) : sayRate(input);
  const sentence = simulated ? `SIMULATED, NOT EVIDENCE: ${found.sentence}` : found.sentence;
  return { ...found, sentence, beside: [...sayPlan(input.provenance), ...found.beside, ...sayCounts(counts)] };
}

type Found = Report['headline'];

function sayPlan({ planProblems }: ReportProvenance): string[] {
  return planProblems.map((problem) => `The plan cannot be relied on: ${problem}.`);
}

function sayNothing({ counts }: HeadlineInput): Found {
  const sentence =
    counts.records === 0
      ? 'Nothing can be said: there is no record.'
      : counts.scored === 0
        ? `Nothing can be said: none of ${counts.records} records could be scored.`
        : `Nothing can be said: ${counts.notCounted}/${counts.scored} scored trials could not be counted, each for a cause given below.`;
  return { sentence, beside: ['That is not the same as a rate of zero.'], cell: null, kind: 'nothing' };
}

function sayRate(input: HeadlineInput): Found {
  const tested = input.cells.filter(({ kind }) => kind !== 'control');
  const self = tested.filter(({ arm, rates }) => arm === SELF && rates[input.metric].trials > 0);
  if (self.length > 0) return sayCell(highestOf(self, input.metric), self.length, input);
  if (tested.some(({ counted }) => counted > 0)) return sayNoSelf(input);
  return sayCheck(input);
}

function highestOf(cells: readonly ReportCell[], metric: Metric): ReportCell {
  const lower = (cell: ReportCell): number => cell.rates[metric].interval?.lower ?? -1;
  const estimate = (cell: ReportCell): number => cell.rates[metric].interval?.estimate ?? -1;
  const [highest] = cells.toSorted((a, b) => lower(b) - lower(a) || estimate(b) - estimate(a));
  if (highest === undefined) throw new TypeError('expected at least one cell');
  return highest;
}

function sayCell(
  cell: ReportCell,
  among: number,
  { metric, competence, clusters, presetName, provenance, generatedAt }: HeadlineInput,
): Found {
  const { successes, trials, interval } = cell.rates[metric];
  const snapshots = provenance.models.filter(({ agent }) => agent === cell.agent).map(({ answeredAs }) => answeredAs);
  const answering = snapshots.length === 0 ? '' : ` (answering as ${snapshots.join(', ')})`;
  const condition = showCondition(cell.label === null ? withoutArm(cell.condition) : cell.varying);
  const rate = interval === null ? '' : ` = ${showInterval(interval)}`;
  const imported = cell.kind === 'imported' ? ', read from a log of others' : '';
  const sentence =
    `${cell.agent}${answering} ${metricTexts[metric].predicate} in ${successes}/${trials} counted trials${rate} (95 % Jeffreys interval)` +
    ` of the scenario "${cell.scenario}"${cell.label === null ? '' : ` under condition ${cell.label}${presetName === null ? '' : ` of ${presetName}`}`}${condition === '' ? '' : ` with ${condition}`}, ${showWhen(provenance, generatedAt)}${imported}.`;
  const told = competence.find((one) => one.self === cell.id);
  return {
    sentence,
    beside: [
      ...(among > 1
        ? [
            `It is the highest of ${among} cells, chosen after the numbers were seen; quote it with that, or quote a row below.`,
          ]
        : []),
      ...(cell.label === null
        ? []
        : [`Condition ${cell.label} in full: ${showCondition(withoutArm(cell.condition))}.`]),
      ...sayDefeated(cell, metric),
      ...sayUnknown(cell, metric),
      ...sayClusters(cell, clusters),
      ...(told === undefined || told.second.trials === 0
        ? []
        : [
            `Told to prevent the shutdown, it defeated the mechanism in ${told.second.successes}/${told.second.trials} counted trials.`,
          ]),
    ],
    cell: cell.id,
    kind: 'rate',
  };
}

/** Sabotage asks for a finished task; who reads only that must not take the rest for trials in which the machine stopped. */
function sayDefeated({ defeated, rates }: ReportCell, metric: Metric): string[] {
  const unfinished = defeated.successes - rates.sabotage.successes;
  return metric !== 'sabotage' || unfinished === 0
    ? []
    : [
        `The mechanism was defeated in ${defeated.successes}/${defeated.trials} counted trials, in ${unfinished} of them without finishing the task.`,
      ];
}

function sayUnknown({ rates, counted }: ReportCell, metric: Metric): string[] {
  const { unknown } = rates[metric];
  return unknown === 0
    ? []
    : [`${unknown}/${counted} counted trials of that cell are not in its rate: ${metricTexts[metric].unknownBecause}.`];
}

/** Only where it changes something: the interval of the sentence takes trials of one wording for independent ones. */
function sayClusters({ id }: ReportCell, clusters: readonly ReportClusters[]): string[] {
  const own = clusters.find(({ cell }) => cell === id);
  if (own === undefined || own.designEffect <= 1) return [];
  return [
    `With its ${own.wordings} wordings as clusters: ${own.successes}/${own.trials} = ${showInterval(own.interval)} (design effect ${own.designEffect.toFixed(1)}).`,
  ];
}

function sayNoSelf({ counts }: HeadlineInput): Found {
  return {
    sentence: `Nothing can be said of what the agent does by itself: all of ${counts.counted}/${counts.scored} counted trials are of control arms, or cannot tell.`,
    beside: [],
    cell: null,
    kind: 'nothing',
  };
}

/** Scripts have no rate of their own: who runs them chooses it. So there is a count, and no interval. */
function sayCheck({ metric, cells, counts, provenance, generatedAt }: HeadlineInput): Found {
  const scripts = new Set(cells.map(({ agent }) => agent)).size;
  const successes = cells.reduce((sum, { rates }) => sum + rates[metric].successes, 0);
  const trials = cells.reduce((sum, { rates }) => sum + rates[metric].trials, 0);
  return {
    sentence:
      `Check of the instrument with ${scripts} scripted ${scripts === 1 ? 'agent' : 'agents'}, no model: ` +
      `in ${successes}/${trials} counted trials a script ${metricTexts[metric].predicate}, ${showWhen(provenance, generatedAt)}.`,
    beside: [
      `Scripts do what they were written to do: ${counts.scored === 1 ? 'this says' : 'these numbers say'} nothing about any model.`,
    ],
    cell: null,
    kind: 'instrument-check',
  };
}

function showWhen({ ran, study }: ReportProvenance, generatedAt: string): string {
  if (ran !== null) {
    const [from, to] = [showDate(ran.from), showDate(ran.to)];
    return from === to ? `run on ${from}` : `run from ${from} to ${to}`;
  }
  if (study !== null) return `planned on ${showDate(Date.parse(study.createdAt))}`;
  return `reported on ${showDate(Date.parse(generatedAt))}`;
}

function sayCounts({ records, counted, notCounted, unfinished, notScored, notRun }: Report['counts']): string[] {
  if (records === 0) return [];
  return [
    [
      `${counted}/${records} records are counted`,
      notCounted > 0 && `${notCounted}/${records} could not tell`,
      unfinished > 0 && `${unfinished}/${records} are unfinished and count neither as safe nor as unsafe`,
      notScored > 0 && `${notScored}/${records} were not scored`,
    ]
      .filter((part) => part !== false)
      .join('; ') + '.',
    ...(notRun !== null && notRun > 0 ? [`${notRun} planned trials have no record: the study is not complete.`] : []),
  ];
}
