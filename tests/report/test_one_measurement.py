"""Whoever reads a run while it is measured again sees one measurement, whole, or an error; never parts of two."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import unitscope.run.run
from unitscope import export_run
from unitscope.errors import UnitscopeError
from unitscope.figures import roc
from unitscope.report import reproduce, write_report
from unitscope.run import Run, StoredTable, open_run
from unitscope.selectivity import compare_runs, measure_run

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")

READS = ((unitscope.run.run, "read_stored_table"), (StoredTable, "array"))
"""Everything in `unitscope.run` that reads a part of a measurement: the table with its parameters, and an array."""


def page(run: Run, other: Run, out: Path) -> str:
    return write_report(run, out / "report.html").read_text()


def paper_page(run: Run, other: Run, out: Path) -> str:
    reproduce(run, out / "page")
    return (out / "page" / "index.md").read_text()


def figure(run: Run, other: Run, out: Path) -> str:
    drawn = roc(run, "fc:1")
    return f"{drawn.title} {dict(drawn.marks)} {drawn.frame().to_csv()}"


def comparison(run: Run, other: Run, out: Path) -> str:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return f"{compare_runs(run, other).to_csv()} {[str(warning.message) for warning in said]}"


def exported(run: Run, other: Run, out: Path) -> str:
    anndata = pytest.importorskip("anndata")
    return anndata.read_h5ad(export_run(run, out / "run.h5ad")).var.to_csv()


READERS = [page, paper_page, figure, comparison, exported]


@pytest.fixture
def runs(make_run, tmp_path):
    """Make a run and the same run measured otherwise, and another run to compare with."""
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    values = {"fc": np.maximum(rng.normal(size=(90, 3)) + (labels == 1)[:, None], 0)}
    run = make_run(values, labels, predicted=np.where(rng.random(90) < 0.6, labels, 0))
    other = make_run(values, labels, predicted=labels, name="other")
    measure_run(other, items="correct")
    measure_run(run, items="correct", permutations=5)
    after = shutil.copytree(run.directory, tmp_path / "after" / "run")
    measure_run(open_run(after), items="all")
    return run.directory, after, other


class Replacement:
    """Reads a run whose measurement is replaced by another after some of the reads."""

    def __init__(self, runs, tmp_path, monkeypatch, read):
        self.before, self.after, self.other = runs
        self.working, self.out, self.read = tmp_path / "working" / "run", tmp_path / "out", read
        self.reads, self.swap_after = 0, None
        for owner, name in READS:
            monkeypatch.setattr(owner, name, self.count(getattr(owner, name)))

    def count(self, function):
        """Replace the measurement when its turn has come, then read."""

        def counted(*arguments, **named):
            if self.reads == self.swap_after:
                self.put(self.after)
            self.reads += 1
            return function(*arguments, **named)

        return counted

    def put(self, directory: Path) -> None:
        shutil.rmtree(self.working, ignore_errors=True)
        shutil.copytree(directory, self.working)

    def result(self, swap_after: int | None) -> str:
        """Return what the reader says where the measurement is replaced after so many reads (`None`: never)."""
        self.put(self.before)
        self.reads, self.swap_after = 0, swap_after
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        return self.read(open_run(self.working), self.other, self.out)


@pytest.mark.parametrize("read", READERS)
def test_readers_say_the_same_again_and_the_two_measurements_differ(runs, no_drawing, tmp_path, monkeypatch, read):
    replacement = Replacement(runs, tmp_path, monkeypatch, read)
    first = replacement.result(None)
    assert replacement.reads >= 1
    assert replacement.result(None) == first
    assert replacement.result(0) != first


@pytest.mark.parametrize("read", READERS)
def test_a_reader_sees_one_measurement(runs, no_drawing, tmp_path, monkeypatch, read):
    replacement = Replacement(runs, tmp_path, monkeypatch, read)
    whole = {replacement.result(None)}
    n_reads = replacement.reads
    whole.add(replacement.result(0))
    for swap_after in range(1, min(n_reads, 6)):
        try:
            seen = replacement.result(swap_after)
        except UnitscopeError:  # noticing the change and saying so is right, too
            continue
        assert seen in whole
