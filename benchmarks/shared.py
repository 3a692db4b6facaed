"""What the benchmarks share: options, timing, units of the kinds that networks have."""

import argparse
import time
from collections.abc import Callable

import numpy as np


def make_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the option ``--small``, which every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="a few items in a few seconds, to see that it runs")
    return parser


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Return the shortest of several times in seconds, since other work on the machine only adds to them."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def make_values(kind: str, shape: int | tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return sparse units, 82 % zeros and exponential values, or dense ones, log-normal like softmax outputs."""
    if kind == "sparse":
        return np.where(rng.random(shape) < 0.82, 0, rng.exponential(10, shape)).astype(np.float32)
    return np.exp(rng.normal(-7, 2, shape)).astype(np.float32)
