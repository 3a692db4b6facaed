"""Drawing a jitterplot at the paper's size, against drawing a point for every item.

Run it with ``python benchmarks/figures.py``; it prints a Markdown table of both, in the same process.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shared import make_parser, make_values
from unitscope.figures import Jitter, save_figure

N, MEMBERS = 721_536, 1241


def draw(plot: Jitter, suffix: str) -> tuple[float, int]:
    """Draw to a file; return the time in seconds and the size in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = save_figure(plot, Path(folder) / f"plot{suffix}")
        return time.perf_counter() - start, path.stat().st_size


def main(words: Sequence[str] | None = None) -> None:
    """Draw and print."""
    n_items = 20_000 if make_parser(__doc__).parse_args(words).small else N
    module = sys.modules["unitscope.figures.jitter"]
    x = make_values("sparse", n_items, np.random.default_rng(3))
    plot = Jitter("fc6:1199", x, (np.arange(n_items) < MEMBERS)[None], ("Monarch",), 3.0, 40.0, "correct")
    draw(plot, ".png")  # loads fonts
    print(f"| {n_items:,} items | density | a point for each | ratio | size |")
    print("|---|---|---|---|---|")
    density_from = module.DENSITY_FROM
    for suffix in (".png", ".svg", ".pdf"):
        ours, size = draw(plot, suffix)
        module.DENSITY_FROM = N
        points, _ = draw(plot, suffix)
        module.DENSITY_FROM = density_from
        print(f"| {suffix[1:]} | {ours:.2f} s | {points:.2f} s | {points / ours:.0f} | {size / 1000:.0f} kB |")


if __name__ == "__main__":
    main()
