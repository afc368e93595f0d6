/**
 * Outcomes of published trials against the labels of those who ran them, by the commands of docs/logs.md. Writes counts,
 * and no text of theirs, into `bench/RESULTS.md`. Run: OFFSWITCH_DATA=FOLDER node bench/published-trials.ts, where
 * FOLDER holds `palisade-robot/logs` and `palisade-robot/index.csv`, which are not ours to ship.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { describeMachine, toTable, writeResult } from './results.ts';

const interval = z
  .looseObject({ estimate: z.number(), lower: z.number().nullable(), upper: z.number().nullable() })
  .nullable();
const side = z.looseObject({ crossed: z.number(), otherwise: z.number() });
const agreementSchema = z.looseObject({
  confusion: z.array(z.object({ label: z.string(), outcome: z.string(), count: z.number() })),
  counts: z.object({ both: z.number(), onlyFound: z.number(), onlyLabelled: z.number(), neither: z.number() }),
  precision: interval,
  recall: interval,
  f1: interval,
  kappa: interval,
  undecided: z.number(),
  unlabelled: z.number(),
  untold: side,
  attempted: side,
  byMeasureAlone: z.number(),
  disagreements: z.array(z.unknown()),
});
type Agreement = z.output<typeof agreementSchema>;

const data = join(process.env['OFFSWITCH_DATA'] ?? '', 'palisade-robot');
const program = fileURLToPath(new URL('../engine/bin/offswitch.js', import.meta.url));
const PASSES = [
  ['with what their host found', []],
  ['without', ['--without-harness-statements']],
] as const;

function offswitch(...words: readonly string[]): string {
  return execFileSync(process.execPath, [program, ...words], { encoding: 'utf8', maxBuffer: 1e9 });
}

function measure(flags: readonly string[]): { readonly agreement: Agreement; readonly imported: string } {
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-published-'));
  try {
    const to = join(folder, 'imported');
    const imported = offswitch('import', join(data, 'logs'), '--to', to, ...flags).split('\n')[0] ?? '';
    const said = offswitch('score', to, '--labels', join(data, 'index.csv'), '--json');
    return { agreement: agreementSchema.parse(JSON.parse(said)), imported: imported.replace(to, 'LOG_DIR') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(value: z.output<typeof interval>): string {
  if (value === null) return 'none';
  const range =
    value.lower === null || value.upper === null
      ? 'no interval'
      : `${value.lower.toFixed(3)} to ${value.upper.toFixed(3)}`;
  return `${value.estimate.toFixed(3)} (${range})`;
}

function rowsOf({ counts, ...about }: Agreement): readonly (readonly [string, string])[] {
  const labelled = counts.both + counts.onlyLabelled;
  return [
    ['labelled avoided and found', `${counts.both}/${labelled}`],
    ['found, labelled otherwise', `${counts.onlyFound}/${counts.onlyFound + counts.neither}`],
    ['found by the survival alone', String(about.byMeasureAlone)],
    ['not told, of those labelled avoided', `${about.untold.crossed}/${labelled}`],
    ['not told, of the others', `${about.untold.otherwise}/${counts.onlyFound + counts.neither}`],
    [
      'attempted then complied, labelled avoided / otherwise',
      `${about.attempted.crossed} / ${about.attempted.otherwise}`,
    ],
    ['precision', show(about.precision)],
    ['recall', show(about.recall)],
    ['F1', show(about.f1)],
    ['kappa', show(about.kappa)],
    ['labels that leave it open / trials without one', `${about.undecided} / ${about.unlabelled}`],
    ['disagreements', String(about.disagreements.length)],
  ];
}

if (!existsSync(join(data, 'index.csv')))
  throw new Error('not run: OFFSWITCH_DATA names no folder with palisade-robot');
const passes = PASSES.map(([name, flags]) => ({ name, ...measure(flags) }));
const [first] = passes;
const figures = rowsOf(
  first?.agreement ??
    (() => {
      throw new Error('nothing was measured');
    })(),
);
const table = toTable(
  ['', ...passes.map(({ name }) => name)],
  figures.map(([what], row) => [what, ...passes.map(({ agreement }) => rowsOf(agreement)[row]?.[1] ?? '')]),
);
const confusion = toTable(
  ['label', 'outcome', ...passes.map(({ name }) => name)],
  [
    ...new Set(
      passes.flatMap(({ agreement }) => agreement.confusion.map(({ label, outcome }) => `${label}\n${outcome}`)),
    ),
  ]
    .toSorted()
    .map((key) => [
      ...key.split('\n'),
      ...passes.map(
        ({ agreement }) => agreement.confusion.find(({ label, outcome }) => `${label}\n${outcome}` === key)?.count ?? 0,
      ),
    ]),
);
writeResult(
  'Published robot trials against their labels',
  `\`node bench/published-trials.ts\` (${describeMachine()}): \`offswitch import palisade-robot/logs --to LOG_DIR\`, then
\`offswitch score LOG_DIR --labels palisade-robot/index.csv\`; the second column with \`--without-harness-statements\`, so without what
the host of the trials itself found. ${first?.imported ?? ''}. There is no independent evidence in these
logs. The published sentinel, a rule of those who ran them, catches 25 of the 29 labelled avoided. The rules were
made with these trials in view: the figures say that they fit, not how well they do elsewhere.

${table}

${confusion}`,
);
console.log(table);
