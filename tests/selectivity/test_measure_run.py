"""Measuring a run: the same numbers as on arrays, resumable, with the items that were asked for."""

import numpy as np
import pandas as pd
import pytest

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import CLASSWISE, COLUMNS, HELD_OUT, measure
from unitscope.run import open_run
from unitscope.selectivity import measure_run
from unitscope.selectivity.analysis import Selectivity
from unitscope.selectivity.settings import Settings

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 5, 300)
VALUES = {
    "conv": np.maximum(RNG.normal(size=(300, 130)), 0).astype(np.float32),
    "fc": np.maximum(RNG.normal(size=(300, 3)), 0).astype(np.float32),
}
PREDICTED = np.where(RNG.random(300) < 0.7, LABELS, (LABELS + 1) % 5)


def assert_measured_like(run, keep):
    found = run.table("selectivity")
    names = [f"class{label}" for label in LABELS[keep]]
    expected = pd.concat([measure(values[keep], names) for values in VALUES.values()], ignore_index=True)
    assert found["unit"].tolist() == run.units["unit"].tolist()
    assert list(found.columns) == list(COLUMNS | HELD_OUT)
    for name in expected.columns.drop("unit"):
        np.testing.assert_array_equal(found[name].to_numpy(), expected[name].to_numpy(), err_msg=name)


def test_correct_items_are_the_default_and_numbers_are_those_of_the_arrays(make_run):
    run = make_run(VALUES, LABELS, PREDICTED)
    measure_run(run)
    assert_measured_like(run, PREDICTED == LABELS)
    parameters = run.parameters("selectivity")
    assert (parameters["items"], parameters["n_items"]) == ("correct", int((PREDICTED == LABELS).sum()))
    measure_run(run, items="all")
    assert_measured_like(run, np.ones(300, bool))


def test_class_wise_arrays_stand_in_the_order_of_units(make_run):
    run = make_run(VALUES, LABELS)
    table = measure_run(run)
    for name in CLASSWISE:
        assert run.array("selectivity", name).shape == (133, 5), name
    for name in ("max_informedness", "auc", "precision_60"):
        np.testing.assert_array_equal(run.array("selectivity", name).max(1), table[name])
    np.testing.assert_array_equal(run.unit_array("selectivity", "auc", "fc:1"), run.array("selectivity", "auc")[131])
    with pytest.raises(UnitscopeError, match=r"no array acu .did you mean"):
        run.array("selectivity", "acu")


def test_stopped_in_the_middle_it_goes_on(make_run, monkeypatch):
    run = make_run(VALUES, LABELS)
    expected = measure_run(run)
    whole = {name: run.array("selectivity", name) for name in CLASSWISE}
    (run.directory / "tables" / "selectivity.parquet").unlink()

    def stop(doing, done, total):
        if done > 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_run(run, progress=stop)
    assert run.tables == []
    seen = []
    again = measure_run(open_run(run.directory), progress=lambda doing, done, total: seen.append(done))
    assert seen[0] == 64  # the first block of units is not measured twice
    pd.testing.assert_frame_equal(again, expected)
    for name, values in whole.items():  # `run` holds on to the table that it has read
        np.testing.assert_array_equal(open_run(run.directory).array("selectivity", name), values)
    assert [path.name for path in (run.directory / "tables").iterdir()] == ["selectivity.parquet"]


def test_parts_made_with_other_items_are_not_mixed_in(make_run):
    run = make_run(VALUES, LABELS, PREDICTED)

    def stop(doing, done, total):
        if done >= 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_run(run, items="all", progress=stop)
    measure_run(run)
    assert_measured_like(run, PREDICTED == LABELS)


def test_a_part_of_which_one_file_is_lost_is_measured_again(make_run, monkeypatch):
    run = make_run({"conv": VALUES["conv"]}, LABELS)
    whole = measure_run(run)

    def killed(path, **options):
        if path.name.startswith(".selectivity"):
            next(path.glob("*.npz")).unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            measure_run(run)
    pd.testing.assert_frame_equal(measure_run(run), whole)


def test_negative_layers_are_named_once(make_run):
    run = make_run({"fc": VALUES["fc"], "logits": RNG.normal(size=(300, 2)).astype(np.float32)}, LABELS)
    with pytest.warns(UnitscopeWarning, match="2 units of logits have negative") as warned:
        measure_run(run)
    assert len(warned) == 1


def test_no_correct_item_is_said(make_run):
    run = make_run(VALUES, LABELS, (LABELS + 1) % 5)
    with pytest.raises(UnitscopeError, match="no items to measure; choose other items"):
        measure_run(run)


def test_dead_units_and_tiny_classes(make_run):
    values = VALUES["fc"].copy()
    values[:, 1] = 0
    labels = np.where(np.arange(300) == 0, 5, LABELS)  # one item of a class of its own
    table = measure_run(make_run({"fc": values}, labels))
    assert table["undefined"][1] == "dead: all activations are 0"
    assert all(reason.startswith("no class has 100 items") for reason in table["undefined"][[0, 2]])
    assert table["n_classes"].tolist() == [6, 6, 6]


def test_so_many_items_that_memory_holds_a_part_of_a_chunk(make_run, monkeypatch):
    run = make_run(VALUES, LABELS)
    plain = Selectivity(Settings("all"))
    expected = measure_run(run)
    assert [block.last - block.first for block in plain.blocks(run)] == [64, 64, 2, 3]
    monkeypatch.setattr("unitscope.run.blocks.BLOCK_BYTES", 4 * 300 * 20)
    parts = plain.blocks(run)
    assert max(block.last - block.first for block in parts) == 16
    assert [block.row for block in parts] == sorted({block.row for block in parts})
    pd.testing.assert_frame_equal(measure_run(run), expected)


def test_a_unit_s_chance_does_not_depend_on_other_layers(make_run):
    both = measure_run(make_run(VALUES, LABELS, name="both"), permutations=20)
    alone = measure_run(make_run({"fc": VALUES["fc"]}, LABELS, name="alone"), permutations=20)
    of_fc = both[both["layer"] == "fc"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_fc, alone)


def test_one_process_measures_a_run_at_a_time(make_run):
    run = make_run(VALUES, LABELS, PREDICTED)
    expected = measure_run(run)

    def meanwhile(doing, done, total):
        if done == 0:  # another process, as far as locks are concerned, with other options
            with pytest.raises(UnitscopeError, match=r"process works on .* \(measuring\); wait until it is done"):
                measure_run(open_run(run.directory), items="all")

    pd.testing.assert_frame_equal(measure_run(run, progress=meanwhile), expected)
    assert len(measure_run(run, items="all")) == len(expected)


def test_a_measurement_that_fails_leaves_the_earlier_one(make_run):
    run = make_run(VALUES, LABELS)
    table = measure_run(run)
    area = run.array("selectivity", "auc")
    for wrong in ({"seed": -1, "permutations": 3}, {"class_sets": {"a": ["nobody"]}}, {"threads": 0}):
        with pytest.raises(UnitscopeError):
            measure_run(run, **wrong)
        again = open_run(run.directory)
        pd.testing.assert_frame_equal(again.table("selectivity"), table)
        np.testing.assert_array_equal(again.array("selectivity", "auc"), area)


def test_measuring_does_not_read_the_names_of_items(make_run):
    run = open_run(make_run(VALUES, LABELS, PREDICTED).directory)
    measure_run(run)
    assert "items" not in vars(run)


def test_a_column_of_the_items_divides_them(make_run):
    run = make_run(VALUES, LABELS, PREDICTED)
    table = measure_run(run, halves="correct", items="all")
    expected = measure(VALUES["fc"], [f"class{label}" for label in LABELS], halves=PREDICTED == LABELS)
    of_fc = table[table["layer"] == "fc"].reset_index(drop=True)
    np.testing.assert_array_equal(of_fc["auc_held_out"], expected["auc_held_out"])
    assert run.parameters("selectivity")["halves"] == "correct"
    with pytest.raises(UnitscopeError, match=r"has 1 different values \(True\), not two"):
        measure_run(run, halves="correct")
    with pytest.raises(UnitscopeError, match=r"have no column corect \(did you mean 'correct' or .*; they have"):
        measure_run(run, halves="corect")
