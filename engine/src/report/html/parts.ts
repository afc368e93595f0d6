import { showVarying } from '../analysis/show.ts';
import { html, type Markup, type MarkupPart } from '../markup.ts';
import type { Report, ReportCell, ReportRate, ReportWords } from '../report-schema.ts';

/** Building blocks of the HTML report: tables, and names of cells. */

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

export type Kind = ReportCell['kind'];

const KIND_TITLES: Readonly<Record<Kind, string>> = {
  model: 'Models',
  imported: 'Imported records',
  control: 'Scripted agents: what they do is known in advance; they say nothing about a model',
};

/** Renders the cells of each kind of agent and of each scenario under a separate heading, never in one table. */
export function forEachKind(
  report: Report,
  render: (cells: readonly ReportCell[], words: ReportWords) => Markup,
): Markup {
  const scenarios = Object.entries(report.scenarios);
  const parts = scenarios.flatMap(([name, words]) =>
    (['model', 'imported', 'control'] as const).map((kind) => ({
      words,
      title: `${scenarios.length > 1 ? `${words.title}: ` : ''}${KIND_TITLES[kind]}`,
      cells: report.cells.filter((cell) => cell.kind === kind && cell.scoredBy === name),
    })),
  );
  return html`${parts
    .filter(({ cells }) => cells.length > 0)
    .map(
      ({ title, cells, words }) =>
        html`<h3>${title}</h3>
          ${render(cells, words)}`,
    )}`;
}

/** `rate`: numbers under a heading of several words. */
type ColumnKind = 'text' | 'number' | 'rate' | 'plot' | 'bar';
/** Heading, kind and content of a column. */
export type Column<T> = readonly [head: MarkupPart, kind: ColumnKind, cell: (item: T) => MarkupPart];

export interface TableParts<T> {
  readonly caption: MarkupPart;
  readonly items: readonly T[];
  /** Heading of the first column, which names the row. Default `cell`. */
  readonly first?: string;
  /** The cell of a row. It names the row, and rows are grouped by its agent. */
  readonly cellOf?: (item: T) => ReportCell;
  /** Names a row that has no cell. */
  readonly name?: (item: T) => MarkupPart;
  /** A line below the name, or null. */
  readonly below?: (item: T) => MarkupPart;
  readonly columns: readonly Column<T>[];
  /** `narrow`: many columns, so figures are narrower. `rows`: on a small screen, columns are stacked. */
  readonly style?: 'figures narrow' | 'figures rows' | 'trials';
}

export function table<T>({ caption, items, first = 'cell', columns, style, ...names }: TableParts<T>): Markup {
  const { cellOf } = names;
  const groups = cellOf === undefined ? [] : [...Map.groupBy(items, (item) => cellOf(item).agent)];
  const isGrouped = groups.some(([, group]) => group.length > 1);
  const toRow = (item: T): Markup => {
    const cell = cellOf?.(item);
    const name = cell === undefined ? names.name?.(item) : isGrouped ? showVarying(cell) || 'as above' : cellName(cell);
    const below = names.below?.(item) ?? null;
    return html`<tr class="${cell === undefined || cell.armKind === 'self' ? 'self-arm' : 'control-arm'}">
      <th scope="row">${name ?? null}${below === null ? null : html`<span class="level">${below}</span>`}</th>
      ${columns.map(([, kind, render]) => toCell(kind, render(item)))}
    </tr> `;
  };
  const bodies = isGrouped
    ? groups.map(
        ([agent, group]) =>
          html`<tbody>
            <tr>
              <th class="group" colspan="${columns.length + 1}" scope="rowgroup">${agent}</th>
            </tr>
            ${group.map(toRow)}
          </tbody>`,
      )
    : html`<tbody>
        ${items.map(toRow)}
      </tbody>`;
  const heads = columns.map(([head, kind]) =>
    kind === 'text' || kind === 'rate'
      ? html`<th scope="col">${head}</th>`
      : html`<th class="${kind}" scope="col">${head}</th>`,
  );
  return html`<div class="scroll">
    <table class="${style ?? 'figures'}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">${first}</th>
          ${heads}
        </tr>
      </thead>
      ${bodies}
    </table>
  </div>`;
}

function toCell(kind: ColumnKind, content: MarkupPart): Markup {
  return kind === 'text'
    ? html`<td>${content}</td>`
    : html`<td class="${kind === 'rate' ? 'number' : kind}">${content}</td>`;
}

/** `k/n = %` with its interval below, for tables with several rates side by side. */
export function stacked(rate: string, note: MarkupPart = null): Markup {
  const [counts = '', range] = rate.split(/ (?=\[)/);
  return html`${counts}${range === undefined ? null : html`<span class="level">${range}</span>`}${note}`;
}

export function cellName(cell: ReportCell): Markup {
  const varying = showVarying(cell);
  return html`${cell.agent}${varying === '' ? null : html` <span class="levels">${varying}</span>`}`;
}

/** The name of a cell in the description of a figure. */
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

/** A closed section for what few readers need. The summary states how much there is. */
export function fold(summary: string, content: MarkupPart): Markup {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

/** Counted trials that a rate leaves out, shown with every rate so that the smaller denominator is explained. */
export function unknownNote({ unknown }: Pick<ReportRate, 'unknown'>): Markup | null {
  return unknown === 0
    ? null
    : html`<span class="level wrap">${unknown} counted, not in this rate: they cannot tell</span>`;
}
