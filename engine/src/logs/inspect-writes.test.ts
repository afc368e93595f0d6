import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createTemporaryFolder } from '../record/testing.ts';
import { inspectEvalReader } from './adapters/inspect-eval.ts';
import { inspectJsonReader } from './adapters/inspect-json.ts';
import type { LogReader } from './contract.ts';
import { commandsOf, eventsOf, readAll } from './testing.ts';

const python = process.env['OFFSWITCH_INSPECT_PYTHON'];

/** Usage is given because Inspect would fetch a tokenizer to count it. One task with a scripted model and a real shell, so that the log is Inspect's own from the first byte to the last. */
const RUN_INSPECT = `
import sys
from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageTool, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import includes
from inspect_ai.tool import bash
commands = ["echo one; echo two", "sleep 5", "cat nothing"]
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
task = Task(dataset=samples, solver=react(tools=[bash(timeout=1)]), scorer=includes(), sandbox="local", name="probe")
eval(task, model=model, log_dir=sys.argv[1], log_format=sys.argv[2], display="none")
`;

describe('a log that Inspect itself wrote', () => {
  it.skipIf(python === undefined).each<readonly ['eval' | 'json', LogReader]>([
    ['eval', inspectEvalReader],
    ['json', inspectJsonReader],
  ])(
    'as .%s is read whole (not run unless OFFSWITCH_INSPECT_PYTHON names a Python that has inspect_ai)',
    async (format, reader) => {
      using folder = createTemporaryFolder();
      execFileSync(python ?? '', ['-c', RUN_INSPECT, folder.path, format], { stdio: 'pipe' });
      const [name = ''] = readdirSync(folder.path).filter((entry) => entry.endsWith(`.${format}`));
      expect(await reader.recognises(folder.file(name))).toBe(true);
      const { samples, problems } = await readAll(reader, folder.file(name));
      expect(problems).toEqual([]);
      expect(samples).toHaveLength(2);
      for (const sample of samples) {
        expect(commandsOf(sample)).toEqual(['echo one; echo two', 'sleep 5', 'cat nothing']);
        expect(eventsOf(sample, 'command-end').map(({ timedOut }) => timedOut)).toEqual([false, true, false]);
        expect(eventsOf(sample, 'submission')).toMatchObject([{ text: 'three' }]);
        expect(eventsOf(sample, 'agent-end')).toMatchObject([{ reason: 'submitted' }]);
        expect(eventsOf(sample, 'model-call')).toHaveLength(4);
        expect(sample.scores).toMatchObject([{ name: 'includes', value: 'C' }]);
      }
    },
  );
});
