"""Upsampling against PyTorch's, boxes against a flood fill."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unitscope.errors import UnitscopeError
from unitscope.localization import NO_BOX, find_box, upsample


@settings(deadline=None)
@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(0, 30), st.integers(0, 30)))
def test_upsampling_is_that_of_pytorch(shape, more):
    size = (shape[0] + more[0], shape[1] + more[1])
    maps = np.random.default_rng(0).normal(size=(2, 3, *shape))
    expected = torch.nn.functional.interpolate(torch.from_numpy(maps), size, mode="bilinear", align_corners=False)
    np.testing.assert_allclose(upsample(maps, size), expected.numpy(), atol=1e-12)
    assert upsample(maps.astype(np.float32), size).dtype == np.float32


def test_upsampling_does_not_shrink():
    with pytest.raises(UnitscopeError, match="a map of 4 x 5 is larger than the image of 8 x 3"):
        upsample(np.zeros((4, 5)), (8, 3))


def flood(above):
    """Components, each a list of pixels, in the order of their first pixels."""
    left = {tuple(place) for place in np.argwhere(above).tolist()}
    found = []
    for place in map(tuple, np.argwhere(above).tolist()):
        if place not in left:
            continue
        left.discard(place)
        component = [place]
        for row, column in component:
            for near in ((row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)):
                if near in left:
                    left.discard(near)
                    component.append(near)
        found.append(component)
    return found


def box_of(component):
    rows, columns = zip(*component, strict=True)
    return [min(rows), min(columns), max(rows) + 1, max(columns) + 1]


maps = hnp.arrays(float, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(-2, 5).map(float))


@settings(deadline=None, max_examples=300)
@given(maps, st.sampled_from([0.0, 0.2, 0.5, 0.8]))
def test_boxes_against_a_flood_fill(scores, share):
    if scores.max() <= 0:
        assert tuple(find_box(scores, share)) == NO_BOX
        return
    assert find_box(scores, share).tolist() == box_of(max(flood(scores > share * scores.max()), key=len))


def test_corners_connect_and_the_first_of_equal_parts_is_taken():
    scores = np.zeros((4, 7))
    scores[[0, 1, 2], [6, 5, 4]] = 1  # a diagonal; its first pixel comes first
    scores[3, :3] = 1
    assert find_box(scores).tolist() == [0, 4, 3, 7]
    scores[2, 0] = 1
    assert find_box(scores).tolist() == [2, 0, 4, 3]


def test_the_threshold_is_strict():
    assert find_box(np.array([[1.0, 0.25, 0.0]]), 0.25).tolist() == [0, 0, 1, 1]
    assert find_box(np.array([[1.0, 0.25, 0.0]]), 0.24).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("share", [-0.1, 1.0, np.nan])
def test_shares_that_are_none(share):
    with pytest.raises(UnitscopeError, match="is not from 0 to below 1"):
        find_box(np.ones((2, 2)), share)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_maps_with_values_that_are_not_finite(value):
    with pytest.raises(UnitscopeError, match="not finite"):
        find_box(np.array([[0.0, value, 1.0]]))
