"""Common permutations: each sequence against measuring the items that it labels, p-values against each unit alone."""

import numpy as np
import pandas as pd
import pytest

from unitscope.measures import Classes, compare_with_chance, measure_block
from unitscope.measures.common_chance import SortedUnits, Space, used_values, values_of
from unitscope.measures.common_ranks import Setting, draw_sequence, sweep
from unitscope.measures.describe import TESTED
from unitscope.measures.resampling import random_state
from unitscope.selectivity.analysis import adjust

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")


def units_without_ties(rng, n, dtype=np.float32):
    """Sparse, very sparse, dense positive and dense negative units; with one active item, and with all but one."""
    x = rng.exponential(size=(8, n))
    x[0, rng.permutation(n)[: n // 2]] = 0
    x[1, rng.permutation(n)[: n - 12]] = 0
    x[2, rng.permutation(n)[: n - 1]] = 0
    x[3, rng.permutation(n)[:1]] = 0
    x[5] -= 1
    x[6] = np.log(x[6])
    x[7, rng.permutation(n)[: n // 5]] = 0
    return x.astype(dtype)


def some_classes(kind, rng, n):
    labels = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    if kind == "labels":
        return Classes.of_labels(labels, 6)  # one class has no items
    if kind == "sets":
        return Classes.of_labels(labels, 5, np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 1]], bool))
    if kind == "only sets":
        return Classes.of_labels(labels, 5, np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 1]], bool), choose_from=5)
    return Classes.of_memberships(rng.random((n, 4)) < [0.1, 0.3, 0.5, 0.02])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["labels", "sets", "only sets", "several"])
@pytest.mark.parametrize(("n", "top"), [(400, None), (130, None), (90, 20), (40, None), (12, 5)])
def test_a_sequence_gives_what_measuring_gives(kind, n, top, dtype):
    """The items in the order of a unit's ranking get the labels of the sequence; zeros get those that are left."""
    rng = np.random.default_rng(n)
    classes = some_classes(kind, rng, n).without_labels
    x = units_without_ties(rng, n, dtype)
    units = SortedUnits.of(x)
    assert sorted(units.units) == list(range(len(x)))
    top_60, top_100 = (60, 100) if top is None else (top, top)
    setting = Setting.of(classes, top_60, top_100)
    stops, at_stop = np.unique(units.n_used, return_inverse=True)
    space = Space(units, setting, len(stops))
    for permutation in range(5):
        draw_sequence(classes.labels, int(stops[-1]), random_state(f"{permutation}"), space.sequence)
        assert sorted(space.sequence) == sorted(classes.labels)
        sweep(space.sequence, stops, setting, space.ranks)
        found = values_of(space, units, setting, at_stop)
        for place, unit in enumerate(units.units):
            labels = np.empty(n, np.uint32)
            labels[np.argsort(-x[unit], kind="stable")] = space.sequence
            dealt = Classes(labels, classes.n_labels, classes.sets, classes.choose_from, classes.labels_are_classes)
            expected = measure_block(x[unit][None], dealt, top=top, threads=1).columns
            for name in TESTED:
                exact = float(expected[name][0])
                assert found[name][place] == pytest.approx(exact, abs=1e-9, nan_ok=True), (name, unit)


def test_a_sequence_is_a_fair_shuffle():
    """Each label is as often at each place."""
    labels = np.array([0, 1, 2, 3], np.uint32)
    sequence = np.empty(4, np.uint32)
    counts = np.zeros((4, 4))
    for seed in range(8000):
        draw_sequence(labels, 3, random_state(f"{seed}"), sequence)
        counts[np.arange(4), sequence] += 1
    # Pearson's chi-square with 9 degrees of freedom exceeds 27.9 once in a thousand.
    assert ((counts - 2000) ** 2 / 2000).sum() < 27.9


@pytest.mark.parametrize("kind", ["labels", "only sets"])
def test_p_values_agree_with_permuting_each_unit_alone(kind):
    rng = np.random.default_rng(0)
    classes = some_classes(kind, rng, 300)
    x = units_without_ties(rng, 300)
    x[0] += (0.4 * (classes.labels == 1)).astype(np.float32) * (x[0] > 0)
    observed = measure_block(x, classes).columns
    common, alone = (compare_with_chance(x, classes, observed, 4000, exact=exact) for exact in (False, True))
    for name in TESTED:
        p, q = common[f"{name}_p"], alone[f"{name}_p"]
        np.testing.assert_array_equal(np.isnan(p), np.isnan(q), err_msg=name)
        error = np.sqrt(np.maximum(q * (1 - q), 1 / 4000) / 4000)
        assert (np.abs(p - q)[~np.isnan(p)] <= 6 * error[~np.isnan(p)]).all(), name
        chance = [found[f"{name}_chance"][~np.isnan(p)] for found in (common, alone)]
        np.testing.assert_allclose(*chance, rtol=0.1, atol=0.02, err_msg=name)


def test_p_values_are_uniform_where_units_know_nothing():
    rng = np.random.default_rng(1)
    classes = Classes.of_labels(np.repeat(np.arange(10), 30), 10)
    x = np.maximum(rng.normal(size=(400, 300)), 0).astype(np.float32)
    found = compare_with_chance(x, classes, measure_block(x, classes).columns, 199)
    for name in ("max_informedness", "auc", "average_precision", "ccmas", "d_prime", "mutual_information"):
        p = np.sort(found[f"{name}_p"])
        # Kolmogorov's distance of 400 uniform numbers exceeds .0975 once in a thousand; p has steps of .005.
        assert np.abs(p - np.arange(1, 401) / 400).max() < 0.0975 + 0.005, name


def test_the_false_discovery_rate_is_held_though_units_share_sequences():
    """Of 80 units that know nothing and 20 that answer to a class, over 30 layers; .05 plus three standard errors."""
    rng = np.random.default_rng(4)
    classes = Classes.of_labels(np.repeat(np.arange(5), 30), 5)
    shares, found_signal = [], 0
    for seed in range(30):
        x = np.maximum(rng.normal(size=(100, 150)), 0)
        x[:20] += 1.5 * (classes.labels == 2)
        x = x.astype(np.float32)
        p = compare_with_chance(x, classes, measure_block(x, classes).columns, 199, seed=seed)["max_informedness_p"]
        rejected = adjust(pd.Series(p)) < 0.05
        shares.append(rejected[20:].sum() / max(rejected.sum(), 1))
        found_signal += rejected[:20].sum()
    assert found_signal > 500
    assert np.mean(shares) < 0.05 * 0.8 + 3 * np.std(shares) / np.sqrt(30)


def test_few_ties_make_the_null_larger_and_many_are_permuted_alone():
    """Broken ties give more thresholds: the maximum over them is at least that of the tied values."""
    rng = np.random.default_rng(2)
    classes = Classes.of_labels(np.repeat(np.arange(4), 100), 4)
    x = rng.random(400).astype(np.float32)
    x[1] = x[0]
    assert used_values(x) is not None
    assert used_values(np.round(x, 1)) is None
    tied = np.round(rng.random((1, 400)), 2).astype(np.float32)
    observed = measure_block(tied, classes).columns
    broken = tied + 1e-4 * rng.random((1, 400)).astype(np.float32)
    for name in ("max_informedness", "detector_score", "recall_at_precision_95"):
        alone = compare_with_chance(tied, classes, observed, 2000, exact=True)[f"{name}_chance"][0]
        common = compare_with_chance(broken, classes, observed, 2000)[f"{name}_chance"][0]
        assert common >= alone - 0.002, name


def test_negative_values_with_tied_zeros_are_permuted_alone():
    assert used_values(np.array([3.0, 0, 0, -1])) is None
    np.testing.assert_array_equal(used_values(np.array([3.0, 0, -1])), [0.75, 0, -0.25])
    assert used_values(np.zeros(4)) is None


@pytest.mark.parametrize("factor", [2.0**1000, 2.0**-1000])
def test_huge_and_tiny_values_change_nothing(factor):
    rng = np.random.default_rng(5)
    classes = Classes.of_labels(rng.integers(0, 4, 200), 4)
    x = units_without_ties(rng, 200, np.float64)
    plain, scaled = (
        compare_with_chance(of, classes, measure_block(of, classes).columns, 40, threads=1) for of in (x, x * factor)
    )
    for name, values in plain.items():
        np.testing.assert_array_equal(values, scaled[name], err_msg=name)


def test_numbers_follow_from_the_seed_alone():
    rng = np.random.default_rng(3)
    classes = Classes.of_labels(rng.integers(0, 4, 200), 4)
    x = np.concatenate([units_without_ties(rng, 200), np.round(units_without_ties(rng, 200), 1)])
    observed = measure_block(x, classes).columns
    names = [f"fc:{unit}" for unit in range(len(x))]
    whole = compare_with_chance(x, classes, observed, 40, threads=1, names=names)
    order = rng.permutation(len(x))
    done = []
    parts = [
        compare_with_chance(
            x[some], classes, {name: values[some] for name, values in observed.items()}, 40, threads=2,
            names=[names[unit] for unit in some], progress=done.append,
        )
        for some in (order[:5], order[5:])
    ]  # fmt: skip
    assert max(done) == len(x) - 5
    for name, values in whole.items():
        np.testing.assert_array_equal(values[order], np.concatenate([part[name] for part in parts]), err_msg=name)
    other = compare_with_chance(x, classes, observed, 40, seed=1)
    assert not np.array_equal(whole["auc_p"], other["auc_p"], equal_nan=True)
