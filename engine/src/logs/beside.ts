import { rmSync } from 'node:fs';

import { writeFileAtomic } from '../base/atomic-write.ts';
import { readAsData } from '../base/untrusted-text.ts';
import { sha256 } from '../record/hash-chain.ts';
import type { ImportedSample } from './contract.ts';

/**
 * What a record cannot hold of an imported trial, in a file of its own: events of kinds that no record knows, the rest of
 * those that it holds in part, and scores. One JSON object a line. It is no evidence; nothing that scores or verifies reads it.
 */
const BESIDE_FORMAT = 'offswitch-beside';
const BESIDE_VERSION = 1;

/** Under this name the record holds the SHA-256 of the file beside it. */
export const BESIDE_HASH = 'beside-sha256';

/** Text of the file, or null where the record holds everything. */
export function toBeside(sample: ImportedSample): string | null {
  const { trialId, foreign, scores, unmapped } = sample;
  if (foreign.length + scores.length + unmapped.length === 0) return null;
  const lines = [
    JSON.stringify({ kind: 'beside-start', format: BESIDE_FORMAT, version: BESIDE_VERSION, trialId }),
    ...foreign.map(({ kind, at, after, whole, json }) => {
      const about = JSON.stringify({ kind: whole ? 'event' : 'rest', of: kind, at, after });
      return `${about.slice(0, -1)},"value":${readAsData(json)}}`;
    }),
    ...scores.map((score) => JSON.stringify({ kind: 'score', ...score })),
    ...unmapped.map((sentence) => JSON.stringify({ kind: 'left-out', sentence })),
  ];
  lines.push(JSON.stringify({ kind: 'beside-end', lines: lines.length + 1 }));
  return `${lines.map(escapeShown).join('\n')}\n`;
}

/** Whole or not at all. Returns its hash. */
export function writeBeside(path: string, text: string): string {
  writeFileAtomic(path, text);
  return sha256(text);
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
