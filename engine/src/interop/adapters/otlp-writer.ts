import type { ExportSample, ExportStudy, LogWriter, WriteReport } from '../contract.ts';
import { endsOf } from '../from-record.ts';
import { openNewFile } from '../new-file.ts';
import { toSafeName } from '../transcript.ts';
import { toAttributes, toTrialSpans } from './otlp/trial-spans.ts';

/** Spans of OpenTelemetry as OTLP JSON: one trial a line, as the collector's file exporter writes and its receiver reads them. */
export const otlpWriter: LogWriter = {
  name: 'otlp',
  title: 'OpenTelemetry spans (OTLP JSON, .jsonl)',
  extension: '.jsonl',
  fileName: ({ task, model, createdMs }) =>
    `${new Date(createdMs).toISOString().replaceAll(/[:.]/g, '-')}_${toSafeName(task)}_${toSafeName(model)}.otlp.jsonl`,
  write: writeSpans,
};

async function writeSpans(path: string, { samples }: ExportStudy): Promise<WriteReport> {
  const file = openNewFile(path);
  let count = 0;
  try {
    for await (const sample of samples) {
      file.write(Buffer.from(`${JSON.stringify(toBatch(sample))}\n`));
      count++;
    }
    return { samples: count, bytes: file.finish() };
  } catch (error) {
    file.abort();
    throw error;
  }
}

function toBatch({ events, scores }: ExportSample): unknown {
  const ends = endsOf(events);
  const service = { 'service.name': 'offswitch', 'service.version': ends.start.software['offswitch'] ?? 'unknown' };
  const scope = { name: 'offswitch' };
  return {
    resourceSpans: [
      {
        resource: { attributes: toAttributes(service) },
        scopeSpans: [{ scope, spans: toTrialSpans(events, ends, scores) }],
      },
    ],
  };
}
