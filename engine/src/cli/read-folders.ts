import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '../base/usage-error.ts';
import { namesIn } from '../study/log-folder.ts';

/** The folder in which `run` puts log folders. */
const LOGS = 'logs';

/** The named paths, otherwise every log folder below `logs/`; may be empty. */
export function logFolders(named: readonly string[]): readonly string[] {
  if (named.length > 0) {
    const missing = named.find((path) => !existsSync(path));
    if (missing !== undefined) throw new UsageError(`there is nothing at ${missing}: expected a log folder`);
    return named;
  }
  if (!existsSync(LOGS) || !statSync(LOGS).isDirectory()) return [];
  return namesIn(LOGS)
    .filter((name) => existsSync(join(LOGS, name, 'trials')))
    .toSorted()
    .map((name) => join(LOGS, name));
}
