import type { Calibration, JudgedTrial } from '../judge/calibrate.ts';
import { CANNOT_TELL_CAUSES, cannotTell, type Judgement, type JudgeQuestion } from '../judge/contract.ts';
import type { MonitorResult, OperatingPoint } from '../judge/monitor.ts';
import type { PanelJudgement } from '../judge/panel.ts';
import { showCounts, showInterval, showRate } from '../report/analysis/show.ts';
import { textTable } from '../report/text-table.ts';
import type { Interval } from '../stats/interval.ts';
import type { ProportionInterval } from '../stats/proportion-interval.ts';
import { safe } from './terminal.ts';

const NOT_MEASURED = 'not measured';
const TRIALS_MAX = 20;
const QUOTE_CHARACTERS_MAX = 160;

export interface QuestionAnswers {
  readonly question: JudgeQuestion;
  readonly judges: readonly string[];
  readonly trials: readonly (PanelJudgement & { readonly trialId: string })[];
}

/** What each judge said, and the panel if there are several. */
export function columnsOf({
  judges,
  trials,
}: QuestionAnswers): readonly { readonly name: string; readonly judged: readonly JudgedTrial[] }[] {
  return [
    ...judges.map((name, index) => ({
      name,
      judged: trials.map(({ trialId, judges: all }) => ({
        trialId,
        judgement: all[index]?.judgement ?? cannotTell('not-asked'),
      })),
    })),
    ...(judges.length > 1
      ? [{ name: 'panel', judged: trials.map(({ trialId, panel }) => ({ trialId, judgement: panel })) }]
      : []),
  ];
}

/** Labels of each judge and of the panel, with what could not be told and why, for a terminal. */
export function renderAnswers(answers: QuestionAnswers): string {
  const { question, trials } = answers;
  const said = columnsOf(answers).map(({ name, judged }) => [name, judged.map(({ judgement }) => judgement)] as const);
  const n = trials.length;
  const count = (all: readonly Judgement[], is: (one: Judgement) => boolean): string => `${all.filter(is).length}/${n}`;
  const isCause = (cause: string) => (one: Judgement) => one.label === null && one.cause === cause;
  const causes = Object.entries(CANNOT_TELL_CAUSES).filter(([cause]) =>
    said.some(([, all]) => all.some(isCause(cause))),
  );
  const named = trials.filter(({ panel }) => panel.label === question.positive);
  return [
    `${question.id} (version ${question.version}): ${question.asks}`,
    textTable(
      ['label', ...said.map(([name]) => safe(name))],
      [
        ...Object.keys(question.labels).map((label) => [
          label,
          ...said.map(([, all]) => count(all, (one) => one.label === label)),
        ]),
        ['could not tell', ...said.map(([, all]) => count(all, ({ label }) => label === null))],
        ...causes.map(([cause, words]) => [`  ${words}`, ...said.map(([, all]) => count(all, isCause(cause)))]),
      ],
    ),
    ...named.slice(0, TRIALS_MAX).map(({ trialId, panel }) => {
      const [quote] = panel.label === null ? [] : panel.quotes;
      return `  ${safe(trialId)}: ${panel.label ?? ''}${quote === undefined ? '' : `, event ${quote.seq}: "${safe(quote.text).slice(0, QUOTE_CHARACTERS_MAX)}"`}`;
    }),
    ...(named.length > TRIALS_MAX ? [`  and ${named.length - TRIALS_MAX} more; --json has all`] : []),
  ].join('\n');
}

const rate = (one: ProportionInterval | null): string =>
  one === null ? NOT_MEASURED : showRate({ ...one, interval: one });
const answered = (one: ProportionInterval | null): string =>
  one === null ? `${NOT_MEASURED}: no such trial was answered` : `${rate(one)} of those that it answered`;
const number = ({ estimate, lower, upper }: Interval): string =>
  `${estimate.toFixed(3)} [${lower.toFixed(3)}, ${upper.toFixed(3)}]`;

export function renderCalibration(name: string, one: Calibration): string {
  const { kappa, abstained, rate: found } = one;
  const { corrected } = found;
  return [
    `${safe(name)}: ${one.labelled} labelled trials, ${one.undecided} of them undecided`,
    `  precision    ${rate(one.precision)}`,
    `  recall       ${rate(one.recall)}; what it could not tell counts as not found`,
    `  sensitivity  ${answered(one.sensitivity)}`,
    `  specificity  ${answered(one.specificity)}`,
    `  kappa        ${kappa === null || kappa.estimate === null ? NOT_MEASURED : `${kappa.estimate.toFixed(3)} [${kappa.lower?.toFixed(3) ?? ''}, ${kappa.upper?.toFixed(3) ?? ''}], n = ${kappa.items}`}`,
    `  abstained    ${abstained.positive} positive and ${abstained.negative} negative trials`,
    `  found        ${showCounts(found.found)} of the trials without a label that it answered; ${found.abstained} not answered`,
    `  corrected    ${corrected === null ? `${NOT_MEASURED}: ${found.why ?? ''}` : `${showInterval(corrected)}${corrected.uncut === corrected.estimate ? '' : ' (cut: the error on the labelled trials does not fit the others)'}`}`,
  ].join('\n');
}

export function renderMonitor(name: string, one: MonitorResult): string {
  const { positives, negatives } = one.units;
  const hasCopies = positives + negatives < one.positives + one.negatives;
  return [
    `${safe(name)}: ${one.positives} trials that tried or crossed, ${one.negatives} that did not, ${one.leftOut} left out; ${one.steps} steps, ${one.untold} without a suspicion`,
    `  AUROC over trials      ${one.auroc === null ? NOT_MEASURED : number(one.auroc)}${hasCopies ? `; for ${positives} and ${negatives} controls (epochs of a control are nearly copies)` : ''}`,
    ...(hasCopies ? ['  The intervals below take each epoch as independent, and are too narrow.'] : []),
    ...renderPoint('1 % of harmless trials', one.perTrial),
    ...renderPoint('1 % of harmless steps', one.perStep),
  ].join('\n');
}

/** Below this number of harmless items, a share of 1 % is less than one. */
const HARMLESS_MIN = 100;

function renderPoint(title: string, point: OperatingPoint | null): string[] {
  if (point === null) return [`  at ${title}: ${NOT_MEASURED}`];
  const { threshold, falsePositives, caught, caughtBefore, leads } = point;
  const sorted = leads.toSorted((a, b) => a - b);
  const few = falsePositives.trials < HARMLESS_MIN ? `; fewer than ${HARMLESS_MIN}, so none may raise an alarm` : '';
  return [
    `  at ${title}: alarm ${threshold === null ? 'never (no threshold is that quiet)' : `at ${threshold}`}`,
    `    false alarms         ${rate(falsePositives)}${few}`,
    `    caught               ${rate(caught)}`,
    `    before the deed      ${rate(caughtBefore)}`,
    `    lead in steps        ${sorted.length === 0 ? NOT_MEASURED : `median ${sorted[Math.floor((sorted.length - 1) / 2)] ?? 0}, from ${sorted[0] ?? 0} to ${sorted.at(-1) ?? 0}, n = ${sorted.length}`}`,
  ];
}
