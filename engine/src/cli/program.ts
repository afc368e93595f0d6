import { Command, CommanderError } from 'commander';

import { UsageError } from '../base/usage-error.ts';
import { LogError } from '../interop/log-error.ts';
import { RecordFormatError } from '../record/journal-reader.ts';
import { JournalError } from '../record/journal-writer.ts';
import { SandboxError } from '../sandbox/contract.ts';
import { StudyBrokenError } from '../study/run-study.ts';
import type { CommandContext, CreateCommand } from './command.ts';
import { createCheckCommand } from './commands/check.ts';
import { createCompareCommand } from './commands/compare.ts';
import { createDemoCommand } from './commands/demo.ts';
import { createDoctorCommand } from './commands/doctor.ts';
import { createDrillCommand } from './commands/drill.ts';
import { createExportCommand } from './commands/export.ts';
import { createImportCommand } from './commands/import.ts';
import { createInitCommand } from './commands/init.ts';
import { createJudgeCommand } from './commands/judge.ts';
import { createLabelCommand } from './commands/label.ts';
import { createListCommand } from './commands/list.ts';
import { createPowerCommand } from './commands/power.ts';
import { createProfileCommand } from './commands/profile.ts';
import { createRedactCommand } from './commands/redact.ts';
import { createReportCommand } from './commands/report.ts';
import { createRunCommand } from './commands/run.ts';
import { createScoreCommand } from './commands/score.ts';
import { createShowCommand } from './commands/show.ts';
import { createTrendCommand } from './commands/trend.ts';
import { createVerifyCommand } from './commands/verify.ts';
import type { Registry } from './compose.ts';
import { version } from './software.ts';
import { SandboxUnavailableError } from './study-session.ts';
import { EXIT, type ExitCode, guardTerminal, safe, type Terminal } from './terminal.ts';
import { extendRegistry, findConfigFile, readConfigFile } from './user-config.ts';

/** Every command, in the order in which help names them. */
const COMMANDS: readonly CreateCommand[] = [
  createDemoCommand,
  createRunCommand,
  createDrillCommand,
  createListCommand,
  createShowCommand,
  createScoreCommand,
  createLabelCommand,
  createJudgeCommand,
  createReportCommand,
  createCompareCommand,
  createPowerCommand,
  createProfileCommand,
  createTrendCommand,
  createCheckCommand,
  createImportCommand,
  createExportCommand,
  createVerifyCommand,
  createRedactCommand,
  createInitCommand,
  createDoctorCommand,
];

/** Runs one command line. Never rejects: an error gives a sentence and an exit code. */
export async function runProgram(words: readonly string[], builtIn: Registry, bare: Terminal): Promise<ExitCode> {
  const terminal = guardTerminal(bare);
  let code: ExitCode = EXIT.ok;
  let registry: Promise<Registry> | undefined;
  const program = createProgram({
    terminal,
    builtIn,
    registry: () => (registry ??= readRegistry(builtIn)),
    finish: (result) => {
      code = result;
    },
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, terminal);
  }
}

function createProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('offswitch')
    .description('Finds out whether an AI agent lets itself be stopped, and shows the evidence.')
    .version(version)
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd().replace(/^error:/, 'offswitch:')),
    })
    .exitOverride();
  for (const create of COMMANDS) {
    const command = create(context).copyInheritedSettings(program);
    for (const inner of command.commands) inner.copyInheritedSettings(command);
    program.addCommand(command);
  }
  return program;
}

/** The built-in registry with the additions of this folder's config. Data files cannot add anything. */
async function readRegistry(builtIn: Registry): Promise<Registry> {
  const path = findConfigFile(process.cwd(), 'code');
  return path === undefined ? builtIn : extendRegistry(builtIn, await readConfigFile(path));
}

/** Errors that are one sentence and not a mistake of the user. */
const BROKEN = [JournalError, SandboxError, SandboxUnavailableError, StudyBrokenError];

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version also end this way, and have already printed everything.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof UsageError || error instanceof RecordFormatError || error instanceof LogError) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return EXIT.usage;
  }
  if (error instanceof Error && BROKEN.some((kind) => error instanceof kind)) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return EXIT.infrastructure;
  }
  if (isFileError(error)) {
    terminal.note(`offswitch: ${safe(error.message)}`);
    return FILE_ERRORS_OF_USERS.has(error.code) ? EXIT.usage : EXIT.infrastructure;
  }
  terminal.note(
    `offswitch: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.infrastructure;
}

/** System errors that a wrong path can cause. A full or broken disk is not one of them. */
const FILE_ERRORS_OF_USERS = new Set([
  ...['EACCES', 'EEXIST', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EPERM', 'EROFS'],
]);

/** Whether the system refused access to a path. Then one sentence is enough. */
function isFileError(error: unknown): error is Error & { readonly code: string } {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string' && 'path' in error)) return false;
  // An error about a program that cannot be started has a path too.
  return !('syscall' in error && String(error.syscall).startsWith('spawn'));
}
