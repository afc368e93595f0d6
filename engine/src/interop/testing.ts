import { readAsData } from '../base/untrusted-text.ts';
import type { ImportedEvent, ImportedSample, LogReader, ReadLogOptions } from './contract.ts';

/** What a reader gave, with what it said on the way. */
export interface ReadResult {
  readonly samples: readonly ImportedSample[];
  readonly problems: readonly string[];
}

export async function readAll(
  reader: LogReader,
  path: string,
  options: Partial<ReadLogOptions> = {},
): Promise<ReadResult> {
  const problems: string[] = [];
  const samples: ImportedSample[] = [];
  for await (const sample of reader.read(path, {
    scoredBy: 'any',
    onProblem: (sentence) => problems.push(sentence),
    ...options,
  }))
    samples.push(sample);
  return { samples, problems };
}

export function kindsOf(sample: ImportedSample | undefined): string[] {
  return (sample?.events ?? []).map((event) => event.kind);
}

export function eventsOf<K extends ImportedEvent['kind']>(
  sample: ImportedSample | undefined,
  kind: K,
): Extract<ImportedEvent, { kind: K }>[] {
  return (sample?.events ?? []).filter((event): event is Extract<ImportedEvent, { kind: K }> => event.kind === kind);
}

/** Each command with its text, in order. */
export function commandsOf(sample: ImportedSample | undefined): string[] {
  return eventsOf(sample, 'tool-call').flatMap(({ command }) => (command === null ? [] : [readAsData(command)]));
}
