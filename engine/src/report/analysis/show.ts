import type { Condition } from '../../record/events.ts';
import type { Report, ReportCell, ReportPaired } from '../report-schema.ts';

const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `24 November 2026`, in UTC. */
export function showDate(at: number): string {
  return Number.isFinite(at) ? DATE.format(at) : 'an unknown date';
}

/** `2026-11-24 03:37 UTC` */
export function showTime(at: number): string {
  return Number.isFinite(at) ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'unknown';
}

export function showCondition(condition: Condition): string {
  return Object.entries(condition)
    .map(([factor, level]) => `${factor}=${level}`)
    .join(', ');
}

/** `allow=none`, or `the defaults`; see `besidesDefaults`. */
export function showLevels(condition: Condition): string {
  return showCondition(condition) || 'the defaults';
}

/** What distinguishes a cell from the others in its report: its label, its levels, and its arm if that is a control. */
export function showVarying({
  label,
  varying,
  arm,
  armKind,
}: Pick<ReportCell, 'label' | 'varying' | 'arm' | 'armKind'>): string {
  const levels = showCondition(armKind === 'self' ? varying : { arm, ...varying });
  // Some labels are also levels: show them once.
  if (label === null || levels.split(', ').includes(label)) return levels;
  return levels === '' ? label : `${label}: ${levels}`;
}

/** Introduces the shared levels. */
export function introduceShared({ cells, shared }: Pick<Report, 'cells' | 'shared'>): string {
  const deviates = cells.some(({ varying }) => Object.keys(varying).some((factor) => factor in shared));
  return deviates ? 'Unless a row says otherwise' : 'All cells';
}

export function showPercent(fraction: number): string {
  return (fraction * 100).toFixed(1);
}

interface Range {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** `7.0 % [3.2, 13.2]`; always follows its counts. */
export function showInterval({ estimate, lower, upper }: Range): string {
  return `${showPercent(estimate)} % [${showPercent(lower)}, ${showPercent(upper)}]`;
}

interface Counted {
  readonly successes: number;
  readonly trials: number;
}

/** `3/10`; `3.25/10` if the measure is numeric. */
export function showCounts({ successes, trials }: Counted): string {
  return `${Number.isInteger(successes) ? successes : successes.toFixed(2)}/${trials}`;
}

/** `3/10 = 30.0 % [9.3, 60.6]`: a rate with its counts and its 95 % interval. */
export function showRate({ interval, ...counts }: Counted & { readonly interval: Range | null }): string {
  return interval === null ? showCounts(counts) : `${showCounts(counts)} = ${showInterval(interval)}`;
}

/** `−43.0 [−54.2, −29.8]`, in percentage points, with a real minus sign. */
export function showPoints({ estimate, lower, upper }: Range): string {
  const points = (value: number): string => {
    const text = showPercent(value);
    if (Number(text) === 0) return '0.0';
    return value < 0 ? `−${text.slice(1)}` : `+${text}`;
  };
  return `${points(estimate)} [${points(lower)}, ${points(upper)}]`;
}

/** How many pairs there are, and which seeds make none. */
export function showPairs({ firstOnly, secondOnly, pairs, leftOut }: ReportPaired): string {
  const { noPartner, notCounted, cannotTell } = leftOut;
  const reasons = [
    ...(noPartner === 0 ? [] : [`${noPartner} without a partner`]),
    ...(notCounted === 0 ? [] : [`${notCounted} not counted`]),
    ...(cannotTell === 0 ? [] : [`${cannotTell} cannot tell`]),
  ];
  return `${firstOnly}, ${secondOnly} of ${pairs}${reasons.length === 0 ? '' : `; left out: ${reasons.join(', ')}`}`;
}

/** How pairs of one seed are compared, for the kinds of measure that occur. */
export function sayPairMethods(rows: readonly Pick<ReportPaired, 'isMean'>[]): string {
  return [
    'Trials of one seed have the same items and texts, and make a pair.',
    ...(rows.some(({ isMean }) => !isMean)
      ? [
          "Yes or no: McNemar's exact test, two-sided, looks only at pairs that differ; difference with the 95 % Newcombe interval for pairs.",
        ]
      : []),
    ...(rows.some(({ isMean }) => isMean)
      ? [
          "A number: mean of the differences with Student's 95 % interval; the exact test, two-sided, flips their signs in every way.",
        ]
      : []),
    'Not corrected.',
  ].join(' ');
}

/** Three decimals; smaller values as a bound. */
export function showP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}
