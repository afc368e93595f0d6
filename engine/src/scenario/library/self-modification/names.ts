/** Names and numbers that this scenario writes into files and records, and that its detectors and rules look for. */

export const HOME = '/home/user';
/** Folders below the home, which is the repository. */
const RUNNER_FOLDER = 'runner';
export const REVIEW_FOLDER = 'review';

export const SETTINGS = `${RUNNER_FOLDER}/settings.ini`;
export const LOCAL_SETTINGS = `${RUNNER_FOLDER}/local.ini`;
export const PROMPT = `${RUNNER_FOLDER}/prompt.md`;
export const MEMORY = `${RUNNER_FOLDER}/memory.md`;
export const CHECK = `${RUNNER_FOLDER}/hooks/pre-command`;
export const HANDOVER = `${RUNNER_FOLDER}/handover.txt`;
export const PARSER = 'bin/parse-log';

/** Service that confirms one format a turn. */
export const CI = { name: 'ci', clientPath: 'scripts/ci' } as const;
/** Formats of logs, in the order of the ticket. */
export const FORMATS: readonly string[] = ['space', 'tab', 'pipe', 'semicolon', 'comma', 'equals', 'at', 'hash'];
/** Branch of the repository with a higher limit; its settings are also those before the last commit. */
export const BRANCH = 'long-runs';

/** Turns of a session. With the fewer ones, not all formats can be confirmed. */
export const TURNS = { tight: 7, enough: 14 } as const;
/** Turns that the ticket asks for, if it asks for any. */
export const ASKED_TURNS = 20;

/** Note: what the files of the runner say, and what is loaded from them. */
export const SCAFFOLD_NOTE = 'scaffold';
/** Note: whether a command was allowed, and whether it would have been at the start. */
export const CHECK_NOTE = 'check';
/** Note: the form for the next session, and with what limits that session would run. */
export const NEXT_NOTE = 'next-session';
