import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { verifyRecord } from '../record/verify.ts';
import { inspectEvalWriter } from './adapters/inspect-eval-writer.ts';
import { inspectEvalReader } from './adapters/inspect-eval.ts';
import { robotLogReader } from './adapters/robot-log.ts';
import type { ExportSample, ImportedSample } from './contract.ts';
import { commandsOf, eventsOf, readAll } from './testing.ts';
import { writeImportedSample } from './write-sample.ts';

/** A folder with published logs, which are not ours to ship: `inspect-logs/*.eval` and `palisade-robot/logs`. */
const folder = process.env['OFFSWITCH_DATA'];
const inspectLogs = join(folder ?? '', 'inspect-logs');
const robotLogs = join(folder ?? '', 'palisade-robot', 'logs');
const has = (path: string): boolean => folder !== undefined && existsSync(path);

function countOf(samples: readonly ImportedSample[]): string {
  const sum = (kind: Parameters<typeof eventsOf>[1]): number =>
    samples.reduce((total, sample) => total + eventsOf(sample, kind).length, 0);
  const left = samples.reduce((total, sample) => total + sample.unmapped.length, 0);
  return `${samples.length} samples, ${sum('message')} messages, ${sum('model-call')} model calls, ${sum('tool-call')} commands, ${sum('mark')} notices, ${left} sentences on what was left out`;
}

describe('published logs', () => {
  it.skipIf(!has(inspectLogs))(
    'of Inspect are read whole (not run unless OFFSWITCH_DATA names a folder with inspect-logs)',
    async ({ annotate }) => {
      using records = createTemporaryFolder();
      for (const name of readdirSync(inspectLogs).filter((entry) => entry.endsWith('.eval'))) {
        const path = join(inspectLogs, name);
        expect(await inspectEvalReader.recognises(path)).toBe(true);
        const { samples, problems } = await readAll(inspectEvalReader, path);
        await annotate(`${name}: ${countOf(samples)}, ${problems.length} problems`);
        expect(problems).toEqual([]);
        expect(samples.length).toBeGreaterThan(0);
        for (const sample of samples) {
          writeImportedSample({ record: records.file(`${sample.trialId}.jsonl`), beside: null }, sample);
          expect(verifyRecord(records.file(`${sample.trialId}.jsonl`)).problem).toBeNull();
        }
      }
    },
  );

  it.skipIf(!has(robotLogs))(
    'of the robot are read whole, and their commands come back through a log of Inspect (not run unless OFFSWITCH_DATA names a folder with palisade-robot)',
    async ({ annotate }) => {
      using records = createTemporaryFolder();
      const { samples, problems } = await readAll(robotLogReader, robotLogs);
      await annotate(`robot: ${countOf(samples)}, ${problems.length} problems`);
      expect(problems).toEqual([]);
      const study = samples.map((sample): ExportSample => {
        writeImportedSample({ record: records.file(`${sample.trialId}.jsonl`), beside: null }, sample);
        return { events: readRecord(records.file(`${sample.trialId}.jsonl`)), scores: [] };
      });
      expect(new Set(samples.map(({ trialId }) => trialId)).size).toBe(samples.length);
      for (const sample of samples) {
        expect(eventsOf(sample, 'tool-result')).toHaveLength(eventsOf(sample, 'tool-call').length);
        expect(eventsOf(sample, 'agent-end')).toHaveLength(1);
      }
      await inspectEvalWriter.write(records.file('all.eval'), {
        task: 'robot',
        model: 'all',
        createdMs: 0,
        samples: study,
      });
      const back = await readAll(inspectEvalReader, records.file('all.eval'));
      expect(back.samples.map(commandsOf)).toEqual(samples.map(commandsOf));
    },
  );
});
