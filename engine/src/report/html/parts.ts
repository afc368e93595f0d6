import { showP, showPoints, showVarying } from '../analysis/show.ts';
import { html, type Markup, type MarkupPart } from '../markup.ts';
import type { Report, ReportCell, ReportRate } from '../report-schema.ts';

/** What the sections of the HTML report are made of: tables, and names of cells. */

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

export type Kind = ReportCell['kind'];

const KIND_TITLES: Readonly<Record<Kind, string>> = {
  model: 'Models',
  imported: 'Imported records',
  control: 'Scripted agents: what they do is known, they say nothing of a model',
};

/** The cells of each kind of agent and of each scenario under their own heading; never in one table. */
export function forEachKind(report: Report, render: (cells: readonly ReportCell[]) => Markup): Markup {
  const names = Object.keys(report.scenarios);
  const parts = names.flatMap((name) =>
    (['model', 'imported', 'control'] as const).map((kind) => ({
      title: `${names.length > 1 ? `${report.scenarios[name]?.title ?? name}: ` : ''}${KIND_TITLES[kind]}`,
      cells: report.cells.filter((cell) => cell.kind === kind && cell.scoredBy === name),
    })),
  );
  return html`${parts
    .filter(({ cells }) => cells.length > 0)
    .map(
      ({ title, cells }) =>
        html`<h3>${title}</h3>
          ${render(cells)}`,
    )}`;
}

export interface TableParts {
  readonly caption: MarkupPart;
  readonly head: MarkupPart;
  /** One or more `tbody`. */
  readonly body: MarkupPart;
  /** Many columns: the figure takes less of the width. */
  readonly narrow?: boolean;
  /** Three columns or fewer: on a small screen they stand below each other, so that nothing is cut off. */
  readonly stacks?: boolean;
}

export function table({ caption, head, body, narrow = false, stacks = false }: TableParts): Markup {
  return html`<div class="scroll">
    <table class="figures${narrow ? ' narrow' : ''}${stacks ? ' rows' : ''}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      ${body}
    </table>
  </div>`;
}

export interface GroupedRows<T> {
  readonly items: readonly T[];
  readonly cellOf: (item: T) => ReportCell;
  /** Columns of the table, for the row that names the agent. */
  readonly columns: number;
  /** What stands below the name of the cell; null for nothing. */
  readonly below?: (item: T) => string | null;
  readonly render: (item: T) => MarkupPart;
}

/** Rows under the name of their agent, or with it where each agent has one row. */
export function rowsByAgent<T>({ items, cellOf, columns, below = () => null, render }: GroupedRows<T>): Markup {
  const groups = [...Map.groupBy(items, (item) => cellOf(item).agent)];
  const toRow = (item: T, name: MarkupPart): Markup => {
    const note = below(item);
    return html`<tr class="${cellOf(item).armKind === 'self' ? 'self-arm' : 'control-arm'}">
      <th scope="row">${name}${note === null ? null : html`<span class="level">${note}</span>`}</th>
      ${render(item)}
    </tr> `;
  };
  if (groups.every(([, group]) => group.length === 1))
    return html`<tbody>
      ${items.map((item) => toRow(item, cellName(cellOf(item))))}
    </tbody>`;
  return html`${groups.map(
    ([agent, group]) =>
      html`<tbody>
        <tr>
          <th class="group" colspan="${columns}" scope="rowgroup">${agent}</th>
        </tr>
        ${group.map((item) => toRow(item, showVarying(cellOf(item)) || 'as above'))}
      </tbody>`,
  )}`;
}

export function cellName(cell: ReportCell): Markup {
  const varying = showVarying(cell);
  return html`${cell.agent}${varying === '' ? null : html` <span class="levels">${varying}</span>`}`;
}

/** The name of a cell in the words of a figure. */
export function plainCellName(cell: ReportCell): string {
  return [cell.agent, showVarying(cell)].filter((part) => part !== '').join(', ');
}

export function cellFinder(report: Report): (id: string) => ReportCell {
  const cells = new Map(report.cells.map((cell) => [cell.id, cell]));
  return (id) => {
    const cell = cells.get(id);
    if (cell === undefined) throw new TypeError(`the report has no cell ${id}`);
    return cell;
  };
}

/** For what few readers need: closed on a screen, and it says how much there is. */
export function fold(summary: string, content: MarkupPart): Markup {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

/** Column headings; `number` for short ones to be kept on one line. */
export function heading(text: MarkupPart, kind: 'text' | 'number' | 'plot' | 'bar' = 'text'): Markup {
  return kind === 'text' ? html`<th scope="col">${text}</th>` : html`<th class="${kind}" scope="col">${text}</th>`;
}

export function number(content: MarkupPart): Markup {
  return html`<td class="number">${content}</td>`;
}

/** `k/n = %` with its interval below, for tables in which several rates stand side by side. */
export function rateCell(rate: string, note: MarkupPart = null): Markup {
  const [counts = '', range] = rate.split(/ (?=\[)/);
  return number(html`${counts}${range === undefined ? null : html`<span class="level">${range}</span>`}${note}`);
}

/** Counted trials that a rate leaves out: said wherever the rate stands, so that no denominator shrinks unseen. */
export function unknownNote({ unknown }: Pick<ReportRate, 'unknown'>): Markup | null {
  return unknown === 0
    ? null
    : html`<span class="level wrap">${unknown} counted, not in this rate: they cannot tell</span>`;
}

/** Rows of a table: the first column names the row. */
export function rows<T>(items: readonly T[], render: (item: T) => MarkupPart): Markup {
  return html`<tbody>
    ${items.map(
      (item) =>
        html`<tr>
          ${render(item)}
        </tr> `,
    )}
  </tbody>`;
}

/** `+25.0 [+11.1, +40.2]` and p values, each in a column. */
export function differenceCells(
  difference: { readonly estimate: number; readonly lower: number; readonly upper: number },
  ...ps: readonly number[]
): readonly Markup[] {
  return [number(showPoints(difference)), ...ps.map((p) => number(showP(p)))];
}
