"""A reader shows one measurement: if the run is measured again meanwhile, the result is all old or an error."""

import shutil

import numpy as np
import pandas as pd
import pytest

from unitscope.errors import UnitscopeError
from unitscope.exchange import export_run
from unitscope.figures import class_set, examples, histogram, jitter, roc, save_data
from unitscope.report import reproduce, write_report
from unitscope.run import Run, StoredTable, open_run
from unitscope.run.arrays import StoredArrays
from unitscope.selectivity import compare_runs, measure_run

LABELS = np.arange(120) % 3
REPLACED = "was replaced while it was read; run the same command again"


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    return np.where(rng.random((120, 3)) < 0.3, 0, rng.exponential(size=(120, 3))) + 2 * (LABELS == 0)[:, None]


@pytest.fixture
def run(make_run, values):
    predicted = np.where(np.arange(120) % 4, LABELS, (LABELS + 1) % 3)
    run = make_run({"fc6": values}, LABELS, predicted, class_names=["cat", "dog", "emu"])
    measure_run(run, class_sets={"pets": ["cat", "dog"]})
    return open_run(run.directory)


@pytest.fixture
def measure_again(monkeypatch):
    """Return a function after which another process measures a run when something of it is read for the nth time."""

    def prepare(run, owner, name, nth=1):
        original, counts = getattr(owner, name), [0]

        def read(self, *arguments, **options):
            counts[0] += 1
            if counts[0] == nth:
                measure_run(open_run(run.directory), items="all")
            return original(self, *arguments, **options)

        monkeypatch.setattr(owner, name, read)
        return counts

    return prepare


TABLE, ARRAY, ITEMS = (Run, "stored_table"), (StoredTable, "array"), (Run, "unit_activations")


def as_bytes(figure, path):
    return save_data(figure, path).read_bytes()


DRAWN = {
    "roc": lambda run: roc(run, "fc6:1"),
    "jitter": lambda run: jitter(run, "fc6:1"),
    "histogram": lambda run: histogram(run, "fc6:1"),
    "examples": lambda run: examples(run, "fc6:1"),
    "class-set": lambda run: class_set(run, "pets"),
}


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("moment", [ITEMS, ARRAY])
def test_figures(run, measure_again, tmp_path, name, moment):
    before = as_bytes(DRAWN[name](open_run(run.directory)), tmp_path / "before.csv")
    measure_again(run, *moment)
    if name in ("roc", "jitter", "class-set"):  # these read arrays after the table
        with pytest.raises(UnitscopeError, match=REPLACED):
            DRAWN[name](run)
    else:
        assert as_bytes(DRAWN[name](run), tmp_path / "found.csv") == before


@pytest.mark.parametrize(("owner", "name", "nth"), [(*TABLE, 3)])
def test_report(run, no_drawing, measure_again, owner, name, nth):
    before = write_report(open_run(run.directory)).read_bytes()
    measure_again(run, owner, name, nth)
    with pytest.raises(UnitscopeError, match=REPLACED):
        write_report(run)
    assert (run.directory / "report.html").read_bytes() == before


@pytest.mark.parametrize(("owner", "name", "nth"), [(*ARRAY, 2)])
def test_reproduce(run, no_drawing, measure_again, tmp_path, owner, name, nth):
    reproduce(open_run(run.directory), tmp_path / "page")
    before = {path.name: path.read_bytes() for path in (tmp_path / "page").iterdir()}
    counts = measure_again(run, owner, name, nth)
    with pytest.raises(UnitscopeError, match=REPLACED):
        reproduce(run, tmp_path / "page")
    assert counts[0] >= nth
    for page in ("index.html", "index.md"):  # neither claims anything of figures that may be of another measurement
        assert "This page is being written" in (tmp_path / "page" / page).read_text()
    reproduce(open_run(run.directory), tmp_path / "page")
    assert (tmp_path / "page" / "index.html").read_bytes() != before["index.html"]


def test_reproduce_of_arrays_that_were_read_before(run, no_drawing, measure_again, tmp_path):
    """A replacement after the last array was read leaves a page that is all of the old measurement."""
    counts = measure_again(run, *ARRAY, 10**9)
    reproduce(open_run(run.directory), tmp_path / "before")
    last = counts[0]
    counts[0] = 0
    original = StoredArrays.read
    reads = [0]

    def read(self, *arguments):
        found = original(self, *arguments)
        reads[0] += 1
        if reads[0] == last:
            measure_run(open_run(run.directory), items="all")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StoredArrays, "read", read)
        reproduce(run, tmp_path / "after")
    assert reads[0] == last
    assert open_run(run.directory).parameters("selectivity")["items"] == "all"
    for path in (tmp_path / "before").iterdir():
        assert path.read_bytes() == (tmp_path / "after" / path.name).read_bytes()


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_compare(run, measure_again, nth):
    other = run.directory.with_name("other")
    shutil.copytree(run.directory, other)
    before = compare_runs(open_run(run.directory), open_run(other))
    run.stored_table("selectivity")
    measure_again(run, Run, "stored_table", nth)
    pd.testing.assert_frame_equal(compare_runs(run, open_run(other)), before)


@pytest.mark.parametrize("kind", ["csv", "h5ad"])
def test_export(run, measure_again, tmp_path, kind):
    if kind == "h5ad":
        pytest.importorskip("h5py")
    before = export_run(open_run(run.directory), tmp_path / f"before.{kind}", to=kind)
    run.stored_table("selectivity")
    counts = measure_again(run, Run, "item_activations")
    found = export_run(run, tmp_path / f"found.{kind}", to=kind)
    assert counts[0]
    if kind == "csv":
        for path in before.iterdir():
            assert path.read_bytes() == (found / path.name).read_bytes()
    else:
        assert columns_of(before) == columns_of(found)


def columns_of(path):
    """Return the columns of an .h5ad file's units as text."""
    import h5py

    with h5py.File(path) as file:
        columns = {name: item for name, item in file["var"].items() if isinstance(item, h5py.Dataset)}
        return {name: repr(item[()].tolist()) for name, item in columns.items()}
