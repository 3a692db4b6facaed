"""How often the intervals of held-out measures cover the true value, over a grid of units and classes.

Run it with ``python benchmarks/intervals.py``; it prints a Markdown table: for each measure and kind of activations,
the lowest and the highest coverage over all numbers of classes and all d'. ``--data FILE.csv`` writes every design.
The true value is that of the classes and thresholds that the halves chose, averaged like the measure.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from designs import KINDS, Design
from shared import make_parser
from unitscope.measures import COLUMNS, Classes, Halves
from unitscope.measures.choosing import CHOSEN, N_THRESHOLDS
from unitscope.measures.held_out import METHODS, held_out_columns
from unitscope.measures.held_out_counts import HeldOutCounts, tally_halves

D_PRIMES, CLASSES, SIZES = (0.0, 1.0, 2.0, 4.0), (4, 10, 50, 1000), (5, 20, 100, 700)
NUMBERS_AT_A_TIME = 2_000_000
MEASURES = [name for name, method in METHODS.items() if method.forms]


def true_values(design: Design, name: str, counts: HeldOutCounts) -> np.ndarray:
    """Return the true value of what both halves chose, ``(U,)``; NaN where a half chose nothing."""
    measure = CHOSEN.index(name)
    place = counts.chosen[:, :, measure]
    if measure >= N_THRESHOLDS:
        of = design.true_values
        values = np.where(place == 0, of[True][name], of[False][name])
    else:
        values = design.true_rates(name, counts.thresholds[:, :, measure], place == 0)
    return np.where((place < 0).any(1), np.nan, values.mean(1))


def simulate(design: Design, samples: int, seed: int) -> list[dict[str, object]]:
    """Return one row for each measure: how often the interval covers, and what values it is of."""
    rng = np.random.default_rng(seed)
    n = design.n_classes * design.n_each
    halves = Halves.draw(Classes.of_labels(design.labels, design.n_classes), seed)
    step = max(min(samples, NUMBERS_AT_A_TIME // n, 400_000 // design.n_classes), 1)
    found: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
    for start in range(0, samples, step):
        tallies = tally_halves(design.draw(min(step, samples - start), rng), halves)
        columns = held_out_columns(tallies)
        for name in MEASURES:
            own = [columns[f"{name}_{what}"] for what in ("held_out", "low", "high")]
            found[name].append(np.stack([true_values(design, name, tallies.counts), *own]))
    rows: list[dict[str, object]] = []
    for name, pieces in found.items():
        true, value, low, high = np.concatenate(pieces, 1)
        known = ~np.isnan(true) & ~np.isnan(low)
        of = {"kind": design.kind, "d": design.d, "classes": design.n_classes, "items": design.n_each, "measure": name}
        covered = (low[known] - 1e-9 <= true[known]) & (true[known] <= high[known] + 1e-9)
        enough = known.sum() > samples / 10
        valued = ~np.isnan(true) & ~np.isnan(value)
        rows.append({
            **of,
            "samples": int(known.sum()),
            "coverage": covered.mean() if enough else np.nan,
            "true": true[valued].mean() if valued.any() else np.nan,
            "held_out": value[valued].mean() if valued.any() else np.nan,
            "width": (high - low)[known].mean() if enough else np.nan,
        })  # fmt: skip
    return rows


def table_of(frame: pd.DataFrame) -> str:
    """Return the lowest and highest coverage for each measure, kind and number of items as Markdown."""
    sizes = sorted(frame["items"].unique())
    lines = [
        "| measure | activations | " + " | ".join(f"{size} items" for size in sizes) + " |",
        "|---|---|" + "---|" * len(sizes),
    ]
    for (name, kind), rows in frame.groupby(["measure", "kind"], sort=False):
        cells = []
        for size in sizes:
            covered = rows.loc[rows["items"] == size, "coverage"].dropna()
            cells.append(f"{covered.min():.3f} - {covered.max():.3f}" if len(covered) else "none")
        lines.append(f"| {COLUMNS[name].title} | {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> None:
    """Simulate and print."""
    parser = make_parser(__doc__)
    parser.add_argument("--samples", type=int, default=1500, help="samples of each design, fewer of the largest")
    parser.add_argument("--data", help="a CSV file to write with one row for each design and measure")
    options = parser.parse_args(words)
    grid = (
        [("dense", 1.0, 4, 20), ("counts", 0.0, 4, 20)]
        if options.small
        else itertools.product(KINDS, D_PRIMES, CLASSES, SIZES)
    )
    rows = []
    for seed, (kind, d, n_classes, n_each) in enumerate(grid):
        n = n_classes * n_each
        samples = (
            20 if options.small else int(np.clip(options.samples * 50_000 // n, options.samples // 5, options.samples))
        )
        rows += simulate(Design(kind, d, n_classes, n_each), samples, seed)
    frame = pd.DataFrame(rows)
    print(table_of(frame.sort_values("measure", key=lambda of: of.map(MEASURES.index), kind="stable")))
    if options.data:
        frame.round(4).to_csv(options.data, index=False)


if __name__ == "__main__":
    main()
