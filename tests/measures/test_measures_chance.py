"""Permutations: against all permutations there are, and on units made to order."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.measures import Classes, Halves, compare_with_chance, measure_block, ranking
from unitscope.measures.describe import LOW_IS_SELECTIVE, TESTED
from unitscope.measures.ranking import rank
from unitscope.measures.resampling import permute, random_below
from unitscope.measures.scratch import Scratch

SETS = np.array([[True, False, True]])


def measured(x, labels, n=3, sets=SETS):
    classes = Classes.of_labels(np.asarray(labels), n, sets)
    x = np.atleast_2d(np.asarray(x))
    return x, classes, measure_block(x, classes, threads=1).columns


def test_random_numbers_are_equally_likely():
    state = np.array([1], np.uint64)
    drawn = [random_below(state, 6) for _ in range(60_000)]
    counts = np.bincount(drawn, minlength=6)
    assert len(counts) == 6
    # Pearson's chi-square with 5 degrees of freedom exceeds 20.5 once in a thousand.
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 20.5


@pytest.mark.parametrize("values", [[3.0, 2, 2, 0, 0, 0], [3.0, 2, 1, 0, -1, -1], [5.0, 5, 5, 5, 5, 4]])
@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_chance_is_that_of_all_permutations(values):
    """Every distinct way to deal the labels out, measured one by one, gives the exact chance mean and p."""
    labels = [0, 0, 1, 1, 2, 2]
    x, classes, observed = measured(np.array(values, np.float32), labels)
    found = compare_with_chance(x, classes, observed, 20_000, threads=1)
    ways = [measured(x, way)[2] for way in set(itertools.permutations(labels))]
    for name in TESTED:
        exact = np.array([way[name][0] for way in ways], float)
        ours = float(observed[name][0])
        if np.isnan(ours):
            assert np.isnan(found[f"{name}_p"][0])
            continue
        reached = exact <= ours + 1e-12 if name in LOW_IS_SELECTIVE else exact >= ours - 1e-12
        # Four standard errors of a mean of 20,000 draws.
        slack = 4 * exact.std() / np.sqrt(20_000)
        assert found[f"{name}_chance"][0] == pytest.approx(exact.mean(), abs=slack + 1e-12), name
        assert found[f"{name}_p"][0] == pytest.approx(reached.mean(), abs=4 * 0.5 / np.sqrt(20_000)), name


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 1.0, 2.0, -1.0]), st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(0, 1000),
    st.booleans(),
)
def test_a_permuted_ranking_keeps_values_and_class_sizes(items, seed, exact):
    x = np.array([value for value, _ in items], np.float64 if exact else np.float32)
    classes = Classes.of_labels(np.array([label for _, label in items]), 4)
    ranking = rank(x, classes, Scratch.of(classes), "0")
    n, words = len(ranking.words), ranking.words.copy()
    pool, state = classes.labels.copy(), np.array([seed], np.uint64)
    out, zeros = np.empty_like(words), np.empty(4, np.int64)
    permute(words, n, classes.label_sizes, pool, state, out, zeros)
    np.testing.assert_array_equal(out >> np.uint64(32), words >> np.uint64(32))
    dealt = np.bincount((out & np.uint64(0xFFFFFFFF)).astype(int), minlength=4)
    np.testing.assert_array_equal(dealt + zeros, classes.label_sizes)
    assert sorted(pool) == sorted(classes.labels)


def noise_and_signal(seed=0, n=300, n_classes=5):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n // n_classes)
    x = np.maximum(rng.normal(0, 1, (40, n)), 0).astype(np.float32)
    x[0] += 3 * (labels == 2)  # one selective unit among noise
    x[1] = 0  # and a dead one
    return x, Classes.of_labels(labels, n_classes)


def test_noise_is_within_chance_and_a_selective_unit_is_not():
    x, classes = noise_and_signal()
    observed = measure_block(x, classes).columns
    found = compare_with_chance(x, classes, observed, 199)
    for name in ("max_informedness", "auc", "average_precision", "d_prime", "ccmas", "mutual_information"):
        p = found[f"{name}_p"]
        assert p[0] == 1 / 200, name
        assert np.isnan(p[1])
        assert np.isnan(found[f"{name}_chance"][1])
        noise = p[2:]
        assert noise.min() >= 1 / 200
        # The best of five classes is compared with the best of five: about one in ten below .1, not five.
        assert (noise < 0.1).mean() < 0.3, name
        assert 0.3 < noise.mean() < 0.7, name
        assert observed[name][2:].mean() == pytest.approx(found[f"{name}_chance"][2:].mean(), rel=0.15), name


def test_threads_and_blocks_do_not_change_the_numbers():
    x, classes = noise_and_signal(n=60)
    observed = measure_block(x, classes).columns
    names = [f"fc:{unit}" for unit in range(40)]
    whole = compare_with_chance(x, classes, observed, 70, threads=1, names=names)
    halves = [
        compare_with_chance(
            x[some], classes, {name: values[some] for name, values in observed.items()}, 70,
            names=names[some], threads=2,
        )
        for some in (slice(0, 15), slice(15, 40))
    ]  # fmt: skip
    other = compare_with_chance(x, classes, observed, 70, threads=1, seed=1)
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([half[name] for half in halves]))
    assert any(not np.array_equal(values, other[name], equal_nan=True) for name, values in whole.items())


@pytest.mark.parametrize("levels", [np.float32, np.float64])
def test_both_ways_to_sort_give_the_same_bits(monkeypatch, levels):
    """Ties lie in another order then, of which neither measures nor permutations may take notice."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 5, 400)
    x = (rng.integers(0, 9, (4, 400)) / 4).astype(levels)
    sets = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0]], bool)
    several = np.eye(5, dtype=bool)[labels] | (rng.random((400, 5)) < 0.1)
    for classes in (
        Classes.of_labels(labels, 5, sets),
        Classes.of_labels(labels, 5, sets, 5),
        Classes.of_memberships(several),
    ):
        results = []
        for faster in (True, False):
            monkeypatch.setattr(ranking, "numpy_sorts_faster", lambda faster=faster: faster)
            observed = measure_block(x, classes).columns
            held_out = measure_block(x, classes, halves=Halves.draw(classes)).columns
            results.append(observed | held_out | compare_with_chance(x, classes, observed, 20))
        for name, values in results[0].items():
            np.testing.assert_array_equal(values, results[1][name], err_msg=name)


def test_a_perfect_unit_is_not_by_chance_even_where_d_prime_is_infinite():
    labels = np.repeat([0, 1], [8, 40])
    x, classes, observed = measured((labels == 0).astype(float), labels, 2, None)
    found = compare_with_chance(x, classes, observed, 99)
    assert found["auc_p"][0] == 0.01
    assert np.isnan(found["d_prime_p"][0])  # no value to compare
    x[0, 0] = 0.9
    observed = measure_block(x, classes).columns
    found = compare_with_chance(x, classes, observed, 99)
    assert found["d_prime_p"][0] == 0.01
    assert np.isfinite(found["d_prime_chance"][0])
