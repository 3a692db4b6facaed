"""Class sets and items of several classes: each is measured as if it were the only class, against the rest."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.measures import CLASSWISE, COLUMNS, Classes, measure, measure_block

VALUES = [0.0, 0.0, 0.0, 1.0, 1.0, 2.5, -1.0, 7.0]


def alone(x, members):
    """Measure one class against the rest; its values stand second."""
    classwise = measure_block(x[None], Classes.of_labels(members.astype(int), 2), threads=1).classwise
    return {name: values[0, 1] for name, values in classwise.items()}


@st.composite
def memberships(draw):
    n, n_classes = draw(st.integers(1, 14)), draw(st.integers(1, 4))
    rows = st.lists(st.booleans(), min_size=n_classes, max_size=n_classes)
    members = np.array(draw(st.lists(rows, min_size=n, max_size=n)), bool)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return np.array(draw(st.lists(st.sampled_from(VALUES), min_size=n, max_size=n)), dtype), members


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
@settings(max_examples=200, deadline=None)
@given(memberships())
def test_each_of_several_classes_is_measured_against_the_rest(case):
    x, members = case
    classes = Classes.of_memberships(members)
    np.testing.assert_array_equal(classes.sets[:, classes.labels].T, members)
    found = measure_block(x[None], classes, threads=1)
    for place in range(members.shape[1]):
        expected = alone(x, members[:, place])
        for name in CLASSWISE:
            np.testing.assert_allclose(
                found.classwise[name][0, classes.n_labels + place], expected[name], atol=1e-12, err_msg=name
            )
    for name, column in COLUMNS.items():
        if column.kind == "class":
            assert found.columns[name][0] == -1 or found.columns[name][0] >= classes.n_labels, name
    for name in ("class_selectivity", "mutual_information", "n_classes_top_100", "class_index", "class_population"):
        assert np.isnan(found.columns[name][0])


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(VALUES), st.integers(0, 3)), min_size=1, max_size=14),
    st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=3),
)
def test_class_sets_are_measured_like_any_class_and_leave_the_others_alone(items, unions):
    x = np.array([value for value, _ in items], np.float32)
    labels = np.array([label for _, label in items])
    sets = np.array([[label in union for label in range(4)] for union in unions])
    plain = measure_block(x[None], Classes.of_labels(labels, 4), threads=1)
    found = measure_block(x[None], Classes.of_labels(labels, 4, sets), threads=1)
    only = measure_block(x[None], Classes.of_labels(labels, 4, sets, choose_from=4), threads=1)
    for name in CLASSWISE:
        np.testing.assert_array_equal(found.classwise[name][0, :4], plain.classwise[name][0], err_msg=name)
        np.testing.assert_array_equal(only.classwise[name], found.classwise[name])
    for row, union in enumerate(unions):
        expected = alone(x, np.isin(labels, list(union)))
        for name in CLASSWISE:
            np.testing.assert_allclose(found.classwise[name][0, 4 + row], expected[name], atol=1e-12, err_msg=name)
    # Measures of the labels as a whole are the same with class sets; where only sets compete, they are none.
    for name in ("class_selectivity", "mutual_information", "n_classes_top_100", "class_index"):
        np.testing.assert_array_equal(found.columns[name], plain.columns[name], err_msg=name)
        assert np.isnan(only.columns[name][0]), name
    for name in ("zero_share", "mean"):
        np.testing.assert_array_equal(only.columns[name], plain.columns[name], err_msg=name)
    assert only.columns["n_classes"][0] == (only.classwise["mean"][0, 4:] == only.classwise["mean"][0, 4:]).sum()
    for name in ("auc", "max_informedness", "detector_score"):
        assert only.columns[f"{name}_class"][0] in (-1, *range(4, 4 + len(unions)))
        best = np.nanmax(np.append(found.classwise[name][0], -1))
        assert found.columns[name][0] == best or np.isnan(found.columns[name][0])


def test_a_localist_class_set():
    # a and b share the top: neither is localist, their union is.
    table = measure([9.0, 8, 7, 6, 1, 0], list("ababcd"), class_sets={"vowels": ["a", "b"]})
    assert table["localist"][0]
    assert table["localist_class"][0] == "vowels"
    assert table["max_informedness_class"][0] == "vowels"
    assert table["class_selectivity_class"][0] == "a"
    assert not measure([9.0, 8, 7, 6, 1, 0], list("ababcd"))["localist"][0]


def test_a_localist_off_class_set():
    table = measure([0.0, 0, 1, 2, 3, 4], list("abcdcd"), class_sets={"silent": ["a", "b"]})
    assert (table["localist_off"][0], table["localist_off_class"][0]) == (True, "silent")


def test_words_that_contain_a_letter():
    """The unit responds to words with a j, in whichever place; words carry several letters each."""
    words = ["jam", "jaw", "ham", "raj", "war", "ma"]
    members = np.array([[letter in word for letter in "ajmw"] for word in words])
    table = measure([5.0, 4, 0, 3, 0, 0], members, class_names=list("ajmw"))
    assert (table["localist"][0], table["localist_class"][0]) == (True, "j")
    assert table["max_informedness"][0] == 1
    assert table["n_classes"][0] == 4
    assert table["undefined"][0].startswith("class sets only, or items of several classes")


@pytest.mark.parametrize(
    ("labels", "options", "says"),
    [
        (np.ones((3, 2), int), {}, "not bool"),
        (np.ones((2, 2), bool), {}, "do not fit 3 items"),
        (np.ones((3, 2), bool), {"class_names": ["a"]}, "1 names for 2 classes"),
        (np.ones((3, 2), bool), {"class_sets": {"s": ["0"]}}, "add the union as a class"),
        (["a", "b", "b"], {"class_sets": {"s": ["c"]}}, "class set s is empty or has a class that no item has"),
    ],
)
def test_bad_labels_and_sets_are_said_in_one_sentence(labels, options, says):
    with pytest.raises(UnitscopeError, match=says):
        measure(np.arange(3.0), labels, **options)


def test_labels_as_people_have_them():
    x = np.arange(6.0)
    for missing in (None, float("nan"), pd.NA, np.nan):
        with pytest.raises(UnitscopeError, match="item 3 has no label"):
            measure(x, ["a", "a", "b", missing, "b", "b"])
    with pytest.raises(UnitscopeError, match="labels are of several kinds"):
        measure(x, [1, "a", 1, "a", 1, "a"])
    expected = measure(x, list("aaabbb"))
    for labels in (
        np.array(list("aaabbb")),
        pd.Series(list("aaabbb")),
        pd.Categorical(list("aaabbb")),
        tuple("aaabbb"),
    ):
        pd.testing.assert_frame_equal(measure(x, labels), expected)
    pd.testing.assert_frame_equal(measure(x, [0, 0, 0, 1, 1, 1], class_names=["a", "b"]), expected)
    with pytest.raises(UnitscopeError, match="labels are not numbers from 0 to 0"):
        measure(x, [0, 0, 0, 1, 1, 1], class_names=["a"])
    with pytest.raises(UnitscopeError, match="labels are not numbers"):
        measure(x, list("aaabbb"), class_names=["x", "y"])
    with pytest.raises(UnitscopeError, match="class set a bears the name of a class"):
        measure(x, list("aaabbb"), class_sets={"a": ["a", "b"]})


def test_data_frames_name_units_and_classes():
    x = pd.DataFrame({"cell 1": np.arange(6.0), "cell 2": np.arange(6.0)[::-1]})
    members = pd.DataFrame({"face": [True] * 3 + [False] * 3, "red": [False, True] * 3})
    table = measure(x, members)
    assert table["unit"].tolist() == ["cell 1", "cell 2"]
    assert set(table["auc_class"]) <= {"face", "red"}
    pd.testing.assert_frame_equal(measure(x, members.to_numpy().tolist(), class_names=["face", "red"]), table)
