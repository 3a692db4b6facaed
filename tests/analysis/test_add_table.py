"""What every analysis gets from `add_table`: parts that resume, a lock, processes, and one table with its arrays."""

import numpy as np
import pandas as pd
import pytest

from unitscope.analysis import add_table, work
from unitscope.analysis.images import digests_of
from unitscope.errors import UnitscopeError
from unitscope.run import ItemBlock, open_run, read_status

from .toys import Means, Sums

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 50)
VALUES = {name: RNG.integers(0, 9, (50, units)).astype(np.float32) for name, units in (("a", 5), ("b", 2))}
TOTALS = np.concatenate([values.sum(0) for values in VALUES.values()])


@pytest.fixture
def run(make_run):
    return make_run(VALUES, LABELS, block_items=8)


def files_of(run):
    return sorted(path.relative_to(run.directory).as_posix() for path in run.directory.rglob("*") if path.is_file())


def test_a_table_with_arrays_and_images_is_added(run):
    table = add_table(run, Means())
    np.testing.assert_allclose(table["mean_activation"], TOTALS / 50)
    pd.testing.assert_frame_equal(open_run(run.directory).table("means"), table)
    assert run.parameters("means") == {"step": 2}
    assert run.columns("means")["mean_activation"].title == "Mean activation"
    np.testing.assert_allclose(run.array("means", "powers")[:, 0], TOTALS / 50)
    np.testing.assert_array_equal(run.unit_array("means", "powers", "b:1"), run.array("means", "powers")[6])
    assert run.stored_table("means").labels == {"power": ["1", "2"]}
    images = sorted(digests_of(run.directory / "images" / "means"))
    assert images == ["00000000.txt", "00000002.txt", "00000004.txt", "00000005.txt"]
    assert not list((run.directory / "tables").glob(".*"))


def test_it_resumes_where_it_was_stopped(run):
    with pytest.raises(KeyboardInterrupt):
        add_table(run, Means(fail_at="00000004"))
    status = read_status(run.directory)
    assert [(found.table, found.kind, found.total) for found in status.unfinished] == [("means", "units", 7)]
    seen = []
    table = add_table(run, Means(), progress=lambda *call: seen.append(call))
    assert seen[0] == ("averaging", status.unfinished[0].done, 7)
    assert 0 < status.unfinished[0].done < 7
    np.testing.assert_allclose(table["mean_activation"], TOTALS / 50)
    assert read_status(run.directory).unfinished == []


def test_the_command_to_run_next_is_kept(run):
    with pytest.raises(KeyboardInterrupt):
        add_table(run, Means(fail_at="00000002"), command="unitscope average RUN")
    assert read_status(run.directory).next_step == f"unitscope average {run.directory}"


@pytest.mark.parametrize("room", [10**9, 2], ids=["all in memory", "two blocks in memory"])
def test_items_add_up_and_resume(run, room, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0)  # store the sum after every block
    with pytest.raises(KeyboardInterrupt):
        add_table(run, Sums(fail_at=24, room=room))
    found = read_status(run.directory).unfinished[0]
    assert (found.table, found.kind, found.done, found.total) == ("sums", "items", 24, 50)
    seen = []
    table = add_table(run, Sums(room=room), progress=lambda *call: seen.append(call))
    assert seen[0] == ("adding", 24, 50)
    assert seen[-1] == ("adding", 50, 50)
    np.testing.assert_array_equal(table["total"], TOTALS)
    assert not list((run.directory / "tables").glob(".*"))


def test_a_sum_that_was_stored_twice_counts_once(run):
    """A process may be killed after it has written a larger sum and before it has removed the smaller one."""
    from unitscope.analysis.analysis import Part
    from unitscope.analysis.parts import Parts

    parts = Parts(run, "sums", {})
    parts.prepare("", [ItemBlock(0, 50)])
    parts.write(ItemBlock(0, 16), Part(arrays={"total": np.ones(7, np.int64)}))
    smaller = {path: path.read_bytes() for path in parts.directory.glob("0*")}
    first = sum(values[:24].sum() for values in VALUES.values())
    totals = np.concatenate([values[:24].astype(np.int64).sum(0) for values in VALUES.values()])
    assert totals.sum() == first
    parts.write(ItemBlock(0, 24), Part(arrays={"total": totals}))
    for path, content in smaller.items():
        path.write_bytes(content)
    np.testing.assert_array_equal(add_table(run, Sums())["total"], TOTALS)


@pytest.mark.parametrize("analysis", [Means(), Sums()], ids=["units", "items"])
def test_processes_give_the_same(run, make_run, analysis):
    here = add_table(run, analysis)
    other = make_run(VALUES, LABELS, block_items=8, name="other")
    pd.testing.assert_frame_equal(add_table(other, analysis, on="local:2"), here)


def test_one_process_at_a_time(run):
    def meanwhile(doing, done, total):
        if done == 0:
            with pytest.raises(UnitscopeError, match=r"another process works on .* \(averaging\)"):
                add_table(open_run(run.directory), Means())

    add_table(run, Means(), progress=meanwhile)


def test_another_analysis_leaves_this_one_s_arrays(run):
    add_table(run, Means())
    before = run.array("means", "powers")
    add_table(run, Means(table="others"))
    np.testing.assert_array_equal(open_run(run.directory).array("means", "powers"), before)


def test_table_and_arrays_are_replaced_together(run):
    add_table(run, Means())
    reader = open_run(run.directory)
    table = reader.table("means")
    add_table(run, Means(step=1))
    pd.testing.assert_frame_equal(reader.table("means"), table)
    assert reader.parameters("means") == {"step": 2}
    with pytest.raises(UnitscopeError, match=r"the table means of .* was replaced while it was read; run the same"):
        reader.array("means", "powers")
    assert len(list((run.directory / "arrays.zarr" / "means").glob("*/"))) == 1


def test_an_analysis_killed_before_its_table_leaves_the_earlier_one(run, monkeypatch):
    add_table(run, Means())
    before = run.array("means", "powers")

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("unitscope.run.run.write_table", killed)
    with pytest.raises(KeyboardInterrupt):
        add_table(run, Means(step=1))
    monkeypatch.undo()
    again = open_run(run.directory)
    assert again.parameters("means") == {"step": 2}
    np.testing.assert_array_equal(again.array("means", "powers"), before)
    add_table(run, Means(step=1))
    assert open_run(run.directory).parameters("means") == {"step": 1}
    assert len(list((run.directory / "arrays.zarr" / "means").glob("*/"))) == 1


def test_lost_arrays_are_said(run):
    add_table(run, Means())
    with pytest.raises(UnitscopeError, match=r"no array power .did you mean 'powers'..; it has: powers"):
        run.array("means", "power")
    chunk = next((run.directory / "arrays.zarr" / "means").glob("*/powers/c/0/0"))
    content = bytearray(chunk.read_bytes())
    content[5] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(UnitscopeError, match=r"powers is damaged.*; run `unitscope means .*` again"):
        run.array("means", "powers")


def test_sums_are_not_stored_after_every_block(run, monkeypatch):
    written = []
    monkeypatch.setattr(work, "PATIENCE", 10**9)
    from unitscope.analysis.parts import Parts

    write = Parts.write
    monkeypatch.setattr(Parts, "write", lambda self, block, part: (written.append(block), write(self, block, part)))
    np.testing.assert_array_equal(add_table(run, Sums())["total"], TOTALS)
    assert written[-1] == ItemBlock(0, 50)
    assert len(written) == 2  # after the first block, to learn what storing takes, and at the end
