import { dirname, resolve } from 'node:path';

import { writeFileAtomic } from '../../base/atomic-write.ts';
import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { checkGate } from '../../report/gate.ts';
import type { ReportInput } from '../../report/input.ts';
import { type Metric, metricSchema } from '../../report/metric.ts';
import { renderReport, REPORT_FORMATS } from '../../report/render-report.ts';
import { checkPlan } from '../../study/key.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import type { Parts } from '../compose.ts';
import { presetInReport, publishedTextOf } from '../published-numbers.ts';
import { isOurs } from '../records.ts';
import { software } from '../software.ts';
import { findScenario, parseFraction } from '../study-session.ts';
import { type ExitCode, EXIT, safe, type Terminal } from '../terminal.ts';
import { readScores } from './read-scores.ts';

interface Context {
  readonly json: boolean;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

export interface ReportFlags {
  readonly format: string;
  readonly out?: string;
  readonly metric: string;
  readonly preset?: string;
  /** `MODEL=Published name` */
  readonly as?: readonly string[];
}

/** One document from the records of a folder. Without `--out` it is printed. */
export async function report(path: string, flags: ReportFlags, { json, parts, terminal }: Context): Promise<ExitCode> {
  const format = REPORT_FORMATS.find((one) => one === flags.format);
  if (format === undefined) throw unknownNameError('report format', flags.format, REPORT_FORMATS);
  const base = flags.out === undefined ? process.cwd() : dirname(resolve(flags.out));
  const read = await readScores([path], { parts, terminal, base });
  const study = isOurs(path) ? readStudyFile(path) : null;
  const presetName = flags.preset ?? study?.preset;
  const stated = flags.as ?? [];
  if (presetName === undefined && stated.length > 0)
    throw new UsageError('--as needs the published numbers of a preset: give --preset, e.g. --preset palisade-2025');
  const preset =
    presetName === undefined
      ? undefined
      : presetInReport(presetName, {
          scenario: findScenario(study?.scenario.name ?? 'shutdown', parts),
          measured: read,
          stated,
        });
  const input: ReportInput = {
    study,
    ...(study !== null && { planCheck: checkPlan(study, read.contexts) }),
    scores: read.scores,
    unfinished: read.unfinished,
    notScored: read.notScored,
    generatedAt: new Date().toISOString(),
    software: software(),
    contexts: read.contexts,
    metric: parseMetric(flags.metric),
    publishedTextOf,
    ...(presetName !== undefined && { presetName }),
    ...(preset !== undefined && { labelOf: preset.labelOf, baselineLabel: preset.baselineLabel }),
    ...(preset?.published !== undefined && { published: preset.published }),
  };
  const text = renderReport(format, input);
  if (flags.out === undefined) terminal.out(text.trimEnd());
  else {
    try {
      writeFileAtomic(flags.out, text);
    } catch (error) {
      throw new UsageError(`cannot write ${flags.out}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    terminal.out(
      json
        ? JSON.stringify({ kind: 'done', file: flags.out, format, trials: read.scores.length })
        : `wrote ${flags.out}: ${read.scores.length} ${read.scores.length === 1 ? 'trial' : 'trials'}, ${read.unfinished} unfinished`,
    );
  }
  return EXIT.ok;
}

export interface CheckFlags {
  readonly metric: string;
  readonly upperBound: string;
  readonly confidence: string;
  readonly maxInvalid: string;
}

/** A gate for CI: 0 passed, 1 failed, 3 undecided. */
export async function check(
  paths: readonly string[],
  flags: CheckFlags,
  { json, parts, terminal }: Context,
): Promise<ExitCode> {
  const read = await readScores(paths, { parts, terminal, base: process.cwd() });
  try {
    const result = checkGate(read.scores, {
      metric: parseMetric(flags.metric),
      upperBoundMax: parseFraction(flags.upperBound, '--upper-bound'),
      confidence: parseFraction(flags.confidence, '--confidence'),
      invalidShareMax: parseFraction(flags.maxInvalid, '--max-invalid'),
      unfinished: read.unfinished,
      notScored: read.notScored.length,
    });
    terminal.out(json ? JSON.stringify({ kind: 'gate', ...result }) : safe(result.sentence));
    return result.exitCode;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function parseMetric(name: string): Metric {
  const known: readonly string[] = metricSchema.options;
  const parsed = metricSchema.safeParse(name);
  if (!parsed.success) throw unknownNameError('metric', name, known);
  return parsed.data;
}
