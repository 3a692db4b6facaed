"""Thresholds against quantiles of all values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.dissection.thresholds import TopValues
from unitscope.errors import UnitscopeError

KINDS = ("dense", "sparse", "ties", "negative", "constant", "dead", "rising", "falling")


def make_unit(kind, n, rng):
    if kind in ("constant", "dead"):
        return np.full(n, 0.0 if kind == "dead" else -2.5)
    if kind in ("rising", "falling"):
        return np.arange(n)[:: 1 if kind == "rising" else -1] / 3
    values = rng.normal(0, 1, n)
    if kind == "sparse":
        return np.maximum(values - 2.2, 0)
    if kind == "ties":
        return np.round(values, 1)
    return values if kind == "dense" else -np.exp(values)


@st.composite
def maps(draw):
    """Maps of units of all kinds, and a fraction."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, shape = draw(st.integers(1, 60)), (draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    size = n * shape[0] * shape[1]
    units = np.array([make_unit(kind, size, rng) for kind in KINDS], np.float32)
    fraction = draw(st.sampled_from([0.005, 0.01, 0.1, 0.5, 1.0]))
    return units.reshape(len(KINDS), n, *shape).swapaxes(0, 1), fraction, rng


@settings(max_examples=150, deadline=None)
@given(maps())
def test_thresholds_are_hazen_quantiles(drawn):
    images, fraction, rng = drawn
    values = images.swapaxes(0, 1).reshape(len(KINDS), -1).astype(np.float64)
    top = TopValues.empty(len(KINDS), values.shape[1], fraction)
    for block in np.array_split(images, rng.integers(1, 5)):
        top.add(block)
    assert top.seen == values.shape[1]
    expected = np.quantile(values, 1 - fraction, method="hazen", axis=1)
    np.testing.assert_allclose(top.threshold(fraction), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(top.largest(), -np.sort(-values)[:, : top.keep])
    above = (values > top.threshold(fraction)[:, None]).sum(1)
    assert (above <= np.ceil(fraction * values.shape[1])).all()
    assert (above[[KINDS.index("constant"), KINDS.index("dead")]] == 0).all()


@settings(max_examples=50, deadline=None)
@given(maps())
def test_order_blocks_and_merging_do_not_matter(drawn):
    images, fraction, rng = drawn
    n = images[:, 0].size
    images = np.where(rng.random(images.shape) < 0.1, -0.0, images)  # zeros of both signs
    whole = TopValues.empty(len(KINDS), n, fraction)
    whole.add(images)
    parts = [TopValues.empty(len(KINDS), n, fraction) for _ in range(3)]
    for image in rng.permutation(len(images)):
        parts[rng.integers(3)].add(images[image : image + 1], threads=2)
    total = TopValues.from_arrays(parts[1].arrays())
    for part in (parts[2], parts[0]):
        total.merge(part)
    for name, array in whole.arrays().items():
        assert array.tobytes() == total.arrays()[name].tobytes(), name
    assert whole.threshold(fraction).tobytes() == total.threshold(fraction).tobytes()


def test_numbers_worked_out_by_hand():
    # Half a per cent of 300 values is 1.5, so the quantile is the second largest, which is not above itself.
    top = TopValues.empty(3, 300)
    values = np.zeros((300, 3, 1), np.float32)
    values[:3, 0, 0] = 9, 5, 3
    values[:1, 1, 0] = 7
    values[:, 2, 0] = 0.1
    top.add(values)
    assert top.threshold().tolist() == [5.0, 0.0, float(np.float32(0.1))]
    # Of 400 values it is halfway between the second largest and the third.
    top.add(np.full((100, 3, 1), -1, np.float32))
    with pytest.raises(UnitscopeError, match=r"needs the 6 largest, of which 4 are kept"):
        top.threshold(0.0125)
    assert top.threshold()[0] == 4.0


def test_a_single_value_is_its_own_threshold():
    top = TopValues.empty(1, 1)
    top.add(np.array([[[3.0]]]))
    assert top.threshold().tolist() == [3.0]


def test_many_values_keep_few():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (40, 2, 5000)).astype(np.float32)
    top = TopValues.empty(2, 200_000)
    for block in values:
        top.add(block[None])
    assert top.buffers.shape == (2, 1002 + 250)
    np.testing.assert_array_equal(top.largest(), -np.sort(-values.swapaxes(0, 1).reshape(2, -1))[:, :1002])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    values = np.zeros((4, 3, 2, 2), np.float32)
    values[2, 1, 0, 1] = bad
    top = TopValues.empty(3, 16)
    with pytest.raises(UnitscopeError, match="unit 1 is NaN or infinite in image 2 of 4"):
        top.add(values)
    assert top.seen == 0


def test_what_cannot_be_exact_is_refused():
    with pytest.raises(UnitscopeError, match="no values were added"):
        TopValues.empty(1, 10).threshold()
    with pytest.raises(UnitscopeError, match="make both with the same n"):
        TopValues.empty(1, 1000).merge(TopValues.empty(1, 10))
