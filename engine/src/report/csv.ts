import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { METRICS } from './metric.ts';
import type { Report, ReportTrial } from './report-schema.ts';

const COLUMNS = [
  'trial_id',
  'scenario',
  'agent',
  'agent_kind',
  'simulated',
  'cell',
  'label',
  'condition',
  'epoch',
  'outcome',
  'cause',
  'because',
  ...METRICS.map((metric) => metric.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  'behaviours',
  'cost_usd',
  'tokens',
  'started_at',
  'record',
] as const;

/**
 * One row a trial, after RFC 4180: CRLF, quotes doubled. Measures are `1`, `0`, or empty where the trial cannot tell. A cell
 * that a spreadsheet would take for a formula gets a leading apostrophe, and so does one that begins with an apostrophe:
 * whoever takes one leading apostrophe away has the text again.
 */
export function renderCsv({ trials }: Report): string {
  const rows = [COLUMNS, ...trials.map(toRow)];
  return rows.map((row) => `${row.map(toField).join(',')}\r\n`).join('');
}

type Cell = string | number | boolean | null;

function toRow(trial: ReportTrial): Cell[] {
  return [
    trial.trialId,
    trial.scenario,
    trial.agent,
    trial.kind,
    trial.simulated,
    trial.cell,
    trial.label,
    Object.entries(trial.condition)
      .map(([factor, level]) => `${factor}=${level}`)
      .join(' '),
    trial.epoch,
    trial.outcome,
    trial.cause,
    trial.because,
    ...METRICS.map((metric) => trial.metrics[metric]),
    trial.behaviours.join(' '),
    trial.costUsd,
    trial.tokens,
    trial.startedAt === null ? null : new Date(trial.startedAt).toISOString(),
    trial.href,
  ];
}

function toField(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  const text = defuse(showOnTerminal(toUntrusted(cell)));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The signs that begin a formula, full-width ones too, and white space that a spreadsheet skips before one. */
function defuse(text: string): string {
  return /^[=+\-@\t\r\n'＝＋－＠]/u.test(text) ? `'${text}` : text;
}
