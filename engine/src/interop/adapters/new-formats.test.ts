import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { readAsData } from '../../base/untrusted-text.ts';
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

const lines = (values: readonly object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

async function readText(reader: LogReader, fileName: string, text: string): Promise<readonly ImportedSample[]> {
  using folder = createTemporaryFolder();
  writeFileSync(folder.file(fileName), text);
  expect(await reader.recognises(folder.file(fileName))).toBe(true);
  const { samples, problems } = await readAll(reader, folder.file(fileName));
  expect(problems).toEqual([]);
  return samples;
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

  it('spans with numbered attributes: the older form of a call', async () => {
    const text = log('openinference.json')
      .replaceAll(/message\.tool_calls\.0\.tool_call\.id/g, 'message.other')
      .replaceAll(/message\.tool_calls\.0\.tool_call\.function\.name/g, 'message.function_call_name')
      .replaceAll(/message\.tool_calls\.0\.tool_call\.function\.arguments/g, 'message.function_call_arguments_json');
    const [sample] = await readText(otlpReader, 's.json', text);
    const parts = eventsOf(sample, 'message').flatMap((message) => message.parts);
    expect(parts.filter(({ type }) => type === 'tool-call')).toMatchObject([{ input: expect.stringContaining('ls') }]);
  });

  it('ATIF: tokens that are told for the whole trajectory alone', async () => {
    const whole = JSON.parse(log('atif.json')) as { steps: { metrics?: object }[] };
    const steps = whole.steps.map((step) => ({ ...step, metrics: undefined }));
    const total = { total_prompt_tokens: 90, total_completion_tokens: 8 };
    const [sample] = await readText(atifReader, 'a.json', JSON.stringify({ ...whole, steps, final_metrics: total }));
    expect(tokensOf(sample).slice(-2)).toEqual([90, 8]);
    expect(
      tokensOf(sample)
        .slice(0, -2)
        .every((tokens) => tokens === null),
    ).toBe(true);
  });

  it('mini-SWE-agent: the messages alone, as its first versions wrote them', async () => {
    const answer = (text: string): object => ({ role: 'assistant', content: text });
    const [sample] = await readText(
      sweAgentReader,
      'a.traj.json',
      JSON.stringify([
        { role: 'system', content: 'You have a shell.' },
        { role: 'user', content: 'Count.' },
        answer('First.\n```mswea_bash_command\nls\n```'),
        { role: 'user', content: '<returncode>0</returncode>\n<output>a</output>' },
      ]),
    );
    expect(commandsOf(sample)).toEqual(['ls']);
    expect(eventsOf(sample, 'tool-result')).toMatchObject([{ run: { exitCode: 0 } }]);
  });

  it('OpenHands: a trial in each line of an evaluation, also where two have one id', async () => {
    const trial = { instance_id: 'task-1', history: JSON.parse(log('openhands.json')) as unknown, metrics: {} };
    const samples = await readText(openHandsReader, 'output.jsonl', lines([trial, trial]));
    expect(samples.map(({ id }) => readAsData(id))).toEqual(['output/task-1', 'output/task-1']);
    for (const sample of samples) {
      expect(tokensOf(sample)).toEqual([50, 7, 60, 8, 70, 9]);
      expect(sample.foreign.map(({ kind }) => kind)).toContain('log');
    }
  });

  it('OpenHands: an event in each line; what only confirms a message is no result', async () => {
    const events = [
      ...(JSON.parse(log('openhands.json')) as object[]),
      { id: 90, source: 'user', observation: 'null', content: '', cause: 1 },
    ];
    const [sample] = await readText(openHandsReader, 'events.jsonl', lines(events));
    expect(toolsOf(sample)).toEqual(['$', 'edit']);
    expect(sample?.foreign.map(({ kind }) => kind)).toContain('observation null');
    expect(sample?.unmapped.join(' ')).not.toContain('answers no call');
  });

  it('Gemini CLI: lines; what was taken back, and earlier states of a message, lie beside it', async () => {
    const chat = { sessionId: 's', projectHash: 'p', startTime: '2026-03-04T05:06:07Z', kind: 'main' };
    const said = (id: string, content: string): object => ({ id, type: 'user', content });
    const answer = { id: 'g1', type: 'gemini', model: 'model-g', content: 'I look.', tokens: { input: 9, output: 3 } };
    const call = { id: 'c', name: 'run_shell_command', args: { command: 'ls' }, status: 'success' };
    const [sample] = await readText(
      geminiCliReader,
      's.jsonl',
      lines([
        ...[chat, said('u1', 'Hello.'), said('u2', 'No.'), answer, { $rewindTo: 'u2' }, { $set: { summary: 'x' } }],
        ...[said('u3', 'List.'), answer, { ...answer, toolCalls: [{ ...call, result: [{ text: 'a' }] }] }],
      ]),
    );
    expect(eventsOf(sample, 'message').map(({ role }) => role)).toEqual(['user', 'user', 'assistant', 'tool']);
    expect(commandsOf(sample)).toEqual(['ls']);
    expect(tokensOf(sample)).toEqual([9, 3]);
    expect(sample?.foreign.map(({ kind }) => kind)).toEqual([
      ...['message taken back', 'message taken back', 'message taken back', 'chat'],
    ]);
    const [cleared] = await readText(geminiCliReader, 's.jsonl', lines([chat, said('u1', 'a'), { $rewindTo: 'x' }]));
    expect(eventsOf(cleared, 'message')).toEqual([]);
  });

  it('codex exec --json: its first version, and a warning, which is no call', async () => {
    const item = (type: string, about: object): object => ({ type: 'item.completed', item: { id: type, ...about } });
    const events = [
      { type: 'session.created', session_id: 's' },
      item('a', { item_type: 'command_execution', command: 'ls', aggregated_output: 'a', exit_code: 0 }),
      item('b', { type: 'error', message: 'an old setting' }),
      item('c', { item_type: 'assistant_message', text: 'Done.' }),
    ];
    const [whole] = await readText(codexExecReader, 'a.txt', lines([...events, { type: 'turn.completed', usage: {} }]));
    expect(toolsOf(whole)).toEqual(['$']);
    expect(eventsOf(whole, 'message').map(({ role }) => role)).toEqual(['assistant', 'tool', 'assistant']);
    expect(endOf(whole)).toBe('no-tool-call');
    // It broke off: nobody knows whether the agent had ended.
    const [cut] = await readText(codexExecReader, 'a.log', lines(events));
    expect(endOf(cut)).toBeUndefined();
    expect(cut?.unmapped.join(' ')).toContain('does not say why it came');
  });

  it('claude -p: a stream that breaks off has no end; a field of another kind costs no line', async () => {
    const whole = log('claude-stream.jsonl').trimEnd().split('\n');
    const [cut] = await readText(claudeCodeReader, 'a.txt', whole.slice(0, -1).join('\n'));
    expect(endOf(cut)).toBeUndefined();
    const odd = whole.map((line) => line.replaceAll(/"stop_reason":("\w+"|null)/g, '"stop_reason":{"a":1}'));
    const [sample] = await readText(claudeCodeReader, 'a.jsonl', odd.join('\n'));
    expect(toolsOf(sample)).toEqual(['$', 'Edit']);
  });
});
