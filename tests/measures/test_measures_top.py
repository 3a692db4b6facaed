"""The most active items: how many are looked at, and where classes are too small for what the measures claim."""

import itertools

import numpy as np
import pytest
from brute_force import brute_force
from hypothesis import given
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.measures import (
    COLUMNS,
    HELD_OUT,
    Classes,
    Histograms,
    compare_with_chance,
    for_top,
    measure,
    measure_block,
    measure_histograms,
)
from unitscope.measures import tested_columns as resampled_columns
from unitscope.measures.top_items import least_classes

EIGHT = np.repeat(np.arange(8), 10)
"""Ten trials of each of eight classes."""

PERFECT = np.where(EIGHT == 3, 1.0 + np.arange(80), 0.0)
"""A cell that answers to class 3 alone."""


def parts(text):
    return text.split("; ")


def test_ten_trials_of_eight_classes_say_what_they_cannot_mean():
    row = measure(PERFECT, EIGHT).iloc[0]
    assert row["precision_60"] == pytest.approx(10 / 60)
    assert np.isnan(row["n_classes_top_100"])
    assert row["class_index"] == 1  # ten items are positive, all of one class
    assert parts(row["undefined"]) == [
        "no class has 60 items: precision is at most 0.167, too low for a detector by precision",
        "100 items or fewer: no number of classes in the top 100",
    ]


def test_a_top_as_small_as_the_classes_means_what_it_claims():
    row = measure(PERFECT, EIGHT, top=10).iloc[0]
    assert (row["precision_10"], row["precision_10_class"], row["zhou_detector"]) == (1, "3", True)
    assert row["precision_10_threshold"] == 31
    assert (row["n_classes_top_10"], row["class_index"], row["class_population"]) == (1, 1, 1)
    assert row["undefined"] == ""
    assert "precision_60" not in row


@pytest.mark.parametrize(
    ("sizes", "top", "reasons"),
    [
        ([60, 41], None, ["no class has 100 items: the top 100 are of at least 2 classes"]),
        ([59, 42], None, ["no class has 60 items: precision is at most 0.983",
                          "no class has 100 items: the top 100 are of at least 2 classes"]),
        ([45, 56], 60, ["no class has 60 items: precision is at most 0.933",
                        "no class has 60 items: the top 60 are of at least 2 classes"]),
        ([100, 2], None, []),
        ([45, 45, 45, 45, 45], 60, ["no class has 60 items: precision is at most 0.75, too low for a detector by "
                                    "precision", "no class has 60 items: the top 60 are of at least 2 classes"]),
    ],
)  # fmt: skip
def test_the_reasons_follow_the_sizes_of_the_classes(sizes, top, reasons):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    x = np.arange(len(labels), 0, -1.0)
    largest, k = max(sizes), top or 100
    if largest < k:
        reasons = [*reasons, f"no class has as many items as are positive in the top {k}: class index is below 1"]
    assert measure(x, labels, top=top)["undefined"][0] == "; ".join(reasons)


def test_class_index_needs_items_that_are_left_out():
    """Where every item is counted, it is the same for all units: it follows from the number of classes alone."""
    x = 1 + np.arange(80.0)
    row = measure(x, EIGHT).iloc[0]
    assert np.isnan(row["class_index"])
    assert np.isnan(row["class_index_expected"])
    assert row["class_index_class"] is None
    assert "every item is positive and in the top 100: no class index" in parts(row["undefined"])
    one = measure(np.arange(80) == 0, EIGHT).iloc[0]
    assert np.isnan(one["class_index"])
    assert "fewer than 2 of the top 100 are positive: no class index" in parts(one["undefined"])


def test_only_classes_that_compete_count():
    """A class set of 60 items lets precision reach 1, and labels of 10 still cannot fill the top 100."""
    union = measure(PERFECT, EIGHT, class_sets={"most": range(1, 7)}).iloc[0]
    assert not any("precision" in reason for reason in parts(union["undefined"]))
    members = np.stack([EIGHT == 3, EIGHT < 7], axis=1)
    row = measure(PERFECT, members).iloc[0]
    assert not any("precision" in reason or "top" in reason for reason in parts(row["undefined"]))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(sum), st.data())
def test_least_classes_is_that_of_every_choice(sizes, data):
    n = data.draw(st.integers(1, sum(sizes)))
    items = [label for label, size in enumerate(sizes) for _ in range(size)]
    every = min(len(chosen) for count in range(1, len(sizes) + 1) for chosen in itertools.combinations(
        range(len(sizes)), count) if sum(sizes[label] for label in chosen) >= n)  # fmt: skip
    assert least_classes(np.array(sizes), n) == every
    assert len(set(items)) >= every


@pytest.mark.parametrize("top", [1, 7, 60, 150])
def test_every_top_agrees_with_the_definition(top):
    rng = np.random.default_rng(top)
    labels = rng.integers(0, 4, 220)
    smooth = rng.normal(size=220) + (labels == 2) + 9
    for x in (np.round(smooth, 1), smooth):  # with ties and without
        found = measure(x, labels, top=top).iloc[0]
        expected = brute_force(x, labels, 4, few=top, many=top)[0]["precision_60"]
        assert found[f"precision_{top}"] == pytest.approx(max(expected))
    assert found[f"n_classes_top_{top}"] == len(set(labels[np.argsort(-smooth)[:top]]))


def test_histograms_have_every_top_up_to_a_hundred():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 500)
    x = np.maximum(rng.normal(size=(3, 500)), 0).astype(np.float32)
    held = Histograms.empty(3, 4)
    held.update(x, labels, np.arange(500))
    classes = Classes.of_labels(labels, 4)
    for top in (1, 20, 100):
        exact, found = (measured.columns for measured in (
            measure_block(x, classes, top=top), measure_histograms(held, classes, top=top)))  # fmt: skip
        for name in (
            "precision_60", "precision_60_threshold", "n_classes_top_100", "class_index", "class_index_expected",
            "class_population",
        ):  # fmt: skip
            np.testing.assert_allclose(found[name], exact[name], rtol=1e-9, err_msg=name)
        assert found["undefined"].tolist() == exact["undefined"].tolist()
    with pytest.raises(UnitscopeError, match="top is 101, but histograms keep only the 100 most active items"):
        measure_histograms(held, classes, top=101)


def test_chance_is_of_the_same_top():
    """Among ten a perfect cell is beyond chance; all ten trials of some class are among 60 by chance too."""
    x = np.where(EIGHT == 3, 100, 1) + np.random.default_rng(0).random(80)
    x, classes = x.astype(np.float32)[None], Classes.of_labels(EIGHT, 8)
    found = {}
    for top in (None, 10):
        observed = measure_block(x, classes, top=top).columns
        found[top] = compare_with_chance(x, classes, observed, 200, top=top)
    assert found[10]["precision_60_p"][0] == 1 / 201
    assert found[10]["n_classes_top_100_p"][0] == 1 / 201
    assert found[None]["precision_60_p"][0] > 0.1
    assert np.isnan(found[None]["n_classes_top_100_p"][0])


def test_names_and_definitions_say_the_top():
    columns = for_top(COLUMNS | HELD_OUT | resampled_columns(1000), 10)
    for name, column in columns.items():
        assert column.name == name
        text = f"{name} {column.title} {column.definition} {column.formula}"
        assert not any(word in text for word in ("60", "100 most", "top_100", "top 100", "/ 99")), text
    assert columns["precision_10"].formula == "max_A |top 10 in A| / 10"
    assert columns["class_index"].formula.endswith("/ 9")
    assert columns["precision_10_p"].title == "Precision in the top 10: p"
    assert columns["auc_low"] == (COLUMNS | HELD_OUT | resampled_columns(1000))["auc_low"]
    assert for_top(COLUMNS, None) == COLUMNS


@pytest.mark.parametrize("top", [0, -1, 1.5, True, "3"])
def test_a_top_is_a_whole_number_from_one(top):
    with pytest.raises(UnitscopeError, match="top must be a whole number of at least 1"):
        measure(PERFECT, EIGHT, top=top)
