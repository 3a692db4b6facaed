"""One unit at the paper's size, all measures of all classes, against scikit-learn and against NumPy.

Run it with ``python benchmarks/measures.py``; it prints a Markdown table. Both peers run in the same process. They
are timed on a few classes and scaled to all 1,000, which favours them: what they do once per unit is counted once
per class only where they do it once per class.
"""

import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import roc_curve

from unitscope.measures import Classes, measure_block

N, C = 721_536, 1000
PEER_CLASSES = 3


def make_unit(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Make a sparse unit, 82 % zeros and exponential values, or a dense one, log-normal like softmax outputs."""
    if kind == "sparse":
        return np.where(rng.random(N) < 0.82, 0, rng.exponential(10, N)).astype(np.float32)
    return np.exp(rng.normal(-7, 2, N)).astype(np.float32)


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Shortest of several times, in seconds: other work on the machine only ever adds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


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
        ranks = np.arange(1, N + 1)
        for label in range(PEER_CLASSES):
            members = labels[order] == label
            k = members.cumsum()
            n = k[-1]
            (k * N - ranks * n)[ends].max() / (n * (N - n))

    return sort, count


def main() -> None:
    """Time and print."""
    rng = np.random.default_rng(0)
    labels = rng.choice(C, N, p=rng.dirichlet(np.full(C, 20.0)))
    classes = Classes.of_labels(labels, C)
    measure_block(np.arange(10, dtype=np.float32)[None], Classes.of_labels(np.arange(10) % 2, 2))  # compiles
    print(f"{N:,} items, {C:,} classes; scikit-learn and NumPy on {PEER_CLASSES} classes, scaled to {C:,}\n")
    print(
        "| unit | one thread | 64 units, 2 threads, each | scikit-learn roc_curve | ratio | argsort + cumsum | ratio |"
    )
    print("|---|---|---|---|---|---|---|")
    for kind in ("sparse", "dense"):
        x = make_unit(kind, rng)
        # Several units, so that what is made once for a block does not count as one unit's.
        block = np.stack([x] * 16)
        ours = best_of(5, lambda block=block: measure_block(block, classes, threads=1)) / 16
        many = np.stack([x] * 64)
        pair = best_of(2, lambda many=many: measure_block(many, classes, threads=2)) / 64
        theirs = best_of(2, with_scikit_learn(x, labels)) * C / PEER_CLASSES
        sort, count = with_numpy(x, labels)
        order = sort()
        numpy = best_of(2, sort) + best_of(2, lambda count=count, order=order: count(order)) * C / PEER_CLASSES
        print(
            f"| {kind} | {ours * 1e3:.2f} ms | {pair * 1e3:.2f} ms | {theirs:.1f} s | {theirs / ours:,.0f} | "
            f"{numpy:.2f} s | {numpy / ours:,.0f} |"
        )


if __name__ == "__main__":
    main()
