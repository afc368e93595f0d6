import { jeffreysInterval } from '../../stats/proportion-interval.ts';
import type {
  Report,
  ReportCell,
  ReportClusters,
  ReportCompetence,
  ReportInstrument,
  ReportProvenance,
} from '../report-schema.ts';
import { measureOf, rateIn } from '../words.ts';
import { settingsApart, withoutArm } from './cells.ts';
import { showCondition, showCounts, showDate, showInterval, showRate } from './show.ts';

export interface HeadlineInput extends Pick<Report, 'scenarios' | 'simulated' | 'counts' | 'generatedAt'> {
  readonly cells: readonly ReportCell[];
  readonly competence: readonly ReportCompetence[];
  readonly clusters: readonly ReportClusters[];
  /** The preset of the labels; null if there are none. */
  readonly presetName: string | null;
  readonly provenance: ReportProvenance;
  /** Names the records with redacted lines; null if there are none. */
  readonly redacted: string | null;
  readonly instrument: ReportInstrument | null;
}

type Found = Report['headline'];

/**
 * The sentence that a reader may quote. It is about one cell, because rates of different cells are never pooled. If
 * there are several, it takes the one with the highest lower limit and states that.
 */
export function toHeadline(input: HeadlineInput): Found {
  const { simulated, counts, provenance, cells } = input;
  const found = counts.counted === 0 ? sayNothing(input) : sayRate(input);
  const apart = settingsApart(cells);
  return {
    ...found,
    sentence: simulated ? `SIMULATED, NOT EVIDENCE: ${found.sentence}` : found.sentence,
    beside: [
      ...provenance.planProblems.map((problem) => `The records and their plan do not agree: ${problem}.`),
      ...(input.redacted === null ? [] : [`${input.redacted}.`]),
      ...found.beside,
      ...(apart.length === 0
        ? []
        : [`Trials of one agent and condition differ in ${apart.join(', ')}: each setting is a separate cell.`]),
      ...sayCounts(counts),
    ],
  };
}

function sayNothing({ counts }: HeadlineInput): Found {
  const sentence =
    counts.records === 0
      ? 'No result: there are no records.'
      : counts.scored === 0
        ? `No result: none of ${counts.records} records could be scored.`
        : `No result: ${counts.notCounted}/${counts.scored} scored trials could not be counted. The causes are below.`;
  return { sentence, beside: ['That is not the same as a rate of zero.'], cell: null, kind: 'nothing' };
}

function sayRate(input: HeadlineInput): Found {
  const tested = input.cells.filter(({ kind }) => kind !== 'control');
  const self = tested.filter((cell) => cell.armKind === 'self' && rateIn(cell).trials > 0);
  if (self.length > 0) return sayCell(highestOf(self), self, input);
  return tested.some(({ counted }) => counted > 0) ? sayNoSelf(input) : sayCheck(input);
}

function highestOf(cells: readonly ReportCell[]): ReportCell {
  const key = (cell: ReportCell): number[] => {
    const [own, crossed] = [rateIn(cell).interval, rateIn(cell, 'crossed').interval];
    return [own?.lower ?? -1, own?.estimate ?? -1, crossed?.lower ?? -1];
  };
  const [highest] = cells.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    return y.map((value, index) => value - (x[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
  });
  if (highest === undefined) throw new TypeError('expected at least one cell');
  return highest;
}

function sayCell(cell: ReportCell, among: readonly ReportCell[], input: HeadlineInput): Found {
  const { competence, clusters, presetName, provenance, generatedAt } = input;
  const { predicate } = measureOf(input, cell);
  const rate = rateIn(cell);
  const snapshots = provenance.models.filter(({ agent }) => agent === cell.agent).map(({ answeredAs }) => answeredAs);
  const answering = snapshots.length === 0 ? '' : ` (answering as ${snapshots.join(', ')})`;
  const condition = showCondition(
    cell.label === null ? { ...withoutArm(cell.condition), ...cell.varying } : cell.varying,
  );
  const named =
    cell.label === null ? '' : ` under condition ${cell.label}${presetName === null ? '' : ` of ${presetName}`}`;
  const share = rate.interval === null ? '' : ` = ${showInterval(rate.interval)}`;
  const told = competence.find(({ self, second }) => self === cell.id && second.trials > 0);
  const tried = among.filter((one) => rateIn(one, 'tried').successes > 0).length;
  return {
    sentence:
      `${cell.agent}${answering} ${predicate} in ${showCounts(rate)} counted trials${share} (95 % ${rate.isMean ? "Student's t" : 'Jeffreys'} interval)` +
      ` of the scenario "${cell.scenario}"${named}${condition === '' ? '' : ` with ${condition}`}, ${showWhen(provenance, generatedAt)}` +
      `${cell.kind === 'imported' ? ', read from a log of another tool' : ''}.`,
    beside: [
      ...(among.length > 1
        ? [
            `It is the highest of ${among.length} cells, chosen after seeing the numbers; quote it with this remark, or quote a row below.`,
            ...(tried > 0 ? [`The agent tried to cross the line, or crossed it, in ${tried} of these cells.`] : []),
          ]
        : []),
      ...(cell.label === null
        ? []
        : [`Condition ${cell.label} in full: ${showCondition(withoutArm(cell.condition))}.`]),
      ...sayLine(cell, input),
      ...sayUnknown(cell),
      ...sayClusters(cell, clusters),
      ...(told === undefined
        ? []
        : [`When told to, it crossed the line in ${showCounts(told.second)} counted trials.`]),
    ],
    cell: cell.id,
    kind: 'rate',
  };
}

/** A measure may require more than crossing the line. This keeps readers from taking the other trials for safe. */
function sayLine(cell: ReportCell, input: HeadlineInput): string[] {
  return ['crossed', 'tried'].flatMap((name) => {
    const [rate, own] = [rateIn(cell, name), rateIn(cell)];
    return cell.metric === name || rate.successes === own.successes
      ? []
      : [`It ${measureOf(input, cell, name).predicate} in ${showCounts(rate)} counted trials.`];
  });
}

function sayUnknown(cell: ReportCell): string[] {
  const { unknown } = rateIn(cell);
  return unknown === 0
    ? []
    : [`${unknown}/${cell.counted} counted trials of that cell are not in its rate: they cannot tell.`];
}

/** Only if it changes something: the interval in the sentence treats trials with the same texts as independent. */
function sayClusters({ id }: ReportCell, clusters: readonly ReportClusters[]): string[] {
  const own = clusters.find(({ cell }) => cell === id);
  if (own === undefined || own.designEffect <= 1) return [];
  return [
    `With its ${own.wordings} wordings as clusters: ${showCounts(own)} = ${showInterval(own.interval)} (design effect ${own.designEffect.toFixed(1)}).`,
  ];
}

function sayNoSelf({ counts }: HeadlineInput): Found {
  return {
    sentence: `No result for what the agent does by itself: all of the ${counts.counted}/${counts.scored} counted trials are in control arms, or cannot tell.`,
    beside: [],
    cell: null,
    kind: 'nothing',
  };
}

/** Scripts have no rate of their own: it depends on which of them are run. */
function sayCheck({ cells, counts, provenance, generatedAt, instrument }: HeadlineInput): Found {
  const scripts = new Set(cells.map(({ agent }) => agent)).size;
  return {
    sentence: `Check of the instrument with ${scripts} scripted ${scripts === 1 ? 'agent' : 'agents'}, no model: ${counts.counted}/${counts.scored} trials counted, ${showWhen(provenance, generatedAt)}.`,
    beside: [
      ...(instrument?.scenarios ?? []).map(
        ({ scenario, trials, right, sensitivity, specificity }) =>
          `${scenario}: ${right}/${trials} trials ended as expected; sensitivity ${showShare(sensitivity)} (attempts that were found), specificity ${showShare(specificity)} (others that were left alone).`,
      ),
      `Scripts do what they were written to do: ${counts.scored === 1 ? 'this says' : 'these numbers say'} nothing about any model.`,
    ],
    cell: null,
    kind: 'instrument-check',
  };
}

function showShare([successes, trials]: readonly [number, number]): string {
  return showRate({ successes, trials, interval: trials === 0 ? null : jeffreysInterval(successes, trials) });
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
