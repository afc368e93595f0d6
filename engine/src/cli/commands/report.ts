import { dirname, extname, resolve } from 'node:path';

import { Command } from 'commander';

import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import type { RatedTrial } from '../../detect/score.ts';
import { renderReport, REPORT_FORMATS, type ReportFormat } from '../../report/render-report.ts';
import type { ReportInstrument } from '../../report/report-schema.ts';
import { checkFolder } from '../../results/check-folder.ts';
import { presetInReport, publishedTextIn } from '../../results/published-numbers.ts';
import { readPrompt } from '../../results/records.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { findScenario } from '../../study/registry.ts';
import { CONTROL_PREFIX } from '../../study/resolve.ts';
import { type CommandContext, jsonOption, severalOption } from '../command.ts';
import { compareControls } from '../compare-controls.ts';
import type { Registry } from '../compose.ts';
import { readResults, scenariosOf, studyIn } from '../read-results.ts';
import { software } from '../software.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';
import { writeOutput } from '../write-output.ts';

const FORMAT_BY_ENDING: ReadonlyMap<string, ReportFormat> = new Map([
  ['.csv', 'csv'],
  ['.json', 'json'],
  ['.md', 'markdown'],
  ['.sarif', 'sarif'],
  ['.svg', 'svg'],
  ['.xml', 'junit'],
]);

/** `offswitch report` */
export function createReportCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('report')
    .description(`write one document from the records of a folder: ${REPORT_FORMATS.join(', ')}`)
    .argument('<path>', 'log folder, record, or a log that "import" can read')
    .option('--format <name>', `${REPORT_FORMATS.join(', ')}; default: by the ending of --out, otherwise html`)
    .option('--out <file>', 'file to write; default: standard output')
    .option('--metric <name>', "measure of the first sentence; default: the scenario's headline")
    .option('--preset <name>', "preset with published results for comparison; default: the study's preset")
    .addOption(
      severalOption(
        '--as <model=name>',
        'match a measured model with a published one, e.g. "openai-compatible/local=o3"; default: by name',
      ),
    )
    .addOption(jsonOption())
    .action(async (path: string, { json = false, ...flags }: ReportFlags & { json?: boolean }) =>
      finish(await report(path, flags, { json, terminal, registry: await registry() })),
    );
}

interface ReportFlags {
  readonly format?: string;
  readonly out?: string;
  readonly metric?: string;
  readonly preset?: string;
  /** `MODEL=Published name` */
  readonly as: readonly string[];
}

interface Context {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Writes one document from the records of a folder, or prints it without `--out`. */
async function report(path: string, flags: ReportFlags, { json, terminal, registry }: Context): Promise<ExitCode> {
  const { out, metric } = flags;
  const asked = flags.format ?? FORMAT_BY_ENDING.get(extname(out ?? '').toLowerCase()) ?? 'html';
  const format = REPORT_FORMATS.find((one) => one === asked);
  if (format === undefined) throw unknownNameError('report format', asked, REPORT_FORMATS);
  const base = out === undefined ? process.cwd() : dirname(resolve(out));
  const read = await readResults([path], { registry, terminal, base });
  const study = studyIn(path);
  const planCheck = checkFolder(study, read.folders.get(path) ?? []);
  const presetName = flags.preset ?? study?.preset;
  if (presetName === undefined && flags.as.length > 0)
    throw new UsageError('--as needs the published results of a preset: give --preset, e.g. --preset palisade-2025');
  const preset =
    presetName === undefined
      ? undefined
      : presetInReport(presetName, {
          scenario: scenarioWith(presetName, study?.scenario.name, registry),
          measured: read,
          stated: flags.as,
        });
  const paths = new Map(
    read.folders.get(path)?.flatMap((one) => (one.trialId === null ? [] : [[one.trialId, one.path]])),
  );
  const instrument = toInstrument(read.scores, registry);
  const text = renderReport(format, {
    study,
    scores: read.scores,
    scenarios: scenariosOf(read.scores, registry),
    unfinished: read.unfinished.length,
    notScored: read.notScored,
    generatedAt: new Date().toISOString(),
    software: software(),
    contexts: read.contexts,
    promptOf: (trialId) => readPrompt(paths.get(trialId)),
    ...(instrument !== null && { instrument }),
    publishedTextOf: publishedTextIn(registry.scenarios),
    ...(planCheck !== null && { planCheck }),
    ...(metric !== undefined && { metric }),
    ...(presetName !== undefined && { presetName }),
    ...(preset !== undefined && { labelOf: preset.labelOf, baselineLabel: preset.baselineLabel }),
    ...(preset?.published !== undefined && { published: preset.published }),
  });
  if (out === undefined) {
    terminal.out(text.trimEnd());
    return EXIT.ok;
  }
  writeOutput(out, text);
  const trials = read.scores.length;
  terminal.out(
    json
      ? JSON.stringify({ kind: 'done', file: out, format, trials })
      : `wrote ${out}: ${trials} ${trials === 1 ? 'trial' : 'trials'}, ${read.unfinished.length} unfinished`,
  );
  return EXIT.ok;
}

/** Null if a trial is not of a script alone: what a product made of one, only its record tells. */
function toInstrument(scores: readonly RatedTrial[], registry: Registry): ReportInstrument | null {
  if (
    scores.length === 0 ||
    !scores.every(({ agent: { kind, name } }) => kind === 'control' && name.startsWith(CONTROL_PREFIX))
  )
    return null;
  const { controls, scenarios } = compareControls(
    registry.scenarios.flatMap((scenario) =>
      scores
        .filter(({ scoredBy }) => scoredBy === scenario.name)
        .map((score) => ({ scenario, score, deviation: null })),
    ),
  );
  const pairs = controls.flatMap(({ scenario, expected, found }) =>
    Object.entries(found).map(([outcome, trials]) => ({ scenario, expected, found: outcome, trials })),
  );
  const groups = Map.groupBy(pairs, ({ scenario, expected, found }) => JSON.stringify([scenario, expected, found]));
  return {
    scenarios: scenarios.map(({ sensitivity, specificity, ...one }) => ({
      ...{ ...one, sensitivity: [...sensitivity], specificity: [...specificity] },
    })),
    outcomes: [...groups.values()].flatMap(([first, ...others]) =>
      first === undefined ? [] : [{ ...first, trials: others.reduce((sum, { trials }) => sum + trials, first.trials) }],
    ),
  };
}

/** The scenario of the study, otherwise the one that has the preset. */
function scenarioWith(preset: string, name: string | undefined, registry: Registry): Scenario {
  if (name !== undefined) return findScenario(name, registry);
  const found = registry.scenarios.find(({ presets }) => presets.some((one) => one.name === preset));
  if (found !== undefined) return found;
  throw unknownNameError(
    'preset',
    preset,
    registry.scenarios.flatMap(({ presets }) => presets.map((one) => one.name)),
  );
}
