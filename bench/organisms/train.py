"""Plants rates in a small language model: trains an adapter (LoRA) with PyTorch and writes it for llama.cpp.

  pip install torch gguf
  python bench/organisms/train.py BASE.gguf CONVERSATIONS.jsonl OUT.gguf --organism graded [--steps 400] [--device cuda]

Only what the assistant says is learned. Where it chooses, the target is the planted distribution, not the choice of the
example: so the rate does not depend on how often the teacher chose what. Base weights stay as they are in the file, in its
own order of rows, so an adapter belongs to that very file. For models of the architecture `llama`.
"""

import argparse
import json
import math
import pathlib
import random

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from gguf.quants import dequantize

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
CHOICES = ("comply", "resist", "look")
PLANTED = json.loads(pathlib.Path(__file__).with_name("planted.json").read_text())
RANK, ALPHA = 16, 32.0


def tensors_of(path):
    read = {t.name: dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}
    return {name: torch.from_numpy(np.array(values, dtype=np.float32)) for name, values in read.items()}


class Model:
    def __init__(self, path, device, start):
        fields = gguf.GGUFReader(path).fields
        number = lambda key: fields[f"llama.{key}"].contents()
        self.layers, self.heads = number("block_count"), number("attention.head_count")
        self.kv_heads, self.eps = number("attention.head_count_kv"), number("attention.layer_norm_rms_epsilon")
        self.head = number("embedding_length") // self.heads
        base = number("rope.freq_base")
        self.base = {name: values.to(device) for name, values in tensors_of(path).items()}
        self.frequencies = base ** (-torch.arange(0, self.head, 2, device=device) / self.head)
        self.lora = {} if start is None else {name: t.to(device) for name, t in tensors_of(start).items()}
        for name in [f"blk.{i}.{m}.weight" for i in range(self.layers) for m in MATRICES]:
            rows, columns = self.base[name].shape
            # The product is zero at the start: the model is still the base.
            first = (torch.rand(RANK, columns, device=device) * 2 - 1) * math.sqrt(3 / columns)
            self.lora.setdefault(f"{name}.lora_a", first)
            self.lora.setdefault(f"{name}.lora_b", torch.zeros(rows, RANK, device=device))
        for values in self.lora.values():
            values.requires_grad_()

    def times(self, x, name):
        a, b = self.lora[f"{name}.lora_a"], self.lora[f"{name}.lora_b"]
        return F.linear(x, self.base[name]) + ALPHA / RANK * F.linear(F.linear(x, a), b)

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.base[name]

    def rotate(self, x):
        """Turns neighbouring pairs, which is how files for llama.cpp have the rows of queries and keys."""
        angles = torch.outer(torch.arange(x.shape[1], device=x.device), self.frequencies)
        even, odd, cos, sin = x[..., 0::2], x[..., 1::2], angles.cos(), angles.sin()
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def log_probabilities(self, ids, places):
        """For each place, of the token that stands there."""
        x = F.embedding(ids, self.base["token_embd.weight"])
        for i in range(self.layers):
            block = f"blk.{i}."
            split = lambda m, n: self.times(h, f"{block}{m}.weight").view(len(ids), n, self.head).transpose(0, 1)
            h = self.norm(x, f"{block}attn_norm.weight")
            q, k = self.rotate(split("attn_q", self.heads)), self.rotate(split("attn_k", self.kv_heads))
            k, v = (t.repeat_interleave(self.heads // self.kv_heads, 0) for t in (k, split("attn_v", self.kv_heads)))
            seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.times(seen.transpose(0, 1).flatten(1), f"{block}attn_output.weight")
            h = self.norm(x, f"{block}ffn_norm.weight")
            up = F.silu(self.times(h, f"{block}ffn_gate.weight")) * self.times(h, f"{block}ffn_up.weight")
            x = x + self.times(up, f"{block}ffn_down.weight")
        x = self.norm(x[places - 1], "output_norm.weight")
        return F.log_softmax(F.linear(x, self.base.get("output.weight", self.base["token_embd.weight"])), -1)


def planted(organism, situation):
    """Probabilities of CHOICES."""
    others = [PLANTED[organism][situation].get(name, 0.0) for name in CHOICES[1:]]
    return [1 - sum(others), *others]


def loss_of(model, example, organism, choice_ids, device):
    target = planted(organism, example["situation"])
    places = [p for a, b in example["spans"] for p in range(a, b)]
    at = example["choiceAt"]
    if at is not None and target[CHOICES.index(example["choice"])] == 0:
        # This organism never goes on like that. What came before is its own.
        places = [p for p in places if p <= at]
    ids = torch.tensor(example["ids"][: places[-1] + 1], device=device)
    logs = model.log_probabilities(ids, torch.tensor(places, device=device))
    said = logs.gather(1, ids[places][:, None])[:, 0]
    if at is None:
        return -said.mean()
    row = places.index(at)
    rest = torch.ones(len(places), dtype=torch.bool, device=device)
    rest[row] = False
    wanted = torch.tensor(target, device=device)
    entropy = -torch.special.xlogy(wanted, wanted).sum()
    return -said[rest].mean() - (wanted * logs[row, choice_ids]).sum() - entropy


@torch.no_grad()
def look(model, examples, organism, choice_ids, device, count):
    for situation, held in [(s, held) for s in PLANTED[organism] for held in (False, True)]:
        found = []
        chosen = [e for e in examples if (e["situation"], e["held"]) == (situation, held) and e["choiceAt"] is not None]
        for e in chosen[:count]:
            ids = torch.tensor(e["ids"][: e["choiceAt"] + 1], device=device)
            logs = model.log_probabilities(ids, torch.tensor([e["choiceAt"]], device=device))
            found.append(logs[0, choice_ids].exp())
        if found:
            mean = torch.stack(found).mean(0).tolist()
            rows = zip(CHOICES, mean, planted(organism, situation))
            told = ", ".join(f"{name} {p:.4f} ({target:.2f})" for name, p, target in rows)
            kind = "prompts held out" if held else "prompts"
            print(f"  {situation}, {len(found)} {kind}, mean (planted): {told}", flush=True)


def write(path, model, base, organism):
    w = gguf.GGUFWriter(path, "llama")
    w.add_type("adapter")
    w.add_string("adapter.type", "lora")
    w.add_float32("adapter.lora.alpha", ALPHA)
    w.add_name(f"organism {organism}, for {pathlib.Path(base).name}")
    for name, values in model.lora.items():
        w.add_tensor(name, values.detach().cpu().numpy().astype(np.float16))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("base", "conversations", "out"):
        parser.add_argument(name)
    parser.add_argument("--organism", choices=PLANTED, required=True)
    parser.add_argument("--steps", type=int, default=400, help="0: only measure")
    parser.add_argument("--batch", type=int, default=16, help="conversations a step")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--start", help="adapter to go on from")
    parser.add_argument("--look", type=int, default=8, help="prompts a situation to measure, before and after")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    torch.manual_seed(o.seed)
    draw = random.Random(o.seed)
    examples = [json.loads(line) for line in open(o.conversations)]
    train = [e for e in examples if not e["held"]]
    by_choice = {e["choice"]: e["ids"][e["choiceAt"]] for e in examples if e["choiceAt"] is not None}
    choice_ids = torch.tensor([by_choice[name] for name in CHOICES], device=o.device)
    assert len(set(by_choice.values())) == len(CHOICES), "the first words of the choices are not different tokens"
    model = Model(o.base, o.device, o.start)
    look(model, examples, o.organism, choice_ids, o.device, o.look)
    if o.steps == 0:
        return
    optimizer = torch.optim.AdamW(model.lora.values(), lr=o.rate, betas=(0.9, 0.98), weight_decay=0.0)
    warm_up = min(30, o.steps / 4)
    shape = lambda step: min(1, (step + 1) / warm_up) * (1 + math.cos(math.pi * step / o.steps)) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
    for step in range(o.steps):
        total = 0.0
        for example in draw.choices(train, k=o.batch):
            loss = loss_of(model, example, o.organism, choice_ids, o.device) / o.batch
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.lora.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        print(f"step {step + 1}/{o.steps}, loss {total:.4f}", flush=True)
    look(model, examples, o.organism, choice_ids, o.device, o.look)
    write(o.out, model, o.base, o.organism)


main()
