"""A run of the paper's size: from the run on disk to the finished table, against merely reading and decoding it.

Run it with ``python benchmarks/size.py``. It makes runs of 721,536 items (``--items``) and 1,000 classes in a temporary
directory, one of 512 sparse and 32 dense units (an eighth of 4,096 and 256) and one of 128 dense units, and prints a
Markdown table. Each run is read and measured in one process of its own, whose largest memory is printed too.
"""

import multiprocessing
import resource
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from shared import best_of, make_parser, make_values
from unitscope.errors import UnitscopeWarning
from unitscope.measures import measure
from unitscope.run import Layer, Manifest, Run, create_run, open_run
from unitscope.selectivity import measure_run
from unitscope.selectivity.analysis import Selectivity
from unitscope.selectivity.settings import Settings

N, C = 721_536, 1000
RUNS = ({"sparse": 512, "dense": 32}, {"dense": 128})
SMALL = ({"sparse": 3, "dense": 2},)


def make_run(directory: Path, layers: dict[str, int], n_items: int, n_classes: int) -> None:
    """Write a run."""
    rng = np.random.default_rng(0)
    items = pd.DataFrame({"item_id": [f"{i:07d}" for i in range(n_items)]})
    items["uri"], items["label"] = (
        items["item_id"],
        rng.choice(n_classes, n_items, p=rng.dirichlet(np.full(n_classes, 20.0))),
    )
    names = [f"class{i}" for i in range(n_classes)]
    manifest = Manifest(
        identity={},
        layers=tuple(Layer(name, units) for name, units in layers.items()),
        n_items=n_items,
        predictions=False,
        provenance={},
    )
    writer = create_run(directory, manifest, items, pd.DataFrame({"class": names, "name": names}))
    for block in writer.blocks_to_do():
        rows = manifest.block(block)
        values = {name: make_values(name, (units, rows.stop - rows.start), rng) for name, units in layers.items()}
        writer.write_block(block, values)
    writer.finish()


def read_all(run: Run) -> None:
    """Read and decode all activations, as the measures do, and throw them away."""
    analysis = Selectivity(Settings("all"))
    worker = analysis.open(run, None)
    for block in analysis.blocks(run):
        worker.read(block)


def time_run(directory: Path) -> tuple[float, float, float]:
    """Return seconds of reading, of measuring, and the largest memory in GiB."""
    warnings.simplefilter("ignore", UnitscopeWarning)
    measure(np.arange(10, dtype=np.float32)[:, None], np.arange(10) % 2)  # compiles
    run = open_run(directory)
    read_all(run)  # into the page cache
    reading, measuring = best_of(2, lambda: read_all(run)), best_of(2, lambda: measure_run(run))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return reading, measuring, peak / 2**30


def main(words: Sequence[str] | None = None) -> None:
    """Make the runs, time them in processes of their own, print."""
    parser = make_parser(__doc__)
    parser.add_argument("--items", type=int, default=N, help="items of the runs (%(default)s)")
    options = parser.parse_args(words)
    n_items, n_classes, runs = (2000, 10, SMALL) if options.small else (options.items, C, RUNS)
    print("| run | on disk | reading and decoding | to the finished table | ratio | memory |")
    print("|---|---|---|---|---|---|")
    for layers in runs:
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder) / "run"
            make_run(directory, layers, n_items, n_classes)
            size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                reading, measuring, peak = pool.apply(time_run, (directory,))
        units = " and ".join(f"{count} {kind}" for kind, count in layers.items())
        print(
            f"| {n_items:,} items x {units} units, {n_classes:,} classes | {size / 1e9:.2f} GB | {reading:.2f} s | "
            f"{measuring:.2f} s | {measuring / reading:.2f} | {peak:.2f} GiB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
