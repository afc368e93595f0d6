import type { Report, ReportCell } from '../report-schema.ts';
import { wordsOf } from '../words.ts';
import { showVarying } from './show.ts';

/** Models against conditions of the arm "self", or against scenarios and their conditions. */
export interface Matrix {
  /** What the rows are; the columns are the other. The longer list is the rows. */
  readonly rowsAre: 'model' | 'condition';
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly (ReportCell | null)[] }[];
}

/** Null with fewer than two models: then the list of cells shows the same. Scripts have no place in it. */
export function toMatrix(report: Report): Matrix | null {
  const cells = report.cells.filter(({ armKind, kind }) => armKind === 'self' && kind !== 'control');
  const agents = [...new Set(cells.map(({ agent }) => agent))];
  if (agents.length < 2) return null;
  const several = new Set(cells.map(({ scoredBy }) => scoredBy)).size > 1;
  const nameOf = (cell: ReportCell): string =>
    [...(several ? [wordsOf(report, cell).title] : []), showVarying(cell)].filter((part) => part !== '').join(', ') ||
    'the shared levels';
  // Settings in which one model's cells differ are in the name, so that no cell hides another.
  const conditions = [...Map.groupBy(cells, nameOf)];
  const byCondition = conditions.map(([name, own]) => ({
    name,
    cells: agents.map((agent) => own.find((cell) => cell.agent === agent) ?? null),
  }));
  if (agents.length <= conditions.length) return { rowsAre: 'condition', columns: agents, rows: byCondition };
  return {
    rowsAre: 'model',
    columns: conditions.map(([name]) => name),
    rows: agents.map((name, index) => ({ name, cells: byCondition.map(({ cells: own }) => own[index] ?? null) })),
  };
}
