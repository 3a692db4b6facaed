"""What finding features costs on top of showing the top items to the network: the same items, network and DataLoader.

Run it with ``python benchmarks/features.py RUN``, a run that was recorded on this machine, or without arguments for one
of the demo; it prints a Markdown table. Every top item is shown twice, with colour and without: the peer loads the same
batches and passes each through the network twice, and does nothing else. The time of features includes everything that
`unitscope.find_features` does: top items from the run, crops, indexes, table, arrays and images.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from shared import make_parser
from unitscope import find_features, load_data, open_items, open_network, open_run, record
from unitscope.features.settings import Settings
from unitscope.features.top import find_top
from unitscope.models import Inputs, cut_batches, load_batches
from unitscope.run import Run

REPEATS = 2


def pass_twice(run: Run) -> tuple[int, float]:
    """Time the network alone over the top items, twice each; return their number and the seconds."""
    model, data, settings = open_network(run), open_items(run), Settings()
    items = find_top(run, settings.count).union.tolist()
    start = time.perf_counter()
    with torch.inference_mode():
        for batch in load_batches(Inputs(data, model.preprocess), cut_batches(items, settings.batch_size)):
            model.module(batch)
            model.module(batch)
    return len(items), time.perf_counter() - start


def find(run: Run) -> float:
    """Time the features, in seconds."""
    start = time.perf_counter()
    find_features(run)
    return time.perf_counter() - start


def main(words: Sequence[str] | None = None) -> None:
    """Time both in turn and print."""
    parser = make_parser(__doc__)
    parser.add_argument("run", nargs="?", help="a run (default: the demo)")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        if options.run is None:
            n = 64 if options.small else 2000
            run = record("demo:", load_data("demo:", n=n), Path(folder) / "run", layers="conv*,fc6,fc7")
        else:
            run = open_run(options.run)
        find_features(run)  # compiles
        pairs = [(pass_twice(run), find(run)) for _ in range(1 if options.small else REPEATS)]
        crops, units = int(run.table("features")["n_top"].sum()), len(run.units)
    (items, _), _ = pairs[0]
    alone, features = min(seconds for (_, seconds), _ in pairs), min(seconds for _, seconds in pairs)
    print("| run | units | top items | crops of each | two passes of each | features | ratio |")
    print("|---|---|---|---|---|---|---|")
    name = "demo" if options.run is None else run.name
    times = f"{alone:.1f} s | {features:.1f} s | {features / alone:.2f}"
    print(f"| {name} | {units:,} | {items:,} | {crops / max(items, 1):.0f} | {times} |")


if __name__ == "__main__":
    main()
