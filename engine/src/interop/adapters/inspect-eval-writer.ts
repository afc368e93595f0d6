import { sha256 } from '../../base/sha256.ts';
import type { ExportStudy, LogWriter, ScoreEntry, WriteReport } from '../contract.ts';
import { LogError } from '../log-error.ts';
import { type SampleDocument, toSampleDocument, type Totals } from './inspect/document.ts';
import { scoreValue, toIso, toJson } from './inspect/values.ts';
import { createZip, type ZipWriter } from './inspect/zip.ts';

/** One `.eval` of Inspect (log version 2) for the sealed records of one study and one model. */
export const inspectEvalWriter: LogWriter = {
  name: 'inspect-eval',
  title: 'Inspect log (.eval)',
  extension: '.eval',
  fileName: toFileName,
  write: writeEval,
};

/** `2026-11-23T10-00-00-00-00_study_abc123.eval`: with such names a folder of logs is listed without a look into each. */
function toFileName(study: Omit<ExportStudy, 'samples'>): string {
  const { created, task_id } = toSpec(study);
  const part = (value: string): string => value.replaceAll(/[_/:+\s]/g, '-');
  // Inspect writes whole seconds.
  return `${part(created.replace(/\.\d+/, ''))}_${part(study.task).slice(0, 80)}_${part(task_id)}.eval`;
}

/** Samples for each entry of the journal of summaries. */
const FLUSH_SAMPLES = 100;
const INSPECT_LOG_VERSION = 2;

async function writeEval(path: string, study: ExportStudy): Promise<WriteReport> {
  const zip = createZip(path);
  try {
    const spec = toSpec(study);
    await zip.add('_journal/start.json', toJson({ version: INSPECT_LOG_VERSION, eval: spec, plan: PLAN }));
    const tally = await writeSamples(zip, study);
    await zip.add('summaries.json', `[${tally.summaries.join(',')}]`);
    if (tally.scores.size > 0) await zip.add('reductions.json', toReductions(tally.scores));
    await zip.add('header.json', toHeader(study, spec, tally));
    return { samples: tally.ids.size, bytes: await zip.finish() };
  } catch (error) {
    zip.abort();
    throw error;
  }
}

/** What the end of the log needs of all samples: small things only, for there can be many. */
interface Tally {
  readonly ids: Set<string>;
  epochs: number;
  endedAt: number;
  readonly sampleIds: Set<string>;
  readonly summaries: string[];
  /** By the name of the score. */
  readonly scores: Map<string, ScoreOfSample[]>;
  usage: Totals;
}

interface ScoreOfSample extends Pick<ScoreEntry, 'value' | 'isOrdinal'> {
  readonly sampleId: string;
  readonly cell: string;
}

async function writeSamples(zip: ZipWriter, { samples, model }: ExportStudy): Promise<Tally> {
  const tally: Tally = {
    ids: new Set(),
    epochs: 1,
    endedAt: 0,
    sampleIds: new Set(),
    summaries: [],
    scores: new Map(),
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
  };
  let flushed = 0;
  let flushes = 0;
  const flush = async (): Promise<void> => {
    if (flushed === tally.summaries.length) return;
    await zip.add(`_journal/summaries/${++flushes}.json`, `[${tally.summaries.slice(flushed).join(',')}]`);
    flushed = tally.summaries.length;
  };
  for await (const sample of samples) {
    const document = toSampleDocument(sample, model);
    const key = `${document.id}_epoch_${document.epoch}`;
    if (tally.ids.has(key))
      throw new LogError(
        'wrong-format',
        `two records have the id "${document.trialId}" and epoch ${document.epoch}: one log can hold only one of them`,
      );
    tally.ids.add(key);
    await zip.add(`samples/${key}.json`, document.sample);
    count(tally, document);
    if (tally.summaries.length - flushed >= FLUSH_SAMPLES) await flush();
  }
  await flush();
  return tally;
}

function count(tally: Tally, { id, endedAt, epoch, summary, scores, usage, cell }: SampleDocument): void {
  tally.epochs = Math.max(tally.epochs, epoch);
  tally.endedAt = Math.max(tally.endedAt, endedAt);
  tally.sampleIds.add(id);
  tally.summaries.push(summary);
  tally.usage = {
    input_tokens: tally.usage.input_tokens + usage.input_tokens,
    output_tokens: tally.usage.output_tokens + usage.output_tokens,
    total_tokens: tally.usage.total_tokens + usage.total_tokens,
  };
  for (const { name, value, isOrdinal = false } of scores) {
    const known = tally.scores.get(name) ?? [];
    known.push({ sampleId: id, cell, value, isOrdinal });
    tally.scores.set(name, known);
  }
}

const PLAN = { name: 'plan', steps: [], finish: null, config: {} };

type Spec = Readonly<Record<string, unknown>> & { readonly created: string; readonly task_id: string };

function toSpec({ task, model, createdMs }: Omit<ExportStudy, 'samples'>): Spec {
  const base = `${task}\n${model}\n${createdMs}`;
  const id = (part: string): string => sha256(`${part}\n${base}`).slice(0, 22);
  return {
    eval_id: id('eval'),
    run_id: id('run'),
    created: toIso(createdMs),
    task,
    task_id: id('task'),
    task_version: 0,
    task_attribs: {},
    task_args: {},
    task_args_passed: {},
    dataset: { name: task },
    model,
    model_generate_config: {},
    model_args: {},
    config: {},
    packages: {},
    tags: ['offswitch'],
    // What an agent wrote is shown as text, never as Markdown or HTML.
    viewer: { trust_content: false },
  };
}

function toHeader(study: ExportStudy, spec: Spec, { ids, endedAt, epochs, sampleIds, scores, usage }: Tally): string {
  return toJson({
    version: INSPECT_LOG_VERSION,
    status: 'success',
    eval: {
      ...spec,
      config: { epochs },
      dataset: { name: study.task, samples: sampleIds.size, sample_ids: [...sampleIds] },
    },
    plan: PLAN,
    results: {
      total_samples: ids.size,
      completed_samples: ids.size,
      scores: [...scores].map(([name, samples]) => toResult(name, samples)),
    },
    stats: {
      started_at: toIso(study.createdMs),
      completed_at: toIso(Math.max(endedAt, study.createdMs)),
      model_usage: { [study.model]: usage },
      role_usage: {},
      connection_limit_history: [],
    },
    invalidated: false,
    tags: [],
    metadata: {},
  });
}

type Value = NonNullable<ScoreEntry['value']>;

/** Those that could be told. */
function toKnown(scores: readonly ScoreOfSample[]): Value[] {
  return scores.flatMap(({ value }) =>
    value === null || (typeof value === 'number' && !Number.isFinite(value)) ? [] : [value],
  );
}

/** A share of each trial; its mean is a rate. Steps of a ladder have none. */
function isShare(scores: readonly ScoreOfSample[]): boolean {
  const known = toKnown(scores);
  return (
    known.some((value) => typeof value === 'number') &&
    known.every((value) => typeof value !== 'string') &&
    !scores.some(({ isOrdinal }) => isOrdinal)
  );
}

/**
 * How often each value was found, of shares their mean: in each cell for itself, for a number over several cells is a rate of
 * nothing. Rates with their intervals are the report's.
 */
function toResult(name: string, scores: readonly ScoreOfSample[]): unknown {
  const cells = Map.groupBy(scores, ({ cell }) => cell);
  const known = toKnown(scores).length;
  const metrics = [...cells].flatMap(([cell, own]) =>
    toMetrics(own).map(([metric, value]) => {
      const only = cells.size === 1;
      return [
        only ? metric : `${cell}: ${metric}`,
        { name: metric, ...(!only && { group: cell }), value, params: {} },
      ] as const;
    }),
  );
  return {
    name,
    scorer: name,
    scored_samples: known,
    unscored_samples: scores.length - known,
    params: {},
    metrics: Object.fromEntries(metrics),
  };
}

/** Of one cell; each count stands beside the number of trials that could not tell. */
function toMetrics(scores: readonly ScoreOfSample[]): (readonly [string, number])[] {
  const known = toKnown(scores);
  const unknown = scores.length - known.length;
  const rest = unknown === 0 ? [] : [['could not tell', unknown] as const];
  if (isShare(scores)) return [['mean', meanOf(known)], ['trials', known.length], ...rest];
  const counts = [...Map.groupBy(known, String)].map(([value, { length }]) => [value, length] as const);
  return [...counts.toSorted(([one], [other]) => (one < other ? -1 : 1)), ...rest];
}

function meanOf(values: readonly Value[]): number {
  return values.reduce<number>((sum, value) => sum + Number(value), 0) / values.length;
}

/** One value for each sample over its epochs: the mean of shares, of anything else the most frequent. */
function toReductions(scores: Tally['scores']): string {
  const reductions = [...scores].map(([name, all]) => {
    const samples = Map.groupBy(all, ({ sampleId }) => sampleId);
    const reduced = [...samples].map(
      ([id, own]) => `{"sample_id":${toJson(id)},"value":${scoreValue(reduce(own))},"history":[]}`,
    );
    return `{"scorer":${toJson(name)},"samples":[${reduced.join(',')}]}`;
  });
  return `[${reductions.join(',')}]`;
}

function reduce(scores: readonly ScoreOfSample[]): ScoreEntry['value'] {
  const known = toKnown(scores);
  const [first] = known;
  if (first === undefined) return null;
  if (isShare(scores)) return meanOf(known);
  const times = (value: Value): number => known.filter((other) => other === value).length;
  return known.reduce((best, value) => (times(value) > times(best) ? value : best), first);
}
