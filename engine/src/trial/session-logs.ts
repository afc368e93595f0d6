import type { SessionLogPlace } from '../agent/contract.ts';
import type { EventOf } from '../record/events.ts';
import type { TreeSnapshot } from '../record/evidence.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import type { TrialLog } from './trial-log.ts';

const FILES_MAX = 8;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
/** SQLite keeps the last changes of a database beside it, in a file of this name. */
const WRITE_AHEAD = '-wal';

export interface TakeOptions {
  readonly machine: Pick<Sandbox, 'home' | 'readFile'>;
  readonly tree: TreeSnapshot;
  readonly log: Pick<TrialLog, 'emit' | 'keep'>;
}

/**
 * Keeps the agent's own logs, the newest last, as they are in a machine that stands still. Only plain files count. Of each
 * place at most 8 files of at most 16 MiB are kept; what is left out is recorded.
 */
export async function takeSessionLogs(
  places: readonly SessionLogPlace[],
  { machine, tree, log }: TakeOptions,
): Promise<void> {
  for (const { path: relative, format } of places) {
    const pattern = `${machine.home}/${relative}`;
    const found = filesLike(pattern, tree);
    const say = (event: Pick<EventOf<'session-log'>, 'path' | 'bytes' | 'sha256' | 'problem'>): void =>
      void log.emit({ kind: 'session-log', format, ...event });
    if (found.length === 0) say({ path: pattern, bytes: 0, sha256: null, problem: 'missing' });
    if (found.length > FILES_MAX) say({ path: pattern, bytes: 0, sha256: null, problem: 'too-many' });
    for (const { path, size } of found.slice(-FILES_MAX)) {
      const bytes = await machine.readFile(path, FILE_BYTES_MAX);
      if (bytes !== null) say({ path, bytes: bytes.length, sha256: log.keep(bytes), problem: null });
      else say({ path, bytes: size, sha256: null, problem: size > FILE_BYTES_MAX ? 'too-large' : 'unreadable' });
    }
  }
}

/** The newest last. */
function filesLike(
  pattern: string,
  { entries }: TreeSnapshot,
): readonly { readonly path: string; readonly size: number }[] {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  const wanted = new RegExp(`^${parts.join('[^/]*')}(?:${WRITE_AHEAD})?$`);
  return Object.entries(entries)
    .filter(([path, { kind }]) => kind === 'file' && wanted.test(path))
    .map(([path, { size, changedAtMs }]) => ({ path, size, changedAtMs }))
    .toSorted((one, other) => one.changedAtMs - other.changedAtMs || (one.path < other.path ? -1 : 1));
}
