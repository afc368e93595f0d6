import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../../record/testing.ts';
import { describeLogReaderContract } from '../contract-suite.ts';
import type { ImportedSample, LogReader } from '../contract.ts';
import { commandsOf, eventsOf, readAll } from '../testing.ts';
import { atifReader } from './atif.ts';
import { claudeCodeReader } from './claude-code.ts';
import { codexExecReader } from './codex-exec.ts';
import { codexReader } from './codex.ts';
import { geminiCliReader } from './gemini-cli.ts';
import { inspectJsonReader } from './inspect-json.ts';
import { openHandsReader } from './openhands.ts';
import { otlpReader } from './otlp.ts';
import { petriReader } from './petri.ts';
import { sweAgentReader } from './swe-agent.ts';

/** In the form of each program, in our own words. */
const log = (name: string): string => readFileSync(join(import.meta.dirname, '../testing/logs', name), 'utf8');

const examples: readonly (readonly [LogReader, string])[] = [
  [claudeCodeReader, 'claude-stream.jsonl'],
  [codexExecReader, 'codex-exec.jsonl'],
  [sweAgentReader, 'swe-agent.traj'],
  [sweAgentReader, 'mini-swe-agent.traj.json'],
  [openHandsReader, 'openhands.json'],
  [openHandsReader, 'openhands-v1.json'],
  [geminiCliReader, 'gemini-cli.json'],
  [petriReader, 'petri.json'],
  [otlpReader, 'otlp-indexed.json'],
  [otlpReader, 'openinference.json'],
];

for (const [reader, fileName] of examples)
  describeLogReaderContract(reader, { fileName, write: (path) => writeFileSync(path, log(fileName)) });

async function readOne(reader: LogReader, fileName: string): Promise<ImportedSample | undefined> {
  using folder = createTemporaryFolder();
  writeFileSync(folder.file(fileName), log(fileName));
  const { samples, problems } = await readAll(reader, folder.file(fileName));
  expect(problems).toEqual([]);
  expect(samples).toHaveLength(1);
  return samples[0];
}

const toolsOf = (sample: ImportedSample | undefined): string[] =>
  eventsOf(sample, 'tool-call').map(({ tool, command }) => (command === null ? tool : '$'));
const tokensOf = (sample: ImportedSample | undefined): (number | null)[] =>
  eventsOf(sample, 'model-call').flatMap(({ answer }) => [
    answer?.usage.inputTokens ?? null,
    answer?.usage.outputTokens ?? null,
  ]);
const endOf = (sample: ImportedSample | undefined): string | undefined => eventsOf(sample, 'agent-end')[0]?.reason;

describe('further formats', () => {
  it('are not taken for one another, nor for those before', async () => {
    using folder = createTemporaryFolder();
    const all = [...examples, [codexReader, 'codex.jsonl'], [atifReader, 'atif.json']] as const;
    const readers = new Set<LogReader>([...all.map(([reader]) => reader), inspectJsonReader]);
    for (const [owner, fileName] of all) {
      writeFileSync(folder.file(fileName), log(fileName));
      for (const reader of readers)
        expect([fileName, reader.name, await reader.recognises(folder.file(fileName))]).toEqual([
          fileName,
          reader.name,
          reader === owner,
        ]);
    }
  });

  it('claude -p --output-format stream-json: one answer in several lines is one call, a second agent stays apart', async () => {
    const sample = await readOne(claudeCodeReader, 'claude-stream.jsonl');
    expect(tokensOf(sample)).toEqual([30, 6, 30, 6]);
    expect(toolsOf(sample)).toEqual(['$', 'Edit']);
    expect(eventsOf(sample, 'tool-result')).toHaveLength(2);
    expect(eventsOf(sample, 'message').map(({ role }) => role)).toEqual(['assistant', 'tool', 'tool', 'assistant']);
    expect(endOf(sample)).toBe('no-tool-call');
    expect(sample?.foreign.map(({ kind }) => kind)).toEqual(['system', 'sidechain', 'usage', 'result', 'usage']);
  });

  it('codex exec --json: commands with exit codes, changes of files, the tokens of the turn', async () => {
    const sample = await readOne(codexExecReader, 'codex-exec.jsonl');
    expect(commandsOf(sample)).toEqual(['bash -lc ls']);
    expect(toolsOf(sample)).toEqual(['$', 'apply_patch']);
    expect(eventsOf(sample, 'tool-result')[0]).toMatchObject({ run: { exitCode: 0, stdoutBytes: 6 } });
    expect(tokensOf(sample)).toEqual([null, null, null, null, 900, 40]);
    expect(endOf(sample)).toBe('no-tool-call');
  });

  it('SWE-agent: prompts of the history, each action as a command, its end and its tokens', async () => {
    const sample = await readOne(sweAgentReader, 'swe-agent.traj');
    expect(commandsOf(sample)).toEqual(['ls', 'str_replace_editor view /a.txt']);
    expect(eventsOf(sample, 'tool-result')).toMatchObject([{ durationMs: 250 }, { durationMs: 500 }]);
    expect(tokensOf(sample)).toEqual([null, null, null, null, 800, 60]);
    expect(eventsOf(sample, 'submission')).toHaveLength(1);
    expect(endOf(sample)).toBe('submitted');
    expect(
      eventsOf(sample, 'message')
        .map(({ role }) => role)
        .slice(0, 3),
    ).toEqual(['system', 'user', 'assistant']);
  });

  it('mini-SWE-agent: the block of shell in an answer is its command', async () => {
    const sample = await readOne(sweAgentReader, 'mini-swe-agent.traj.json');
    expect(commandsOf(sample)).toEqual(['ls', 'cat b.txt']);
    expect(eventsOf(sample, 'tool-result')).toMatchObject([{ run: { exitCode: 0 } }, { run: { exitCode: 1 } }]);
    expect(endOf(sample)).toBe('cost-limit');
  });

  it('OpenHands: actions and observations of their cause, of both generations', async () => {
    const sample = await readOne(openHandsReader, 'openhands.json');
    expect(commandsOf(sample)).toEqual(['ls']);
    expect(toolsOf(sample)).toEqual(['$', 'edit']);
    expect(tokensOf(sample)).toEqual([50, 7, 60, 8, 70, 9]);
    expect(eventsOf(sample, 'tool-result')).toMatchObject([{ run: { exitCode: 0 }, durationMs: 1000 }, { run: null }]);
    expect(endOf(sample)).toBe('submitted');
    const newer = await readOne(openHandsReader, 'openhands-v1.json');
    expect(commandsOf(newer)).toEqual(['ls']);
    expect(eventsOf(newer, 'message').map(({ role }) => role)).toEqual([
      ...['system', 'user', 'assistant', 'tool', 'assistant'],
    ]);
    expect(endOf(newer)).toBe('submitted');
  });

  it('Gemini CLI: thoughts, calls with their results, tokens', async () => {
    const sample = await readOne(geminiCliReader, 'gemini-cli.json');
    expect(toolsOf(sample)).toEqual(['$', 'read_file']);
    expect(tokensOf(sample)).toEqual([50, 8, 70, 4]);
    expect(eventsOf(sample, 'tool-result')).toMatchObject([{ run: { exitCode: 0 }, durationMs: 1000 }, { run: null }]);
    expect(sample?.foreign.map(({ kind }) => kind)).toEqual(['info', 'chat']);
    expect(endOf(sample)).toBe('no-tool-call');
  });

  it('Petri: what the target saw at the end; what was taken back, and the auditor, lie beside it', async () => {
    const sample = await readOne(petriReader, 'petri.json');
    expect(toolsOf(sample)).toEqual(['$', 'send_email']);
    expect(eventsOf(sample, 'message').map(({ role }) => role)).toEqual([
      ...['system', 'user', 'assistant', 'tool', 'tool', 'assistant'],
    ]);
    expect(eventsOf(sample, 'trial-start')[0]).toMatchObject({ agent: { name: 'model-t' } });
    expect(sample?.foreign.map(({ kind }) => kind)).toEqual(['view auditor', 'message taken back', 'transcript']);
  });

  it.for(['otlp-indexed.json', 'openinference.json'])('spans with numbered attributes: %s', async (fileName) => {
    const sample = await readOne(otlpReader, fileName);
    expect(commandsOf(sample)).toEqual(['ls']);
    expect(eventsOf(sample, 'tool-result')).toHaveLength(1);
    expect(tokensOf(sample).slice(0, 2)).toEqual([11, 4]);
    expect(
      eventsOf(sample, 'message')
        .map(({ role }) => role)
        .slice(0, 3),
    ).toEqual(['user', 'assistant', 'tool']);
  });
});
