import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { compareSessionLog } from '../../interop/session-log/compare.ts';
import { readAsides, readSessionLogs } from '../../interop/session-log/read.ts';
import { saySessionLog } from '../../interop/session-log/say.ts';
import type { TrialEvent } from '../../record/events.ts';
import { readEvents, readLines, readRecord, RecordFormatError } from '../../record/journal-reader.ts';
import { renderTranscript } from '../../report/transcript.ts';
import { oneRecordAt } from '../../results/records.ts';
import { scoreEvents } from '../../results/score-file.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { toTrialLine } from '../trial-line.ts';

/** `offswitch show` */
export function createShowCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('show')
    .description('print one trial as a transcript with its evidence')
    .argument('<trial>', 'path of a record, of a folder with one, or a trial id below logs/')
    .option('--blind', 'without agent, condition, outcome and findings, for labelling')
    .addOption(jsonOption())
    .action(async (trial: string, { blind = false, json = false }: { blind?: boolean; json?: boolean }) => {
      if (blind && json) throw new UsageError('--blind has no JSON: give one of --blind and --json');
      finish(await show(trial, { blind, json, terminal, registry: await registry() }));
    });
}

interface ShowOptions {
  readonly blind: boolean;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Prints one trial as a readable transcript with its evidence. */
async function show(trial: string, { blind, json, registry, terminal }: ShowOptions): Promise<ExitCode> {
  const path = oneRecordAt(trial);
  const { events, problem } = readWhatIsThere(path);
  const score = scoreEvents(events, (name) => registry.scenarios.find((scenario) => scenario.name === name));
  const sessionLog = compareSessionLog(
    events,
    await readSessionLogs(path, events, registry.logReaders),
    readAsides(path, events),
  );
  if (json)
    terminal.out(
      'why' in score
        ? JSON.stringify({ kind: 'trial', path, problem, notScored: score.why, sessionLog, events })
        : toTrialLine(score, { path, problem, sessionLog, events }),
    );
  else {
    terminal.out(renderTranscript(events, score, { blind }));
    if (sessionLog !== null && !blind) terminal.out(saySessionLog(sessionLog));
  }
  if (problem !== null) terminal.note(`the record is not intact: ${safe(problem)}`);
  return problem === null ? EXIT.ok : EXIT.findings;
}

/** Shows an unfinished record up to its last verified line. */
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
