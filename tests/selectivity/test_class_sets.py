"""Class sets as people write them, and measured: like any class, made of others."""

import warnings

import numpy as np
import pandas as pd
import pytest

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import measure
from unitscope.run import Run, open_run
from unitscope.selectivity import gather_class_sets, measure_run

CLASSES = pd.DataFrame({"class": ["n02084071", "n02121808", "n02958343"], "name": ["dog", "cat", "car"]})
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 5, 200)
VALUES = {"fc": np.maximum(RNG.normal(size=(200, 70)), 0).astype(np.float32)}


def test_all_ways_to_give_class_sets(tmp_path):
    file = tmp_path / "sets.csv"
    file.write_text("set,class\nred,dog\nred,car\nblue,cat\n")
    sets = gather_class_sets(CLASSES, ["pets = dog, cat"], file, ["carnivore"])
    assert sets == {
        "pets": ("dog", "cat"),
        "red": ("dog", "car"),
        "blue": ("cat",),
        "carnivore": ("n02084071", "n02121808"),
    }


def test_superclasses_by_a_column_of_wordnet_ids():
    classes = pd.DataFrame({"class": ["a", "b", "c"], "wnid": CLASSES["class"]})
    assert gather_class_sets(classes, superclasses=["carnivore"]) == {"carnivore": ("a", "b")}


@pytest.mark.parametrize("text", ["pets", "pets=", "=dog", "pets=,", ""])
def test_what_is_no_class_set_is_said(text):
    with pytest.raises(UnitscopeError, match="is not a class set; write NAME=CLASS,CLASS"):
        gather_class_sets(CLASSES, [text])


def test_a_set_given_twice_or_a_bad_file_is_said(tmp_path):
    with pytest.raises(UnitscopeError, match="pets is given twice"):
        gather_class_sets(CLASSES, ["pets=dog", "pets=cat"])
    with pytest.raises(UnitscopeError, match=r"none.csv cannot be read"):
        gather_class_sets(CLASSES, file=tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("name,class\n")
    with pytest.raises(UnitscopeError, match=r"other.csv has the columns name, class; class sets need"):
        gather_class_sets(CLASSES, file=tmp_path / "other.csv")


def test_a_set_without_a_name_is_refused(tmp_path, make_run):
    (tmp_path / "blank.csv").write_text("set,class\n ,dog\n")
    with pytest.raises(UnitscopeError, match=r"blank.csv has a row without a set or a class"):
        gather_class_sets(CLASSES, file=tmp_path / "blank.csv")
    with pytest.raises(UnitscopeError, match="a class set has no name"):
        measure_run(make_run(VALUES, LABELS), class_sets={"": ["class0"]})


def test_a_class_set_is_measured_as_a_class_of_its_own(make_run):
    """The union of classes 1 and 3 against the rest is what relabelling the items gives."""
    run = make_run(VALUES, LABELS)
    table = measure_run(run, class_sets={"union": ["class1", "class3"]}, only_class_sets=True)
    union = np.isin(LABELS, (1, 3))
    relabelled = measure_run(make_run(VALUES, (~union).astype(int), name="two"), items="all")
    assert run.array("selectivity", "auc").shape == (70, 6)
    two = open_run(run.directory.parent / "two").array("selectivity", "auc")
    np.testing.assert_allclose(run.array("selectivity", "auc")[:, 5], two[:, 0], atol=1e-12)
    assert set(table["auc_class"]) == {"union"}
    np.testing.assert_allclose(table["auc"], two[:, 0], atol=1e-12)
    assert (relabelled["auc"] >= table["auc"] - 1e-12).all()
    assert run.parameters("selectivity")["class_sets"] == {"union": ["class1", "class3"]}
    np.testing.assert_array_equal(run.members("union"), union)


def test_class_sets_of_a_new_measurement_take_the_place_of_the_old(make_run):
    run = make_run(VALUES, LABELS)
    measure_run(run, class_sets={"a": ["class0", "class1"]})
    measure_run(run, class_sets={"b": ["class2", "class3"]})
    assert list(open_run(run.directory).class_sets) == ["b"]
    table = measure_run(run)
    assert list(open_run(run.directory).class_sets) == []
    assert run.array("selectivity", "auc").shape == (70, 5)
    assert not table.isin(["a", "b"]).any().any()


def test_items_of_several_classes(make_run):
    members = RNG.random((200, 4)) < [0.5, 0.2, 0.3, 0.05]
    run = make_run(VALUES, members)
    table = measure_run(run)
    for place in range(4):
        one = measure(VALUES["fc"], members[:, place].astype(int))
        best = table["auc_class"] == f"class{place}"
        assert best.any()
        # The one-versus-rest area of the class is one of the two that a yes-or-no labelling has.
        assert (one["auc"][best] >= table["auc"][best] - 1e-12).all()
    assert table["class_selectivity"].isna().all()
    assert run.array("selectivity", "auc").shape == (70, 4)


def test_chance_and_intervals_stand_in_the_table_with_q_by_layer(make_run):
    noise = VALUES["fc"][:, :20]
    values = {"noise": noise, "signal": (noise + 4 * (LABELS == 2)[:, None]).astype(np.float32)}
    run = make_run(values, LABELS)
    table = measure_run(run, permutations=99)
    columns = run.columns("selectivity")
    for name in ("auc", "ccmas", "max_informedness"):
        for ending in ("chance", "p", "q", "low", "high"):
            assert f"{name}_{ending}" in columns, (name, ending)
        signal, noise = (table[table["layer"] == layer] for layer in ("signal", "noise"))
        assert (signal[f"{name}_p"] == 1 / 100).all()
        np.testing.assert_allclose(signal[f"{name}_q"], 1 / 100)  # over the 40 units of both layers it would be 1 / 50
        assert (noise[f"{name}_q"] >= noise[f"{name}_p"] - 1e-12).all()
        assert (table[f"{name}_low"] <= table[f"{name}_high"]).all()
    again = measure_run(run, permutations=99)
    pd.testing.assert_frame_equal(again, table)
    other = measure_run(run, permutations=99, seed=1)
    assert not other["auc_chance"].equals(table["auc_chance"])


def test_classes_of_one_item_are_warned_of_unless_united(make_run):
    run = make_run({"fc": VALUES["fc"][:40]}, np.arange(40))
    with pytest.warns(UnitscopeWarning, match="every class has one item"):
        measure_run(run)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnitscopeWarning)
        half = [f"class{place}" for place in range(20)]
        table = measure_run(run, class_sets={"half": half}, only_class_sets=True)
    assert table["auc_low"].notna().all()
    assert "class_index_low" not in table


def test_arrays_of_a_measurement_that_was_killed_are_not_used(make_run, monkeypatch):
    """A process may be killed after it has written the arrays and before it has written their table."""
    run = make_run(VALUES, LABELS)
    measure_run(run, class_sets={"a": ["class0", "class1", "class2"]})
    area = run.array("selectivity", "auc")

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as short:
        short.setattr(Run, "add_table", killed)
        with pytest.raises(KeyboardInterrupt):
            measure_run(run, class_sets={"b": ["class2", "class3"]})
    again = open_run(run.directory)
    assert list(again.class_sets) == ["a"]
    np.testing.assert_array_equal(again.array("selectivity", "auc"), area)
    measure_run(run, class_sets={"b": ["class2", "class3"], "c": ["class0"]})
    assert open_run(run.directory).array("selectivity", "auc").shape == (70, 7)
