import { rmSync } from 'node:fs';

import { openJournal } from '../record/journal-writer.ts';
import { BESIDE_HASH, removeBeside, writeBeside } from './beside.ts';
import { IMPORTED_KINDS, type ImportedEvent, type ImportedSample } from './contract.ts';

export interface ImportPaths {
  readonly record: string;
  /** For what the record cannot hold; null: it is not kept. */
  readonly beside: string | null;
}

/**
 * Writes an imported sample as a sealed record, what it cannot hold beside it, and returns the head of its chain. The
 * seal proves the import, not the trial.
 */
export function writeImportedSample({ record, beside }: ImportPaths, sample: ImportedSample): string {
  const evidence = sample.events.find(({ kind }) => !IMPORTED_KINDS.has(kind));
  if (evidence !== undefined)
    throw new TypeError(`expected events that a log can tell, got evidence of the kind "${evidence.kind}"`);
  let next = 0;
  // Opened first: a record that is there already keeps what lies beside it.
  const journal = openJournal({
    path: record,
    now: () => sample.times[Math.min(next++, sample.times.length - 1)] ?? 0,
  });
  try {
    const hash = beside === null ? null : writeBeside(beside, sample);
    for (const event of sample.events) journal.append(hash === null ? event : withHash(event, hash));
    return journal.seal();
  } catch (error) {
    journal.close();
    rmSync(record, { force: true });
    if (beside !== null) removeBeside(beside);
    throw error;
  }
}

function withHash(event: ImportedEvent, hash: string): ImportedEvent {
  return event.kind === 'trial-start' ? { ...event, software: { ...event.software, [BESIDE_HASH]: hash } } : event;
}

/** The same sample under another name, e.g. where another log holds a trial of its name. */
export function withTrialId(sample: ImportedSample, trialId: string): ImportedSample {
  if (sample.trialId === trialId) return sample;
  return {
    ...sample,
    trialId,
    events: sample.events.map((event) => (event.kind === 'trial-start' ? { ...event, trialId } : event)),
  };
}
