"""The ends of an archive of more than 4 GB that torch saved: large.bin is 4.3 GB, of which all but zeros are kept."""
import os
from collections import OrderedDict

import torch

ZEROS = 4_300_000_000
torch.save(OrderedDict([
    ("zeros", torch.zeros(ZEROS // 5, 5, dtype=torch.int8)),
    ("behind", torch.arange(12, dtype=torch.float32).reshape(3, 4)),
    ("behind_transposed", torch.arange(12, dtype=torch.int16).reshape(3, 4).t()),
]), "large.bin")
size = os.path.getsize("large.bin")
with open("large.bin", "rb") as f:
    head = f.read(512)
    start = 512
    f.seek(start + ZEROS)
    tail = f.read()
assert head.find(b"large/data/0") > 0 and tail[:4] == b"PK\x07\x08" and size == 512 + ZEROS + len(tail)
open("large-head.part", "wb").write(head)
open("large-tail.part", "wb").write(tail)
os.remove("large.bin")
