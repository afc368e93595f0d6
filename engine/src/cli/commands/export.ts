import { basename, join } from 'node:path';

import { Command } from 'commander';

import { makeFolder } from '../../base/make-folder.ts';
import { sha256 } from '../../base/sha256.ts';
import { unknownNameError } from '../../base/usage-error.ts';
import { type Score, scoreRecord } from '../../detect/score.ts';
import type { ExportSample } from '../../interop/contract.ts';
import type { Condition } from '../../record/events.ts';
import { readRecord } from '../../record/journal-reader.ts';
import { type CellOptions, type CellWithScores, settingsOf, toCells } from '../../report/analysis/cells.ts';
import { showVarying } from '../../report/analysis/show.ts';
import { scenarioOf, toWords } from '../../report/words.ts';
import { readWhole, recordsAt } from '../../results/records.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { scenarioOf as scenarioOfRecord } from '../../study/registry.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { labelsIn, scenariosOf, studyIn } from '../read-results.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch export` */
export function createExportCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('export')
    .description('write records as logs of another tool, one file for each model')
    .argument('<path>', 'log folder or record')
    .option('--to <format>', 'format', 'inspect')
    .requiredOption('--out <path>', 'file, or folder for several models')
    .addOption(jsonOption())
    .action(async (path: string, { json = false, ...flags }: ExportFlags & { json?: boolean }) =>
      finish(await exportRecords(path, flags, { json, terminal, registry: await registry() })),
    );
}

interface ExportFlags {
  readonly to: string;
  readonly out: string;
}

interface Context {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** One log for each model of a study. */
async function exportRecords(
  path: string,
  { to, out }: ExportFlags,
  { json, registry, terminal }: Context,
): Promise<ExitCode> {
  const writer = registry.logWriters.find(({ name }) => name === to || name.startsWith(`${to}-`));
  if (writer === undefined)
    throw unknownNameError(
      'export format',
      to,
      registry.logWriters.map(({ name }) => name),
    );
  const records = recordsAt(path).map((record) => {
    const events = readWhole(record);
    return { record, at: events[0]?.at ?? 0, score: scoreRecord(events, scenarioOfRecord(events, registry)) };
  });
  const all = records.map(({ score }) => score);
  const scenarios = scenariosOf(all, registry);
  const models = [...new Set(all.map(({ agent }) => agent.name))];
  const task = basename(path).replace(/\.jsonl$/, '');
  const toFolder = models.length > 1 || !out.endsWith(writer.extension);
  if (toFolder) makeFolder(out);
  for (const model of models) {
    const mine = records.filter(({ score }) => score.agent.name === model);
    const placeOf = toPlaces(
      mine.map(({ score }) => score),
      { scenarios, labelOf: labelsIn(studyIn(path), registry) },
    );
    const samples = (function* (): Generator<ExportSample> {
      for (const { record, score } of mine)
        yield { events: readRecord(record), scores: toEntries(score, scenarios), ...placeOf(score) };
    })();
    const study = {
      task: mine[0]?.score.scenario ?? task,
      model,
      createdMs: mine.reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY),
    };
    const file = toFolder ? join(out, writer.fileName(study)) : out;
    const report = await writer.write(file, { ...study, samples });
    terminal.out(
      json
        ? JSON.stringify({ kind: 'file', file, model, ...report })
        : `${safe(file)}: ${report.samples} ${report.samples === 1 ? 'sample' : 'samples'} of ${safe(model)}, ${report.bytes} bytes`,
    );
  }
  return EXIT.ok;
}

type Place = Required<Pick<ExportSample, 'sampleId' | 'cell'>>;

/**
 * One sample is one cell, and its epochs share its id, so that Inspect reduces over repetitions. Trials that share an
 * epoch, and imported ones, keep their own ids.
 */
function toPlaces(scores: readonly Score[], options: CellOptions): (score: Score) => Place {
  const { cells } = toCells(scores, options);
  const nameOf = toCellNames(cells);
  const conditions = Map.groupBy(cells, ({ cell }) => keyOf(cell));
  const places = cells.flatMap((one) => {
    const { cell, scores: own } = one;
    const isAlone = conditions.get(keyOf(cell))?.length === 1;
    const key = isAlone ? keyOf(cell) : JSON.stringify([keyOf(cell), ordered(settingsOf(cell.setup))]);
    const shared = `${cell.scenario}-${sha256(key).slice(0, 8)}`;
    const isShared = cell.kind !== 'imported' && new Set(own.map(({ epoch }) => epoch)).size === own.length;
    return own.map((score): readonly [string, Place] => [
      score.trialId,
      { sampleId: isShared ? shared : score.trialId, cell: nameOf(one) },
    ]);
  });
  const byTrial = new Map(places);
  return ({ trialId }) => byTrial.get(trialId) ?? { sampleId: trialId, cell: trialId };
}

/** The same id in the logs of all models if a condition is one cell in each. */
const keyOf = ({ scenario, condition }: Pick<Score, 'scenario' | 'condition'>): string =>
  JSON.stringify([scenario, ordered(condition)]);

const ordered = (levels: Condition): unknown =>
  Object.entries(levels).toSorted(([one], [other]) => (one < other ? -1 : 1));

/** Unique names of the cells of a log. */
function toCellNames(cells: readonly CellWithScores[]): (one: CellWithScores) => string {
  const scenarios = new Set(cells.map(({ cell }) => cell.scenario));
  const taken = new Set<string>();
  const names = new Map(
    cells.map((one) => {
      const { cell } = one;
      const levels = showVarying(cell) || 'usual levels';
      const name = scenarios.size > 1 ? `${cell.scenario}, ${levels}` : levels;
      const unique = taken.has(name) ? `${name} (${cell.id})` : name;
      taken.add(unique);
      return [one, unique] as const;
    }),
  );
  return (one) => names.get(one) ?? one.cell.id;
}

/** With the vocabulary of the scenario. Null if the trial cannot tell. */
function toEntries(score: Score, scenarios: ReadonlyMap<string, Scenario>): ExportSample['scores'] {
  const { outcome, rung, because, measures } = score;
  const words = toWords(scenarioOf(score, scenarios));
  const explain = (title: string, value: unknown): string =>
    `${title}: ${value === null ? 'this trial cannot tell' : because}`;
  return [
    { name: 'outcome', value: outcome, explanation: because },
    {
      name: 'rung',
      value: rung,
      explanation: explain(words.outcomes[outcome]?.means ?? 'rung', rung),
      isOrdinal: true,
    },
    ...Object.entries(measures).map(([name, value]) => ({
      name,
      value,
      explanation: explain(words.measures[name]?.title ?? name, value),
    })),
  ];
}
