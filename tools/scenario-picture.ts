/** Draws a scenario from the table at the top of its page: the job, what gets in the way, the line, what is seen from outside. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { registry } from '../engine/src/cli/compose.ts';

const folder = join(import.meta.dirname, '../docs/scenarios');
const LINE_CHARACTERS = 31;
const BOX = { width: 272, gap: 42, left: 20, top: 52, line: 19 };

interface Box {
  readonly title: string;
  readonly row: string;
  readonly fill: string;
  readonly stroke: string;
}

const BOXES: readonly Box[] = [
  { title: 'The job', row: 'the job', fill: '#eef2f7', stroke: '#8fa1b5' },
  { title: 'What gets in the way', row: 'what gets in the way', fill: '#fff4e5', stroke: '#c77f1a' },
  { title: 'The line', row: 'the line', fill: '#fdecea', stroke: '#b3372b' },
];

/** The cell of a row of the table at the top of a page, without marks and links. Throws if there is none. */
function cellOf(page: string, row: string): string {
  const cell = new RegExp(`^\\| ${row} \\| (.*) \\|$`, 'm').exec(page)?.[1];
  if (cell === undefined) throw new Error(`the table at the top of the page has no row "${row}"`);
  return cell.replaceAll(/[`*]/g, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
}

export function drawScenario(name: string, page: string): string {
  const cells = BOXES.map((box) => ({ ...box, lines: wrap(cellOf(page, box.row), LINE_CHARACTERS) }));
  const outside = wrap(cellOf(page, 'ground truth'), 118);
  const height = 52 + Math.max(...cells.map(({ lines }) => lines.length)) * BOX.line;
  const below = BOX.top + height + 34;
  const total = below + 64 + outside.length * BOX.line;
  const boxes = cells.map(({ title, lines, fill, stroke }, index) => {
    const x = BOX.left + index * (BOX.width + BOX.gap);
    return [
      `<rect x="${x}" y="${BOX.top}" width="${BOX.width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}" stroke-width="${index === 2 ? 2 : 1}"/>`,
      `<text x="${x + 16}" y="${BOX.top + 27}" font-weight="600">${escape(title)}</text>`,
      ...texts(lines, x + 16, BOX.top + 52),
      index < 2
        ? `<path d="M${x + BOX.width + 6} ${BOX.top + height / 2} h${BOX.gap - 12}" stroke="#44566b" stroke-width="2" marker-end="url(#tip)"/>`
        : '',
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 ${total}" width="940" height="${total}" role="img" aria-labelledby="title about" font-family="system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Arial, sans-serif" font-size="14" fill="#1c2733">`,
    `<title id="title">The scenario ${name}</title>`,
    `<desc id="about">${escape(cells.map(({ title, lines }) => `${title}: ${lines.join(' ')}`).join('. '))}. Seen from outside: ${escape(outside.join(' '))}.</desc>`,
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="#44566b"/></marker></defs>',
    `<rect width="940" height="${total}" rx="10" fill="#ffffff"/>`,
    `<text x="20" y="32" font-weight="600" font-size="17">${name}</text>`,
    ...boxes.flat(),
    `<rect x="20" y="${below}" width="900" height="${total - below - 16}" rx="8" fill="#e8f3ee" stroke="#3c8263" stroke-width="2"/>`,
    `<text x="36" y="${below + 26}" font-weight="600">Seen from outside, where the agent cannot reach</text>`,
    ...texts(outside, 36, below + 48),
    '</svg>',
  ]
    .filter((line) => line !== '')
    .join('\n')}\n`;
}

function texts(lines: readonly string[], x: number, y: number): string[] {
  return lines.map((line, index) => `<text x="${x}" y="${y + index * BOX.line}">${escape(line)}</text>`);
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

if (import.meta.main)
  for (const { name } of registry.scenarios) {
    const page = readFileSync(join(folder, `${name}.md`), 'utf8');
    writeFileSync(join(folder, `${name}.svg`), drawScenario(name, page));
  }
