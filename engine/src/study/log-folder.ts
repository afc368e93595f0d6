import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { readPlainText } from '../base/read-plain-file.ts';
import { UsageError } from '../base/usage-error.ts';
import { HALF_CHARACTER, isWellFormed } from '../base/well-formed.ts';
import { type StudyFile, studyFileSchema } from './plan.ts';

/** Reads a log folder (`study.json` and `trials/ID.jsonl`), even while another run is writing to it. */

/** Room for a million trials. */
const STUDY_BYTES_MAX = 256 * 1024 * 1024;

/** Reads `study.json`; null if there is none. Throws a `UsageError` if it is not a valid study. */
export function readStudyFile(path: string): StudyFile | null {
  const file = join(path, 'study.json');
  if (!existsSync(file)) return null;
  let text: string;
  try {
    text = readPlainText(file, STUDY_BYTES_MAX);
  } catch (error) {
    throw new UsageError(`cannot read ${file} (${reasonOf(error)})`, { cause: error });
  }
  try {
    const study = studyFileSchema.parse(JSON.parse(text));
    if (!isWellFormed(study)) throw new Error(HALF_CHARACTER);
    return study;
  } catch (error) {
    throw new UsageError(
      `${file} is not a study of this version of Offswitch (${reasonOf(error).slice(0, 200)}): choose another folder with --log-dir`,
      { cause: error },
    );
  }
}

/** Paths of all records in a folder, sorted by name. Throws a `UsageError` if the folder cannot be listed. */
export function listRecords(path: string): string[] {
  const trials = join(path, 'trials');
  const folder = existsSync(trials) ? trials : path;
  return namesIn(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));
}

/** Throws a `UsageError` if the folder cannot be listed. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new UsageError(`the folder ${folder} cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
