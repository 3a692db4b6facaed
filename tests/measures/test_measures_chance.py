"""Permutations and bootstrap: against all permutations there are, against NumPy's, and on units made to order."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.measures import Classes, bootstrap, compare_with_chance, measure_block, ranking
from unitscope.measures.describe import LOW_IS_SELECTIVE, TESTED
from unitscope.measures.ranking import rank
from unitscope.measures.resampling import items_by_stratum, permute, random_below, redraw
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


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 1.0, 2.0, -1.0]), st.integers(0, 3)), min_size=1, max_size=12),
    st.integers(0, 1000),
)
def test_a_redrawn_ranking_has_each_stratum_as_often_and_stays_sorted(items, seed):
    x = np.array([value for value, _ in items], np.float32)
    classes = Classes.of_labels(np.array([label for _, label in items]), 4)
    ranking = rank(x, classes, Scratch.of(classes), "0")
    n, words = len(ranking.words), ranking.words.copy()
    lined, times = np.empty(len(x), np.int64), np.empty(len(x), np.uint32)
    drawn, zeros, sizes = np.empty(len(x) + 4, np.uint64), np.empty(4, np.int64), np.empty(4, np.int64)
    stratum = np.array([0, 0, 1, 2])
    strata_sizes = np.bincount(stratum[classes.labels], minlength=3)
    items_by_stratum(words, n, ranking.zeros, stratum, strata_sizes, lined)
    m = redraw(words, n, strata_sizes, lined, np.array([seed], np.uint64), times, drawn, zeros, sizes)
    again = np.bincount((drawn[:m] & np.uint64(0xFFFFFFFF)).astype(int), minlength=4)
    np.testing.assert_array_equal(again + zeros, sizes)
    np.testing.assert_array_equal(np.bincount(stratum, sizes, 3), strata_sizes)
    assert (np.diff((drawn[:m] >> np.uint64(32)).astype(np.int64)) >= 0).all()
    assert set(drawn[:m].tolist()) <= set(words.tolist())
    assert (zeros[classes.label_sizes == 0] == 0).all()


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
    for resample in (compare_with_chance, bootstrap):
        whole = resample(x, classes, observed, 70, threads=1, names=names)
        halves = [
            resample(
                x[some], classes, {name: values[some] for name, values in observed.items()}, 70,
                names=names[some], threads=2,
            )
            for some in (slice(0, 15), slice(15, 40))
        ]  # fmt: skip
        other = resample(x, classes, observed, 70, threads=1, seed=1)
        for name, values in whole.items():
            np.testing.assert_array_equal(values, np.concatenate([half[name] for half in halves]))
        assert any(not np.array_equal(values, other[name], equal_nan=True) for name, values in whole.items())


def test_bootstrap_agrees_with_numpy_item_by_item():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [25, 60])
    x = np.maximum(rng.normal(0, 1, 85) + 1.2 * (labels == 0), 0).astype(np.float32)
    _, classes, observed = measured(x, labels, 2, None)
    found = bootstrap(x[None], classes, observed, 4000, threads=1)
    samples = {"auc": [], "ccmas": [], "mean_in_class": []}
    for _ in range(4000):
        a, b = rng.choice(x[labels == 0], 25), rng.choice(x[labels == 1], 60)
        samples["auc"].append((a[:, None] > b).mean() + (a[:, None] == b).mean() / 2)
        samples["ccmas"].append((a.mean() - b.mean()) / (a.mean() + b.mean()))
    for name in ("auc", "ccmas"):
        low, high = np.percentile(samples[name], [2.5, 97.5])
        slack = 0.15 * (high - low)
        assert found[f"{name}_low"][0] == pytest.approx(low, abs=slack), name
        assert found[f"{name}_high"][0] == pytest.approx(high, abs=slack), name
        assert low < observed[name][0] < high


def test_the_reported_class_is_held_in_the_bootstrap():
    """With many small classes of noise, the best class chosen anew would push the whole interval upwards."""
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(50), 4)
    x = rng.random((1, 200), np.float32)
    classes = Classes.of_labels(labels, 50)
    observed = measure_block(x, classes).columns
    found = bootstrap(x, classes, observed, 500)
    assert found["auc_low"][0] < observed["auc"][0]
    assert found["auc_low"][0] > 0.5


@pytest.mark.parametrize("levels", [np.float32, np.float64])
def test_both_ways_to_sort_give_the_same_bits(monkeypatch, levels):
    """Ties lie in another order then, of which neither measures nor resampling may take notice."""
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
            results.append(
                observed | compare_with_chance(x, classes, observed, 20) | bootstrap(x, classes, observed, 20)
            )
        for name, values in results[0].items():
            np.testing.assert_array_equal(values, results[1][name], err_msg=name)


def test_a_class_of_one_item_has_no_interval():
    x, classes, observed = measured([9.0, 1, 2, 3, 4, 5], [0, 1, 1, 1, 2, 2], sets=None)
    assert observed["auc_class"][0] == 0
    found = bootstrap(x, classes, observed, 50)
    assert np.isnan(found["auc_low"][0])
    assert np.isfinite(found["d_prime_low"][0])


def test_a_class_set_of_classes_of_one_item_has_no_interval():
    x, classes, observed = measured(
        [8.0, 8, 1, 2, 3, 4, 5], [0, 1, 2, 2, 2, 3, 3], 4, sets=np.array([[True, True, False, False]])
    )
    assert observed["auc_class"][0] == 4
    found = bootstrap(x, classes, observed, 50)
    assert np.isnan(found["auc_low"][0])


def test_class_selectivity_is_bounded_for_the_reported_class():
    """Twenty classes of five: the highest mean chosen anew in every sample would lie above the observed value."""
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(20), 5)
    x = rng.gamma(2.0, 1.0, (100, 100)).astype(np.float32)
    classes = Classes.of_labels(labels, 20)
    observed = measure_block(x, classes).columns
    found = bootstrap(x, classes, observed, 200)
    below = observed["class_selectivity"] < found["class_selectivity_low"]
    assert below.mean() < 0.02
    assert "mutual_information_low" not in found  # items drawn twice look like information about their labels


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


def test_class_sets_of_tiny_classes_are_drawn_within_the_sets():
    """Every label is of one item, as in a sample of ImageNet: within its label, it could only be drawn as itself."""
    rng = np.random.default_rng(3)
    members = np.repeat([True, False], [25, 60])
    x = np.maximum(rng.normal(0, 1, 85) + 1.2 * members, 0).astype(np.float32)
    two = Classes.of_labels((~members).astype(int), 2)
    many = Classes.of_labels(np.arange(85), 85, members[None], choose_from=85)
    found = []
    for classes in (two, many):
        observed = measure_block(x[None], classes).columns
        assert observed["auc_class"][0] == classes.choose_from
        found.append(bootstrap(x[None], classes, observed, 4000))
    for limit in ("auc_low", "auc_high", "ccmas_low", "ccmas_high"):
        assert found[1][limit][0] == pytest.approx(found[0][limit][0], abs=0.02), limit


def test_items_of_several_classes_are_drawn_from_all():
    rng = np.random.default_rng(4)
    members = rng.random((80, 3)) < [0.3, 0.5, 0.1]
    x = np.maximum(rng.normal(0, 1, 80) + 1.2 * members[:, 0], 0).astype(np.float32)
    classes = Classes.of_memberships(members)
    observed = measure_block(x[None], classes).columns
    place = int(observed["auc_class"][0])
    assert place == classes.choose_from
    found = bootstrap(x[None], classes, observed, 4000)
    areas = []
    for _ in range(4000):
        drawn = rng.integers(0, 80, 80)
        a, b = x[drawn][members[drawn, 0]], x[drawn][~members[drawn, 0]]
        areas.append((a[:, None] > b).mean() + (a[:, None] == b).mean() / 2)
    low, high = np.percentile(areas, [2.5, 97.5])
    assert found["auc_low"][0] == pytest.approx(low, abs=0.15 * (high - low))
    assert found["auc_high"][0] == pytest.approx(high, abs=0.15 * (high - low))
