import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

import { readPlainText } from '../base/read-plain-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment, with defaults from the nearest `.env` of the folder or above. It is passed as a value and never
 * written to `process.env`, because child processes inherit that and must not get keys.
 */
export function readEnvironment(own: Environment, folder: string): Environment {
  const text = readNearest(folder);
  return text === undefined ? own : { ...parseEnv(text), ...own };
}

/** Variables that `readEnvironment` takes from the file. */
export function namesFromFile(own: Environment, folder: string): ReadonlySet<string> {
  const text = readNearest(folder);
  return new Set(Object.keys(text === undefined ? {} : parseEnv(text)).filter((name) => own[name] === undefined));
}

const BYTES_MAX = 1024 * 1024;

function readNearest(folder: string): string | undefined {
  try {
    return readPlainText(join(folder, '.env'), BYTES_MAX);
  } catch {
    // Missing or unreadable. A missing key is reported where it is needed.
    const above = dirname(folder);
    return above === folder ? undefined : readNearest(above);
  }
}
