"""Cost per unit as items go from 10^4 to 10^7 and classes from 10 to 50,000, and of one permutation beside it.

Run it with ``python benchmarks/scaling.py``; it prints a Markdown table and, unless small, draws ``scaling.png``.
The bound to compare with is one sort of the same values by NumPy, in the same run: no ranking costs less.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from shared import best_of, make_parser, make_values
from unitscope.measures import Classes, compare_with_chance, measure_block

ITEMS = (10_000, 100_000, 1_000_000, 10_000_000)
CLASSES = (10, 100, 1000, 10_000, 50_000)
CELLS = 20_000_000


def cost(n_items: int, n_classes: int) -> dict[str, float]:
    """Time a unit's measures, one permutation of it, and a sort, in seconds."""
    rng = np.random.default_rng(0)
    units = max(2, min(64, CELLS // n_items))
    values = make_values("sparse", (units, n_items), rng)
    classes = Classes.of_labels(rng.integers(0, n_classes, n_items), n_classes)
    found = measure_block(values, classes, threads=1)
    permutations = 4
    return {
        "items": n_items,
        "classes": n_classes,
        "unit": best_of(2, lambda: measure_block(values, classes, threads=1)) / units,
        "permutation": best_of(2, lambda: compare_with_chance(values, classes, found.columns, permutations, threads=1))
        / units
        / permutations,
        "sort": best_of(2, lambda: [np.sort(row) for row in values]) / units,
    }


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draw cost against items, a line for each number of classes."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    ax = figure.add_subplot()
    markers = dict(zip(CLASSES, "os^Dv", strict=True))
    for n_classes in CLASSES:
        some = [row for row in rows if row["classes"] == n_classes]
        ax.plot(
            [row["items"] for row in some], [row["unit"] * 1e3 for row in some], marker=markers[n_classes],
            label=f"{n_classes:,} classes",
        )  # fmt: skip
    sorts = {row["items"]: row["sort"] * 1e3 for row in rows}
    ax.plot(sorts.keys(), sorts.values(), "k--", label="numpy.sort of the values alone")
    ax.set(xscale="log", yscale="log", xlabel="items", ylabel="milliseconds per unit, one thread")
    ax.legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main(words: Sequence[str] | None = None) -> None:
    """Time, print, draw."""
    small = make_parser(__doc__).parse_args(words).small
    print("| items | classes | all measures, per unit | numpy.sort | ratio | one permutation | of all measures |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for n_items in (1000,) if small else ITEMS:
        for n_classes in CLASSES[:2] if small else CLASSES:
            if 2 * n_classes > n_items:
                continue
            row = cost(n_items, n_classes)
            rows.append(row)
            unit, one, sort = row["unit"] * 1e3, row["permutation"] * 1e3, row["sort"] * 1e3
            print(
                f"| {n_items:,} | {n_classes:,} | {unit:.2f} ms | {sort:.2f} ms | {unit / sort:.2f} | {one:.2f} ms | "
                f"{one / unit:.2f} |",
                flush=True,
            )
    if not small:
        draw(rows, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
