"""What Inspect's own reader counts in each sample of a folder of logs. Prints one line of JSON."""

import json
import sys
from pathlib import Path

from inspect_ai.log import read_eval_log


def counts(sample):
    usages = [event.output.usage for event in sample.events if event.event == "model" and event.output.usage]
    return {
        "id": f"{sample.id}/{sample.epoch}",
        "messages": len(sample.messages),
        "calls": sum(len(message.tool_calls or []) for message in sample.messages if message.role == "assistant"),
        "results": sum(message.role == "tool" for message in sample.messages),
        "tokens": sum(usage.total_tokens for usage in usages),
        "modelCalls": sum(event.event == "model" for event in sample.events),
        "error": sample.error is not None,
        "limit": None if sample.limit is None else sample.limit.type,
    }


print(
    json.dumps(
        {
            path.name: [counts(sample) for sample in read_eval_log(str(path), resolve_attachments="full").samples]
            for path in Path(sys.argv[1]).iterdir()
        }
    )
)
