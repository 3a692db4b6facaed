"""Permutations that are common to all units, against permuting each unit alone, on one thread.

Run it with ``python benchmarks/permutations.py``; it prints a Markdown table. The time of 1,000 permutations is scaled
from fewer of them: what is done once is counted once. Rank measures alone are what one random sequence of labels and
one sweep down it give.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from shared import make_parser, make_values
from unitscope.measures import Classes, compare_with_chance, measure_block
from unitscope.measures.common_chance import SortedUnits, Space
from unitscope.measures.common_ranks import Setting, draw_sequence, sweep
from unitscope.measures.resampling import random_state

N, C, UNITS = 721_536, 1000, 64
RANKED = 512
"""Units that one sweep serves in the last column; all measures are of as many as a block of a run has."""

WANTED = 1000


def seconds(work: Callable[[], object]) -> float:
    """Return how long work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def of_a_thousand(few: float, many: float, n_few: int, n_many: int) -> float:
    """Return the seconds of `WANTED` permutations, from those of few and of many."""
    each = (many - few) / (n_many - n_few)
    return few + (WANTED - n_few) * each


def main(words: Sequence[str] | None = None) -> None:
    """Time and print."""
    small = make_parser(__doc__).parse_args(words).small
    n_items, n_classes, n_units = (2000, 10, 8) if small else (N, C, UNITS)
    rng = np.random.default_rng(0)
    classes = Classes.of_labels(rng.choice(n_classes, n_items, p=rng.dirichlet(np.full(n_classes, 20.0))), n_classes)
    x = make_values("sparse", (n_units, n_items), rng)
    observed = measure_block(x, classes, threads=1).columns
    for exact in (True, False):  # compiles
        compare_with_chance(x[:2], classes, {name: of[:2] for name, of in observed.items()}, 1, threads=1, exact=exact)

    def permute(n: int, exact: bool, some: int) -> float:
        of_some = {name: values[:some] for name, values in observed.items()}
        return seconds(lambda: compare_with_chance(x[:some], classes, of_some, n, threads=1, exact=exact))

    units, setting = SortedUnits.of(x), Setting.of(classes, 60, 100)
    stops = np.unique(rng.choice(units.n_used, RANKED) - rng.integers(0, 100, RANKED))
    space = Space(units, setting, len(stops))
    labels = classes.labels.astype(space.sequence.dtype)

    def ranks(n: int) -> None:
        for permutation in range(n):
            draw_sequence(labels, int(stops[-1]), random_state(str(permutation)), space.sequence)
            sweep(space.sequence, stops, setting, space.ranks)

    ranks(1)
    alone = of_a_thousand(permute(2, True, 2), permute(8, True, 2), 2, 8) / 2
    common = of_a_thousand(permute(8, False, n_units), permute(40, False, n_units), 8, 40) / n_units
    sorting = seconds(lambda: SortedUnits.of(x)) / n_units
    of_ranks = sorting + seconds(lambda: ranks(32)) / 32 * WANTED / RANKED
    print(f"{n_units} sparse units, {n_items:,} items, {n_classes:,} classes; {WANTED:,} permutations of a unit\n")
    print(f"| each unit alone | common, all measures | ratio | rank measures of {RANKED} units | ratio |")
    print("|---|---|---|---|---|")
    print(
        f"| {alone:.2f} s | {common * 1e3:.0f} ms | {alone / common:.0f} | {of_ranks * 1e3:.0f} ms | "
        f"{alone / of_ranks:.0f} |"
    )


if __name__ == "__main__":
    main()
