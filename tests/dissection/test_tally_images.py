"""Counts against the definition: every value interpolated, every mask as booleans, loops over images and concepts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.dissection.image_labels import prepare_labels
from unitscope.dissection.tally import Tally, iou, tally_images
from unitscope.dissection.thresholds import TopValues
from unitscope.dissection.upsample import centred, half_pixel, upsample
from unitscope.errors import UnitscopeError

N_CONCEPTS, N_CATEGORIES = 9, 4
UNITS = ("smooth", "sparse", "steps", "negative", "dead", "constant", "full")


def interpolate(values, rows, columns):
    """Interpolate at some places down and to the right, in the order of operations that is promised."""
    rows, columns = (np.clip(at, 0, n - 1) for at, n in zip((rows, columns), values.shape, strict=True))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
    y, x = (rows - top)[:, None], columns - left
    corners = np.array([values.astype(np.float64)[i][:, j] for i in (top, bottom) for j in (left, right)])
    at_left, at_right = corners[0] + y * (corners[2] - corners[0]), corners[1] + y * (corners[3] - corners[1])
    return at_left + x * (at_right - at_left)


def count(maps, thresholds, images, places):
    """Count by the definition; images are pairs of layers and whole-image labels."""
    tally = Tally.empty(len(thresholds), N_CONCEPTS, N_CATEGORIES)
    for image, (layers, whole) in zip(maps, images, strict=True):
        has = {c: (layers == c).any(0) | (c in whole) for c in range(1, N_CONCEPTS + 1)}
        labelled = {CATEGORY_OF[c] for c, pixels in has.items() if pixels.any()}
        for c, pixels in has.items():
            tally.pixels[c - 1] += pixels.sum()
        for unit, threshold in enumerate(thresholds):
            mask = interpolate(image[unit], *places(image[unit].shape, layers.shape[1:])) > threshold
            for category in labelled:
                tally.areas[unit, category] += mask.sum()
            for c, pixels in has.items():
                tally.intersections[unit, c - 1] += (mask & pixels).sum()
    return tally


def stretched(map_shape, shape):
    """Places of pixels in a map that is stretched over the image."""
    return [((2 * np.arange(n) + 1) * points - n) / (2 * n) for points, n in zip(map_shape, shape, strict=True)]


CATEGORY_OF = np.array([99, 0, 0, 0, 1, 1, 2, 2, 3, 3])


def make_map(kind, shape, rng):
    values = rng.normal(0, 1, shape)
    if kind == "smooth":
        return np.add.outer(np.linspace(0, rng.normal(), shape[0]), np.linspace(0, rng.normal(), shape[1]))
    if kind == "sparse":
        return np.maximum(values - 1.3, 0)
    if kind == "steps":  # few values, one of which is the threshold; none is exact in binary
        return rng.integers(0, 3, shape) / 10
    if kind == "negative":
        return -np.exp(3 * values)
    return np.full(shape, {"dead": 0.0, "constant": 0.1, "full": 5.0}[kind])


def make_labels(shape, rng):
    """Layers without the same concept twice at a pixel, and whole-image labels that are in no layer."""
    concepts = rng.permutation(np.arange(1, N_CONCEPTS + 1))
    whole, rest = np.split(concepts, [rng.integers(0, 3)])
    layers = np.zeros((rng.integers(0, 4), *shape), np.uint16)
    for layer, mine in zip(layers, np.array_split(rest[: rng.integers(0, len(rest))], 3), strict=False):
        side = rng.integers(1, 6)
        areas = rng.choice(np.append(mine, 0), (-(-shape[0] // side), -(-shape[1] // side)))
        layer[:] = np.kron(areas, np.ones((side, side), int))[: shape[0], : shape[1]]
    if len(layers) and len(rest) and rest[-1] not in layers:
        layers[0, rng.integers(shape[0]), rng.integers(shape[1])] = rest[-1]  # a concept of one pixel
    return layers, whole.astype(np.uint16)


@st.composite
def cases(draw):
    """Images of one map shape, with labels of any size, smaller than the map too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, map_shape = draw(st.integers(1, 5)), (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    maps = np.array([[make_map(kind, map_shape, rng) for kind in UNITS] for _ in range(n)], np.float32)
    thresholds = np.array([0.3, 0.0, np.float32(0.1), -1.0, 0.0, np.float32(0.1), 0.0])
    if draw(st.booleans()):
        top = TopValues.empty(len(UNITS), n * map_shape[0] * map_shape[1], 0.2)
        top.add(maps)
        thresholds = top.threshold(0.2)
    images = [make_labels((draw(st.integers(1, 30)), draw(st.integers(1, 30))), rng) for _ in range(n)]
    return maps, thresholds, images


def prepare(images):
    return [prepare_labels(*image, CATEGORY_OF) for image in images]


def check(tally, expected):
    for name, array in expected.arrays().items():
        np.testing.assert_array_equal(tally.arrays()[name], array, err_msg=name)


@settings(max_examples=300, deadline=None)
@given(cases())
def test_counts_are_those_of_the_definition(case):
    maps, thresholds, images = case
    tally = Tally.empty(len(UNITS), N_CONCEPTS, N_CATEGORIES)
    tally_images(maps, thresholds, [[(tally, labels)] for labels in prepare(images)])
    check(tally, count(maps, thresholds, images, stretched))
    unions = tally.areas[:, CATEGORY_OF[1:]] + tally.pixels - tally.intersections
    values = iou(tally, CATEGORY_OF)
    assert (np.isnan(values) == (unions == 0)).all()
    assert ((values >= 0) & (values <= 1))[unions > 0].all()
    assert set(values[UNITS.index("dead"), tally.pixels > 0]) <= {0.0}


@settings(max_examples=50, deadline=None)
@given(cases(), st.tuples(*[st.floats(-3, 12)] * 2), st.tuples(*[st.floats(0.3, 9)] * 2))
def test_counts_at_the_centres_of_receptive_fields(case, first, step):
    maps, thresholds, images = case
    tally = Tally.empty(len(UNITS), N_CONCEPTS, N_CATEGORIES)
    into = [[(tally, labels)] for labels in prepare(images)]
    tally_images(
        maps, thresholds, into, lambda map_shape, shape, placement: centred(map_shape, shape, first, step, shape)
    )

    def places(_, shape):
        return [(np.arange(shape[axis]) + 0.5 - first[axis]) / step[axis] for axis in (0, 1)]

    check(tally, count(maps, thresholds, images, places))


@settings(max_examples=50, deadline=None)
@given(cases(), st.integers(0, 2**32 - 1))
def test_several_tallies_order_and_threads(case, seed):
    """Halves, a null with the labels of other images, and the sum of parts, all in one go."""
    maps, thresholds, images = case
    rng, labels = np.random.default_rng(seed), prepare(images)
    halves, other = rng.integers(0, 2, len(images)), rng.permutation(len(images))
    tallies = [Tally.empty(len(UNITS), N_CONCEPTS, N_CATEGORIES) for _ in range(3)]
    for places in np.array_split(rng.permutation(len(images)), 2):
        into = [[(tallies[halves[i]], labels[i]), (tallies[2], labels[other[i]])] for i in places]
        tally_images(maps[places], thresholds, into, threads=2)
    for half in (0, 1):
        here = np.flatnonzero(halves == half)
        check(tallies[half], count(maps[here], thresholds, [images[i] for i in here], stretched))
    check(tallies[2], count(maps, thresholds, [images[i] for i in other], stretched))
    total = Tally.from_arrays(tallies[0].arrays())
    total.merge(tallies[1])
    check(total, count(maps, thresholds, images, stretched))


def test_more_units_than_a_thread_takes_at_a_time():
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (2, 600, 3, 3)).astype(np.float32)
    thresholds, images = rng.normal(1, 0.3, 600), [make_labels((20, 15), rng) for _ in range(2)]
    tally = Tally.empty(600, N_CONCEPTS, N_CATEGORIES)
    tally_images(maps, thresholds, [[(tally, labels)] for labels in prepare(images)], threads=2)
    check(tally, count(maps, thresholds, images, stretched))


def test_numbers_worked_out_by_hand():
    """Two images of 2 x 3 pixels, a map as large: concepts 1 and 2 are objects, 4 is a part, 8 a scene."""
    first = np.array([[[1, 1, 2], [0, 2, 2]], [[4, 0, 0], [0, 0, 0]]], np.uint16)
    second = np.zeros((0, 2, 3), np.uint16)
    maps = np.array(
        [[[[1, 0, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 0]]], [[[1, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]]
    )
    labels = prepare([(first, np.array([], np.uint16)), (second, np.array([8], np.uint16))])
    tally = Tally.empty(2, N_CONCEPTS, N_CATEGORIES)
    tally_images(maps, np.zeros(2), [[(tally, one)] for one in labels])
    assert tally.pixels.tolist() == [2, 3, 0, 1, 0, 0, 0, 6, 0]
    assert tally.intersections.tolist() == [[1, 2, 0, 1, 0, 0, 0, 3, 0], [0] * 9]
    assert tally.areas.tolist() == [[3, 3, 0, 3], [0] * 4]
    # The mask of the first unit has 3 pixels in the image with objects and 3 in the one with a scene.
    nan = np.nan
    np.testing.assert_array_equal(
        iou(tally, CATEGORY_OF),
        [[1 / 4, 2 / 4, 0, 1 / 3, 0, nan, nan, 3 / 6, 0], [0, 0, nan, 0, nan, nan, nan, 0, nan]],
    )


def test_upsampled_maps_show_the_same_masks():
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 1, (5, 6, 4)).astype(np.float32)
    whole = np.array([interpolate(values, *stretched((6, 4), (31, 50))) for values in maps])
    assert whole.tobytes() == upsample(maps, half_pixel((6, 4), (31, 50))).tobytes()


@pytest.mark.parametrize(
    ("layers", "whole", "match"),
    [
        ([[[10]]], [], "labels up to 10"),
        ([[[1]]], [10], "labels up to 10"),
        ([[[1]]], [0], "or 0 as a label of the whole image"),
        ([[[1]]], [1], "an image as a whole and also some of its pixels"),
        ([[[1]]], [2, 2], "or the whole twice"),
    ],
)
def test_labels_that_contradict_each_other_are_refused(layers, whole, match):
    with pytest.raises(UnitscopeError, match=match):
        prepare_labels(np.array(layers, np.uint16), np.array(whole, np.uint16), CATEGORY_OF)


def test_what_does_not_belong_together_is_refused():
    labels = prepare([(np.ones((1, 2, 2), np.uint16), np.array([9], np.uint16))])[0]
    tally = Tally.empty(3, N_CONCEPTS, N_CATEGORIES)
    for maps, thresholds in ((np.ones((2, 3, 1, 1)), np.zeros(3)), (np.ones((1, 3, 1, 1)), np.zeros(2))):
        with pytest.raises(UnitscopeError, match="give one of each"):
            tally_images(maps, thresholds, [[(tally, labels)]])
    for sizes in ((2, N_CONCEPTS, N_CATEGORIES), (3, N_CONCEPTS + 1, N_CATEGORIES), (3, N_CONCEPTS, N_CATEGORIES - 1)):
        with pytest.raises(UnitscopeError, match="make it with these numbers"):
            tally_images(np.ones((1, 3, 1, 1)), np.zeros(3), [[(tally, labels), (Tally.empty(*sizes), labels)]])
    assert tally.pixels.sum() == 0
