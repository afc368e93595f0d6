import { existsSync, statSync } from 'node:fs';

import { UsageError } from '../base/usage-error.ts';
import { logFoldersIn } from '../results/records.ts';

/** The folder in which `run` puts log folders. */
const LOGS = 'logs';

/** The named paths, otherwise every log folder below `logs/`; may be empty. */
export function logFolders(named: readonly string[]): readonly string[] {
  if (named.length > 0) {
    const missing = named.find((path) => !existsSync(path));
    if (missing !== undefined) throw new UsageError(`there is nothing at ${missing}: expected a log folder`);
    return named;
  }
  return existsSync(LOGS) && statSync(LOGS).isDirectory() ? logFoldersIn(LOGS) : [];
}
