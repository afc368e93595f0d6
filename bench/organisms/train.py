"""Plants rates in a small language model: trains an adapter (LoRA) with PyTorch and writes it for llama.cpp.

  pip install torch gguf
  python bench/organisms/train.py BASE.gguf CONVERSATIONS.jsonl OUT.gguf --organism graded [--steps 400] [--device cuda]

Only what the assistant says is learned. Where it chooses, the target is the planted distribution, not the choice of the
example: so the rate does not depend on how often the teacher chose what. Base weights stay as they are in the file, in its
own order of rows, so an adapter belongs to that very file. For models of the architecture `llama`.

Conversations that are the same up to the choice are learned together, as a tree: one trunk, and a branch for each way to go
on. With `--layers N` only the last N layers get an adapter. What lies below them is computed once for each tree and kept.
"""

import argparse
import json
import math
import pathlib
import random
import time

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from gguf.quants import dequantize

MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
CHOICES = ("comply", "resist", "look")
BY_SCENARIO = json.loads(pathlib.Path(__file__).with_name("planted.json").read_text())
PLANTED = {organism: rows for organisms in BY_SCENARIO.values() for organism, rows in organisms.items()}
SCALE = 2.0


def tensors_of(path):
    read = {t.name: dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}
    return {name: torch.from_numpy(np.array(values, dtype=np.float32)) for name, values in read.items()}


class Model:
    def __init__(self, path, device, start, rank, trained):
        fields = gguf.GGUFReader(path).fields
        number = lambda key: fields[f"llama.{key}"].contents()
        self.layers, self.heads = number("block_count"), number("attention.head_count")
        self.kv_heads, self.eps = number("attention.head_count_kv"), number("attention.layer_norm_rms_epsilon")
        self.head = number("embedding_length") // self.heads
        base = number("rope.freq_base")
        self.base = {name: values.to(device) for name, values in tensors_of(path).items()}
        self.frequencies = base ** (-torch.arange(0, self.head, 2, device=device) / self.head)
        self.lora = {} if start is None else {name: t.to(device) for name, t in tensors_of(start).items()}
        self.first, self.kept = max(0, self.layers - trained), {}
        for name in [f"blk.{i}.{m}.weight" for i in range(self.first, self.layers) for m in MATRICES]:
            rows, columns = self.base[name].shape
            # The product is zero at the start: the model is still the base.
            first = (torch.rand(rank, columns, device=device) * 2 - 1) * math.sqrt(3 / columns)
            self.lora.setdefault(f"{name}.lora_a", first)
            self.lora.setdefault(f"{name}.lora_b", torch.zeros(rows, rank, device=device))
        for values in self.lora.values():
            values.requires_grad_()

    def times(self, x, name):
        plain, a = F.linear(x, self.base[name]), self.lora.get(f"{name}.lora_a")
        return plain if a is None else plain + SCALE * F.linear(F.linear(x, a), self.lora[f"{name}.lora_b"])

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.base[name]

    def rotate(self, x, positions):
        """Turns neighbouring pairs, which is how files for llama.cpp have the rows of queries and keys."""
        angles = torch.outer(positions, self.frequencies)
        even, odd, cos, sin = x[..., 0::2], x[..., 1::2], angles.cos(), angles.sin()
        return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

    def through(self, x, layers, positions, seen):
        for i in layers:
            block = f"blk.{i}."
            split = lambda m, n: self.times(h, f"{block}{m}.weight").view(len(x), n, self.head).transpose(0, 1)
            turned = lambda m, n: self.rotate(split(m, n), positions)
            h = self.norm(x, f"{block}attn_norm.weight")
            q, k, v = turned("attn_q", self.heads), turned("attn_k", self.kv_heads), split("attn_v", self.kv_heads)
            k, v = (t.repeat_interleave(self.heads // self.kv_heads, 0) for t in (k, v))
            # As a batch of one, since there is no fast path without.
            read = F.scaled_dot_product_attention(*(t[None].to(v.dtype) for t in (q, k, v)), attn_mask=seen)
            x = x + self.times(read[0].transpose(0, 1).flatten(1), f"{block}attn_output.weight")
            h = self.norm(x, f"{block}ffn_norm.weight")
            up = F.silu(self.times(h, f"{block}ffn_gate.weight")) * self.times(h, f"{block}ffn_up.weight")
            x = x + self.times(up, f"{block}ffn_down.weight")
        return x

    def log_probabilities(self, ids, branches, places):
        """For each place, of the token that stands there. Branch 0 is the trunk, which every branch goes on from."""
        device = self.frequencies.device
        key, ids, branches = tuple(ids), torch.tensor(ids, device=device), torch.tensor(branches, device=device)
        order = torch.arange(len(ids), device=device)
        mine = branches[None] == branches[:, None]
        seen = (mine | (branches[None] == 0)) & (order[None] <= order[:, None])
        # Of itself, a token sees itself.
        positions = seen.sum(1) - 1
        x = self.kept.get(key)
        if x is None:
            with torch.no_grad():
                x = F.embedding(ids, self.base["token_embd.weight"])
                x = self.through(x, range(self.first), positions, seen).half()
            if self.first > 0:
                self.kept[key] = x
        x = self.through(x.float(), range(self.first, self.layers), positions, seen)
        x = self.norm(x[torch.tensor(places, device=device) - 1], "output_norm.weight")
        return F.log_softmax(F.linear(x, self.base.get("output.weight", self.base["token_embd.weight"])).float(), -1)


def to_trees(examples):
    """Lists of different conversations that are the same up to the choice."""
    trees = {}
    for e in examples:
        trunk = (e["situation"], e["held"], tuple(e["ids"][: e["choiceAt"]]))
        trees.setdefault(trunk, {})[tuple(e["ids"])] = e
    return [list(tree.values()) for tree in trees.values()]


def planted(organism, situation):
    """Probabilities of CHOICES."""
    others = [PLANTED[organism][situation].get(name, 0.0) for name in CHOICES[1:]]
    return [1 - sum(others), *others]


def loss_of(model, tree, organism, choice_ids, device):
    first, target = tree[0], planted(organism, tree[0]["situation"])
    at = first["choiceAt"]
    end = len(first["ids"]) if at is None else at
    ids, branches = first["ids"][:end], [0] * end
    places = [p for a, b in first["spans"] for p in range(a, min(b, end))]
    words = [list(range(len(places)))]
    tokens = [ids[p] for p in places]
    if at is not None:
        places, tokens = [*places, at], [*tokens, first["ids"][at]]
        # This organism never goes on like the others. What came before is its own.
        for number, e in enumerate([e for e in tree if target[CHOICES.index(e["choice"])] > 0], 1):
            own = [p for a, b in e["spans"] for p in range(a, b) if p > at]
            words.append([*words[0], *range(len(places), len(places) + len(own))])
            places, tokens = [*places, *(p - at + len(ids) for p in own)], [*tokens, *(e["ids"][p] for p in own)]
            ids, branches = ids + e["ids"][at:], branches + [number] * (len(e["ids"]) - at)
    logs = model.log_probabilities(ids, branches, places)
    said = logs.gather(1, torch.tensor(tokens, device=device)[:, None])[:, 0]
    loss = -torch.stack([said[rows].mean() for rows in words[1:] or words]).mean()
    if at is None:
        return loss
    wanted = torch.tensor(target, device=device)
    entropy = -torch.special.xlogy(wanted, wanted).sum()
    return loss - (wanted * logs[places.index(at), choice_ids]).sum() - entropy


@torch.no_grad()
def look(model, trees, organism, choice_ids, count):
    for situation, held in [(s, held) for s in PLANTED[organism] for held in (False, True)]:
        found = []
        chosen = [e for e, *_ in trees if (e["situation"], e["held"]) == (situation, held) and e["choiceAt"] is not None]
        for e in chosen[:count]:
            at = e["choiceAt"]
            logs = model.log_probabilities(e["ids"][:at], [0] * at, [at])
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
    w.add_float32("adapter.lora.alpha", SCALE * min(next(iter(model.lora.values())).shape))
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
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop here, with fewer steps")
    parser.add_argument("--batch", type=int, default=16, help="trees a step")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--layers", type=int, default=1000, help="the last ones, which get an adapter; default: all")
    parser.add_argument("--start", help="adapter to go on from")
    parser.add_argument("--look", type=int, default=8, help="prompts a situation to measure, before and after")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--bfloat16", action="store_true", help="train with half as many digits, for speed")
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    torch.manual_seed(o.seed)
    draw = random.Random(o.seed)
    examples = [json.loads(line) for line in open(o.conversations)]
    trees = to_trees(examples)
    train = [tree for tree in trees if not tree[0]["held"]]
    by_choice = {e["choice"]: e["ids"][e["choiceAt"]] for e in examples if e["choiceAt"] is not None}
    choice_ids = torch.tensor([by_choice[name] for name in CHOICES], device=o.device)
    assert len(set(by_choice.values())) == len(CHOICES), "the first words of the choices are not different tokens"
    model = Model(o.base, o.device, o.start, o.rank, o.layers)
    look(model, trees, o.organism, choice_ids, o.look)
    if o.steps == 0:
        return
    optimizer = torch.optim.AdamW(model.lora.values(), lr=o.rate, betas=(0.9, 0.98), weight_decay=0.0)
    warm_up, began = min(30, o.steps / 8), time.monotonic()
    part = lambda step: min(1, max(step / o.steps, (time.monotonic() - began) / 60 / o.minutes))
    shape = lambda step: min(1, (step + 1) / warm_up) * (1 + math.cos(math.pi * part(step))) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
    for step in range(o.steps):
        if part(step) == 1:
            break
        total = 0.0
        for tree in draw.choices(train, k=o.batch):
            with torch.autocast(o.device, torch.bfloat16, enabled=o.bfloat16):
                loss = loss_of(model, tree, o.organism, choice_ids, o.device) / o.batch
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.lora.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        print(f"step {step + 1}/{o.steps}, loss {total:.4f}", flush=True)
    look(model, trees, o.organism, choice_ids, o.look)
    write(o.out, model, o.base, o.organism)


main()
