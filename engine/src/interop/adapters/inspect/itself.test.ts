import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';
import type { TrialEvent } from '../../../record/events.ts';
import { readRecord } from '../../../record/journal-reader.ts';
import { createTemporaryFolder, trialStart, writeRecord } from '../../../record/testing.ts';
import type { ExportSample, LogReader } from '../../contract.ts';
import { commandsOf, eventsOf, readAll } from '../../testing.ts';
import { prepareInspect } from '../../testing/inspect-environment.ts';
import { randomRecord } from '../../testing/random-record.ts';
import { inspectEvalWriter } from '../inspect-eval-writer.ts';
import { inspectEvalReader } from '../inspect-eval.ts';
import { inspectJsonReader } from '../inspect-json.ts';

/** Inspect itself from PyPI. Where there is no Python, or PyPI does not answer, the tests are not run, and say why. */
const environment = await prepareInspect({ secondsMax: 50 });
const ready = 'python' in environment;
const { python, inspect } = ready ? environment : { python: '', inspect: '' };
const unless = ready ? '' : ` (not run: ${environment.why})`;

const STUDY = { task: 'stop-me', model: 'mock/model', createdMs: 1_700_000_000_000 };

/** Usage is given because Inspect would fetch a tokenizer to count it. One task with a scripted model and a real shell, so that the log is Inspect's own from the first byte to the last. */
const RUN_INSPECT = `
import sys
from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.log import write_eval_log
from inspect_ai.model import ChatMessageTool, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes
from inspect_ai.tool import bash
commands = ["echo one; echo two", "sleep 60", "cat nothing"]
def reply(input, tools, tool_choice, config):
    done = sum(isinstance(message, ChatMessageTool) for message in input)
    if done < len(commands):
        shell = next(tool for tool in tools if tool.name == "bash")
        name = next(iter(shell.parameters.properties))
        output = ModelOutput.for_tool_call("mockllm/model", "bash", {name: commands[done]})
    else:
        output = ModelOutput.for_tool_call("mockllm/model", "submit", {"answer": "three"})
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output
model = get_model("mockllm/model", memoize=False, custom_outputs=reply)
samples = [Sample(id=f"s{number}", input="please " * 50, target="three") for number in range(2)]
task = Task(dataset=samples, solver=react(tools=[bash(timeout=6)]), scorer=includes(), sandbox="local", name="probe")
[log] = eval(task, model=model, log_dir=sys.argv[1], log_format="eval", display="none")
write_eval_log(log, log.location.replace(".eval", ".json"), format="json")
`;

describe('a log that Inspect itself wrote', () => {
  const logs = createTemporaryFolder();
  beforeAll(() => {
    if (ready) execFileSync(python, ['-c', RUN_INSPECT, logs.path], { stdio: 'pipe' });
  });
  afterAll(() => logs[Symbol.dispose]());

  it.skipIf(!ready).each<readonly ['eval' | 'json', LogReader]>([
    ['eval', inspectEvalReader],
    ['json', inspectJsonReader],
  ])(`as .%s is read whole${unless}`, async (format, reader) => {
    const [name = ''] = readdirSync(logs.path).filter((entry) => entry.endsWith(`.${format}`));
    expect(await reader.recognises(logs.file(name))).toBe(true);
    const { samples, problems } = await readAll(reader, logs.file(name));
    expect(problems).toEqual([]);
    expect(samples).toHaveLength(2);
    for (const sample of samples) {
      expect(commandsOf(sample)).toEqual(['echo one; echo two', 'sleep 60', 'cat nothing']);
      expect(eventsOf(sample, 'tool-result').map(({ run }) => run?.timedOut)).toEqual([false, true, false]);
      expect(eventsOf(sample, 'submission')).toMatchObject([{ text: 'three' }]);
      expect(eventsOf(sample, 'agent-end')).toMatchObject([{ reason: 'submitted' }]);
      expect(eventsOf(sample, 'model-call')).toHaveLength(4);
      expect(sample.scores).toMatchObject([{ name: 'includes', value: 'C' }]);
    }
  });

  it.skipIf(!ready)(`and cut into chunks is read as the same samples${unless}`, async () => {
    using folder = createTemporaryFolder();
    const [whole, chunks] = [logs.path, folder.file('chunks')];
    execFileSync(inspect, ['log', 'convert-chunked', whole, '--output-dir', chunks], { stdio: 'pipe' });
    const [name = ''] = readdirSync(whole).filter((entry) => entry.endsWith('.eval'));
    const [one, other] = await Promise.all(
      [whole, chunks].map(async (path) => {
        const { samples, problems } = await readAll(inspectEvalReader, `${path}/${name}`);
        return { problems, samples: samples.toSorted((a, b) => (a.trialId < b.trialId ? -1 : 1)) };
      }),
    );
    if (one === undefined || other === undefined) throw new Error('not read');
    expect(other.problems).toEqual([]);
    expect(other.samples).toHaveLength(2);
    expect(other.samples.map(({ events }) => events.slice(1))).toEqual(
      one.samples.map(({ events }) => events.slice(1)),
    );
    const wholeEvents = ({ samples }: typeof one): unknown[] =>
      samples.map(({ foreign }) => foreign.filter((entry) => entry.whole));
    expect(wholeEvents(other)).toEqual(wholeEvents(one));
  });
});

describe('a log that Offswitch wrote', () => {
  it.skipIf(!ready)(
    `is read by Inspect with the same prompts, calls, results and scores, and its chunks are read as the same samples${unless}`,
    async () => {
      using folder = createTemporaryFolder();
      const path = folder.file('log.eval');
      const records = fc.sample(randomRecord, { numRuns: 25, seed: 7 }).map((events, number): readonly TrialEvent[] => {
        const [start, ...rest] = events;
        if (start?.kind !== 'trial-start') throw new TypeError('a record begins with trial-start');
        return readRecord(
          writeRecord(folder.file(`${number}.jsonl`), [
            trialStart({ ...start, trialId: `trial-${String(number).padStart(2, '0')}` }),
            ...rest,
          ]),
        );
      });
      const samples = records.map((events, number): ExportSample => ({
        events,
        scores: [{ name: 'outcome', value: number % 2 === 0 ? 'complied' : null, explanation: 'why' }],
        cell: number < 10 ? 'arm=a' : 'arm=b',
      }));
      await inspectEvalWriter.write(path, { ...STUDY, samples });
      const said: unknown = JSON.parse(execFileSync(python, ['-c', ASK_INSPECT, path], { encoding: 'utf8' }));
      const expected = records.map((events) => ({
        tools: events.flatMap((event) =>
          event.kind === 'tool-call' ? [event.callId] : event.kind === 'submission' ? [event.callId] : [],
        ),
        commands: events.flatMap((event) =>
          event.kind === 'tool-call' ? [readAsData(event.command ?? toUntrusted(''))] : [],
        ),
        prompts: events.flatMap((event) => (event.kind === 'model-call' ? [promptLength(event, events)] : [])),
        results: events.flatMap((event) =>
          event.kind === 'message'
            ? event.parts.flatMap((part) => (part.type === 'tool-result' ? [readAsData(part.text)] : []))
            : [],
        ),
      }));
      expect(said).toEqual({
        status: 'success',
        scored: 13,
        unscored: 12,
        metrics: [
          ['arm=a', 'complied', 5],
          ['arm=a', 'could not tell', 5],
          ['arm=b', 'complied', 8],
          ['arm=b', 'could not tell', 7],
        ],
        reductions: 25,
        rows: 25,
        samples: expected,
      });
      execFileSync(inspect, ['log', 'convert-chunked', path, '--output-dir', folder.file('chunks')], { stdio: 'pipe' });
      const [one, other] = await Promise.all([
        readAll(inspectEvalReader, path),
        readAll(inspectEvalReader, folder.file('chunks/log.eval')),
      ]);
      expect([...one.problems, ...other.problems]).toEqual([]);
      expect(other.samples.map(({ events }) => events.slice(1))).toEqual(
        one.samples.map(({ events }) => events.slice(1)),
      );
      expect(one.samples.map(commandsOf)).toEqual(expected.map(({ commands }) => commands));
    },
  );
});

/** Messages of Inspect in a prompt: one for each tool result. */
function promptLength(call: Extract<TrialEvent, { kind: 'model-call' }>, events: readonly TrialEvent[]): number {
  return events.reduce((sum, event) => {
    const inside =
      event.kind === 'message' && call.prompt.some(({ from, to }) => event.index >= from && event.index < to);
    return inside ? sum + (event.role === 'tool' ? event.parts.length : 1) : sum;
  }, 0);
}

const ASK_INSPECT = `
import json, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
log = read_eval_log(sys.argv[1], resolve_attachments=True)
print(json.dumps({
    "status": log.status,
    "scored": log.results.scores[0].scored_samples,
    "unscored": log.results.scores[0].unscored_samples,
    "metrics": [[m.group, m.name, m.value] for m in log.results.scores[0].metrics.values()],
    "reductions": len(log.reductions[0].samples),
    "rows": len(read_eval_log_sample_summaries(sys.argv[1])),
    "samples": [{
        "commands": [e.arguments["cmd"] for e in s.events if e.event == "tool" and "cmd" in e.arguments and e.function != "submit"],
        "tools": [e.id for e in s.events if e.event == "tool"],
        "prompts": [len(e.input) for e in s.events if e.event == "model"],
        "results": [m.content if isinstance(m.content, str) else "".join(c.text for c in m.content) for m in s.messages if m.role == "tool"],
    } for s in log.samples],
}))
`;
