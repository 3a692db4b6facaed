"""Checks of an analysis: the same table in one process, in several, and resumed after it was stopped."""

import json
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ..analysis import Analysis, add_table
from ..analysis.images import digests_of
from ..columns import KINDS
from ..run import Run, UnitBlock, open_run


def check_analysis(analysis: Analysis, run: Run, /) -> None:
    """Check that an analysis gives the same result however it runs.

    - Its settings can be pickled, and its parameters are JSON that does not change.
    - Its blocks are all of units or all of items, and cover the run once.
    - Table, arrays and images are the same, bit for bit, when it runs in this process, in two other processes, and
      when it is stopped and resumed; the resumed analysis does not start from the beginning.
    - The table has one row per unit in the run's order; columns and arrays are those described, with their axes.

    The run is not changed: the analysis runs on copies.

    Parameters
    ----------
    analysis
        The analysis. Its class must be one that other processes can import.
    run
        A small run that gives the analysis at least two blocks.

    Raises
    ------
    AssertionError
        Saying what differs.
    UnitscopeError
        If the analysis refuses the run.

    See Also
    --------
    unitscope.analysis.Analysis : The interface of an analysis.
    unitscope.analysis.add_table : Runs an analysis.
    """
    check_settings(analysis, run)
    with tempfile.TemporaryDirectory() as place:
        here, elsewhere, stopped = (copy_run(run, Path(place) / name) for name in ("here", "elsewhere", "stopped"))
        add_table(here, analysis)
        check_table(analysis, here)
        add_table(elsewhere, analysis, on="local:2", threads=1)
        compare(analysis, here, elsewhere, "in two processes")
        stop_and_resume(analysis, stopped)
        compare(analysis, here, stopped, "resumed")


def copy_run(run: Run, place: Path) -> Run:
    """Copy a run."""
    return open_run(shutil.copytree(run.directory, place))


def check_settings(analysis: Analysis, run: Run) -> None:
    """Check what does not need the analysis to run."""
    parameters = analysis.parameters(run)
    assert json.loads(json.dumps(parameters)) == parameters, "the parameters do not survive as JSON"
    travelled = pickle.loads(pickle.dumps(analysis))
    assert travelled.parameters(run) == parameters, "the parameters change when the analysis is pickled"
    assert travelled.table == analysis.table, "the name of the table changes when the analysis is pickled"
    blocks = analysis.blocks(run)
    assert len(blocks) > 1, f"the run gives {len(blocks)} block; give one with more units or items"
    assert len({type(block) for block in blocks}) == 1, "blocks of units and of items are mixed"
    covered = [place for block in blocks for place in range(start_of(block), start_of(block) + block.size)]
    total = len(run.units) if isinstance(blocks[0], UnitBlock) else run.manifest.n_items
    assert covered == list(range(total)), f"the blocks do not cover the {total} units or items once, in order"


def start_of(block: object) -> int:
    """Return the first unit or item of a block."""
    return block.row if isinstance(block, UnitBlock) else block.first  # type: ignore[attr-defined]


def check_table(analysis: Analysis, run: Run) -> None:
    """Check that what was written is what is described."""
    stored = run.stored_table(analysis.table)
    described = [column.name for column in analysis.columns(run)]
    assert list(stored.frame.columns) == described, f"the table has {list(stored.frame.columns)}, not {described}"
    assert described[:1] == ["unit"], f"the first column is {described[:1]}, not unit"
    assert stored.frame["unit"].tolist() == run.units["unit"].tolist(), "the rows are not the run's units, in order"
    for column in analysis.columns(run):
        assert column.kind in KINDS, f"{column.name} is of an unknown kind {column.kind!r}; choose one of {[*KINDS]}"
        assert column.title, f"{column.name} has no title"
        assert column.definition, f"{column.name} has no definition"
    arrays = analysis.arrays(run)
    assert stored.array_names == sorted(array.name for array in arrays), f"the arrays are {stored.array_names}"
    sizes = {axis: len(names) for axis, names in stored.labels.items()}
    sizes = {"unit": len(run.units), "item": run.manifest.n_items, **sizes}
    for array in arrays:
        shape = tuple(sizes[axis] for axis in array.axes)
        found = stored.array(array.name).shape
        assert found == shape, f"the array {array.name} is {found}, but its axes {array.axes} are {shape}"


def stop_and_resume(analysis: Analysis, run: Run) -> None:
    """Run an analysis, stop it after its first block or a little later, and run it again."""
    first = analysis.blocks(run)[0].size
    calls: list[int] = []

    def stop(doing: str, done: int, total: int) -> None:
        if first < done < total or (done == total and len(analysis.blocks(run)) == 2):
            raise KeyboardInterrupt

    try:
        add_table(run, analysis, progress=stop)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("progress is never reported between the first block and the end")
    add_table(run, analysis, progress=lambda doing, done, total: calls.append(done))
    assert calls[0] > 0, "the analysis that was stopped starts from the beginning"


def compare(analysis: Analysis, one: Run, other: Run, how: str) -> None:
    """Compare the results of an analysis in two runs, bit for bit."""
    name = analysis.table
    pd.testing.assert_frame_equal(one.table(name), other.table(name), check_exact=True, obj=f"the table, {how},")
    for array in one.stored_table(name).array_names:
        same = np.array_equal(one.array(name, array), other.array(name, array), equal_nan=True)
        assert same, f"the array {array}, {how}, is another"
    images = [digests_of(run.directory / "images" / name) for run in (one, other)]
    assert images[0] == images[1], f"the images, {how}, are others"
