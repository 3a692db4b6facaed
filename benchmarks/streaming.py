"""How far measures from histograms are from those of stored activations, and how far they said they might be.

Record the same layers twice, with and without ``--no-store``, measure both, and run
``python benchmarks/streaming.py STORED COUNTED``, without arguments for runs of the demo; it prints a Markdown table.
"""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from shared import make_parser
from unitscope import load_data, measure_run, open_run, record
from unitscope.errors import UnitscopeWarning


def measure_demo(folder: Path, store: bool, small: bool) -> Path:
    """Record the demo's network and measure it; return the run directory."""
    warnings.simplefilter("ignore", UnitscopeWarning)
    items, layers = (64, "fc8") if small else (2000, "conv5,fc6,fc7,fc8")
    directory = folder / ("stored" if store else "counted")
    measure_run(record("demo:", load_data("demo:", n=items), directory, layers=layers, store=store))
    return directory


def main(words: Sequence[str] | None = None) -> None:
    """Compare two measured runs."""
    parser = make_parser(__doc__)
    parser.add_argument("runs", nargs="*", metavar="STORED COUNTED", help="two measured runs, or none for the demo's")
    options = parser.parse_args(words)
    if len(options.runs) not in (0, 2):
        parser.error("give two measured runs, STORED and COUNTED, or none")
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs or [measure_demo(Path(folder), store, options.small) for store in (True, False)]
        compare(*(open_run(run).table("selectivity") for run in runs))


def compare(stored: pd.DataFrame, counted: pd.DataFrame) -> None:
    """Print a line for each measure; fail if a value is further from the exact one than its error states."""
    if not stored["unit"].equals(counted["unit"]):
        raise SystemExit("the runs are not of the same units")
    print("| measure | largest difference | median | largest error stated | median |\n|---|---|---|---|---|")
    for error in (name for name in counted if name.endswith("_error")):
        name = error.removesuffix("_error")
        off = (counted[name] - stored[name]).abs()
        outside = int((off > counted[error] + 1e-9).sum())
        numbers = (off.max(), off.median(), counted[error].max(), counted[error].median())
        print(f"| {name} | " + " | ".join(f"{number:.5f}" for number in numbers) + " |")
        if outside:
            raise SystemExit(f"{name} is outside of its error for {outside} units")


if __name__ == "__main__":
    main()
