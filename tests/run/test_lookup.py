"""Looking up columns, classes and top items in the tables of a run."""

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unitscope.columns import Array, Column
from unitscope.errors import UnitscopeError
from unitscope.figures import boxplots, correlations, disagreement, distribution, rank_disagreement, top_units
from unitscope.measures import COLUMNS, HISTOGRAM_COLUMNS, for_top
from unitscope.run import ItemBlock, open_run
from unitscope.run.arrays import create_table_arrays, write_rows
from unitscope.run.lookup import (
    class_of_unit,
    class_position,
    find_column,
    find_columns,
    items_of_table,
    list_columns,
    titles_of_classes,
    unit_frame,
    unit_row,
    values_of_class,
)
from unitscope.selectivity import compare_runs

UNITS = ["fc:0", "fc:1", "fc:2"]
TEXT = Column("unit", "Unit", "the unit's id", kind="text")
IOU = Column("iou", "IoU", "overlap")


def add(run, name, columns, parameters=None, arrays=None, **values):
    """Add a table of the units of which some have a row."""
    frame = pd.DataFrame({"unit": UNITS[: len(next(iter(values.values())))], **values})
    run.add_table(name, frame, [TEXT, *columns], parameters or {}, arrays)


@pytest.fixture
def run(make_run):
    """A run with two tables that no analysis of ours makes, and no table of measures."""
    values = np.array([[3.0, 0, 1], [1, 2, 0], [3, 1, 0], [0, 2, 0]])
    run = make_run({"fc": values}, [0, 0, 1, 1], class_names=["cat", "dog"])
    columns = [IOU, Column("iou_p", "IoU: p", "p", kind="probability"), Column("part", "Part", "class", kind="class")]
    columns[0] = Column("iou", "IoU", "overlap", links={"class": "part"})  # named without the suffix
    add(run, "dissection", columns, {"items": "all"}, iou=[0.1, 0.3, 0.2], iou_p=[0.5, 0.1, 0.2],
        part=["dog", "cat", None])  # fmt: skip
    add(run, "boxes", [IOU, Column("area", "Area", "share of the map", kind="share")], iou=[0.9, 0.8], area=[0.5, 0.25])
    return run


def test_a_column_of_any_table_is_found_by_either_name(run):
    for name in ("area", "boxes.area"):
        found = find_column(run, name)
        assert (found.full_name, found.title, found.by_unit.to_dict()) == (
            "boxes.area", "Area", {"fc:0": 0.5, "fc:1": 0.25})  # fmt: skip
    assert find_column(run, "dissection.iou").by_unit.tolist() == [0.1, 0.3, 0.2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("iou", r"several tables of .* have a column iou; choose boxes\.iou or dissection\.iou"),
        ("aera", r"no measure aera \(did you mean 'area'"),
        ("boxes.aera", r"no measure boxes\.aera \(did you mean 'boxes\.area'"),
        ("boxen.area", r"no table boxen \(did you mean 'boxes'"),
        ("part", "part is of the kind class, which cannot be used here"),
        ("unit", "unit is of the kind text, which cannot be used here"),
    ],
)
def test_what_is_not_there_or_ambiguous_is_one_sentence(run, name, message):
    with pytest.raises(UnitscopeError, match=message):
        find_column(run, name)


def test_a_run_without_tables_says_what_to_run(make_run):
    run = make_run({"fc": np.ones((4, 1))}, [0, 0, 1, 1])
    with pytest.raises(UnitscopeError, match=r"has no tables; run `unitscope measure .*` first"):
        find_column(run, "auc")


def test_one_name_may_stand_for_a_list_of_one(run):
    assert [found.full_name for found in find_columns(run, "area")] == ["boxes.area"]


def test_columns_of_one_name_are_told_apart_by_their_tables(run):
    found = find_columns(run, ["dissection.iou", "area", "boxes.iou", "boxes.area"])
    assert [(column.name, column.title) for column in found] == [
        ("dissection.iou", "IoU (dissection)"), ("area", "Area"), ("boxes.iou", "IoU (boxes)")]  # fmt: skip
    frame = unit_frame(run, found)
    assert frame["layer"].tolist() == ["fc"] * 3
    assert frame["dissection.iou"].tolist() == [0.1, 0.3, 0.2]
    np.testing.assert_array_equal(frame["boxes.iou"], [0.9, 0.8, np.nan])  # the table lacks a unit
    assert [column.full_name for column in list_columns(run)] == ["boxes.iou", "dissection.iou"]


def test_classes_and_p_values_follow_links_not_suffixes(run):
    iou = find_column(run, "dissection.iou")
    assert iou.linked("p").full_name == "dissection.iou_p"
    assert iou.linked("q") is None
    assert titles_of_classes(run, iou, ["fc:1", "fc:2"]) == ["cat", "–"]
    assert class_of_unit(run, "dissection.iou", "fc:0") == "dog"
    assert class_of_unit(run, "dissection.iou", "fc:2") is None
    assert class_of_unit(run, "boxes.iou", "fc:0") is None


def test_figures_and_comparisons_take_columns_of_any_table(run):
    rows = top_units(run, ["dissection.iou"], per_layer=False).frame()
    assert rows.to_dict("records") == [
        {"ranked_by": "iou", "unit": "fc:1", "layer": "fc", "class": "cat", "p": 0.1, "iou": 0.3}]  # fmt: skip
    assert set(boxplots(run).frame()["measure"]) == {"dissection.iou", "boxes.iou"}
    assert distribution(run, "boxes.iou").undefined == (1,)
    assert disagreement(run, "dissection.iou", "boxes.iou").frame()["dissection.iou"].tolist() == [0.1, 0.3]
    assert disagreement(run, "dissection.iou", "boxes.iou").frame()["dissection.iou_class"].tolist() == ["dog", "cat"]
    assert correlations(run, ["area", "dissection.iou"]).frame()["n_units"].tolist() == [2]
    assert rank_disagreement(run, ["area", "dissection.iou"])["disagreement"].tolist() == [1, 1]
    assert compare_runs(run, run, ["boxes.iou"])[["measure", "median", "superiority"]].to_numpy().tolist() == [
        ["iou", pytest.approx(0.85), 0.5]]  # fmt: skip


def test_classes_along_an_array_are_found_by_their_labels(run):
    labels = {"class": ["pets", "dog", "cat"]}  # not in the order of the run's classes
    sizes = {"unit": 3, "class": 3}
    arrays = create_table_arrays(run.directory, "boxes", [Array(Column("seen", "Seen", "share"))], sizes, labels)
    write_rows(arrays, [(0, {"seen": np.arange(9.0).reshape(3, 3)})])
    add(run, "boxes", [IOU], arrays=arrays, iou=[0.9, 0.8, 0.7])
    assert [class_position(run, "boxes", name) for name in ("pets", "dog", "cat", "emu")] == [0, 1, 2, None]
    assert values_of_class(run, "boxes", "seen", ["fc:1"], "cat").tolist() == [5]
    assert values_of_class(run, "boxes", "seen", ["fc:2", "fc:0"], "dog").tolist() == [7, 1]
    assert np.isnan(values_of_class(run, "boxes", "seen", UNITS, "emu")).all()
    (arrays.group / "zarr.json").write_text("{")
    with pytest.raises(UnitscopeError, match=r"zarr\.json is damaged .*run `unitscope boxes .*` again"):
        class_position(open_run(run.directory), "boxes", "cat")


def test_arrays_of_format_1_have_the_classes_in_order(tmp_path):
    archive = Path(__file__).parent / "archives" / "run-v1.zip"
    zipfile.ZipFile(archive).extractall(tmp_path)
    old = open_run(tmp_path / "run-v1")
    for place, name in enumerate(old.classes["class"]):
        values = values_of_class(old, "selectivity", "auc", ["fc7:5", "fc8:1"], name)
        np.testing.assert_array_equal(values, old.array("selectivity", "auc")[[5, 129], place])


def test_the_row_of_a_unit(run):
    assert unit_row(run, "boxes", "fc:1").tolist() == ["fc:1", 0.8, 0.25]
    assert unit_row(run, "dissection", "fc:2")["iou"] == 0.2
    with pytest.raises(UnitscopeError, match=r"the table boxes of .* has no unit fc:2; choose another unit"):
        unit_row(run, "boxes", "fc:2")


def test_blocks_cover_what_lies_in_them():
    block = ItemBlock(8, 16)
    assert [block.covers(ItemBlock(*other)) for other in ((8, 16), (9, 15), (7, 16), (8, 17))] == [
        True,
        True,
        False,
        False,
    ]


def test_the_items_of_a_table(run):
    keep, items = items_of_table(run, "dissection")
    assert (keep.tolist(), items) == ([True] * 4, "all")
    with pytest.raises(
        UnitscopeError, match=r"table dissection .* all items; run `unitscope dissect .* --items correct`"
    ):
        items_of_table(run, "dissection", "correct")


def test_top_items_are_the_most_active_in_item_order(run):
    assert run.top_items("fc:0", 2)[["item", "item_id", "activation"]].to_dict("list") == {
        "item": [0, 2], "item_id": ["item00000", "item00002"], "activation": [3, 3]}  # fmt: skip
    assert run.top_items("fc:0", 9)["item"].tolist() == [0, 2, 1]  # not the one at the smallest activation
    assert run.top_items("fc:2", 9)["item"].tolist() == [0]
    with pytest.raises(UnitscopeError, match="0 items are too few"):
        run.top_items("fc:2", 0)
    assert run.top_items("fc:2", 9)[["row", "left"]].isna().all(axis=None)  # nobody has looked where it is most active


def test_public_columns_have_their_links():
    assert COLUMNS["auc"].links == {"class": "auc_class"}
    assert HISTOGRAM_COLUMNS["auc"].links == {"class": "auc_class", "error": "auc_error"}
    assert for_top(COLUMNS, 20)["precision_20"].links == {"class": "precision_20_class"}
