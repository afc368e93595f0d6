import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { syncDirectory } from '../base/atomic-write.ts';
import { type Emit, type NewEvent, trialEventSchema, type WrittenEvent } from './events.ts';
import { GENESIS, LINE_BYTES_MAX, writeChainedLine } from './hash-chain.ts';

/** A line could not be written: the disk is full, read-only or gone. The trial cannot continue and has no verdict. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** An event whose line would be too long to be read back. Only an imported log can hold one. */
export class EventTooLargeError extends JournalError {}

/**
 * The journal of one trial: append-only, one JSON object per line, each line chained to the previous one.
 * Only `trial` and `guard` write journals.
 */
export interface JournalWriter {
  /** Numbers, timestamps and chains an event. It is written at the next `flush`, or earlier if the buffer is full. */
  readonly append: Emit;
  /** Writes all buffered events; called at each turn. Throws a `JournalError`. */
  readonly flush: () => void;
  /** Writes the seal, syncs the file to disk and closes it. Returns the seal's head. */
  readonly seal: () => string;
  /** Closes without a seal, so that the record counts as unfinished. Idempotent. */
  readonly close: () => void;
}

export interface OpenJournalOptions {
  readonly path: string;
  readonly now: () => number;
}

const PENDING_BYTES_MAX = 1024 * 1024;

/** Creates the file. Fails if it exists, because a record is never overwritten. */
export function openJournal({ path, now }: OpenJournalOptions): JournalWriter {
  const file = attempt(path, () => openSync(path, 'wx', 0o644));
  const counts = new Map<string, number>();
  let seq = 0;
  let head = GENESIS;
  let pending: string[] = [];
  let pendingBytes = 0;
  let open = true;

  const flush = (): void => {
    if (pending.length === 0) return;
    const bytes = Buffer.from(pending.join(''));
    attempt(path, () => {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    });
    pending = [];
    pendingBytes = 0;
  };
  const append = (event: NewEvent): WrittenEvent => {
    if (!open) throw new JournalError(`the journal is closed: cannot append "${event.kind}"`);
    // Validate here, so that a record that cannot be read back is never written.
    const stamped = trialEventSchema.parse({ seq, at: now(), ...event });
    const chained = writeChainedLine(head, stamped);
    if (Buffer.byteLength(chained.line) > LINE_BYTES_MAX)
      throw new EventTooLargeError(
        `the event "${event.kind}" is larger than ${LINE_BYTES_MAX} bytes: a record cannot hold it`,
      );
    ({ head } = chained);
    pending.push(chained.line, '\n');
    pendingBytes += chained.line.length + 1;
    seq++;
    counts.set(stamped.kind, (counts.get(stamped.kind) ?? 0) + 1);
    if (pendingBytes > PENDING_BYTES_MAX) flush();
    return stamped;
  };
  const close = (): void => {
    if (!open) return;
    open = false;
    closeSync(file);
  };
  const seal = (): string => {
    const sealed = head;
    append({ kind: 'seal', head: sealed, events: seq, counts: Object.fromEntries(counts) });
    flush();
    attempt(path, () => fsyncSync(file));
    close();
    attempt(path, () => syncDirectory(dirname(path)));
    return sealed;
  };
  return { append, flush, seal, close };
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new JournalError(`could not write the record ${path}: ${reason}`, { cause: error });
  }
}
