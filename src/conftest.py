"""What the examples in docstrings use: ``run``, a small run that was measured."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from unitscope.run import Run

collect_ignore = ["conftest.py"]


@pytest.fixture(scope="session")
def example_run(tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """Return a measured run of four units and 60 items of three classes; unit ``fc6:0`` responds to cats."""
    from unitscope.exchange import import_file
    from unitscope.selectivity import measure_run

    folder = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(0)
    values = np.where(rng.random((60, 4)) < 0.2, 0, rng.exponential(size=(60, 4))).round(2)
    values[:20, 0] += 3
    np.savez(folder / "fc6.npz", fc6=values, labels=np.repeat(["cat", "dog", "emu"], 20))
    run = import_file(folder / "fc6.npz", folder / "run")
    measure_run(run, class_sets={"pets": ["cat", "dog"]}, threads=1)
    return run


@pytest.fixture(autouse=True)
def _give_run_to_examples(request: pytest.FixtureRequest, doctest_namespace: dict) -> None:
    """Make the run available to the examples that use it."""
    examples = getattr(getattr(request.node, "dtest", None), "examples", [])
    if any("run" in example.source for example in examples):
        doctest_namespace["run"] = request.getfixturevalue("example_run")
