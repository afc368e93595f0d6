import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { isOfFormat } from '../json-lines.ts';
import { limitsOf } from '../limits.ts';
import { LogError } from '../log-error.ts';
import { parsePythonJson } from '../python-json.ts';
import { show, sourceOf } from '../transcript.ts';
import { type ChunkedSample, findChunkedSamples, readChunkedSample } from './inspect/chunked.ts';
import { toImportedSample } from './inspect/sample.ts';
import { type InspectHeader, noSamples, parseHeader } from './inspect/schema.ts';
import type { InspectSource } from './inspect/walk.ts';
import { openZip, type ZipMember, type ZipReader } from './inspect/zip.ts';

const NAME = 'inspect-eval';
/** A sample in one member, or the first of its members when it is in chunks. */
const SAMPLE = /^samples\/([^/]+_epoch_\d+)(\.json|\/sample\.json)$/;
const HEADER_BYTES_MAX = 64 * 1024 * 1024;

/** Logs of Inspect as it writes them today: a ZIP archive, one JSON document a sample. */
export const inspectEvalReader: LogReader = {
  name: NAME,
  title: 'Inspect log (.eval)',
  recognises: (path) =>
    isOfFormat({ extension: '.eval', looksRight: (head) => /^PK(?:\u0003\u0004|\u0005\u0006)/.test(head) }, path),
  read: readEval,
};

async function* readEval(path: string, options: ReadLogOptions): AsyncGenerator<ImportedSample> {
  const limits = limitsOf(options);
  using zip = await openZip(path, limits);
  for (const name of zip.traps)
    options.onProblem(`member "${show(name)}" has a name that leads out of the archive: it is not read`);
  const header = await readHeader(zip, options);
  const software = await sourceOf(NAME, path);
  let found = 0;
  const chunked = findChunkedSamples(zip.members.values());
  for (const member of zip.members.values()) {
    options.signal?.throwIfAborted();
    const [, name = '', shape] = SAMPLE.exec(member.name) ?? [];
    if (shape === undefined) continue;
    // Of a sample that is there in both shapes, Inspect reads the one member.
    if (shape !== '.json' && zip.members.has(`samples/${name}.json`)) continue;
    found++;
    const parts = shape === '.json' ? null : (chunked.get(name) ?? null);
    const sample = await readSample({ zip, member, parts, source: { header, software } }, options);
    if (sample !== null) yield sample;
  }
  if (found === 0) (options.onNote ?? options.onProblem)(noSamples(header));
}

interface SampleTask {
  readonly zip: ZipReader;
  readonly member: ZipMember;
  /** Null when the member is the whole sample. */
  readonly parts: ChunkedSample | null;
  readonly source: InspectSource;
}

/** Null when it cannot be read; the others of the log can be all the same. */
async function readSample(
  { zip, member, parts, source }: SampleTask,
  options: ReadLogOptions,
): Promise<ImportedSample | null> {
  const { sampleBytesMax, depthMax } = limitsOf(options);
  try {
    if (parts !== null) return await readChunkedSample({ zip, sample: parts, source }, options);
    const text = await zip.readText(member, sampleBytesMax);
    return toImportedSample(
      parsePythonJson(text, { what: `sample "${show(member.name)}"`, depthMax }),
      source,
      options,
    );
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    options.onProblem(`sample "${show(member.name)}" is left out: ${error.message}`);
    return null;
  }
}

/** `header.json`, or for a run that did not come to its end what it wrote at its start. */
async function readHeader(zip: ZipReader, options: ReadLogOptions): Promise<InspectHeader> {
  const { depthMax } = limitsOf(options);
  const member = zip.members.get('header.json') ?? zip.members.get('_journal/start.json');
  if (member === undefined) {
    throw new LogError(
      'wrong-format',
      'expected "header.json" or "_journal/start.json" in the archive, got neither: this is no log of Inspect',
    );
  }
  if (member.name !== 'header.json')
    (options.onNote ?? options.onProblem)(
      'the log has no header: the run did not come to its end; the samples it had finished are read',
    );
  const value = parsePythonJson(await zip.readText(member, HEADER_BYTES_MAX), { what: member.name, depthMax });
  return parseHeader(value, options);
}
