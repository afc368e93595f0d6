"""What Inspect's own readers find in a folder of logs. Prints one line of JSON; the comparison is made by who asks."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from inspect_ai.analysis import events_df, samples_df
from inspect_ai.log import read_eval_log

folder, inspect = sys.argv[1:3]
paths = sorted(str(path) for path in Path(folder).glob("*.eval"))


def words(content):
    if isinstance(content, str):
        return content
    return "".join(part["text"] if part["type"] == "text" else part.get("reasoning", "") for part in content)


def outcome_of(value):
    return None if value != value else value


def facts(sample):
    """Of a sample as plain JSON, whichever reader gave it."""
    tools = [event for event in sample["events"] if event["event"] == "tool"]
    return {
        "trialId": sample["metadata"]["offswitch"]["trialId"],
        "epoch": sample["epoch"],
        "outcome": outcome_of(sample["scores"]["outcome"]["value"]),
        "messages": [[message["role"], words(message["content"])] for message in sample["messages"]],
        "commands": [tool["arguments"]["cmd"] for tool in tools if "cmd" in tool["arguments"]],
        "prompts": [len(event["input"]) for event in sample["events"] if event["event"] == "model"],
        "evidence": Counter(event["data"]["kind"] for event in sample["events"] if event["event"] == "info"),
    }


def dumped(path):
    """By the command line; JSON with NaN in it."""
    done = subprocess.run(
        [inspect, "log", "dump", "--resolve-attachments", "full", path], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


read = [read_eval_log(path, resolve_attachments="full") for path in paths]
plain = [json.loads(log.model_dump_json(exclude_none=True).replace('"score":null', '"score":NaN')) for log in read]
for log, values in zip(read, plain, strict=True):
    for sample, value in zip(log.samples, values["samples"], strict=True):
        # pydantic writes NaN as null, and leaves out what is null.
        value["scores"]["outcome"].setdefault("value", float("nan"))
dumps = [dumped(path) for path in paths]
samples = samples_df(folder, quiet=True)
events = events_df(folder, quiet=True)
print(
    json.dumps(
        {
            "read": [facts(sample) for log in plain for sample in log["samples"]],
            "dumped": [facts(sample) for log in dumps for sample in log["samples"]],
            "status": [log.status for log in read],
            "scored": sum(log.results.scores[0].scored_samples for log in read),
            "reduced": sum(len(log.reductions[0].samples) for log in read),
            "sampleRows": [[row["id"], row["epoch"], row["score_outcome"]] for _, row in samples.iterrows()],
            "eventRows": len(events),
            "eventsRead": sum(len(sample.events) for log in read for sample in log.samples),
            "eventKinds": events["event"].value_counts().to_dict(),
        }
    )
)
