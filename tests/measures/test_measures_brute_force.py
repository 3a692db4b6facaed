"""Every measure against its definition in plain Python, on small cases full of ties, zeros and tiny classes."""

import math

import numpy as np
import pytest
from brute_force import brute_force, expected_classes
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from unitscope.measures import CLASSWISE, Classes, measure_block, tally

LEVELS = [0.0, 0.0, 0.0, -0.0, 1.0, 1.0, 2.5, 0.125, 7.0, 1e-3]
SIGNED = [*LEVELS, -1.0, -2.5, -2.5]


@st.composite
def units(draw, levels):
    """One unit of 1 to 30 items and up to 5 classes, some of them empty."""
    n = draw(st.integers(1, 30))
    n_classes = draw(st.integers(1, 5))
    x = draw(st.lists(st.sampled_from(levels), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return np.array(x, dtype), np.array(labels), n_classes


def check_against_definition(x, labels, n_classes):
    measured = measure_block(x[None], Classes.of_labels(labels, n_classes), threads=1)
    expected, single = brute_force(x, labels, n_classes)
    for name in CLASSWISE:
        np.testing.assert_allclose(measured.classwise[name][0], expected[name], atol=1e-9, err_msg=name)
    present = np.unique(labels)
    best = present[np.argmax(np.array(expected["mean"])[present])]
    wanted = expected["class_selectivity"][best]
    np.testing.assert_allclose(measured.columns["class_selectivity"][0], wanted, atol=1e-9)
    assert measured.columns["class_selectivity_class"][0] == (-1 if np.isnan(wanted) else best)
    for name in ("localist", "localist_off"):
        assert measured.columns[f"{name}_class"][0] == single[name], name
        assert measured.columns[name][0] == (single[name] >= 0)
    for name in ("lifetime_sparseness", "mutual_information"):
        np.testing.assert_allclose(measured.columns[name][0], single[name], atol=1e-9, err_msg=name)


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
@settings(max_examples=300, deadline=None)
@given(units(SIGNED))
def test_signed_values(case):
    check_against_definition(*case)


@settings(max_examples=300, deadline=None)
@given(units(LEVELS))
def test_rectified_values(case):
    check_against_definition(*case)


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 2)),
        min_size=2,
        max_size=25,
    )
)
def test_any_float32_is_ranked_as_it_is(pairs):
    x = np.array([value for value, _ in pairs], np.float32)
    labels = np.array([label for _, label in pairs])
    single = measure_block(x[None], Classes.of_labels(labels, 3), threads=1).classwise
    double = measure_block(x[None].astype(float), Classes.of_labels(labels, 3), threads=1).classwise
    for name in single:
        # float32 is summed in pieces, which may round the last bit where values are 2**24 times as large as others.
        # CCMAS and d' are differences of means, in which that bit counts for more; d' may be of any size.
        scale = {"mean": np.abs(x.astype(float)).max(), "ccmas": 1.0, "d_prime": 1.0}.get(name, 0.0)
        tolerance = {"mean": 1e-14, "ccmas": 1e-14, "d_prime": 1e-9}.get(name, 0.0)
        np.testing.assert_allclose(single[name], double[name], rtol=tolerance, atol=tolerance * scale, err_msg=name)
    expected, _ = brute_force(x, labels, 3)
    for name in ("auc", "max_informedness", "informedness_threshold", "detector_score"):
        np.testing.assert_allclose(single[name][0], expected[name], atol=1e-9, err_msg=name)


@pytest.mark.parametrize("seed", range(40))
def test_selective_units(seed):
    # Chance hardly ever gives a precision of .95 or a good detector; here class 0 stands out, more or less.
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], rng.integers([20, 1, 1], 80))
    strength, grain = rng.uniform(0.5, 4), rng.choice([1, 10, 1000])
    x = np.round((strength * (labels == 0) + rng.normal(size=len(labels))).clip(0) * grain) / grain
    check_against_definition(x.astype(np.float32), labels, 3)


def test_float64_differences_below_float32_still_rank():
    x = np.array([1.0, 1.0 + 1e-12, 1.0 - 1e-12])
    measured = measure_block(x[None], Classes.of_labels(np.array([0, 1, 0]), 2)).columns
    assert measured["localist"][0]
    assert measured["localist_class"][0] == 1


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(units(LEVELS), st.integers(1, 12))
def test_head_counts_are_means_over_every_order_of_ties(case, size):
    x, labels, n_classes = case
    edge = np.sort(x)[::-1][min(size, len(x)) - 1]
    assume(math.comb(int((x == edge).sum()), int(min(size, len(x)) - (x > edge).sum())) <= 2000)
    counts = tally(x[None], Classes.of_labels(labels, n_classes), top=size)
    assert counts.top_60_counts.sum() == pytest.approx(min(size, len(x)))
    assert counts.top_100_chances.sum() == pytest.approx(expected_classes(x, labels.tolist(), size))
