"""What other loaders make of the corpus of bad inputs: the table of docs/security.md.

Usage: peers.py FOLDER, a folder that HostileCorpus wrote. Standard library only, and besides:
  torch    of this Python, when it can be imported (Debian: python3-torch): torch.load(weights_only=True);
  llama    the program named by LLAMA_QUANTIZE (or llama-quantize on the path) of llama.cpp, which reads a whole
           GGUF file without needing a tokenizer: llama-quantize FILE OUT F16;
  picklescan  from the checkout of github.com/mmaitre314/picklescan named by PICKLESCAN (or this Python's own, when
           it has one): picklescan --path FILE, and with --strict where that finds nothing;
  safetensors  no program: the rules of the format's own description (README, "Format" and "Benefits"), one by one.
Each file is read in a process of its own with 60 seconds and 4 GiB. What cannot be run is left out of the table.
"""
import collections
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

TIME = 60
MEMORY = 4 << 30


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Standard output belongs to the table.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)


def forked(action):
    """Runs action in a child process; accepted, refused, or how it ended otherwise."""
    pid = os.fork()
    if pid == 0:
        limited()
        signal.alarm(TIME)
        try:
            action()
        except MemoryError:
            os._exit(2)
        except BaseException:  # whatever a loader throws is a refusal
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return "over %d s" % TIME if os.WTERMSIG(status) == signal.SIGALRM else "crashed"
    return {0: "accepted", 1: "refused", 2: "out of memory"}[os.WEXITSTATUS(status)]


def torch_loader():
    try:
        import torch
    except ImportError:
        return None
    return "PyTorch " + torch.__version__, lambda path: forked(
        lambda: torch.load(path, map_location="cpu", weights_only=True))


def llama_loader():
    program = os.environ.get("LLAMA_QUANTIZE") or shutil.which("llama-quantize")
    if not program:
        return None

    def load(path):
        with tempfile.TemporaryDirectory() as out:
            command = [program, "--allow-requantize", path, os.path.join(out, "x.gguf"), "F16"]
            try:
                code = subprocess.run(command, timeout=TIME, preexec_fn=limited, check=False).returncode
            except subprocess.TimeoutExpired:
                return "over %d s" % TIME
        return "crashed" if code < 0 or code >= 128 else "accepted" if code == 0 else "refused"

    return "llama.cpp", load


def picklescan_loader():
    """It reads no weights; it looks for imports that may do harm. Exit code 0: none, 1: some, 2: it could not look."""
    checkout = os.environ.get("PICKLESCAN")
    environment = dict(os.environ)
    if checkout:
        environment["PYTHONPATH"] = os.path.join(checkout, "src")
    version = subprocess.run([sys.executable, "-m", "picklescan.cli", "--help"], env=environment, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, check=False)
    if version.returncode != 0:
        return None

    def scan(path, *options):
        command = [sys.executable, "-m", "picklescan.cli", "--path", path, *options]
        return subprocess.run(command, env=environment, timeout=TIME, preexec_fn=limited, check=False).returncode

    def load(path):
        try:
            code = scan(path)
            # Imports on neither of its lists count as harmless unless it is told otherwise.
            strict = scan(path, "--strict") if code == 0 else 0
        except subprocess.TimeoutExpired:
            return "over %d s" % TIME
        if code == 2:
            return "could not be scanned"
        if code not in (0, 1):
            return "crashed"
        return "refused" if code == 1 else "refused with --strict" if strict == 1 else "accepted"

    return "picklescan", load


SIZES = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
         "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4,
         "F6_E2M3": 6, "F6_E3M2": 6}


def unique(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate keys are disallowed")
    return dict(pairs)


def natural(value):
    if type(value) is not int or not 0 <= value < 1 << 64:
        raise ValueError("not an unsigned integer of 64 bits")
    return value


def specification(path):
    """Raises where the description of the format forbids a file; silent where it says nothing."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("8 bytes: N, an unsigned little-endian 64-bit integer")
        n = struct.unpack("<Q", head)[0]
        if n > 100_000_000:
            raise ValueError("a limit on the size of the header of 100MB")
        if 8 + n > size:
            raise ValueError("N bytes: a JSON UTF-8 string")
        header = file.read(n)
    if header[:1] != b"{":
        raise ValueError("MUST begin with a { character")
    root = json.loads(header.decode("utf-8"), object_pairs_hook=unique, parse_constant=float)
    if header.rstrip(b" ") != header.rstrip():
        raise ValueError("MAY be trailing padded with whitespace (0x20)")
    metadata = root.pop("__metadata__", {})
    if type(metadata) is not dict or any(type(v) is not str for v in metadata.values()):
        raise ValueError("all values must be strings")
    ranges = []
    for entry in root.values():
        begin, end = map(natural, entry["data_offsets"])
        bits = SIZES[entry["dtype"]]
        for dimension in entry["shape"]:
            bits *= natural(dimension)
        if bits >= 1 << 67 or 8 * (end - begin) != bits:
            raise ValueError("offsets and shape disagree")
        ranges.append((begin, end))
    at = 0
    for begin, end in sorted(ranges):
        if begin != at:
            raise ValueError("the byte buffer needs to be entirely indexed, and cannot contain holes")
        at = end
    if 8 + n + at != size:
        raise ValueError("the byte buffer needs to be entirely indexed")


def find(folder, case_path, names):
    """The one file the case is about."""
    path = os.path.join(folder, case_path)
    if os.path.isfile(path):
        return path
    for name in names:
        file = os.path.join(path, name)
        if os.path.isfile(file):
            return file
    return None


def main(folder):
    peers = [
        (range(1, 31), ["model.safetensors"], ("safetensors (rules)", lambda p: forked(lambda: specification(p)))),
        (range(39, 71), ["pytorch_model.bin"], torch_loader()),
        (range(39, 71), ["pytorch_model.bin"], picklescan_loader()),
        (range(71, 91), ["x.gguf"], llama_loader()),
    ]
    rows = collections.defaultdict(list)
    with open(os.path.join(folder, "expected.tsv"), encoding="utf-8") as lines:
        for line in lines:
            name, _, code, _, path = line.rstrip("\n").split("\t")
            row = re.match(r"row-0*(\d+)-(.*)", name)
            if row:
                rows[int(row.group(1))].append((row.group(2), code, path))
    print("| row | files | refused by Ingot | peer | refused | accepted | otherwise | accepted though Ingot refuses |")
    print("|---|---|---|---|---|---|---|---|")
    totals = collections.defaultdict(collections.Counter)
    for numbers, names, peer in peers:
        if peer is None:
            continue
        label, load = peer
        for number in numbers:
            outcomes = collections.Counter()
            files = refused = 0
            lenient = []
            other = collections.defaultdict(list)
            for name, code, path in rows[number]:
                file = find(folder, path, names)
                if file is None:
                    continue
                outcome = load(file)
                files += 1
                refused += code != "0"
                outcomes[outcome] += 1
                totals[label][("refused" if code != "0" else "accepted", outcome)] += 1
                if outcome == "accepted" and code != "0":
                    lenient.append("`%s`" % name)
                elif outcome not in ("accepted", "refused"):
                    other[outcome].append("`%s`" % name)
            if files:
                print("| %d | %d | %d | %s | %d | %d | %s | %s |" % (
                    number, files, refused, label, outcomes["refused"], outcomes["accepted"],
                    "; ".join("%s: %s" % (outcome, ", ".join(which)) for outcome, which in other.items()),
                    ", ".join(lenient)))
    print()
    for label, counts in totals.items():
        print("- %s: %s" % (label, "; ".join(
            "%d %s of those that Ingot has %s" % (n, outcome, ours) for (ours, outcome), n in sorted(counts.items()))))


main(sys.argv[1])
