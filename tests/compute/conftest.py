"""A recording and a measurement to compare with, made in this process."""

from pathlib import Path

import pytest
from places import MEASURED, SETTINGS, arrays, copy

from unitscope.run import open_run
from unitscope.selectivity import measure_run

collect_ignore = ["conftest.py"]  # as a module of doctests: two of one name do not go together


@pytest.fixture(scope="session")
def plain(exact, tmp_path_factory):
    """Record the network of exact sums in this process."""
    from unitscope.recording import record

    return record(*exact, tmp_path_factory.mktemp("plain") / "run", **SETTINGS)


@pytest.fixture(scope="module")
def measured(make_shared_run, tmp_path_factory):
    """Return a run measured in this process, and the directory of an unmeasured copy."""
    run = make_shared_run(*arrays())
    unmeasured = copy(run, tmp_path_factory.mktemp("unmeasured") / "run").directory
    measure_run(run, **MEASURED)
    return run, unmeasured


@pytest.fixture
def pair(measured, tmp_path):
    """Return the measured run and an unmeasured copy for one test."""
    run, unmeasured = measured
    return run, copy(open_run(unmeasured), tmp_path / "other")


@pytest.fixture
def helpers(monkeypatch):
    """Let other processes import the helpers of these tests."""
    import os

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
