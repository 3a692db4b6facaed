"""Sums, means and the choice of classes against exact rational arithmetic; outliers, extreme and inexact numbers."""

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.measures import (
    COLUMNS,
    HELD_OUT,
    Classes,
    Histograms,
    compare_with_chance,
    describe,
    measure,
    measure_block,
    measure_histograms,
)
from unitscope.measures.best import EQUAL, best_class
from unitscope.measures.sums import add_exactly, add_sums, mean_of, means_of_others, multiply_exactly

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")

ISSUE = ([3, 2, 3, 1, 4, 3, 3, 1, 4, 0, 0, 0], [0] * 3 + [1] * 6 + [2] * 3)
BY_CLASS = ("highest_mean", "ccmas", "class_selectivity", "d_prime", "auc", "average_precision", "max_informedness",
            "detector_score", "recall_at_precision_1", "recall_at_precision_95", "precision_60")  # fmt: skip
VALUES = {name for name, column in COLUMNS.items() if column.kind == "value"}


# Exact choices


@st.composite
def counts_and_labels(draw, low=0, most=30):
    """Small integers, as spike counts, of up to four classes, all of which have items."""
    n_classes = draw(st.integers(2, 4))
    n = draw(st.integers(n_classes, most))
    x = draw(st.lists(st.integers(low, 4), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    assume(len(set(labels)) == n_classes)
    return x, labels


def exact_values(x, labels):
    """Work out what every measure compares between classes, as fractions; None where it is undefined."""
    n, constant = len(x), len(set(x)) == 1
    found = {name: [] for name in BY_CLASS}
    for a in range(max(labels) + 1):
        inside = [Fraction(v) for v, label in zip(x, labels, strict=True) if label == a]
        rest = [Fraction(v) for v, label in zip(x, labels, strict=True) if label != a]
        mu, nu = sum(inside) / len(inside), sum(rest) / len(rest)
        mean = mu if min(x) >= 0 and mu + nu > 0 else None
        found["highest_mean"].append(mu)
        found["ccmas"].append(mean)
        found["class_selectivity"].append(mean)
        found["d_prime"].append(None if constant else exact_d_prime(inside, rest, mu, nu))
        pairs = sum((v > w) + Fraction(v == w, 2) for v in inside for w in rest)
        best = dict.fromkeys(BY_CLASS, Fraction(0))
        average = recall_before = Fraction(0)
        for t in sorted(set(x), reverse=True):
            tp, fp = sum(v >= t for v in inside), sum(v >= t for v in rest)
            recall, precision = Fraction(tp, len(inside)), Fraction(tp, tp + fp)
            average += (recall - recall_before) * precision
            recall_before = recall
            for name, value in {
                "max_informedness": recall - Fraction(fp, len(rest)),
                "detector_score": min(recall, precision),
                "recall_at_precision_1": recall if fp == 0 else 0,
                "recall_at_precision_95": recall if precision >= Fraction(95, 100) else 0,
            }.items():
                best[name] = max(best[name], value)
        best |= {"auc": pairs / len(inside) / len(rest), "average_precision": average}
        best["precision_60"] = share_of_top(x, inside, 60) if n > 60 else None
        for name in BY_CLASS[4:]:
            found[name].append(None if constant else best[name])
    return found


def exact_d_prime(inside, rest, mu, nu):
    """Return the sign and square of d', which order as it does; None where it is undefined."""
    if len(inside) < 2 or len(rest) < 2:
        return None
    spread = sum((v - mu) ** 2 for v in inside) / (len(inside) - 1) + sum((v - nu) ** 2 for v in rest) / (len(rest) - 1)
    sign = (mu > nu) - (mu < nu)
    return sign * (2 * (mu - nu) ** 2 / spread if spread else math.inf) if sign else 0


def share_of_top(x, inside, size):
    """Return a class's share of the most active items, ties at the last place in proportion."""
    edge = sorted(x, reverse=True)[size - 1]
    above, tied = sum(v > edge for v in x), x.count(edge)
    return (sum(v > edge for v in inside) + Fraction(inside.count(edge) * (size - above), tied)) / size


def first_best(values):
    """Return the first class of the largest value, -1 where none has one."""
    known = [value for value in values if value is not None]
    return values.index(max(known)) if known else -1


def expected_class(name, values):
    """Return the class that the table names, which is none where the best value says that there is none."""
    place = first_best(values)
    none = {"recall_at_precision_1": [0], "recall_at_precision_95": [0], "d_prime": [math.inf, -math.inf]}
    return -1 if place >= 0 and values[place] in none.get(name, []) else place


def chosen(columns):
    return {name: int(columns[f"{name}_class"][0]) for name in BY_CLASS}


def from_histograms(x, labels, n_classes, blocks):
    held = Histograms.empty(1, n_classes)
    for part in np.array_split(np.arange(len(labels)), blocks):
        held.update(x[None, part], labels[part], part, threads=1)
    return measure_histograms(held, Classes.of_labels(labels, n_classes), threads=1).columns


def check_choices(x, labels, scale=1.0, order=None):
    exact = exact_values(x, labels)
    expected = {name: expected_class(name, exact[name]) for name in BY_CLASS}
    labels, n_classes = np.array(labels), max(labels) + 1
    order = np.arange(len(x)) if order is None else order
    for dtype in (np.float32, np.float64):
        values = (np.array(x) * scale).astype(dtype)[order]
        columns = measure_block(values[None], Classes.of_labels(labels[order], n_classes), threads=1).columns
        assert chosen(columns) == expected
        best = expected["highest_mean"]
        assert columns["mean_in_class"][0] == float(exact["highest_mean"][best] * Fraction(scale))
        inside = [v for v, label in zip(x, labels.tolist(), strict=True) if label == best]
        assert columns["zero_share_in_class"][0] == inside.count(0) / len(inside)
    values = (np.array(x) * scale).astype(np.float32)[order]
    for blocks in (1, 3):
        assert chosen(from_histograms(values, labels[order], n_classes, blocks)) == expected


def test_of_equal_means_the_first_class_is_named():
    for factor in (1, 3, 0.5):
        row = measure(np.array(ISSUE[0]) * factor, ISSUE[1]).iloc[0]
        assert (row["ccmas_class"], row["class_selectivity_class"], row["highest_mean_class"]) == ("0", "0", "0")
        assert row["ccmas"] == pytest.approx(0.2)
        assert row["zero_share_in_class"] == 0
        assert row["mean_in_class_se"] == pytest.approx(factor / 3)


@settings(max_examples=120, deadline=None)
@example(([0, 1, 0, 0, 0, 1], [0, 1, 0, 0, 0, 2]), 1.0, Random(0))  # the only defined d' is minus infinity
@given(counts_and_labels(), st.sampled_from([1.0, 3.0, 2.0**-20, 2.0**30]), st.randoms(use_true_random=False))
@example(ISSUE, 1.0, None)
def test_the_first_of_equal_classes_is_chosen_for_counts(case, scale, random):
    order = np.arange(len(case[0]))
    if random:
        random.shuffle(order)
    check_choices(*case, scale, order)


@settings(max_examples=60, deadline=None)
@given(counts_and_labels(low=-3))
def test_the_first_of_equal_classes_is_chosen_for_signed_numbers(case):
    check_choices(*case)


@settings(max_examples=25, deadline=None)
@given(counts_and_labels(most=8), st.integers(8, 16))
def test_the_first_of_equal_classes_is_chosen_where_items_are_many(case, times):
    check_choices(case[0] * times, case[1] * times)  # more than 60 items have a precision


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12), st.permutations([1, 2, 3, 7]))
def test_repeated_items_leave_means_equal(values, times):
    """Classes whose items are the same, each a number of times, have one mean, whatever its digits are."""
    x = np.concatenate([np.tile(values, k) for k in times])
    labels = np.repeat(np.arange(4), [k * len(values) for k in times])
    columns = measure_block(x[None], Classes.of_labels(labels, 4), threads=1)
    means = columns.classwise["mean"][0]
    np.testing.assert_allclose(means, means[0], rtol=EQUAL)
    assert columns.columns["highest_mean_class"][0] == 0


def test_class_sets_of_tied_items_have_whole_counts():
    # 70 labels tie for 60 places; the first 35 and the last 35 have equal shares, 30 each.
    sets = np.repeat(np.eye(2, dtype=bool), 35, axis=1)
    classes = Classes.of_labels(np.arange(72) % 71, 71, np.hstack([sets, np.zeros((2, 1), bool)]), choose_from=71)
    x = np.ones((1, 72), np.float32)
    x[0, 70:] = 0
    measured = measure_block(x, classes, threads=1)
    assert measured.classwise["precision_60"][0, 71:].tolist() == [0.5, 0.5]
    assert measured.columns["precision_60_class"][0] == 71


def test_best_class_takes_the_first_within_rounding_only():
    one = np.array([[1.0, 1 + 4 * 2**-52, 0.5], [1.0, 1 + 1e-12, 0.5], [-1.0, -1 + 2**-52, np.nan]])
    best, place = best_class(one)
    assert place.tolist() == [0, 1, 0]
    assert best.tolist() == [1.0, 1 + 1e-12, -1.0]
    assert best_class(np.array([[1.0, np.inf, np.inf]]))[1].tolist() == [1]


# Exact sums

FINITE = st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda value: abs(value) > 1e-12 or value == 0)


@given(FINITE, FINITE)
def test_sums_and_products_lose_nothing(a, b):
    for exact, (rounded, rest) in (
        (Fraction(a) + Fraction(b), add_exactly(a, b)),
        (Fraction(a) * Fraction(b), multiply_exactly(a, b)),
    ):
        assert Fraction(rounded) + Fraction(rest) == exact


@given(st.lists(FINITE, min_size=1, max_size=30))
def test_means_are_the_nearest_float64(values):
    high = low = 0.0
    for value in values:
        high, low = add_sums(high, low, value, 0.0)
    assume(abs(math.fsum(values)) > 1e-6 * max(map(abs, values)))  # without all of it cancelling
    assert mean_of(high, low, len(values)) == float(sum(map(Fraction, values)) / len(values))


def test_means_of_others_are_not_blurred_by_a_huge_value():
    sums = np.array([[1e300, 0.3, 0.6], [0.0, 0.0, 0.0]])
    rest = np.empty(3)
    means_of_others(sums, np.array([2, 3, 6]), 3, rest)
    assert rest[0] == pytest.approx(0.9 / 9, rel=1e-15) or rest[0] == 0  # beyond 32 digits nothing can be kept
    sums[0, 0] = 1e12
    means_of_others(sums, np.array([2, 3, 6]), 3, rest)
    assert rest[0] == pytest.approx(0.9 / 9, rel=1e-15)


@pytest.mark.parametrize("outlier", [1e6, 1e12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_huge_value_among_a_million(outlier, dtype):
    rng = np.random.default_rng(0)
    x = rng.exponential(size=1_000_000).astype(dtype)
    x[123_456] = outlier
    labels = np.arange(1_000_000) % 2  # item 123,456 is of class 0
    measured = measure_block(x[None], Classes.of_labels(labels, 2), threads=1)
    parts = [x[labels == a].astype(float).tolist() for a in (0, 1)]
    means = [math.fsum(part) / len(part) for part in parts]
    variances = [
        math.fsum((v - mean) ** 2 for v in part) / (len(part) - 1) for part, mean in zip(parts, means, strict=True)
    ]
    row = {name: values[0] for name, values in measured.columns.items()}
    np.testing.assert_allclose(measured.classwise["mean"][0], means, rtol=1e-15)
    assert row["mean"] == pytest.approx(math.fsum(x.astype(float)) / len(x), rel=1e-15)
    assert row["mean_not_in_class"] == pytest.approx(means[1], rel=1e-15)
    assert row["mean_in_class_se"] == pytest.approx(math.sqrt(variances[0] / len(parts[0])), rel=1e-13)
    assert row["mean_not_in_class_se"] == pytest.approx(math.sqrt(variances[1] / len(parts[1])), rel=1e-13)
    wanted = (means[0] - means[1]) / math.sqrt(sum(variances) / 2)
    assert row["d_prime"] == pytest.approx(wanted, rel=1e-13)
    square = math.fsum(v * v for part in parts for v in part) / len(x)
    sparseness = (1 - (math.fsum(x.astype(float)) / len(x)) ** 2 / square) / (1 - 1 / len(x))
    assert row["lifetime_sparseness"] == pytest.approx(sparseness, rel=1e-13)
    if dtype == np.float32:
        held = from_histograms(x, labels, 2, 123)
        for name in ("mean_in_class", "mean_not_in_class", "mean", "mean_in_class_se", "d_prime", "ccmas"):
            assert held[name][0] == pytest.approx(row[name], rel=1e-13), name


# Numbers at the ends of float64

EXPONENTS = (-1074, -1000, -550, 500, 1015)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_power_of_two_changes_nothing_but_units_of_activation(exponent):
    rng = np.random.default_rng(1)
    x = np.where(rng.random((300, 3)) < 0.5, 0, rng.integers(1, 200, (300, 3))).astype(float)
    labels = rng.integers(0, 4, 300)
    one, other = measure(x, labels), measure(np.ldexp(x, exponent), labels)
    assert other["d_prime"].notna().all()
    for name in one:
        if name in VALUES:
            np.testing.assert_array_equal(np.ldexp(one[name].to_numpy(), exponent), other[name], err_msg=name)
        else:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_the_largest_float64_has_every_measure():
    x = np.array([1.7e308, 1.6e308, 1.5e308, 0, 1e308, 3e-320] * 20)
    row = measure(x, np.arange(120) % 3 // 2, top=20).iloc[0]  # classes of 40 and 80 items are large enough for 20
    for name in ("ccmas", "class_selectivity", "d_prime", "lifetime_sparseness", "mean_in_class_se", "class_index"):
        assert np.isfinite(row[name]), name
    assert row["undefined"] == ""
    assert measure_block(x[None], Classes.of_labels(np.arange(120) % 6, 6)).classwise["min"][0, 5] == 3e-320


# Numbers that no float64 holds


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (2**53 + np.array([1, 1, 1, 0, 0, 0]), "int64"),
        (np.array([2**64 - 1, 0, 1, 2, 3, 4], np.uint64), "uint64"),
        (-(2**60) - np.arange(6), "int64"),
        (np.longdouble(1) + np.finfo(np.longdouble).eps * np.arange(6), str(np.dtype(np.longdouble))),
    ],
)
def test_numbers_beyond_float64_are_refused_by_type(values, name):
    if values.dtype == np.longdouble and np.finfo(np.longdouble).eps == np.finfo(float).eps:
        pytest.skip("long double is float64 here")
    with pytest.raises(UnitscopeError, match=rf"unit 0 .*{name}.* float64 .*astype"):
        measure(values, [0, 0, 0, 1, 1, 1])
    with pytest.raises(UnitscopeError, match=name):
        measure_block(values[None], Classes.of_labels(np.array([0, 0, 0, 1, 1, 1]), 2))


def test_integers_and_long_doubles_that_float64_holds_are_measured():
    x = np.array([2**53, 2**53 - 1, 5, -(2**53), 0, 1])
    for values in (x, np.array([7, 1, 5, 0, 0, 2], np.uint8), x.astype(np.longdouble)):
        one, other = measure(values, [0, 0, 0, 1, 1, 1]), measure(values.astype(float), [0, 0, 0, 1, 1, 1])
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


# Ranges


def test_values_lie_in_the_ranges_that_are_described_where_class_sets_compete():
    rng = np.random.default_rng(2)
    x = rng.exponential(size=(200, 20)).T.astype(np.float32)
    labels = np.repeat(np.arange(4), 50)
    x[0] += labels == 3  # the set of classes 0 and 1 is less active than the rest
    classes = Classes.of_labels(labels, 4, np.array([[True, True, False, False]]), choose_from=4)
    measured = measure_block(x, classes, threads=1)
    assert measured.columns["ccmas"][0] < 0
    for described, values in ((COLUMNS, measured.columns), (describe.CLASSWISE, measured.classwise)):
        for name, found in values.items():
            column = described[name]
            known = found[~np.isnan(found)] if found.dtype.kind == "f" else np.empty(0)
            assert column.low is None or (known >= column.low).all(), name
            assert column.high is None or (known <= column.high).all(), name


def test_columns_of_permutations_and_halves_take_no_other_column_s_place():
    assert not set(describe.tested_columns(100)) & set(COLUMNS | HELD_OUT)
    assert not set(HELD_OUT) & set(COLUMNS)
    assert HELD_OUT["class_selectivity_low"].low == -1


def test_the_expected_class_index_is_its_mean_over_permutations():
    rng = np.random.default_rng(3)
    x, labels = np.round(rng.exponential(size=(2, 300)), 1).astype(np.float32), rng.integers(0, 30, 300)
    classes = Classes.of_labels(labels, 30)
    observed = measure_block(x, classes, threads=1).columns
    found = compare_with_chance(x, classes, observed, 2000, threads=1)
    np.testing.assert_allclose(observed["class_index_expected"], found["class_index_chance"], atol=0.003)
