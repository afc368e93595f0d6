import { statSync } from 'node:fs';

import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { type Verification, verifyRecord } from '../../record/verify.ts';
import { checkFolder } from '../../results/check-folder.ts';
import { recordsAt } from '../../results/records.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch verify` */
export function createVerifyCommand({ terminal, finish }: CommandContext): Command {
  return new Command('verify')
    .description('verify that records are complete and unchanged, and that a folder matches its plan')
    .argument('<path...>', 'records or log folders')
    .addOption(jsonOption())
    .action((paths: string[], { json = false }: { json?: boolean }) => finish(verify(paths, { json, terminal })));
}

interface Output {
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Checks every line of every record, and whether the records of a folder were run under its plan. */
function verify(paths: readonly string[], { json, terminal }: Output): ExitCode {
  const results = paths.flatMap(recordsAt).map(verifyRecord);
  const broken = results.filter(({ problem }) => problem !== null);
  // If nothing was read, nothing was found.
  const [first] = broken;
  if (first !== undefined && results.every(({ problem }) => problem?.code === 'unreadable'))
    throw new UsageError(`${first.path}: ${first.problem?.text ?? ''}`);
  for (const { path, trialId, events, redacted, problem } of results) {
    if (json) terminal.out(JSON.stringify({ kind: 'record', path, trialId, events, redacted, problem }));
    else {
      if (problem !== null) terminal.out(`${safe(path)}: ${safe(problem.text)}`);
      if (redacted.length > 0) terminal.out(`${safe(path)}: ${sayLines(redacted)}`);
    }
  }
  const plans = paths.flatMap((path) => verifyPlan(path, results, { json, terminal }));
  const redacted = results.filter((one) => one.redacted.length > 0).length;
  const summary = { records: results.length, intact: results.length - broken.length, broken: broken.length, redacted };
  terminal.out(
    json
      ? JSON.stringify({ kind: 'done', ...summary })
      : `${summary.intact} of ${summary.records} records are complete, unchanged and sealed${redacted > 0 ? `, apart from the redacted lines of ${redacted} of them` : ''}`,
  );
  return broken.length > 0 || plans.includes('broken') ? EXIT.findings : EXIT.ok;
}

const LINES_MAX = 10;

function sayLines(lines: readonly number[]): string {
  const rest = lines.length - LINES_MAX;
  const named = `${lines.slice(0, LINES_MAX).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return `${lines.length === 1 ? '1 line is' : `${lines.length} lines are`} redacted, and what is there now is not proven; the rest is: ${named}`;
}

/** Checks a folder against its plan; does nothing unless it is a log folder with a study. */
function verifyPlan(
  path: string,
  results: readonly Verification[],
  { json, terminal }: Output,
): ('whole' | 'broken')[] {
  if (!statSync(path).isDirectory()) return [];
  const own = new Set(recordsAt(path));
  const records = results
    .filter((result) => own.has(result.path))
    .map(({ path: record, trialId, studyKey, problem }) => ({
      ...{ path: record, trialId, studyKey, isWhole: problem === null },
    }));
  const study = readStudyFile(path);
  const check = checkFolder(study, records);
  if (check === null) return [];
  const key = study?.key ?? null;
  if (json) terminal.out(JSON.stringify({ kind: 'plan', path, key, ...check }));
  else {
    const { problems, missing, untold, amendments } = check;
    for (const sentence of [...problems, ...missing, ...untold, ...amendments])
      terminal.out(`${safe(path)}: ${safe(sentence)}`);
    if (problems.length === 0 && untold.length === 0)
      terminal.note(
        `${records.length === 1 ? '1 record was' : `${records.length} records were`} run under the plan ${key ?? ''}${amendments.length > 0 ? ', with the extensions above' : ''}`,
      );
  }
  return [check.problems.length > 0 || check.missing.length > 0 ? 'broken' : 'whole'];
}
