"""Agreement of concepts and classes: counts worked by hand, chance by every permutation, and names."""

from itertools import count, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.figures import concept_agreement, make_figure
from unitscope.figures.concept_agreement import count_agreement
from unitscope.figures.concept_names import concepts_of, match_names
from unitscope.testing import check_figure

NUMBERS = count()
LABELS = np.array([0, 1, 2, 0])
CLASSES = ["cat", "cat", "dog", "emu", None, "cat", "cat", "dog"]
CONCEPTS = ["cat", "dog", "dog", "dog", "cat", "", "red", "Dog-c"]
IOUS = [0.1, 0.03, 0.2, 0.2, 0.5, 0.0, 0.1, 0.1]


def make(make_run, names=("cat", "dog", "emu"), classes=CLASSES, concepts=CONCEPTS, sets=None):
    """Return a run of five units in layer a and three in b, with tables of one measure and of a dissection."""
    values = np.random.default_rng(0).random((4, 8))
    run = make_run(
        {"a": values[:, :5], "b": values[:, 5:]}, LABELS, class_names=list(names), name=f"run{next(NUMBERS)}"
    )
    frame = run.units[["unit", "layer"]].assign(auc=0.5, auc_class=classes)
    columns = [Column(name, name, name, kind="text") for name in ("unit", "layer")]
    columns += [Column("auc", "Area", "area"), Column("auc_class", "Area: class", "its class", kind="class")]
    run.add_table("selectivity", frame, columns, {"items": "all", "class_sets": sets or {}})
    frame = run.units[["unit", "layer"]].assign(concept=concepts, iou=IOUS)
    columns = [Column(name, name, name, kind="text") for name in ("unit", "layer", "concept")]
    run.add_table("dissection", frame, [*columns, Column("iou", "IoU", "overlap", kind="share")], {})
    return run


def counts(run, layer, among, relation="same"):
    """The counts of one row."""
    frame = concept_agreement(run).frame()
    row = frame[(frame["layer"] == layer) & (frame["among"] == among) & (frame["relation"] == relation)]
    return row[["units", "could_agree", "agree", "share", "chance"]].iloc[0].tolist()


def test_counts_worked_by_hand(make_run):
    run = make(make_run)
    # Layer a: the fifth unit has no class, and no concept is called emu. Two of three cats and dogs agree; by chance
    # 2/3 x 1/3 (cats) + 1/3 x 2/3 (dogs).
    assert counts(run, "a", "units") == [4, 3, 2, pytest.approx(2 / 3), pytest.approx(4 / 9)]
    assert counts(run, "a", "detectors") == [3, 2, 2, 1, 0.5]
    # Layer b: the first unit has no concept; one of a cat and a dog is, and the other is red.
    assert counts(run, "b", "units") == [2, 2, 1, 0.5, 0.25]
    assert concept_agreement(run).n_shared == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("bcd")), min_size=1, max_size=6))
def test_chance_is_the_mean_over_all_permutations(units):
    classes, concepts = (pd.Series(list(names)) for names in zip(*units, strict=True))
    matches = pd.DataFrame([[left == right for right in "bcd"] for left in "abc"], list("abc"), list("bcd"))
    could, agree, share, chance = count_agreement(classes, concepts, matches)
    can = [(left, right) for left, right in units if left != "a"]
    assert could == len(can)
    assert agree == sum(left == right for left, right in can)
    if not can:
        assert np.isnan(share)
        assert np.isnan(chance)
        return
    lefts, rights = zip(*can, strict=True)
    shares = [np.mean([a == b for a, b in zip(lefts, order, strict=True)]) for order in permutations(rights)]
    assert chance == pytest.approx(np.mean(shares))


def test_names_are_compared_without_case_underscores_and_broden_endings(make_run):
    run = make(make_run, names=["Traffic_light", "red", "crane, lifting device"])
    concepts = ["traffic light", "red-c", "crane", "Crane-s", "cranes", "redcar"]
    same = match_names(run, concepts)["same"]
    assert [list(same.columns[row]) for row in same.to_numpy()] == [
        ["traffic light"],
        ["red-c"],
        ["crane", "Crane-s"],
    ]


def test_classes_that_are_nouns_are_also_kinds_of_concepts(make_run):
    retriever, tabby, trolley = "n02099601", "n02123045", "n04487081"
    sets = {"pets": (retriever, tabby), "bus": (trolley,)}
    run = make(make_run, names=[retriever, tabby, trolley], classes=[retriever] * 3 + ["pets"] * 2 + [None] * 3,
               concepts=["dog", "golden retriever", "cat", "animal", "dog", "", "", ""], sets=sets)  # fmt: skip
    found = match_names(run, ["golden retriever", "dog", "cat", "animal", "bus", "trolleybus"])
    named = {key: {name: [*table.columns[table.loc[name]]] for name in table.index} for key, table in found.items()}
    assert named["same"] == {
        retriever: ["golden retriever"],
        tabby: [],
        trolley: ["trolleybus"],
        "pets": [],
        "bus": ["bus"],
    }
    assert named["kind"][retriever] == ["golden retriever", "dog", "animal"]
    assert named["kind"][tabby] == ["cat", "animal"]
    assert named["kind"][trolley] == ["bus", "trolleybus"]
    assert named["kind"]["pets"] == ["animal"]  # what both are
    assert counts(run, "a", "units") == [5, 3, 1, pytest.approx(1 / 3), pytest.approx(1 / 3)]
    # As kinds, all five could agree: 3 retrievers with dog, retriever, animal (4 of 5), 2 pets with animal (1 of 5).
    expected = [5, 5, 3, 0.6, pytest.approx(0.6 * 0.8 + 0.4 * 0.2)]
    assert counts(run, "a", "units", "kind") == expected


def test_the_figure_is_drawn_as_all_are_and_says_what_it_counts(make_run):
    run = make(make_run)
    check_figure(concept_agreement, run)
    check_figure(concept_agreement, run, measures=["auc"])
    figure = make_figure(concept_agreement(run))
    assert "(2 classes are)" in " ".join(figure.get_suptitle().split())
    assert {text.get_text() for text in figure.axes[0].texts} == {"2\nof 3", "1\nof 2"}
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == pytest.approx([2 / 3, 0.5])


def test_runs_that_cannot_be_judged_say_what_to_do(make_run):
    run = make(make_run, names=["one", "two", "three"], classes=["one"] * 8)
    with pytest.raises(UnitscopeError, match=r"no class .* has the name of a concept .*--class-set CONCEPT=CLASS"):
        concept_agreement(run)
    run = make_run({"a": np.ones((4, 2))}, LABELS, name="plain")
    with pytest.raises(UnitscopeError, match="has no dissection; run `unitscope dissect"):
        concept_agreement(run)
    run = make(make_run, names=("cat", "dog", "emu"), classes=[None] * 8)
    with pytest.raises(UnitscopeError, match="picks a class for any unit; run `unitscope measure"):
        concept_agreement(run)
    with pytest.raises(UnitscopeError, match=r"iou picks no class; choose others"):
        concept_agreement(run, ["dissection.iou"])


def test_concepts_without_arrays_are_the_best_ones(make_run):
    assert concepts_of(make(make_run).stored_table("dissection")) == ["cat", "dog", "red", "Dog-c"]
