"""Every benchmark says how it is used, and runs."""

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("shared", "designs"))
NEEDS_TORCH = ("features", "recording", "streaming")


@pytest.fixture(params=NAMES)
def benchmark(request, monkeypatch):
    """Import a benchmark as it is imported when it is run, and forget it afterwards."""
    if request.param in NEEDS_TORCH:
        pytest.importorskip("torch")
    monkeypatch.syspath_prepend(FOLDER)
    yield importlib.import_module(request.param)
    for name in (request.param, "shared"):
        del sys.modules[name]


def test_help_says_how_it_is_used(benchmark, capsys):
    with pytest.raises(SystemExit) as end:
        benchmark.main(["--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "--small" in printed
    assert benchmark.__doc__.splitlines()[0] in printed


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_it_runs_at_a_small_size_and_prints_a_table(benchmark, capsys):
    before = {path: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
    benchmark.main(["--small"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(lines) >= 3  # head, rule, numbers
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert {path: path.stat().st_mtime_ns for path in FOLDER.iterdir() if path in before} == before
