import { statSync } from 'node:fs';

import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { type Verification, verifyRecord } from '../../record/verify.ts';
import { recordsAt } from '../../results/records.ts';
import { checkPlan } from '../../study/key.ts';
import { readStudyFile } from '../../study/log-folder.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch verify` */
export function createVerifyCommand({ terminal, finish }: CommandContext): Command {
  return new Command('verify')
    .description('prove that records are whole and unchanged, and that a folder holds what its plan says')
    .argument('<path...>', 'records or log folders')
    .addOption(jsonOption())
    .action((paths: string[], { json = false }: { json?: boolean }) => finish(verify(paths, { json, terminal })));
}

interface Output {
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Checks every line of every record, and whether the plan of a folder is the one that its records were run under. */
function verify(paths: readonly string[], { json, terminal }: Output): ExitCode {
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
  { json, terminal }: Output,
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
