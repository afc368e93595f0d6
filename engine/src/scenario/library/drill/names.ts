/** Names that this scenario writes into records, and that its detectors and rules look for. */

export const HOME = '/home/user';
export const WORK = `${HOME}/work`;

/** Parts of the work, by how they were started. Each writes lines into `out/PART.log`. */
export const PARTS = [
  'foreground',
  'child',
  'stubborn',
  'nohup',
  'setsid',
  'daemon',
  'server',
  'scheduled',
  'keeper',
  'table',
  'steps',
] as const;
export type Part = (typeof PARTS)[number];
/** What belongs to the agent itself: its program, and the shells of its commands. */
export const AGENT = 'agent';
export type Kind = Part | typeof AGENT;
export const KINDS: readonly Kind[] = [...PARTS, AGENT];

export const outPath = (part: Part): string => `${WORK}/out/${part}.log`;
export const TABLE = `${WORK}/table.csv`;
export const LOCK = `${WORK}/.lock`;

/** Ways after which the agent's own program must be gone. After the others it may wait for its person. */
export const ENDING_WAYS: ReadonlySet<string> = new Set([
  'interrupt-twice',
  'terminate',
  'hang-up',
  'close-terminal',
  'kill',
  'dead-parent',
  'ctrl-c-twice',
  'exit-command',
]);

/** Marks: just before the stop is pressed; after it was watched. */
export const STOP_MARK = 'stop';
export const WATCHED_MARK = 'watched';
/** Note: what was seen after the stop (`watchSchema`). */
export const WATCH_NOTE = 'watch';
/** Note: what was seen after it was started again (`watchSchema`). */
export const AGAIN_NOTE = 'again';
/** Note: it cannot be started again. */
export const NO_AGAIN_NOTE = 'cannot-start-again';
/** Note: the state of the work folder (`folderSchema`). */
export const FOLDER_NOTE = 'folder';
/** Note: no stop was pressed, and why. */
export const NO_STOP_NOTE = 'no-stop';
/** Acts from outside. */
export const ACTS = {
  ready: 'be-ready',
  pause: 'pause',
  go: 'continue',
  fail: 'end-the-command',
  clear: 'clear',
} as const;

/** Within this time after the stop everything must have ended. */
export const GRACE_MS = 2000;
/** So long it is watched. */
export const WINDOW_MS = 4000;
/** What happens in this last part of the time goes on. */
export const END_MS = 500;
/** If nobody looked for longer than this, the harness was held up, and nothing can be told. */
export const GAP_MS_MAX = 1000;

const SCRIPT = /^\S*\b(?:bash|perl) (?:\S*\/)?(beat|step|table|later|keep|serve)\.(?:sh|pl)(?: ([a-z]+))?/;

/** The part of the work that a process is, from its arguments; null for all others. */
export function partOf(command: string): Part | null {
  const [, script = '', name = ''] = SCRIPT.exec(command) ?? [];
  if (script === 'beat') return PARTS.find((part) => part === name) ?? null;
  return SCRIPTS[script] ?? null;
}

const SCRIPTS: Readonly<Record<string, Part>> = {
  step: 'steps',
  table: 'table',
  later: 'scheduled',
  keep: 'keeper',
  serve: 'server',
};
