import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { makeFolder } from '../../base/make-folder.ts';
import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import { type Score, scoreRecord } from '../../detect/score.ts';
import { type ExportSample, type LogReader, type NoticePattern, type ReadLogOptions } from '../../interop/contract.ts';
import { writeImportedSample } from '../../interop/write-sample.ts';
import { type RoleBinding, roleSchema } from '../../record/events.ts';
import { sha256 } from '../../record/hash-chain.ts';
import { readRecord } from '../../record/journal-reader.ts';
import { openLogFolder } from '../../study/log-folder.ts';
import type { Parts } from '../compose.ts';
import { isOurs, readWhole, recordsAt } from '../records.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

interface Context {
  readonly json: boolean;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

export interface ImportFlags {
  readonly to: string;
  readonly format?: string;
  readonly notice: readonly string[];
  readonly role: readonly string[];
  /** False with `--without-harness-statements`. */
  readonly harnessStatements: boolean;
}

/** Imported logs become sealed records. What a log cannot tell is absent, and what was left out is reported. */
export async function importLogs(
  paths: readonly string[],
  flags: ImportFlags,
  { json, parts, terminal }: Context,
): Promise<ExitCode> {
  using folder = openLogFolder(flags.to);
  const beside = join(flags.to, 'beside');
  makeFolder(beside);
  let samples = 0;
  let problems = 0;
  let unmapped = 0;
  for (const { path, reader } of await findLogs(paths, flags.format, parts)) {
    const options = {
      ...readOptions(flags, (sentence) => {
        problems++;
        terminal.note(`not read: ${safe(sentence)}`);
      }),
      onNote: (sentence: string) => terminal.note(safe(sentence)),
    };
    for await (const sample of reader.read(path, options)) {
      const record = folder.recordPath(sample.trialId);
      if (existsSync(record))
        throw new UsageError(`${sample.trialId} is in ${flags.to} already: import into an empty folder`);
      writeImportedSample({ record, beside: join(beside, `${sample.trialId}.jsonl`) }, sample);
      samples++;
      unmapped += sample.unmapped.length;
      if (json)
        terminal.out(
          JSON.stringify({
            kind: 'sample',
            trialId: sample.trialId,
            reader: reader.name,
            events: sample.events.length,
            unmapped: sample.unmapped,
            foreign: sample.foreign.length,
          }),
        );
    }
  }
  if (json) terminal.out(JSON.stringify({ kind: 'done', samples, problems, unmapped, folder: flags.to }));
  else {
    terminal.out(
      `imported ${samples} trials into ${flags.to}; ${problems} could not be read, ${unmapped} things have no place in a record (--json lists them)`,
    );
    if (unmapped > 0)
      terminal.out(`What a record cannot hold lies in ${beside}, as it was; nothing is scored from it.`);
    terminal.out('No independent evidence exists for them: detectors work from calls and results alone, and say so.');
    terminal.out(`next: npx offswitch score ${flags.to}`);
  }
  return problems > 0 || samples === 0 ? EXIT.findings : EXIT.ok;
}

function readOptions(
  { notice, role, harnessStatements }: Omit<ImportFlags, 'to' | 'format'>,
  onProblem: ReadLogOptions['onProblem'],
): ReadLogOptions {
  return {
    onProblem,
    harnessStatements,
    notices: notice.map((text): NoticePattern => ({ text, by: 'contains' })),
    ...(role.length > 0 && { roles: role.map(parseRole) }),
  };
}

/** `mechanism=/app/shutdown.sh` */
function parseRole(text: string): RoleBinding {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  const role = roleSchema.options.find((one) => one === name);
  if (at <= 0 || at === text.length - 1)
    throw new UsageError(`expected a role as role=path, e.g. mechanism=/app/shutdown.sh, got "${text}"`);
  if (role === undefined) throw unknownNameError('role', name, roleSchema.options);
  return { role, path: text.slice(at + 1) };
}

async function findReader(path: string, format: string | undefined, parts: Parts): Promise<LogReader> {
  const { logReaders } = parts;
  if (!existsSync(path)) throw new UsageError(`there is nothing at ${path}: expected a log, or a folder of logs`);
  const names = logReaders.map(({ name }) => name);
  if (format !== undefined) {
    const named = logReaders.find(({ name }) => name === format);
    if (named === undefined) throw unknownNameError('log format', format, names);
    return named;
  }
  const reader = await recognise(path, parts);
  if (reader !== undefined) return reader;
  throw new UsageError(
    `${path} is no log that can be read: expected one of ${names.join(', ')}; name it with --format`,
  );
}

interface FoundLog {
  readonly path: string;
  readonly reader: LogReader;
}

/** Every log that the paths name; of a folder that is no log itself, the files in it that are. */
async function findLogs(paths: readonly string[], format: string | undefined, parts: Parts): Promise<FoundLog[]> {
  const found: FoundLog[] = [];
  for (const path of paths) {
    const isFolder = existsSync(path) && statSync(path).isDirectory();
    const whole = isFolder && format === undefined ? await recognise(path, parts) : undefined;
    if (whole !== undefined || !isFolder)
      found.push({ path, reader: whole ?? (await findReader(path, format, parts)) });
    else {
      const inside: FoundLog[] = [];
      for (const name of readdirSync(path).toSorted()) {
        const file = join(path, name);
        if (!statSync(file).isFile()) continue;
        const reader = format === undefined ? await recognise(file, parts) : await findReader(file, format, parts);
        if (reader !== undefined) inside.push({ path: file, reader });
      }
      if (inside.length === 0)
        throw new UsageError(
          `${path} holds no log that can be read: expected one of ${parts.logReaders.map(({ name }) => name).join(', ')}`,
        );
      found.push(...inside);
    }
  }
  return found;
}

async function recognise(path: string, { logReaders }: Parts): Promise<LogReader | undefined> {
  for (const reader of logReaders) if (await reader.recognises(path)) return reader;
  return undefined;
}

/** Scores of records, or of logs that are imported on the way and not kept. */
export async function scoresOf(path: string, parts: Parts, terminal: Terminal): Promise<Score[]> {
  if (isOurs(path)) return recordsAt(path).map((record) => scoreRecord(readWhole(record), parts.detectors));
  const folder = mkdtempSync(join(tmpdir(), 'offswitch-import-'));
  try {
    const scores: Score[] = [];
    const flags = { notice: [], role: [], harnessStatements: true };
    const options = {
      ...readOptions(flags, (sentence) => terminal.note(`not read: ${safe(sentence)}`)),
      onNote: (sentence: string) => terminal.note(safe(sentence)),
    };
    for (const log of await findLogs([path], undefined, parts)) {
      for await (const sample of log.reader.read(log.path, options)) {
        const record = join(folder, 'record.jsonl');
        writeImportedSample({ record, beside: null }, sample);
        scores.push(scoreRecord(readRecord(record), parts.detectors));
        rmSync(record);
      }
    }
    return scores;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface ExportFlags {
  readonly to: string;
  readonly out: string;
}

/** One log for each model of a study. */
export async function exportRecords(
  path: string,
  { to, out }: ExportFlags,
  { json, parts, terminal }: Context,
): Promise<ExitCode> {
  const writer = parts.logWriters.find(({ name }) => name === to || name.startsWith(`${to}-`));
  if (writer === undefined)
    throw unknownNameError(
      'export format',
      to,
      parts.logWriters.map(({ name }) => name),
    );
  const records = recordsAt(path).map((record) => {
    const events = readWhole(record);
    return { record, at: events[0]?.at ?? 0, score: scoreRecord(events, parts.detectors) };
  });
  const models = [...new Set(records.map(({ score }) => score.agent.name))];
  const task = basename(path).replace(/\.jsonl$/, '');
  const toFolder = models.length > 1 || !out.endsWith(writer.extension);
  if (toFolder) makeFolder(out);
  for (const model of models) {
    const mine = records.filter(({ score }) => score.agent.name === model);
    const sampleIdOf = toSampleIds(mine.map(({ score }) => score));
    const samples = (function* (): Generator<ExportSample> {
      for (const { record, score } of mine)
        yield { events: readRecord(record), scores: toEntries(score), sampleId: sampleIdOf(score) };
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

/**
 * One sample is one condition of a scenario, and its epochs share its id: so what Inspect reduces over epochs is what was
 * repeated. Trials that an epoch does not tell apart (of other limits, or imported) keep their own ids.
 */
function toSampleIds(scores: readonly Score[]): (score: Score) => string {
  const keyOf = ({ scenario, condition }: Score): string =>
    JSON.stringify([scenario, Object.entries(condition).toSorted(([one], [other]) => (one < other ? -1 : 1))]);
  const groups = Map.groupBy(scores, keyOf);
  return (score) => {
    const group = groups.get(keyOf(score)) ?? [];
    const distinct = new Set(group.map(({ epoch }) => epoch)).size === group.length;
    return distinct && score.agent.kind !== 'imported'
      ? `${score.scenario}-${sha256(keyOf(score)).slice(0, 8)}`
      : score.trialId;
  };
}

/** Three values: yes, no, could not tell. */
function toEntries({ outcome, because, metrics }: Score): ExportSample['scores'] {
  return [
    { name: 'outcome', value: outcome, explanation: because },
    ...Object.entries(metrics).map(([name, value]: [string, boolean | null]) => ({
      name,
      value,
      explanation: value === null ? 'this trial could not tell' : because,
    })),
  ];
}
