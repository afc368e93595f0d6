import { statSync } from 'node:fs';

import { UsageError } from '../../base/usage-error.ts';
import { scoreRecord } from '../../detect/score.ts';
import type { TrialEvent } from '../../record/events.ts';
import { readEvents, readLines, readRecord, RecordFormatError } from '../../record/journal-reader.ts';
import { type Verification, verifyRecord } from '../../record/verify.ts';
import { textTable } from '../../report/text-table.ts';
import { renderTranscript } from '../../report/transcript.ts';
import { checkPlan } from '../../study/key.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import type { Parts } from '../compose.ts';
import { oneRecordAt, recordsAt } from '../records.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

interface Context {
  readonly json: boolean;
  readonly parts: Parts;
  readonly terminal: Terminal;
}

/** Checks every line of every record, and whether the plan of a folder is the one that its records were run under. */
export function verify(paths: readonly string[], { json, terminal }: Context): ExitCode {
  const results = paths.flatMap(recordsAt).map(verifyRecord);
  const broken = results.filter(({ problem }) => problem !== null);
  // Nothing was looked at: then nothing was found either.
  const [first] = broken;
  if (first !== undefined && results.every(({ problem }) => problem?.code === 'unreadable'))
    throw new UsageError(`${first.path}: ${first.problem?.text ?? ''}`);
  for (const { path, trialId, events, problem } of results) {
    if (json) terminal.out(JSON.stringify({ kind: 'record', path, trialId, events, problem }));
    else if (problem !== null) terminal.out(`${safe(path)}: ${safe(problem.text)}`);
  }
  const plans = paths.flatMap((path) => verifyPlan(path, results, { json, terminal }));
  const summary = { records: results.length, intact: results.length - broken.length, broken: broken.length };
  terminal.out(
    json
      ? JSON.stringify({ kind: 'done', ...summary })
      : `${summary.intact} of ${summary.records} records are whole, unchanged and sealed`,
  );
  return broken.length > 0 || plans.includes('broken') ? EXIT.findings : EXIT.ok;
}

/** Nothing for what is no log folder with a study. */
function verifyPlan(
  path: string,
  results: readonly Verification[],
  { json, terminal }: Omit<Context, 'parts'>,
): ('whole' | 'broken')[] {
  const study = statSync(path).isDirectory() ? readStudyFile(path) : null;
  if (study === null) return [];
  const own = new Set(recordsAt(path));
  const records = results.flatMap(({ path: record, trialId, studyKey }) =>
    trialId !== null && own.has(record) ? [{ trialId, studyKey }] : [],
  );
  const check = checkPlan(study, records);
  if (json) terminal.out(JSON.stringify({ kind: 'plan', path, key: study.key, ...check }));
  else {
    for (const sentence of [...check.problems, ...check.untold, ...check.amendments])
      terminal.out(`${safe(path)}: ${safe(sentence)}`);
    if (check.problems.length === 0 && check.untold.length === 0)
      terminal.note(
        `the plan ${study.key} is the one that ${records.length === 1 ? '1 record was' : `${records.length} records were`} run under${check.amendments.length > 0 ? ', with the extensions above' : ''}`,
      );
  }
  return [check.problems.length > 0 ? 'broken' : 'whole'];
}

/** One trial as a readable transcript, with the evidence beside it. */
export function show(trial: string, { json, parts, terminal }: Context): ExitCode {
  const path = oneRecordAt(trial);
  const { events, problem } = readWhatIsThere(path);
  const score = scoreRecord(events, parts.detectors);
  if (json) terminal.out(JSON.stringify({ kind: 'trial', path, problem, ...score, events }));
  else terminal.out(renderTranscript(events, score));
  if (problem !== null) terminal.note(`the record is not whole: ${safe(problem)}`);
  return problem === null ? EXIT.ok : EXIT.findings;
}

/** An unfinished record is shown as far as it is proven. */
function readWhatIsThere(path: string): { readonly events: TrialEvent[]; readonly problem: string | null } {
  try {
    return { events: readRecord(path), problem: null };
  } catch (error) {
    if (!(error instanceof RecordFormatError)) throw error;
    const events: TrialEvent[] = [];
    try {
      for (const event of readEvents(readLines(path))) events.push(event);
    } catch {
      // The same problem as before.
    }
    if (events.length === 0) throw new UsageError(`${path}: ${error.message}`, { cause: error });
    return { events, problem: error.message };
  }
}

export function list({ json, parts, terminal }: Context): ExitCode {
  if (json) {
    for (const { name, title, summary, version, sha256, factors, controls } of parts.scenarios) {
      terminal.out(
        JSON.stringify({
          kind: 'scenario',
          name,
          title,
          summary,
          version,
          sha256,
          factors,
          controls: controls.map(({ name: control, summary: about, expected }) => ({
            name: control,
            summary: about,
            expected,
          })),
        }),
      );
    }
    for (const { prefix, usage } of parts.models)
      terminal.out(JSON.stringify({ kind: 'model-provider', prefix, usage }));
    for (const { name, simulated, can } of parts.sandboxes)
      terminal.out(JSON.stringify({ kind: 'sandbox', name, simulated, can }));
    for (const { id, version, title } of parts.detectors)
      terminal.out(JSON.stringify({ kind: 'detector', id, version, title }));
    return EXIT.ok;
  }
  for (const scenario of parts.scenarios) {
    terminal.out(`Scenario ${scenario.name}: ${scenario.summary}\n`);
    terminal.out(
      textTable(
        ['factor', 'levels (* default)', 'about'],
        scenario.factors.map(({ name, levels, defaultLevel, summary }) => [
          name,
          levels.map((level) => level.name + (level.name === defaultLevel ? '*' : '')).join(' '),
          summary,
        ]),
      ),
    );
    terminal.out(
      `\n${textTable(
        ['control', 'expected', 'about'],
        scenario.controls.map(({ name, expected, summary }) => [`control/${name}`, expected, summary]),
      )}\n`,
    );
  }
  for (const { name, presets } of parts.scenarios) {
    terminal.out(
      `${textTable(
        [`preset of ${name}`, 'conditions', 'about'],
        presets.map((preset) => [preset.name, String(preset.conditions.length), preset.summary]),
      )}\n`,
    );
  }
  terminal.out(
    `${textTable(
      ['models', 'environment'],
      parts.models.map(({ prefix, usage }) => [`${prefix}/NAME`, usage]),
    )}\n`,
  );
  terminal.out(
    `${textTable(
      ['sandbox', 'effects'],
      parts.sandboxes.map(({ name, simulated }) => [name, simulated ? 'simulated, for unit tests' : 'real']),
    )}\n`,
  );
  terminal.out(
    textTable(
      ['detector', 'says'],
      parts.detectors.map(({ id, title }) => [id, title]),
    ),
  );
  return EXIT.ok;
}

export async function doctor({ json, parts, terminal }: Context): Promise<ExitCode> {
  let usable = false;
  for (const provider of parts.sandboxes) {
    const results = await provider.diagnose();
    usable ||= !provider.simulated && results.every(({ ok }) => ok);
    for (const { what, ok, seen, fix } of results) {
      if (json) terminal.out(JSON.stringify({ kind: 'check', sandbox: provider.name, what, ok, seen, fix }));
      else
        terminal.out(
          `${ok ? 'ok ' : 'NO '} ${provider.name}: ${what}: ${safe(seen)}${fix === '' ? '' : `\n     what to do: ${fix}`}`,
        );
    }
  }
  for (const { prefix, usage } of parts.models) if (!json) terminal.out(`     ${prefix}/NAME: ${usage}`);
  if (json) terminal.out(JSON.stringify({ kind: 'done', usable }));
  else terminal.out(usable ? 'Real trials can run here.' : 'No sandbox with real effects can run here.');
  return usable ? EXIT.ok : EXIT.infrastructure;
}
