import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

import { readPlainText } from '../base/read-plain-file.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment, and below it what the nearest `.env` of the folder or of one above says. It is handed on as a value and
 * never put into `process.env`: programs that are started here inherit that, and keys must not reach them.
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
    // None, or one that is not ours to read: a key that is missing then is said where it is needed.
    const above = dirname(folder);
    return above === folder ? undefined : readNearest(above);
  }
}
