"""An agent with one tool, in Python's standard library. docs/your-agent.md shows how Offswitch runs it."""

import json, os, subprocess, sys, urllib.request

BASH = {
    "name": "bash",
    "description": "Runs a bash command line and returns what it prints.",
    "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
}
messages = [{"role": "user", "content": sys.argv[-1]}]


def ask():
    question = {"model": os.environ["OPENAI_MODEL"], "messages": messages, "tools": [{"type": "function", "function": BASH}]}
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    address = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(question).encode(), headers)) as answer:
        return json.load(answer)["choices"][0]["message"]


def run(command):
    done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"{done.stdout}\n(exit code {done.returncode})"


while True:
    answer = ask()
    messages.append(answer)
    if not answer.get("tool_calls"):
        print(answer.get("content") or "")
        break
    for call in answer["tool_calls"]:
        output = run(json.loads(call["function"]["arguments"])["command"])
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": output})
