"""Where a measure has a bar or must choose between equals: exactly on it, just beside it, worked by hand."""

import numpy as np
import pytest

from unitscope.errors import UnitscopeWarning
from unitscope.measures import measure


def row_of(falling, values=None):
    """Measure one unit, given the classes of its items in falling order of activation."""
    labels = list(falling)
    return measure(np.arange(len(labels), 0, -1.0) if values is None else np.array(values), labels).iloc[0]


def test_precision_of_95_percent_counts_exactly():
    # 40 a's, 19 of them among the first 20: precision 19/20 at the 20th. Nothing later comes near.
    row = row_of("a" * 10 + "b" + "a" * 9 + "b" * 50 + "a" * 21)
    assert row["recall_at_precision_1"] == 10 / 40
    assert (row["recall_at_precision_95"], row["recall_at_precision_95_class"]) == (19 / 40, "a")
    assert row["recall_at_precision_95_threshold"] == 91 - 19  # 91 items, values 91 .. 1
    # One more false alarm: 18/19 and 19/21 are too few, and the ten before the first b are left.
    assert row_of("a" * 10 + "bb" + "a" * 9 + "b" * 50 + "a" * 21)["recall_at_precision_95"] == 10 / 40


def test_precision_may_fall_below_95_percent_and_recover():
    # 10/12 is below; 38/40 is back on the bar. The published code stops at the first fall.
    row = row_of("a" * 10 + "bb" + "a" * 28 + "b" * 60)
    assert row["recall_at_precision_95"] == 1
    assert row["recall_at_precision_1"] == 10 / 38


def test_no_precise_threshold_names_no_class():
    # Both classes tie for the most active item, so no precision ever exceeds one half.
    row = row_of("abab", [2.0, 2, 1, 1])
    assert row["recall_at_precision_95"] == 0
    assert row["recall_at_precision_95_class"] is None
    assert np.isnan(row["recall_at_precision_95_threshold"])


def test_zhou_detector_needs_more_than_three_quarters():
    # Top 60: 45 or 46 a's, then b's.
    on_the_bar = row_of("a" * 45 + "b" * 100)
    assert (on_the_bar["precision_60"], on_the_bar["zhou_detector"]) == (0.75, False)
    above = row_of("a" * 46 + "b" * 100)
    assert (above["precision_60"], above["zhou_detector"]) == (46 / 60, True)
    assert above["precision_60_threshold"] == 146 - 59  # the 60th of 146, 145 ..


def test_precision_shares_the_60th_place_among_its_ties():
    # 58 a's above, then 8 tied for 2 places, 2 a's and 6 b's: a has 58 + 2 * 2/8.
    row = row_of("a" * 58 + "aabbbbbb" + "b" * 9, [*range(100, 42, -1), *[5] * 8, *[1] * 9])
    assert row["precision_60"] == 58.5 / 60
    assert row["precision_60_threshold"] == 5


def test_half_the_hits_are_no_detector():
    # a: 2 of 4 down to the 2nd item, precision 1; 3 of 4 down to the 6th, precision 3/6; 4 of 4 at the last, 4/8: three
    # scores of one half, which is not more than one half. The highest of these thresholds is named.
    row = row_of("aabcdaea", [9, 8, 7, 6, 5, 4, 3, 2.0])
    assert (row["detector_score"], row["detector"]) == (0.5, False)
    assert (row["detector_score_class"], row["detector_score_threshold"]) == ("a", 8)
    # 3 of 4 down to the 3rd item, precision 1.
    assert row_of("aaabbbba")["detector"]


def test_of_equal_classes_the_first_is_named():
    # x and y share every value.
    row = row_of("yxyxz", [2.0, 2, 1, 1, 0])
    for name in ("max_informedness", "auc", "average_precision", "detector_score", "ccmas", "d_prime"):
        assert row[f"{name}_class"] == "x", name


def test_of_equal_thresholds_of_informedness_the_highest_is_named():
    # a: 1/2 - 0 at 9, and 2/2 - 1/2 at 7.
    row = row_of("abab", [9.0, 8, 7, 6])
    assert (row["max_informedness"], row["max_informedness_threshold"]) == (0.5, 9)


def test_class_index_counts_classes_of_the_top_100_and_population_those_of_a_tenth():
    # Top 100: 60 a's, and 40 classes once each. M = 41.
    labels = ["a"] * 60 + [f"b{i}" for i in range(100)]
    row = row_of(labels)
    assert row["n_classes_top_100"] == 41
    assert row["class_index"] == pytest.approx((100 - 41) / 99)
    assert (row["class_index_class"], row["class_population"]) == ("a", 1)


def test_a_tenth_is_enough_for_the_population():
    # Ten classes with one active item each, equally: a tenth each; ten classes without.
    row = row_of([f"c{i:02}" for i in range(20)], [1.0] * 10 + [0.0] * 10)
    assert row["class_population"] == 10
    assert row["class_index"] == 0
    # Eleven: an eleventh each.
    assert row_of([f"c{i:02}" for i in range(20)], [1.0] * 11 + [0.0] * 9)["class_population"] == 0


def test_negative_activations_have_no_weight_in_the_class_index():
    with pytest.warns(UnitscopeWarning, match="negative activations"):
        row = row_of("aabb", [3.0, 2, -1, -5])
    assert (row["class_index"], row["class_index_class"], row["class_population"]) == (1, "a", 1)


def test_means_and_their_standard_errors():
    # a: 6, 4, mean 5, sd sqrt(2). Rest: 4, 1, 1, mean 2, sd sqrt((4 + 1 + 1) / 2). All: 16/5.
    row = row_of("aabbc", [6.0, 4, 4, 1, 1])
    assert row["highest_mean_class"] == "a"
    assert row["mean"] == pytest.approx(16 / 5)
    assert (row["mean_in_class"], row["mean_not_in_class"]) == (5, 2)
    assert row["mean_in_class_se"] == pytest.approx(np.sqrt(2) / np.sqrt(2))
    assert row["mean_not_in_class_se"] == pytest.approx(np.sqrt(3) / np.sqrt(3))


def test_zeros_of_either_sign_tie():
    row = row_of("abab", [0.0, -0.0, 1.0, 1.0])
    assert (
        row["undefined"] == "60 items or fewer: no precision; 100 items or fewer: no number of classes in the top 100"
    )
    assert (row["zero_share"], row["auc"], row["max_informedness"]) == (0.5, 0.5, 0)
