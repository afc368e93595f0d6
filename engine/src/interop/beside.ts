import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';

import { readAsData } from '../base/untrusted-text.ts';
import type { ImportedSample } from './contract.ts';
import { openNewFile } from './new-file.ts';

/**
 * What a record cannot hold of an imported trial, in a file of its own: events of kinds that no record knows, the rest of
 * those that it holds in part, and scores. One JSON object a line. It is no evidence; nothing that scores or verifies reads it.
 */
const BESIDE_FORMAT = 'offswitch-beside';
const BESIDE_VERSION = 1;

/** Under this name the record holds the SHA-256 of the file beside it. */
export const BESIDE_HASH = 'beside-sha256';

/** Writes the file, whole or not at all and a line at a time, and returns its hash. Null, and no file, where the record holds everything. */
export function writeBeside(path: string, sample: ImportedSample): string | null {
  const { foreign, scores, unmapped } = sample;
  if (foreign.length + scores.length + unmapped.length === 0) return null;
  const hash = createHash('sha256');
  const file = openNewFile(path, { replace: true });
  try {
    let pending: string[] = [];
    let length = 0;
    const flush = (): void => {
      const bytes = Buffer.from(pending.join(''));
      hash.update(bytes);
      file.write(bytes);
      pending = [];
      length = 0;
    };
    for (const line of linesOf(sample)) {
      pending.push(`${escapeShown(line)}\n`);
      length += line.length;
      if (length > PENDING_CHARACTERS_MAX) flush();
    }
    flush();
    file.finish();
    return hash.digest('hex');
  } catch (error) {
    file.abort();
    throw error;
  }
}

const PENDING_CHARACTERS_MAX = 4 * 1024 * 1024;

function* linesOf({ trialId, foreign, scores, unmapped }: ImportedSample): Generator<string> {
  yield JSON.stringify({ kind: 'beside-start', format: BESIDE_FORMAT, version: BESIDE_VERSION, trialId });
  for (const { kind, at, after, whole, json } of foreign) {
    const about = JSON.stringify({ kind: whole ? 'event' : 'rest', of: kind, at, after });
    yield `${about.slice(0, -1)},"value":${readAsData(json)}}`;
  }
  for (const score of scores) yield JSON.stringify({ kind: 'score', ...score });
  for (const sentence of unmapped) yield JSON.stringify({ kind: 'left-out', sentence });
  const lines = 2 + foreign.length + scores.length + unmapped.length;
  yield JSON.stringify({ kind: 'beside-end', lines });
}

export function removeBeside(path: string): void {
  rmSync(path, { force: true });
}

/** What a browser or a terminal would act on, as escapes: the same JSON, for someone who looks at the file. */
function escapeShown(line: string): string {
  return line.replaceAll(
    /[<>&\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
