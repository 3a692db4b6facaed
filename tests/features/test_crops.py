"""Sums of crops against loops over pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.features.crops import SIDE, add_crops, canvases_of, integrate, place_canvases, shrink

WEIGHT = 2**23


@st.composite
def crops(draw):
    """Images, and fields of a few units at their borders and inside, as a convolution without gaps has them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = draw(st.integers(3, 14)), draw(st.integers(3, 14))
    n_units, n = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    canvases = np.array([[draw(st.integers(1, image[axis])) for axis in (0, 1)] for _ in range(n_units)])
    units = np.sort(rng.integers(0, n_units, n))
    starts = np.stack([rng.integers(1 - canvases[units, axis], image[axis]) for axis in (0, 1)], axis=1)
    boxes = np.concatenate([np.maximum(starts, 0), np.minimum(starts + canvases[units], image)], axis=1)
    return rng.random((2, 3, *image)), rng.integers(0, 2, n), units, starts, boxes, canvases, rng.random(n)


@settings(max_examples=100, deadline=None)
@given(crops())
def test_sums_are_those_of_pixels(drawn):
    images, of_image, units, starts, boxes, canvases, weights = drawn
    shape = images.shape[2:]
    # A field as high as the image may be cut on one side by less than its box shows, so that its place is a choice.
    np.testing.assert_array_equal(
        place_canvases(boxes, canvases[units], shape)[(boxes[:, 2] < shape[0]) | (boxes[:, 0] > 0), 0],
        starts[(boxes[:, 2] < shape[0]) | (boxes[:, 0] > 0), 0],
    )
    starts = place_canvases(boxes, canvases[units], shape)
    sums, squares = np.zeros((len(canvases), 4, *canvases.max(0)), np.int32), np.zeros(len(canvases), np.int64)
    whole = np.floor(weights * WEIGHT)
    add_crops(sums, squares, integrate(images), of_image, units, boxes, canvases[units], whole, threads=1)
    expected, square = np.zeros(sums.shape), np.zeros(len(canvases))
    for image, unit, start, box, weight in zip(of_image, units, starts, boxes, whole, strict=True):
        for row in range(canvases[unit][0]):
            for column in range(canvases[unit][1]):
                y, x = start[0] + row, start[1] + column
                if box[0] <= y < box[2] and box[1] <= x < box[3]:
                    expected[unit, :, row, column] += weight * np.append(images[image, :, y, x], 1)
                    square[unit] += weight * (images[image, :, y, x] ** 2).sum()
    np.testing.assert_allclose(sums, expected, atol=len(units))
    np.testing.assert_allclose(squares, square, atol=len(units), rtol=1e-9)


def test_large_fields_are_shrunk_by_means_over_areas():
    image = np.random.default_rng(0).random((1, 3, 128, 192))
    canvases = np.array([[128, 192]])
    rows, columns = shrink(canvases)[0]
    assert (rows, columns) == (43, 64)
    sums, squares = np.zeros((1, 4, rows, columns), np.int32), np.zeros(1, np.int64)
    boxes = np.array([[0, 0, 128, 192]])
    add_crops(sums, squares, integrate(image), np.zeros(1, int), np.zeros(1, int), boxes, canvases, np.array([WEIGHT]))
    fine = image[0].repeat(43, 1).reshape(3, 43, 128, 64, 3).mean((2, 4))  # 43 x 128 lines in rows of 128
    np.testing.assert_allclose(sums[0, :3] / WEIGHT, fine, atol=1e-6)
    assert (sums[0, 3] == WEIGHT).all()


def test_threads_and_order_change_no_bit():
    rng = np.random.default_rng(1)
    images = integrate(rng.random((4, 3, 70, 70)))
    units = np.sort(rng.integers(0, 5, 40))
    boxes = np.tile([0, 0, 70, 70], (40, 1))
    canvases = np.tile([70, 70], (40, 1))
    of_image, weights = rng.integers(0, 4, 40), np.floor(rng.random(40) * WEIGHT)
    results = []
    for order, threads in ((np.arange(40), 1), (np.argsort(-np.arange(40) + 100 * units), 3)):
        sums, squares = np.zeros((5, 4, SIDE, SIDE), np.int32), np.zeros(5, np.int64)
        add_crops(
            sums, squares, images, of_image[order], units[order], boxes, canvases, weights[order], threads=threads
        )
        results.append((sums, squares))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


@pytest.mark.parametrize(("boxes", "expected"), [([[0, 0, 3, 2], [1, 1, 6, 4]], [[5, 3]]), ([[0, 0, 0, 0]], [[0, 0]])])
def test_canvases_are_the_largest_fields(boxes, expected):
    assert canvases_of(np.array(boxes)[None, None]).tolist() == expected


def test_identical_crops_give_the_crop():
    image = np.random.default_rng(2).random((1, 3, 9, 9))
    sums, squares = np.zeros((1, 4, 9, 9), np.int32), np.zeros(1, np.int64)
    boxes, canvases = np.tile([0, 0, 9, 9], (5, 1)), np.full((5, 2), 9)
    add_crops(sums, squares, integrate(image), np.zeros(5, int), np.zeros(5, int), boxes, canvases, np.full(5, WEIGHT))
    mean = sums[0, :3] / sums[0, 3:]
    np.testing.assert_allclose(mean, image[0], atol=1e-6)
    assert squares[0] - (mean**2 * sums[0, 3:]).sum() < 1e-5 * squares[0]
