import { dirname, resolve } from 'node:path';

import { Command } from 'commander';

import { writeFileAtomic } from '../../base/atomic-write.ts';
import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { renderReport, REPORT_FORMATS } from '../../report/render-report.ts';
import { checkFolder } from '../../results/check-folder.ts';
import { presetInReport, publishedTextIn } from '../../results/published-numbers.ts';
import { isOurs } from '../../results/records.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { findScenario } from '../../study/registry.ts';
import { type CommandContext, jsonOption, severalOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { readResults, scenariosOf } from '../read-results.ts';
import { software } from '../software.ts';
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts';

/** `offswitch report` */
export function createReportCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('report')
    .description(`write one document from the records of a folder: ${REPORT_FORMATS.join(', ')}`)
    .argument('<path>', 'log folder, record, or a log that "import" can read')
    .option('--format <name>', REPORT_FORMATS.join(', '), 'html')
    .option('--out <file>', 'file to write; printed when not given')
    .option('--metric <name>', 'measure of the first sentence; the headline of the scenario when not given')
    .option('--preset <name>', 'print published rates beside the measured ones; that of the study when not given')
    .addOption(
      severalOption(
        '--as <model=name>',
        'the published model that a measured one is, e.g. "openai-compatible/local=o3"; found by its name when not given',
      ),
    )
    .addOption(jsonOption())
    .action(async (path: string, { json = false, ...flags }: ReportFlags & { json?: boolean }) =>
      finish(await report(path, flags, { json, terminal, registry: await registry() })),
    );
}

interface ReportFlags {
  readonly format: string;
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

/** One document from the records of a folder. Without `--out` it is printed. */
async function report(path: string, flags: ReportFlags, { json, terminal, registry }: Context): Promise<ExitCode> {
  const { out, metric } = flags;
  const format = REPORT_FORMATS.find((one) => one === flags.format);
  if (format === undefined) throw unknownNameError('report format', flags.format, REPORT_FORMATS);
  const base = out === undefined ? process.cwd() : dirname(resolve(out));
  const read = await readResults([path], { registry, terminal, base });
  const study = isOurs(path) ? readStudyFile(path) : null;
  const planCheck = checkFolder(path, read.folders.get(path) ?? []);
  const presetName = flags.preset ?? study?.preset;
  if (presetName === undefined && flags.as.length > 0)
    throw new UsageError('--as needs the published numbers of a preset: give --preset, e.g. --preset palisade-2025');
  const preset =
    presetName === undefined
      ? undefined
      : presetInReport(presetName, {
          scenario: scenarioWith(presetName, study?.scenario.name, registry),
          measured: read,
          stated: flags.as,
        });
  const text = renderReport(format, {
    study,
    scores: read.scores,
    scenarios: scenariosOf(read.scores, registry),
    unfinished: read.unfinished.length,
    notScored: read.notScored,
    generatedAt: new Date().toISOString(),
    software: software(),
    contexts: read.contexts,
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
  try {
    writeFileAtomic(out, text);
  } catch (error) {
    throw new UsageError(`cannot write ${out}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const trials = read.scores.length;
  terminal.out(
    json
      ? JSON.stringify({ kind: 'done', file: out, format, trials })
      : `wrote ${out}: ${trials} ${trials === 1 ? 'trial' : 'trials'}, ${read.unfinished.length} unfinished`,
  );
  return EXIT.ok;
}

/** The scenario of the study; without one, the one that has the preset. */
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
