"""One unit at the paper's size, all measures of all classes, against scikit-learn and against NumPy.

Run it with ``python benchmarks/measures.py``; it prints a Markdown table. Both peers run in the same process. They
are timed on a few classes and scaled to all, which favours them: what they do once per unit is counted once
per class only where they do it once per class.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.metrics import roc_curve

from shared import best_of, make_parser, make_values
from unitscope.measures import Classes, Halves, measure_block

N, C = 721_536, 1000
PEER_CLASSES = 3


def with_scikit_learn(x: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """Maximum informedness alone, of a few classes, from scikit-learn's `roc_curve`."""

    def work() -> None:
        for label in range(PEER_CLASSES):
            false_alarms, hits, _ = roc_curve(labels == label, x)
            (hits - false_alarms).max()

    return work


def with_numpy(x: np.ndarray, labels: np.ndarray) -> tuple[Callable[[], np.ndarray], Callable[[np.ndarray], None]]:
    """Prepare the same from one argsort and a cumulative sum per class; ties are cut at the ends of their groups."""

    def sort() -> np.ndarray:
        return np.argsort(-x, kind="stable")

    def count(order: np.ndarray) -> None:
        ends = np.append(np.diff(x[order]) != 0, True)
        ranks = np.arange(1, len(x) + 1)
        for label in range(PEER_CLASSES):
            members = labels[order] == label
            k = members.cumsum()
            n = k[-1]
            (k * len(x) - ranks * n)[ends].max() / (n * (len(x) - n))

    return sort, count


def main(words: Sequence[str] | None = None) -> None:
    """Time and print."""
    n_items, n_classes = (2000, 10) if make_parser(__doc__).parse_args(words).small else (N, C)
    rng = np.random.default_rng(0)
    labels = rng.choice(n_classes, n_items, p=rng.dirichlet(np.full(n_classes, 20.0)))
    classes = Classes.of_labels(labels, n_classes)
    two = Classes.of_labels(np.arange(10) % 2, 2)
    measure_block(np.arange(10, dtype=np.float32)[None], two, halves=Halves.draw(two))  # compiles
    halves = Halves.draw(classes)
    peers = f"scikit-learn and NumPy on {PEER_CLASSES} classes, scaled to {n_classes:,}"
    print(f"{n_items:,} items, {n_classes:,} classes; {peers}\n")
    print(
        "| unit | one thread | held out too | ratio | 64 units, 2 threads, each | scikit-learn roc_curve | ratio "
        "| argsort + cumsum | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for kind in ("sparse", "dense"):
        x = make_values(kind, n_items, rng)
        # Several units, so that what is made once for a block does not count as one unit's.
        block = np.stack([x] * 16)
        ours = best_of(5, lambda block=block: measure_block(block, classes, threads=1)) / 16
        both = best_of(5, lambda block=block: measure_block(block, classes, halves=halves, threads=1)) / 16
        many = np.stack([x] * 64)
        pair = best_of(2, lambda many=many: measure_block(many, classes, threads=2)) / 64
        theirs = best_of(2, with_scikit_learn(x, labels)) * n_classes / PEER_CLASSES
        sort, count = with_numpy(x, labels)
        order = sort()
        numpy = best_of(2, sort) + best_of(2, lambda count=count, order=order: count(order)) * n_classes / PEER_CLASSES
        cells = [
            f"{ours * 1e3:.2f} ms", f"{both * 1e3:.2f} ms", f"{both / ours:.2f}", f"{pair * 1e3:.2f} ms",
            f"{theirs:.1f} s", f"{theirs / ours:,.0f}", f"{numpy:.2f} s", f"{numpy / ours:,.0f}",
        ]  # fmt: skip
        print(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
