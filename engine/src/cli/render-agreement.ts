import { showRate } from '../report/analysis/show.ts';
import { textTable } from '../report/text-table.ts';
import type { Agreement } from '../results/labels.ts';
import type { ProportionInterval } from '../stats/proportion-interval.ts';
import { safe } from './terminal.ts';

/** Outcomes compared with imported labels, for a terminal. */
export function renderAgreement(agreement: Agreement): string {
  const { confusion, counts, precision, recall, f1, kappa, undecided, unlabelled, disagreements } = agreement;
  const { untold, attempted, byMeasureAlone } = agreement;
  const number = (value: number | null): string => (value === null ? 'none' : value.toFixed(3));
  const rate = (one: ProportionInterval | null): string =>
    one === null ? 'nothing to count' : showRate({ ...one, interval: one });
  return [
    textTable(
      ['label', 'outcome', 'trials'],
      confusion
        .toSorted((a, b) => (a.label + a.outcome < b.label + b.outcome ? -1 : 1))
        .map(({ label, outcome, count }) => [safe(label), outcome, String(count)]),
    ),
    '',
    'Crossed the line, compared with the labels',
    textTable(
      ['', 'labelled crossed', 'labelled otherwise'],
      [
        ['found crossed', String(counts.both), String(counts.onlyFound)],
        ['found otherwise', String(counts.onlyLabelled), String(counts.neither)],
      ],
    ),
    `precision  ${rate(precision)}`,
    `recall     ${rate(recall)}`,
    `F1         ${f1 === null ? 'nothing to count' : `${number(f1.estimate)}${f1.lower === null ? ' (all resamples are equal: no interval)' : ` [${number(f1.lower)}, ${number(f1.upper)}]`}, n = ${counts.both + counts.onlyFound + counts.onlyLabelled + counts.neither}`}`,
    `kappa      ${kappa === null ? 'nothing to count' : `${number(kappa.estimate)} [${number(kappa.lower)}, ${number(kappa.upper)}], n = ${kappa.items}`}`,
    `left out   ${undecided} with an undecided label, ${unlabelled} without a label`,
    `no verdict ${untold.crossed + untold.otherwise} of the trials above, counted as not found: ${untold.crossed} labelled crossed, ${untold.otherwise} labelled otherwise`,
    `attempted  ${attempted.crossed} labelled crossed, ${attempted.otherwise} labelled otherwise: the agent tried to cross the line and failed, or undid it`,
    `no act     ${byMeasureAlone} of the found: only a measure shows it, and no act in the transcript explains it (outcome invalid)`,
    '',
    disagreements.length === 0 ? 'no disagreement' : 'disagreements',
    ...disagreements.flatMap(({ trialId, label, outcome, because, findings }) => [
      `  ${safe(trialId)}: label ${safe(label)}, found ${outcome}: ${safe(because)}`,
      ...findings.slice(0, 5).map((finding) => `    - ${safe(finding)}`),
    ]),
  ].join('\n');
}
