"""A recording to compare with, made in this process."""

from pathlib import Path

import pytest
from places import SETTINGS

collect_ignore = ["conftest.py"]  # as a module of doctests: two of one name do not go together


@pytest.fixture(scope="session")
def plain(exact, tmp_path_factory):
    """Record the network of exact sums in this process."""
    from unitscope.recording import record

    return record(*exact, tmp_path_factory.mktemp("plain") / "run", **SETTINGS)


@pytest.fixture
def helpers(monkeypatch):
    """Let other processes import the helpers of these tests."""
    import os

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
