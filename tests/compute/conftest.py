"""A network and items of the user's own, and the same recorded here."""

from pathlib import Path

import pytest
from places import FILE, SETTINGS

collect_ignore = ["conftest.py"]  # as a module of doctests: two of one name do not go together


@pytest.fixture(scope="session")
def mine(tmp_path_factory):
    """Write the file that has the network and the items; return the two specs."""
    path = tmp_path_factory.mktemp("mine") / "mine.py"
    path.write_text(FILE)
    return f"py:{path}:Net", f"py:{path}:Items"


@pytest.fixture(scope="session")
def plain(mine, tmp_path_factory):
    """Record it in this process."""
    pytest.importorskip("torch")
    from unitscope.recording import record

    return record(*mine, tmp_path_factory.mktemp("plain") / "run", **SETTINGS)


@pytest.fixture
def helpers(monkeypatch):
    """Let other processes import the helpers of these tests."""
    import os

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
