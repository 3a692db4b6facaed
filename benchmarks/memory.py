"""Peak memory of ``unitscope measure`` against the number of items, each run in a process of its own.

Run it with ``python benchmarks/memory.py``; it prints a Markdown table. It writes runs of 10^5, 10^6 and 10^7 items,
1,000 classes, into a temporary directory (up to 1 GB of disk) and measures them with ``unitscope measure``.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shared import make_parser
from unitscope.run import Layer, Manifest, create_run

SIZES = {100_000: 128, 1_000_000: 128, 10_000_000: 24}
SMALL = {20_000: 4}
CLASSES = 1000
MEASURE = """
import resource, sys
from unitscope.cli.main import app
try:
    app(["measure", sys.argv[1], "--items", "all", *sys.argv[2:]])
finally:
    unit = 1 if sys.platform == "darwin" else 1024
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
"""


def make_run(directory: Path, n_items: int, n_units: int) -> None:
    """Write a run of one layer, about two thirds of whose activations are zero."""
    rng = np.random.default_rng(0)
    items = pd.DataFrame({"item_id": [f"{i:08d}" for i in range(n_items)], "label": rng.integers(0, CLASSES, n_items)})
    items.insert(1, "uri", "images/" + items["item_id"] + ".jpg")
    names = [f"class{i}" for i in range(CLASSES)]
    manifest = Manifest({}, (Layer("fc", n_units),), n_items, predictions=False)
    writer = create_run(directory, manifest, items, pd.DataFrame({"class": names, "name": names}))
    for block in writer.blocks_to_do():
        rows = manifest.block(block)
        values = rng.standard_normal((n_units, rows.stop - rows.start), np.float32)
        writer.write_block(block, {"fc": np.maximum(values - np.float32(0.5), 0)})
    writer.finish()


def peak_memory(directory: Path, *options: str) -> int:
    """Return the largest memory of a measurement, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(directory), *options], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def main(words: Sequence[str] | None = None) -> None:
    """Make the runs, measure them, print."""
    small = make_parser(__doc__).parse_args(words).small
    print("| items | units | threads | peak memory | bytes per item |\n|---|---|---|---|---|")
    for n_items, n_units in (SMALL if small else SIZES).items():
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder) / "run"
            make_run(directory, n_items, n_units)
            for threads in (1, os.cpu_count()):
                peak = peak_memory(directory, "--threads", str(threads))
                numbers = f"{peak / 2**20:,.0f} MiB | {peak / n_items:,.0f}"
                print(f"| {n_items:,} | {n_units} | {threads} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
