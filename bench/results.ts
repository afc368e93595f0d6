import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('RESULTS.md', import.meta.url));
const HEAD = `# Measured

Written by the commands that are named with each part; each replaces its own part only. Ratios are of one run on one machine,
which does other work at the same time: so both sides take turns, and the spread is said.
`;

/** Puts one part into `bench/RESULTS.md`, in place of what an earlier run wrote there. */
export function writeResult(title: string, text: string): void {
  const parts = (existsSync(path) ? readFileSync(path, 'utf8') : HEAD).split(/^(?=## )/m);
  const mine = `## ${title}\n\n${text.trim()}\n\n`;
  const index = parts.findIndex((part) => part.startsWith(`## ${title}\n`));
  const others = parts.map((part) => `${part.trimEnd()}\n\n`);
  const all = index === -1 ? [...others, mine] : others.with(index, mine);
  writeFileSync(path, `${all.join('').trimEnd()}\n`);
}

/** What the figures were taken on. */
export function describeMachine(): string {
  const who = process.getuid?.() === 0 ? 'root' : 'an ordinary user';
  return `Node ${process.version}, Linux ${release()}, ${cpus().length} CPUs, as ${who}, with other work on the same machine`;
}

export function toTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  // A bar would begin another cell, also within code.
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
