"""Interpolation against PyTorch's, and against places worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.dissection.upsample import Axis, Grid, centred, half_pixel, upsample
from unitscope.errors import UnitscopeError

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@settings(max_examples=100, deadline=None)
@given(shapes, st.tuples(st.integers(1, 40), st.integers(1, 40)), st.integers(0, 2**32 - 1))
def test_values_are_those_of_interpolate(map_shape, shape, seed):
    torch = pytest.importorskip("torch")
    maps = np.random.default_rng(seed).normal(0, 3, (2, *map_shape))
    expected = torch.nn.functional.interpolate(torch.from_numpy(maps)[None], shape, mode="bilinear")[0].numpy()
    np.testing.assert_allclose(upsample(maps, half_pixel(map_shape, shape)), expected, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(shapes, shapes)
def test_cells_hold_every_pixel_once_and_in_order(map_shape, shape):
    grid = half_pixel(map_shape, shape)
    assert (grid.map_shape, grid.shape) == (map_shape, shape)
    for axis in grid:
        assert axis.cells[0] == 0
        assert axis.cells[-1] == len(axis.points)
        for point in range(len(axis.cells) - 1):
            here = slice(axis.cells[point], axis.cells[point + 1])
            assert (axis.points[here] == point).all()
            assert (np.diff(axis.weights[here]) >= 0).all()
    assert all(((axis.weights >= 0) & (axis.weights < 1)).all() for axis in grid)


def test_fields_of_a_map_that_fills_the_image_are_at_half_pixels():
    centred_grid, stretched = (
        centred((7, 4), (112, 64), first=(8, 8), step=(16, 16), size=(112, 64)),
        half_pixel((7, 4), (112, 64)),
    )
    for one, other in zip(centred_grid, stretched, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.weights, other.weights)


def test_centres_give_their_own_values():
    # The first field is centred on the corner of four pixels, the next ones 4 pixels down and 2 to the right.
    maps = np.arange(6.0).reshape(1, 2, 3) ** 2
    values = upsample(maps, centred((2, 3), (9, 9), first=(2, 1), step=(4, 2), size=(9, 9)))[0]
    assert values[:2].tolist() == values[[0, 0]].tolist()  # above the first centre nothing changes
    assert values[6:].tolist() == values[[8, 8, 8]].tolist()
    np.testing.assert_allclose(values[0], [0, 0.25, 0.75, 1.75, 3.25, 4, 4, 4, 4])
    np.testing.assert_allclose(values[:, 0], 9 * np.array([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1]))


def test_rounding_leaves_equal_points_equal():
    # a + x * (b - a) is exact for equal points; with weights 1 - x and x it is not.
    maps = np.full((3, 4), np.float32(0.1))
    assert set(upsample(maps, half_pixel((3, 4), (50, 70))).ravel()) == {float(np.float32(0.1))}


numbers = st.floats(-(2.0**100), 2.0**100, width=32)
weights = st.floats(0, 1, exclude_max=True) | st.integers(1, 100).map(lambda n: 1 - n * 2.0**-53)


@settings(max_examples=500, deadline=None)
@given(st.tuples(numbers, numbers, numbers, numbers), st.lists(weights, min_size=2, max_size=6))
def test_no_value_is_rounded_beyond_its_points(points, places):
    """The cells that masks are looked for in, and the halving of their rows, depend on it."""
    grid = Grid(*(Axis.at(np.sort(places), 2) for _ in range(2)))
    values = upsample(np.array([points]).reshape(2, 2), grid)
    assert values.min() >= min(points)
    assert values.max() <= max(points)
    steps = np.diff(values, axis=1)
    assert ((steps >= 0).all(1) | (steps <= 0).all(1)).all()


def test_fields_in_no_order_are_refused():
    with pytest.raises(UnitscopeError, match="give positive steps"):
        centred((2, 2), (4, 4), first=(0, 0), step=(1, 0), size=(4, 4))
