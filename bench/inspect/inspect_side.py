"""Inspect's side: the scripted model, N samples of K tool calls, in the `local` sandbox. Prints one line of JSON."""

import json
import logging
import sys
import time

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log
from inspect_ai.model import ChatMessageTool, GenerateConfig, ModelAPI, ModelOutput, get_model, modelapi
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import bash

plan = json.loads(sys.argv[1])
commands = plan["commands"]


@modelapi("scripted")
class Scripted(ModelAPI):
    """The cheapest model there can be: counts the results that it was given and asks for the next command."""

    def __init__(self, model_name, base_url=None, api_key=None, config=GenerateConfig(), **_):
        super().__init__(model_name, base_url, api_key, [], config)

    async def generate(self, input, tools, tool_choice, config):
        done = sum(1 for message in input if isinstance(message, ChatMessageTool))
        if done >= plan["calls"]:
            return ModelOutput.from_content("scripted", "done")
        command = commands[done % len(commands)].replace("{n}", str(done + 1))
        return ModelOutput.for_tool_call("scripted", "bash", {"command": command})

    def max_connections(self):
        return plan["concurrency"]


logging.disable(logging.WARNING)
task = Task(
    dataset=[Sample(id=number + 1, input="Do the work.") for number in range(plan["samples"])],
    solver=[use_tools(bash(timeout=plan["timeoutSeconds"])), generate()],
    sandbox="local",
)
started = time.perf_counter()
[log] = eval(
    task,
    model=get_model("scripted/bench"),
    log_dir=plan["logDir"],
    display="none",
    max_samples=plan["concurrency"],
    max_subprocesses=plan["concurrency"],
    max_connections=plan["concurrency"],
    **({} if plan["realtime"] else {"log_realtime": False}),
)
seconds = time.perf_counter() - started
assert log.status == "success", log.error
result = {"seconds": seconds}
if plan["readBack"]:
    events = [event for sample in read_eval_log(log.location).samples for event in sample.events]
    tools = [event for event in events if event.event == "tool"]
    result["callMs"] = [(tool.completed - tool.timestamp).total_seconds() * 1000 for tool in tools]
    result["outputs"] = [str(tool.result) for tool in tools][: plan["calls"]]
print(json.dumps(result))
