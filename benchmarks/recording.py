"""What recording costs on top of running the network: the same network over the same items and DataLoader.

Run it with ``python benchmarks/recording.py MODEL DATA LAYERS``, without arguments for the demo; it prints a Markdown
table. Both sides load with the
same DataLoader and worker processes, in turn and several times, and the best of each is compared. The recording's
time includes everything that `unitscope.record` does: the check of every image, hooks, writing, the ledger.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from shared import make_parser
from unitscope.data import load_data, without
from unitscope.models import Inputs, cut_batches, load_batches, load_model
from unitscope.recording import record

BATCH = 64
REPEATS = 3


def run_alone(model, data) -> float:
    """Time the network over the items, without hooks or writing, in seconds."""
    batches = cut_batches(range(len(data)), BATCH)
    start = time.perf_counter()
    with torch.inference_mode():
        for batch in load_batches(Inputs(data, model.preprocess), batches):
            model.module(batch)
    return time.perf_counter() - start


def run_recording(model, data, layers: str) -> float:
    """Time the recording, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        record(model, data, Path(folder) / "run", layers=layers, batch_size=BATCH)
        return time.perf_counter() - start


def main(words: Sequence[str] | None = None) -> None:
    """Time both in turn and print."""
    parser = make_parser(__doc__)
    parser.add_argument("model", nargs="?", default="demo:", help="spec of a network (%(default)s)")
    parser.add_argument("data", nargs="?", default="demo:", help="spec of labelled items (%(default)s)")
    parser.add_argument("layers", nargs="?", default="conv5,fc6,fc7,fc8", help="names or globs (%(default)s)")
    options = parser.parse_args(words)
    spec, source, layers = options.model, options.data, options.layers
    model, data = load_model(spec), load_data(source)
    if options.small:
        data = without(data, range(32, len(data)))
    repeats = 1 if options.small else REPEATS
    pairs = [(run_alone(model, data), run_recording(model, data, layers)) for _ in range(repeats)]
    alone, recording = (min(times) for times in zip(*pairs, strict=True))
    print("| network | items | layers | network alone | recording | ratio |")
    print("|---|---|---|---|---|---|")
    name, place = spec.rpartition(":")[2] or spec, Path(source.partition(":")[2]).name or source
    times = f"{alone:.2f} s | {recording:.2f} s | {recording / alone:.2f}"
    print(f"| {name} | {len(data):,} of {place} | `{layers}` | {times} |")


if __name__ == "__main__":
    main()
