"""What these tests share: settings, and comparisons of runs."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
from deaths import die_once

from unitscope.measures import CLASSWISE
from unitscope.run import open_run

SETTINGS = {"layers": "hidden,out", "batch_size": 16, "block_items": 32, "workers": 0, "device": "cpu"}
"""Of a recording of 200 items in 7 blocks, the last of them short."""

MEASURED = {
    "class_sets": {"some": ["class0", "class2"]}, "permutations": 20, "seed": 3, "threads": 1,
}  # fmt: skip
"""Everything a measurement can be asked for."""


class Deadly:
    """A pool whose first task is killed in the middle."""

    def __init__(self, pool, marker):
        self.pool, self.marker = pool, marker
        self.width, self.lost, self.retries = 2, pool.lost, pool.retries

    def submit(self, function, /, *arguments):
        return self.pool.submit(die_once, str(self.marker), function, *arguments)


def arrays(rng=0, n=200):
    """Make activations of two layers, neither a multiple of 64 units, and labels."""
    rng = np.random.default_rng(rng)
    values = {
        name: np.maximum(rng.normal(size=(n, units)), 0).astype(np.float32) for name, units in (("a", 70), ("b", 100))
    }
    return values, rng.integers(0, 3, n)


def copy(run, place):
    """Copy a run's directory to measure it elsewhere."""
    shutil.copytree(run.directory, place)
    return open_run(place)


def assert_same_recording(one, two):
    """Compare two runs' activations and items, bit by bit."""
    for layer in one.layers:
        np.testing.assert_array_equal(one.activations(layer.name), two.activations(layer.name))
    pd.testing.assert_frame_equal(one.items, two.items, check_exact=True)


def assert_same_measures(one, two):
    """Compare two runs' tables and class-wise arrays, bit by bit."""
    pd.testing.assert_frame_equal(one.table("selectivity"), two.table("selectivity"), check_exact=True)
    assert one.parameters("selectivity") == two.parameters("selectivity")
    assert one.class_sets == two.class_sets
    for name in CLASSWISE:
        np.testing.assert_array_equal(one.array("selectivity", name), two.array("selectivity", name), err_msg=name)
    assert [path.name for path in (two.directory / "tables").iterdir()] == ["selectivity.parquet"]


def python(code, *arguments, **environment):
    """Start Python code in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment},
    )  # fmt: skip
