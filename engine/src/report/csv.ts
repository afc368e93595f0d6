import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import type { Report, ReportTrial } from './report-schema.ts';

/**
 * One row per trial, by RFC 4180: CRLF, doubled quotes. Measures are `1`, `0`, a number between them, or empty if the
 * trial cannot tell. A cell that a spreadsheet would read as a formula gets a leading apostrophe, and so does one that
 * starts with an apostrophe. Removing one leading apostrophe restores the text.
 */
export function renderCsv({ trials, scenarios }: Report): string {
  const measures = [...new Set(Object.values(scenarios).flatMap((words) => Object.keys(words.measures)))];
  const header = Object.keys(toRow(null, measures));
  const rows = [header, ...trials.map((trial) => Object.values(toRow(trial, measures)))];
  return rows.map((row) => `${row.map(toField).join(',')}\r\n`).join('');
}

type Cell = string | number | boolean | null;

/** By the names of the columns. */
function toRow(trial: ReportTrial | null, measures: readonly string[]): Record<string, Cell> {
  const value = <K extends keyof ReportTrial>(key: K): ReportTrial[K] | null => trial?.[key] ?? null;
  const startedAt = value('startedAt');
  return {
    trial_id: value('trialId'),
    scenario: value('scenario'),
    agent: value('agent'),
    agent_kind: value('kind'),
    simulated: value('simulated'),
    cell: value('cell'),
    label: value('label'),
    condition: Object.entries(value('condition') ?? {})
      .map(([factor, level]) => `${factor}=${level}`)
      .join(' '),
    epoch: value('epoch'),
    outcome: value('outcome'),
    rung: value('rung'),
    cause: value('cause'),
    because: value('because'),
    ...Object.fromEntries(
      measures.map((name) => [
        name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
        value('measures')?.[name] ?? null,
      ]),
    ),
    behaviours: value('behaviours')?.join(' ') ?? null,
    cost_usd: value('costUsd'),
    tokens: value('tokens'),
    started_at: startedAt === null ? null : new Date(startedAt).toISOString(),
    record: value('href'),
  };
}

function toField(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  const text = defuse(showOnTerminal(toUntrusted(cell)));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Matches the characters that start a formula, including full-width ones, and white space that a spreadsheet skips. */
function defuse(text: string): string {
  return /^[=+\-@\t\r\n'＝＋－＠]/u.test(text) ? `'${text}` : text;
}
