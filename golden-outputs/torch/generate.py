"""Files saved by torch, and what is in them. Run with a Python that has torch (Debian's python3-torch): python3 generate.py

Writes NAME.bin and NAME.json, which is {tensor: {"dtype", "shape", "hex"}}: the elements row-major and
little-endian, packed by `struct` from Python numbers, never by torch or numpy.
"""
import json
import struct
from collections import OrderedDict

import torch

TYPES = {
    torch.float32: ("F32", "<f"), torch.float64: ("F64", "<d"), torch.float16: ("F16", "<e"),
    torch.bfloat16: ("BF16", None), torch.uint8: ("U8", "<B"), torch.int8: ("I8", "<b"), torch.int16: ("I16", "<h"),
    torch.int32: ("I32", "<i"), torch.int64: ("I64", "<q"), torch.bool: ("BOOL", "<B"),
}


def flat(values):
    return [x for v in values for x in flat(v)] if isinstance(values, list) else [values]


def pack(value, form):
    if form is None:  # bfloat16: the upper half of a float32 that has no more bits
        return struct.pack("<f", value)[2:]
    return struct.pack(form, value)


def describe(tensor):
    name, form = TYPES[tensor.dtype]
    data = b"".join(pack(v, form) for v in flat(tensor.detach().tolist()))
    return {"dtype": name, "shape": list(tensor.shape), "hex": data.hex()}


def save(name, value, tensors, **options):
    torch.save(value, name + ".bin", **options)
    with open(name + ".json", "w") as out:
        json.dump({k: describe(v) for k, v in tensors.items()}, out, indent=0)
        out.write("\n")


def both(name, value, tensors=None):
    tensors = value if tensors is None else tensors
    save(name, value, tensors)
    save(name + "-legacy", value, tensors, _use_new_zipfile_serialization=False)


def numbers(dtype, *shape):
    """Small numbers that every type but uint8 and bool holds exactly, negative ones among them."""
    n = 1
    for d in shape:
        n *= d
    values = [(i * 37 + n) % 101 - (0 if dtype in (torch.uint8, torch.bool) else 50) for i in range(n)]
    if dtype == torch.bool:
        return (torch.tensor(values) % 2).to(torch.bool).reshape(shape)
    if dtype.is_floating_point:
        values = [v / 64 for v in values]
    return torch.tensor(values, dtype=dtype).reshape(shape)


both("types", OrderedDict((name.lower(), numbers(dtype, 3, 5)) for dtype, (name, _) in TYPES.items()))

base = numbers(torch.float32, 6, 7)
cube = numbers(torch.bfloat16, 3, 4, 5)
both("views", OrderedDict([
    ("whole", base),
    ("transposed", base.t()),
    ("rows", base[2:5]),
    ("columns", base[:, 3:6]),
    ("every_second_row", base[::2]),
    ("every_third_column", base[:, ::3]),
    ("last_element", base[5:, 6:]),
    ("one_row_of_columns", base[3:4, 1:3]),
    ("column", base[:, 2]),
    ("diagonal", base.diagonal()),
    ("cube", cube),
    ("cube_permuted", cube.permute(2, 0, 1)),
    ("cube_swapped", cube.transpose(0, 1)),
    ("cube_part", cube[1:, ::2, 1:4].permute(1, 2, 0)),
    ("cube_part_of_rank_1", cube[1, :, 3]),
]))

tied = numbers(torch.float16, 7, 6)
model = torch.nn.Linear(5, 3)
with torch.no_grad():
    model.weight.copy_(numbers(torch.float32, 3, 5))
    model.bias.copy_(numbers(torch.float32, 3))
attributed = numbers(torch.float32, 2, 3)
attributed.note = "an attribute makes torch save it another way"
both("kinds", OrderedDict([
    ("embed.weight", tied),
    ("lm_head.weight", tied),
    ("parameter", torch.nn.Parameter(numbers(torch.float32, 4))),
    ("frozen", torch.nn.Parameter(numbers(torch.float32, 4), requires_grad=False)),
    ("requires_grad", numbers(torch.float32, 3).requires_grad_()),
    ("attributed", attributed),
    ("scalar", torch.tensor(-1.5)),
    ("scalar_of_a_vector", numbers(torch.float32, 9)[4]),
    ("empty", torch.empty(0)),
    ("empty_matrix", torch.empty(0, 5, dtype=torch.bfloat16)),
    ("empty_slice", numbers(torch.float32, 4, 3)[:, 1:1]),
    ("ones_in_shape", numbers(torch.float32, 1, 5, 1)),
]))

state = model.state_dict()  # has _metadata
both("module", state)
both("nested-state-dict", {"epoch": 3, "loss": 0.5, "state_dict": state, "done": True, "note": None}, state)
both("nested-model", {"rng_state": torch.arange(5, dtype=torch.uint8), "model": dict(state), "steps": [1, 2]}, state)
both("nested-module", {"module": state, "big": 2**70}, state)
both("prefix", OrderedDict(("module." + k, v) for k, v in state.items()), state)
both("plain-dict", dict(state), state)

torch.save(numbers(torch.float32, 3), "refused-single-tensor.bin")
torch.save(OrderedDict([("w", numbers(torch.float32, 1).expand(1000))]), "refused-expanded.bin")
sized = OrderedDict([("w", numbers(torch.float32, 3)), ("s", torch.Size([3]))])
save("size", sized, {"w": sized["w"]})
torch.save(model, "refused-module.bin")
torch.save({"w": {3: numbers(torch.float32, 3)}}, "refused-int-key.bin")
torch.jit.save(torch.jit.script(model), "refused-torchscript.bin")
torch.save(OrderedDict([("w", numbers(torch.float32, 3))]), "refused-protocol-4.bin", pickle_protocol=4)
