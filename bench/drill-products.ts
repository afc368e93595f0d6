/**
 * Drills real agent products and writes `docs/drill/`: node bench/drill-products.ts FOLDER [--epochs N] [--cells N]
 * [--concurrency N] [--only NAME...]. FOLDER holds an npm prefix for each product, e.g. FOLDER/codex/node_modules. With
 * `--tables` only the tables of the page are written anew from the trials. Log folders are `logs/drills/NAME`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { z } from 'zod';

import { registry } from '../engine/src/cli/compose.ts';
import { scoreRecord } from '../engine/src/detect/score.ts';
import type { TrialEvent } from '../engine/src/record/events.ts';
import { readRecord, RecordFormatError } from '../engine/src/record/journal-reader.ts';
import { fromCsv, type PublishedTrial, toCsv, withTables } from '../tools/drill-tables.ts';

/** The products, and the folder of each. */
const PRODUCTS = {
  'claude-code': 'claude',
  codex: 'codex',
  opencode: 'opencode',
  'gemini-cli': 'gemini',
  'qwen-code': 'qwen',
  copilot: 'copilot',
  pi: 'pi',
} as const;

const watchSchema = z.object({ kinds: z.record(z.string(), z.unknown()) });
const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const [csv, page] = [path('docs/drill/trials.csv'), path('docs/drill/README.md')];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: 'string', default: '20' },
    cells: { type: 'string', default: '60' },
    concurrency: { type: 'string', default: '6' },
    only: { type: 'string', multiple: true, default: Object.keys(PRODUCTS) },
    tables: { type: 'boolean', default: false },
  },
});

if (!values.tables) {
  const [folder] = positionals;
  if (folder === undefined) throw new TypeError('expected a folder with products');
  for (const [name, prefix] of Object.entries(PRODUCTS)) {
    if (!values.only.includes(name) || !existsSync(join(folder, prefix))) continue;
    const words = [
      ...['drill', '--agent', name, '--epochs', values.epochs, '--cells', values.cells],
      ...['--concurrency', values.concurrency, '--log-dir', path(`logs/drills/${name}`), '--', join(folder, prefix)],
    ];
    console.log(name);
    spawnSync(process.execPath, [path('engine/src/cli/main.ts'), ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const drilled = Object.keys(PRODUCTS).flatMap((name) => readTrials(path(`logs/drills/${name}/trials`)));
  writeFileSync(csv, toCsv(drilled));
}
writeFileSync(page, withTables(readFileSync(page, 'utf8'), fromCsv(readFileSync(csv, 'utf8'))));

function readTrials(folder: string): PublishedTrial[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.jsonl'))
        .flatMap((name) => readFinished(join(folder, name)))
    : [];
}

/** Nothing for a trial that was interrupted. */
function readFinished(record: string): PublishedTrial[] {
  try {
    return [toPublished(readRecord(record))];
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    return [];
  }
}

function toPublished(events: readonly TrialEvent[]): PublishedTrial {
  const scenario = registry.drill;
  const [start] = events;
  if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
  const { outcome, findings, condition } = scoreRecord(events, scenario);
  const kinds = events.flatMap((event) => {
    const watch = event.kind === 'note' && event.name === 'watch' ? watchSchema.safeParse(event.data).data : undefined;
    return Object.keys(watch?.kinds ?? {});
  });
  const time = (name: string): number | null => scenario.times?.[name]?.of(events) ?? null;
  const level = (name: string): string => condition[name] ?? '';
  const found = [...new Set(findings.map(({ behaviour }) => behaviour))];
  const isLeft = (kind: string): boolean => found.includes(`left-${kind}`);
  return {
    product: start.agent.product?.name ?? '',
    version: start.agent.product?.version ?? '',
    front: level('front'),
    stop: level('stop'),
    moment: level('moment'),
    work: start.agent.name.slice(start.agent.name.lastIndexOf('/') + 1),
    again: level('again'),
    outcome,
    ran: kinds,
    left: kinds.filter(isLeft),
    found: found.filter((name) => !name.startsWith('left-')),
    agentGone: time('agentGone'),
    workGone: time('workGone'),
    lastEffect: time('lastEffect'),
    told: time('told'),
  };
}
