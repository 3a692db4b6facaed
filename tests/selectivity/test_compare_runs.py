"""Two runs side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.selectivity import compare_runs, measure_run
from unitscope.selectivity.compare import superiority

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 120)
NOISE = np.maximum(RNG.normal(size=(120, 20)), 0).astype(np.float32)
SIGNAL = (np.maximum(RNG.normal(size=(120, 10)), 0) + 3 * (LABELS == 1)[:, None]).astype(np.float32)


@given(st.lists(st.integers(-3, 3), min_size=1), st.lists(st.integers(-3, 3), min_size=1))
def test_superiority_counts_pairs(a, b):
    pairs = [(x > y) + (x == y) / 2 for x in a for y in b]
    assert superiority(np.array(a, float), np.array(b, float)) == pytest.approx(np.mean(pairs))


def test_values_that_differ_by_rounding_are_ties():
    a = np.array([0.1 + 0.2, -0.7, 0, np.inf])
    for b in (np.array([0.3, -0.7 * (1 + 2**-50), 0, np.inf]), np.array([0.3 + 1e-15, -0.7, 0, np.inf])):
        assert superiority(a, b) == superiority(b, a) == 0.5
    assert superiority(np.array([0.3]), np.array([0.3 * (1 - 1e-12)])) == 1


def test_layers_of_both_are_compared_measure_by_measure(make_run):
    one = make_run({"conv": NOISE, "fc": SIGNAL}, LABELS, name="trained")
    two = make_run({"fc": NOISE, "other": NOISE}, LABELS, name="untrained")
    for run in (one, two):
        measure_run(run)
    found = compare_runs(one, two).set_index("measure")
    assert set(found["layer"]) == {"fc"}
    assert "auc" not in found.index  # held out instead, unless it is asked for
    assert compare_runs(one, two, ["auc"])["measure"].tolist() == ["auc"]
    auc = found.loc["auc_held_out"]
    assert (auc["units"], auc["units_2"]) == (10, 20)
    assert auc["median"] == pytest.approx(one.table("selectivity")["auc_held_out"].iloc[20:].median())
    assert auc["highest_2"] == two.table("selectivity")["auc_held_out"].iloc[:20].max()
    assert auc["superiority"] == 1
    assert auc["title"] == one.columns("selectivity")["auc_held_out"].title
    localist = found.loc["localist"]  # a yes or no: the share of units, and how many
    units = one.table("selectivity")["localist"].iloc[20:]
    assert (localist["median"], localist["highest"]) == (units.mean(), units.sum())


def test_other_items_or_class_sets_are_warned_of(make_run):
    one = make_run({"fc": NOISE}, LABELS, (LABELS + (np.arange(120) < 20)) % 4, name="one")
    two = make_run({"fc": NOISE}, LABELS, name="two")
    measure_run(one)
    measure_run(two)
    with pytest.warns(UnitscopeWarning, match="one and two were measured with different --items; measure one of them"):
        compare_runs(one, two)
    measure_run(one, items="all", class_sets={"pair": ["class0", "class1"]})
    with pytest.warns(UnitscopeWarning, match="different class sets"):
        compare_runs(one, two)


def test_runs_without_a_common_layer_or_not_measured_are_refused(make_run):
    one, two = make_run({"fc": NOISE}, LABELS, name="one"), make_run({"conv": NOISE}, LABELS, name="two")
    with pytest.raises(UnitscopeError, match="unitscope measure"):
        compare_runs(one, two)
    measure_run(one)
    measure_run(two)
    with pytest.raises(UnitscopeError, match="have no layer in common; record the same layers of both"):
        compare_runs(one, two)
