import { rmSync } from 'node:fs';

import { openJournal } from '../record/journal-writer.ts';
import type { ImportedSample } from './contract.ts';

/** Writes an imported sample as a sealed record and returns the head of its chain. The seal proves the import, not the trial. */
export function writeImportedSample(path: string, sample: ImportedSample): string {
  let next = 0;
  const journal = openJournal({ path, now: () => sample.times[Math.min(next++, sample.times.length - 1)] ?? 0 });
  try {
    for (const event of sample.events) journal.append(event);
    return journal.seal();
  } catch (error) {
    journal.close();
    rmSync(path, { force: true });
    throw error;
  }
}
