"""Histograms add up, and what is measured from them lies within the bounds they state of the exact measures."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError
from unitscope.measures import CLASSWISE, COLUMNS, Classes, measure_block
from unitscope.measures.bounds import BINNED, HISTOGRAM_CLASSWISE, HISTOGRAM_COLUMNS, measure_histograms
from unitscope.measures.histogram import BINS_PER_OCTAVE, N_TOP, PLAIN, Histograms
from unitscope.measures.histogram_count import ZERO, order_of_bits, value_of_order

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")

ANY = st.floats(allow_nan=False, allow_infinity=False, width=32)
# Many values within one bin, ties, both zeros, neighbours of zero and the extremes.
NEAR = st.sampled_from(
    [0.0, -0.0, 1.0, 1.001, 1.002, 1.5, 2.5, -1.0, -1.001, -1.002, -2.5, 1e-45, -1e-45, 3.4e38, -3.4e38]
)
COARSE = st.sampled_from([0.0, -0.0, 1.0, 1.0078125, 2.0, 2.5, 0.125, 7.0, -1.0, -1.0078125, -3.0])
BINNED_COLUMNS = ("top_class_selectivity", *BINNED, "mutual_information")
INEXACT = {
    *BINNED_COLUMNS, "detector", "recall_at_precision_95_threshold", "detector_score_threshold",
    *(f"max_informedness_{of}" for of in ("threshold", "recall", "specificity", "false_alarm_rate", "precision",
                                         "false_discovery_rate")),
    *(f"{name}_class" for name in BINNED),
}  # fmt: skip
BY_MEAN = {
    "ccmas", "ccmas_class", "class_selectivity_class", "d_prime_class", "highest_mean_class",
    *(f"{name}_in_class{end}" for name in ("mean", "mean_not") for end in ("", "_se")),
    "zero_share_in_class", "zero_share_not_in_class",
}  # fmt: skip
INEXACT_CLASSWISE = {*BINNED, *(f"informedness_{of}" for of in ("threshold", "recall", "specificity", "precision"))}


@st.composite
def units(draw, values, most=60):
    """Two units of 1 to `most` items and up to 4 classes, some of them empty or tiny.

    Half of them are below 110 more active items, which fill the list of the most active ones.
    """
    n, n_classes = draw(st.integers(1, most)), draw(st.integers(1, 4))
    x = draw(st.lists(values, min_size=2 * n, max_size=2 * n))
    labels = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    x, labels = np.array(x, np.float32).reshape(2, n), np.array(labels)
    x = np.where(np.abs(x) > 1e38, np.sign(x) * np.float32(3), x) if draw(st.booleans()) else x
    if draw(st.booleans()):
        x = np.hstack([np.where(np.abs(x) > 1e38, np.float32(3), x), np.tile(100 + np.arange(110), (2, 1))])
        of = draw(st.sampled_from(["one", "all"]))
        labels = np.concatenate([labels, np.arange(110) % n_classes if of == "all" else np.zeros(110, int)])
    return x.astype(np.float32), labels, n_classes


def histograms(x, labels, n_classes, bins=128, items=None, blocks=1):
    held = Histograms.empty(len(x), n_classes, bins)
    items = np.arange(len(labels)) if items is None else items
    for part in np.array_split(np.arange(len(labels)), blocks):
        held.update(x[:, part], labels[part], items[part], threads=1)
    return held


def check_bounds(x, labels, n_classes, bins, sets=None, choose_from=0):
    classes = Classes.of_labels(labels, n_classes, sets, choose_from)
    exact = measure_block(x, classes, threads=1)
    found = measure_histograms(histograms(x, labels, n_classes, bins, blocks=3), classes, threads=1)
    assert set(found.columns) == set(HISTOGRAM_COLUMNS) - {"unit", "layer", "index"}
    assert set(found.classwise) == set(HISTOGRAM_CLASSWISE)
    for names, ours, true in (
        (BINNED_COLUMNS, found.columns, exact.columns),
        (BINNED, found.classwise, exact.classwise),
    ):
        for name in names:
            np.testing.assert_array_equal(np.isnan(ours[name]), np.isnan(true[name]), err_msg=name)
            error = ours[f"{name}_error"]
            assert (np.isnan(error) | (error >= 0)).all(), name
            off = np.abs(ours[name] - true[name]) - error
            assert (np.isnan(off) | (off <= 1e-9)).all(), (name, ours[name], true[name], error)
    by_mean = BY_MEAN if ties(exact.classwise["mean"]) or ties(exact.classwise["d_prime"]) else set()
    compare(found.columns, exact.columns, set(COLUMNS) - INEXACT - by_mean - {"unit", "layer", "index"})
    compare(found.classwise, exact.classwise, set(CLASSWISE) - INEXACT_CLASSWISE)


def ties(values):
    """Whether some unit's best class is one of several that only rounding tells apart."""
    best = np.sort(np.where(np.isnan(values), -np.inf, values), 1)[:, ::-1]
    return best.shape[1] > 1 and bool(np.isclose(best[:, 0], best[:, 1], rtol=1e-9, atol=1e-9).any())


def compare(ours, exact, names):
    for name in names:
        if exact[name].dtype.kind == "f":
            np.testing.assert_allclose(ours[name], exact[name], rtol=1e-7, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(ours[name], exact[name], err_msg=name)


@settings(max_examples=200, deadline=None)
@given(units(NEAR), st.sampled_from(BINS_PER_OCTAVE))
def test_the_exact_value_is_within_the_error_for_values_that_share_bins(case, bins):
    x, labels, n_classes = case
    check_bounds(np.where(np.abs(x) > 1e38, np.sign(x) * np.float32(3), x).astype(np.float32), labels, n_classes, bins)


@settings(max_examples=200, deadline=None)
@given(units(st.floats(-4, 4, width=16)), st.sampled_from(BINS_PER_OCTAVE))
def test_the_exact_value_is_within_the_error_for_small_numbers(case, bins):
    check_bounds(*case, bins)


@settings(max_examples=150, deadline=None)
@given(
    units(NEAR | st.floats(-4, 4, width=16)), st.integers(0, 2**12 - 1), st.booleans(), st.sampled_from(BINS_PER_OCTAVE)
)
def test_the_exact_value_is_within_the_error_for_class_sets(case, members, only, bins):
    x, labels, n_classes = case
    sets = (members >> np.arange(3 * n_classes) & 1).astype(bool).reshape(3, n_classes)
    x = np.where(np.abs(x) > 1e38, np.float32(3), x)
    check_bounds(x, labels, n_classes, bins, sets, n_classes if only else 0)


def test_errors_are_no_larger_than_what_the_order_within_a_bin_leaves_open():
    # 110 items of class 1, then one bin with two items of each class, then six zeros of class 0.
    x = np.concatenate([100 + np.arange(110), [1.01, 1.02, 1.03, 1.04], np.zeros(6)]).astype(np.float32)
    labels = np.repeat([1, 0, 1, 0], [111, 2, 1, 6])
    found = measure_histograms(histograms(x[None], labels, 2, bins=8), Classes.of_labels(labels, 2))
    precision = 112 / 114, 8 / 120  # at the lower edges of the bin, for class 1, and of the zeros, for class 0
    ap = (2 * 2 / 114 + 6 * precision[1]) / 8, (110 + 2 * precision[0]) / 112
    expected = {  # the value and its error, of class 0 and of class 1
        "recall_at_precision_1": ((0, 0), (110 / 112, 1 / 112)),  # its smallest value, 1.01, is below another's
        "recall_at_precision_95": ((0, 0), (1, 0)),
        "max_informedness": ((0, 0), (110 / 112, 2 / 112)),
        "detector_score": ((precision[1], 0), (precision[0], 1 - precision[0])),
        "auc": ((2 / 896, 2 / 896), (894 / 896, 2 / 896)),
        "average_precision": ((ap[0], (2 / 114 - 1 / 113) / 8), (ap[1], 1 - ap[1])),  # class 0 last; class 1 first
    }
    for name, pairs in expected.items():
        for label, (value, error) in enumerate(pairs):
            assert found.classwise[name][0, label] == pytest.approx(value, abs=1e-12), (name, label)
            assert found.classwise[f"{name}_error"][0, label] == pytest.approx(error, abs=1e-12), (name, label)
        assert found.columns[f"{name}_error"][0] == pytest.approx(pairs[1][1], abs=1e-12), name
    assert found.columns["top_class_selectivity_error"][0] == 1


@pytest.mark.parametrize("seed", range(24))
def test_the_exact_value_is_within_the_error_for_units_that_select(seed):
    rng = np.random.default_rng(seed)
    n, n_classes = int(rng.integers(100, 3000)), int(rng.integers(2, 12))
    labels = rng.integers(0, n_classes, n)
    x = rng.normal(size=(4, n)) + rng.uniform(0, 6, (4, 1)) * (labels == 1)
    x[1] = x[1].clip(0)
    x[2] = np.round(x[2], 1)
    x[3] = np.minimum(x[3].clip(0), 3)  # many tie at the top
    check_bounds(x.astype(np.float32), labels, n_classes, BINS_PER_OCTAVE[seed % 3])


def test_bins_of_the_mutual_information_are_bounded_where_one_bin_spans_many():
    # All within one bin of 8 per octave: twenty bins of equal numbers become one, the information is wholly hidden.
    x = np.concatenate([np.linspace(1, 1.05, 400), np.arange(2, 102)]).astype(np.float32)[None]
    labels = np.concatenate([np.repeat([0, 1], 200), np.arange(100) % 2])
    found = measure_histograms(histograms(x, labels, 2, 8), Classes.of_labels(labels, 2)).columns
    exact = measure_block(x, Classes.of_labels(labels, 2)).columns["mutual_information"][0]
    assert exact == pytest.approx(0.8, abs=0.01)  # four fifths of the items tell their class
    assert found["mutual_information"][0] < 0.01
    assert exact - found["mutual_information"][0] <= found["mutual_information_error"][0] <= 1


@settings(max_examples=200, deadline=None)
@given(units(COARSE))
def test_values_that_16_bits_hold_are_measured_exactly(case):
    x, labels, n_classes = case
    exact = measure_block(x, Classes.of_labels(labels, n_classes), threads=1)
    found = measure_histograms(
        histograms(x, labels, n_classes, blocks=2), Classes.of_labels(labels, n_classes), threads=1
    )
    compare(found.columns, exact.columns, set(COLUMNS) - {"unit", "layer", "index"})
    compare(found.classwise, exact.classwise, CLASSWISE)


@settings(max_examples=150, deadline=None)
@given(units(NEAR | ANY, most=260), st.integers(0, 2**32 - 1), st.sampled_from(BINS_PER_OCTAVE))
def test_histograms_of_two_processes_add_up_to_those_of_one(case, seed, bins):
    x, labels, n_classes = case
    rng = np.random.default_rng(seed)
    items = np.arange(len(labels))
    mine = rng.random(len(labels)) < rng.random()
    order = rng.permutation(len(labels))  # one process, in another order
    whole = histograms(x[:, order], labels[order], n_classes, bins, items[order], blocks=2)
    first, second = (histograms(x[:, part], labels[part], n_classes, bins, items[part]) for part in (mine, ~mine))
    first.add(second)
    summed, expected = first.arrays(), whole.arrays()
    for name in expected:
        if name == "sums":  # the high part, and what it leaves, may share out their digits otherwise
            large = np.abs(x).max().astype(float) * len(labels)
            np.testing.assert_allclose(summed[name].sum(1), expected[name].sum(1), rtol=1e-15, atol=1e-25 * large)
        elif name == "squares":
            # Sums are equal to rounding, which is relative to the largest values that went into them.
            large = np.abs(x).max().astype(float) ** 2 * len(labels)
            np.testing.assert_allclose(summed[name], expected[name], rtol=1e-9, atol=1e-9 * large, err_msg=name)
        else:
            np.testing.assert_array_equal(summed[name], expected[name], err_msg=name)


def test_adding_different_histograms_is_refused():
    with pytest.raises(UnitscopeError, match="different bins"):
        Histograms.empty(1, 2, 8).add(Histograms.empty(1, 2, 32))


def test_what_is_held_is_what_was_counted():
    x = np.array([[0.0, -0.0, 1.0, 1.0, 1.001, -2.0, 3.0]], np.float32)
    held = histograms(x, np.array([0, 1, 0, 1, 1, 0, 1]), 2)
    assert held.zeros.tolist() == [[1, 1]]
    # 1.001 shares the bin of 1; each octave has its first bin; -2 lies at the low edge of the octave up to -1.
    used = {(int(o), int(b)): held.counts[0][p, b].tolist() for p, o in enumerate(held.octaves[0]) for b in range(128)
            if held.counts[0][p, b].any()}  # fmt: skip
    edges = {float(value_of_order(o << 23 | b << 16)): counts for (o, b), counts in used.items()}
    assert edges == {-2.0: [1, 0], 1.0: [1, 2], 3.0: [0, 1]}
    assert held.mean[0].tolist() == pytest.approx([-1 / 3, 5.001 / 4], rel=1e-6)
    assert held.smallest[0].tolist() == [-2, 0]


@given(ANY, ANY)
@example(0.0, -0.0)
@example(-0.0, 1e-45)
def test_orders_rise_with_values_and_say_them(a, b):
    orders = [order_of_bits(np.float32(value).view(np.uint32)) for value in (a, b)]
    assert (orders[0] < orders[1]) == (np.float32(a) < np.float32(b))
    assert value_of_order(orders[0]) == np.float32(a)
    assert value_of_order(ZERO) == 0


def test_items_tied_at_the_edge_of_the_top_are_counts_however_many():
    rng = np.random.default_rng(0)
    x = np.minimum(rng.exponential(size=(1, 5000)), 1).astype(np.float32)  # a third of them are 1
    labels = rng.integers(0, 3, 5000)
    held = histograms(x, labels, 3, blocks=7)
    held.sort_top()
    assert held.top_state[0, 0] == 0  # nothing above the edge
    assert held.edge_counts[0].tolist() == np.bincount(labels[x[0] == 1]).tolist()
    few = histograms(x[:, :50], labels[:50], 3)
    few.sort_top()
    assert few.top_state[0].tolist() == [50, -1]
    assert N_TOP == 100


def test_stored_arrays_make_the_same_histograms():
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(3, 500)).astype(np.float32), rng.integers(0, 4, 500)
    held = histograms(x, labels, 4, 32)
    again = Histograms.from_arrays(held.arrays())
    assert again.bins_per_octave == 32
    for name in PLAIN:
        np.testing.assert_array_equal(getattr(again, name), getattr(held, name), err_msg=name)
    again.add(histograms(x, labels, 4, 32, np.arange(500, 1000)))
    assert again.sizes.sum() == 1000
    assert held.sizes.sum() == 500
    assert sum(counts.sum() for counts in again.counts) == 3000


def test_squares_are_exact_in_blocks_far_from_zero():
    """Offsets are from the mean so far: a constant class has no variance, and a narrow one keeps its own."""
    rng = np.random.default_rng(4)
    labels = np.arange(900) % 2
    x = np.where(labels, np.float32(0.1), 1e4 + rng.integers(0, 4, 900) / 1024).astype(np.float32)[None]
    held = histograms(x, labels, 2, blocks=9)
    spread = x[0, labels == 0].astype(np.float64)
    np.testing.assert_allclose(held.squares[0], [((spread - spread.mean()) ** 2).sum(), 0], rtol=1e-9, atol=0)


def test_histograms_written_before_sums_were_kept_are_read():
    x, labels = np.array([[1.0, 2.0, 4.0, 0.0]], np.float32), np.array([0, 0, 1, 1])
    held = histograms(x, labels, 3)
    arrays = held.arrays()
    del arrays["sums"]
    again = Histograms.from_arrays(arrays | {"mean": np.array([[1.5, 2.0, 0.0]])})
    np.testing.assert_array_equal(again.sums, [[[3, 4, 0], [0, 0, 0]]])
    np.testing.assert_array_equal(again.mean, held.mean)


def test_values_that_are_not_finite_are_named():
    x = np.array([[1.0, np.nan]], np.float32)
    with pytest.raises(UnitscopeError, match=r"unit fc6:3 has the value nan for item 8"):
        Histograms.empty(1, 2).update(x, np.array([0, 1]), np.array([7, 8]), names=["fc6:3"])


def test_no_items_is_said():
    with pytest.raises(UnitscopeError, match="no items to measure"):
        measure_histograms(Histograms.empty(1, 2), Classes.of_labels(np.empty(0, int), 2))
