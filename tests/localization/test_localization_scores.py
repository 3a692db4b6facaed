"""Overlap by counting pixels, the rule of ILSVRC by hand, MaxBoxAcc by a flood fill at each threshold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_boxes import box_of, flood, maps

from unitscope.errors import UnitscopeError
from unitscope.localization import (
    NO_BOX,
    box_iou,
    localization_error,
    localization_hits,
    max_box_accuracy,
    max_box_accuracy_v2,
    threshold_overlaps,
)

places = st.integers(0, 7)


@st.composite
def boxes(draw):
    (top, bottom), (left, right) = (sorted(draw(st.tuples(places, places))) for _ in range(2))
    return np.array([top, left, bottom + 1, right + 1])


def pixels(box):
    return {(row, column) for row in range(box[0], box[2]) for column in range(box[1], box[3])}


@given(boxes(), boxes())
def test_overlap_by_counting_pixels(first, second):
    expected = len(pixels(first) & pixels(second)) / len(pixels(first) | pixels(second))
    assert box_iou(first, second) == pytest.approx(expected, abs=1e-12)


@given(boxes(), boxes())
def test_both_ends_counted_with_one_added_is_the_same(first, second):
    last = np.minimum(first[2:], second[2:]) - 1
    common = np.clip(last - np.maximum(first[:2], second[:2]) + 1, 0, None).prod()
    areas = [(box[2:] - 1 - box[:2] + 1).prod() for box in (first, second)]
    assert box_iou(first, second) == pytest.approx(common / (sum(areas) - common), abs=1e-12)


def test_missing_boxes_overlap_nothing():
    assert box_iou(np.array([NO_BOX, [0, 0, 2, 2]]), np.array([0, 0, 2, 2])).tolist() == [0, 1]
    assert box_iou(np.array(NO_BOX), np.array(NO_BOX)) == 0
    assert box_iou(np.zeros((3, 1, 4)), np.zeros((2, 4))).shape == (3, 2)


GUESSES = np.array([[4, 2], [1, 3], [0, 5], [2, 2]])
BOXES = np.array(
    [
        [[0, 0, 4, 4], [0, 0, 9, 9]],  # right at once, by its second true box
        [[0, 0, 4, 4], [0, 0, 4, 2]],  # right with the second guess: overlap of exactly a half
        [[0, 0, 4, 4], [0, 0, 4, 1]],  # the right class in the wrong place
        [NO_BOX, [1, 1, 3, 3]],  # no box, then the right one
    ]
)
LABELS = np.array([4, 3, 5, 2])
TRUE = [np.array([[6, 6, 8, 8], [0, 0, 4, 3]]), *(np.array([[0, 0, 4, 4]]),) * 2, np.array([[1, 1, 3, 3]])]


def test_the_rule_of_ilsvrc():
    hits = localization_hits(GUESSES, BOXES, LABELS, TRUE)
    assert hits.tolist() == [[True, False], [False, True], [False, False], [False, True]]
    assert localization_error(hits) == 0.75
    assert localization_error(hits, 2) == 0.25
    assert np.isnan(localization_error(hits[:0]))
    assert localization_hits(GUESSES, BOXES, LABELS, TRUE, 0.51)[1].tolist() == [False, False]


def test_errors_that_cannot_be_counted():
    with pytest.raises(UnitscopeError, match="item 1 has no true box"):
        localization_hits(GUESSES[:2], BOXES[:2], LABELS[:2], [TRUE[0], np.zeros((0, 4))])
    with pytest.raises(UnitscopeError, match="the best 5 guesses cannot count, for there are 2"):
        localization_error(np.zeros((3, 2), bool), 5)


def overlaps_by_flood_fill(scores, true_boxes):
    """Overlap of the largest component, and of any, at thresholds 0, .001, ..., .999."""
    found = np.zeros((2, 1000))
    spread = scores.max() - scores.min()
    scaled = (scores - scores.min()) / spread if spread else np.zeros_like(scores)
    for number in range(1000):
        components = flood(scaled > number / 1000)
        if components:
            best = [max(float(box_iou(np.array(box_of(each)), box)) for box in true_boxes) for each in components]
            found[:, number] = best[int(np.argmax([len(each) for each in components]))], max(best)
    return found


@settings(deadline=None, max_examples=40)
@given(maps, st.lists(boxes(), min_size=1, max_size=3), st.booleans())
def test_every_threshold_against_a_flood_fill(scores, true_boxes, spread):
    if spread:  # all values different, so that components grow one pixel at a time
        scores = scores + np.random.default_rng(0).random(scores.shape)
    found = threshold_overlaps(scores, np.array(true_boxes))
    np.testing.assert_allclose(np.stack(found), overlaps_by_flood_fill(scores, true_boxes), atol=1e-12)


def test_a_value_at_a_threshold_is_not_above_it():
    scores = np.array([[0.0, 1.0, 0.5, 0.0]])
    found = threshold_overlaps(scores, np.array([[0, 1, 1, 3]]))
    assert found.largest[[0, 499, 500, 999]].tolist() == [1, 1, 0.5, 0.5]


def test_scale_and_shift_of_a_map_do_not_matter():
    scores = np.random.default_rng(1).integers(0, 64, (9, 9)).astype(float)
    true = np.array([[2, 2, 7, 6]])
    np.testing.assert_array_equal(threshold_overlaps(scores, true), threshold_overlaps(scores * 4 - 32, true))


def test_a_constant_map_has_no_box():
    assert not np.any(threshold_overlaps(np.full((5, 5), 3.0), np.array([[0, 0, 5, 5]])))


def test_maps_that_cannot_be_compared():
    with pytest.raises(UnitscopeError, match="no true box"):
        threshold_overlaps(np.eye(3), np.zeros((0, 4)))
    with pytest.raises(UnitscopeError, match="not finite"):
        threshold_overlaps(np.array([[0.0, np.nan]]), np.array([[0, 0, 1, 1]]))
    with pytest.raises(UnitscopeError, match="at least one item"):
        max_box_accuracy(np.zeros((0, 1000)))


def test_the_best_threshold_is_one_for_all_items():
    overlaps = np.zeros((3, 1000))
    overlaps[0, :100], overlaps[1, 50:150], overlaps[2, 200:] = 0.5, 0.6, 0.8
    assert max_box_accuracy(overlaps) == (2 / 3, 0.05)
    assert max_box_accuracy(overlaps, 0.7) == (1 / 3, 0.2)
    assert max_box_accuracy_v2(overlaps) == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)
