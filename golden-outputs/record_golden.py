#!/usr/bin/env python3
"""Records golden logits of a Hugging Face checkpoint with the reference implementation, for `ingot verify --golden`.

Needs torch, transformers and safetensors. Everything is computed in float32 on the CPU with eager attention, on the
weights exactly as stored; no padding, batch size 1.

    python3 record_golden.py MODEL -o golden.safetensors --prompts prompts.txt

PROMPTS is a text file with one prompt per line, or JSON lines {"text": ...} or {"ids": [...]}.

Tensors written for prompt K: prompt.K.input_ids I64 [T], prompt.K.logits F32 [T, vocab], prompt.K.greedy_ids and
prompt.K.greedy_ids_cached I64 [n]; for one prompt also prompt.K.hidden.embed, .layer.I and .final_norm F32 [T, hidden].
"""

import argparse
import json
import sys

import torch
import transformers
from safetensors.torch import save_file


def read_prompts(path, model):
    """Token ids of every prompt; the tokenizer is loaded only if some prompt is text."""
    tokenizer = None
    prompts = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\r\n")
            if not line.strip():
                continue
            text = line
            if line.startswith("{"):
                entry = json.loads(line)
                if "ids" in entry:
                    prompts.append([int(i) for i in entry["ids"]])
                    continue
                text = entry["text"]
            if tokenizer is None:
                tokenizer = transformers.AutoTokenizer.from_pretrained(model)
            prompts.append(tokenizer(text, add_special_tokens=False)["input_ids"])
    if not prompts or any(not p for p in prompts):
        sys.exit(f"{path}: expected prompts of at least one token")
    return prompts


def greedy(model, ids, steps, cached):
    """Greedy continuation; end-of-sequence tokens are tokens like any other."""
    out = []
    past = None
    feed = torch.tensor([ids])
    for _ in range(steps):
        if cached:
            result = model(input_ids=feed, past_key_values=past, use_cache=True)
            past = result.past_key_values
        else:
            result = model(input_ids=torch.tensor([ids + out]), use_cache=False)
        token = int(result.logits[0, -1].argmax())
        out.append(token)
        feed = torch.tensor([[token]])
    return out


def hidden_states(model, ids):
    """Residual stream: embedding output, output of every decoder layer before the final norm, final norm.

    Taken by hooks: `output_hidden_states` replaces the last layer's output by the normed one.
    """
    body = model.get_decoder() if hasattr(model, "get_decoder") else model.model
    states = {}
    hooks = []

    def keep(name):
        def hook(_module, _inputs, output):
            tensor = output[0] if isinstance(output, tuple) else output
            states[name] = tensor.detach().reshape(len(ids), -1).to(torch.float32).clone()

        return hook

    hooks.append(model.get_input_embeddings().register_forward_hook(keep("embed")))
    for i, layer in enumerate(body.layers):
        hooks.append(layer.register_forward_hook(keep(f"layer.{i}")))
    hooks.append(body.norm.register_forward_hook(keep("final_norm")))
    try:
        model(input_ids=torch.tensor([ids]), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return states


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model", help="checkpoint folder or hub name")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--prompts", required=True)
    parser.add_argument("--greedy", type=int, default=24, help="length of the greedy continuations")
    parser.add_argument("--hidden", type=int, default=0, help="record the hidden states of this prompt; -1 for none")
    args = parser.parse_args()

    model = transformers.AutoModelForCausalLM.from_pretrained(
        args.model, torch_dtype=torch.float32, attn_implementation="eager"
    ).eval()
    prompts = read_prompts(args.prompts, args.model)
    if args.hidden >= len(prompts):
        sys.exit(f"--hidden {args.hidden}: there are {len(prompts)} prompts")

    tensors = {}
    with torch.no_grad():
        for k, ids in enumerate(prompts):
            prefix = f"prompt.{k}."
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
            tensors[prefix + "input_ids"] = torch.tensor(ids, dtype=torch.int64)
            tensors[prefix + "logits"] = logits.to(torch.float32).contiguous()
            if args.greedy > 0:
                for name, cached in (("greedy_ids", False), ("greedy_ids_cached", True)):
                    out = greedy(model, ids, args.greedy, cached)
                    tensors[prefix + name] = torch.tensor(out, dtype=torch.int64)
            if k == args.hidden:
                for name, state in hidden_states(model, ids).items():
                    tensors[prefix + "hidden." + name] = state.contiguous()
            print(f"prompt {k}: {len(ids)} tokens", file=sys.stderr)

    reference = f"transformers {transformers.__version__}, torch {torch.__version__}, CPU, float32, eager attention"
    save_file(tensors, args.output, metadata={"format": "pt", "reference": reference})


if __name__ == "__main__":
    main()
