"""Classes, class sets and items of several classes in a run."""

import numpy as np
import pandas as pd
import pytest

from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.run import open_run
from unitscope.run.classes import check_class_sets

NAMES = ["n1", "n2", "n3"]


@pytest.fixture
def run(make_run):
    return make_run({"fc": np.arange(6.0)[:, None]}, [0, 1, 2, 0, 1, 2], class_names=NAMES)


def add_table_with(run, sets, name="some"):
    """Add a table as an analysis does that was made with class sets."""
    unit = Column("unit", "Unit", "the unit's id", kind="text")
    resolved = check_class_sets(sets, run.classes)
    run.add_table(name, run.units[["unit"]], [unit], {"class_sets": {set: list(ids) for set, ids in resolved.items()}})


def test_members_of_classes_and_of_their_unions(run):
    assert run.members("n2").tolist() == [False, True, False, False, True, False]
    add_table_with(run, {"pair": ["n1", "n3"]})
    again = open_run(run.directory)
    assert again.class_sets == {"pair": ("n1", "n3")}
    assert again.members("pair").tolist() == [True, False, True, True, False, True]


def test_class_sets_are_those_of_the_tables(run):
    add_table_with(run, {"pair": ["n1", "n3"], "other": ["n2"]})
    add_table_with(run, {"pair": ["n2", "n2"]})
    assert run.class_sets == {"pair": ("n2",)}
    add_table_with(run, {"others": ["n1", "n3"]}, name="another")
    assert run.class_sets == {"pair": ("n2",), "others": ("n1", "n3")}
    add_table_with(run, {})
    assert run.class_sets == {"others": ("n1", "n3")}


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        ({"pair": ["n1", "n9"]}, "contains n9, which is not a class"),
        ({"n1": ["n2"]}, "has the name of a class"),
        ({"none": []}, "has no classes"),
        ({"pair": "n1"}, "class set pair must be a list of classes"),
        ({"pair": None}, "class set pair must be a list of classes"),
        ({1: ["n1"]}, "class set 1 must be a list of classes"),
        ([("pair", ["n1"])], "class sets must map names to classes"),
    ],
)
def test_bad_sets_are_refused(run, sets, says):
    with pytest.raises(UnitscopeError, match=says):
        check_class_sets(sets, run.classes)


def test_items_of_several_classes(make_run):
    members = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 1]], bool)
    run = make_run({"fc": np.arange(3.0)[:, None]}, members, class_names=NAMES)
    assert run.multi_label
    np.testing.assert_array_equal(run.memberships, members)
    for place, name in enumerate(NAMES):
        np.testing.assert_array_equal(run.members(name), members[:, place])
    with pytest.raises(UnitscopeError, match="several classes"):
        _ = run.labels


def test_one_label_as_memberships(run):
    np.testing.assert_array_equal(run.memberships.argmax(1), run.labels)


def test_unknown_class(run):
    with pytest.raises(UnitscopeError, match=r"has no class n22 .did you mean .n2.\?.*classes.parquet, for instance '"):
        run.members("n22")


def test_two_classes_of_one_name_are_told_apart(make_run):
    run = make_run({"fc": np.zeros((3, 1), np.float32)}, [0, 1, 2], class_names=["n1", "n2", "n3"])
    run.classes["name"] = ["crane", "dog", "crane"]
    assert [run.class_title(name) for name in ("n1", "n2", "n3", "union")] == [
        "crane (n1)",
        "dog",
        "crane (n3)",
        "union",
    ]


def test_a_name_of_several_classes_is_no_class(run):
    """ImageNet has two classes called crane, the bird and the machine: taking one of them would be a guess."""
    path = run.directory / "classes.parquet"
    pd.DataFrame({"class": NAMES, "name": ["crane", "dog", "crane"]}).to_parquet(path)
    run = open_run(run.directory)
    for use in (lambda: run.members("crane"), lambda: check_class_sets({"both": ["crane", "dog"]}, run.classes)):
        with pytest.raises(UnitscopeError, match="2 classes have the name crane; use a class ID instead: n1, n3"):
            use()
    add_table_with(run, {"both": ["n1", "n3"]})
    assert run.members("both").sum() == 4
    assert run.class_title("n3") == "crane (n3)"
