"""Figures printed in Gale et al. 2020, against the measures."""

import numpy as np
import pytest

from unitscope.measures import measure

# Unit, mean in A (buses), mean not in A, CCMAS: Table 4 (VGG-16), Table 5 and Table 6 (GoogLeNet), in this order.
TRIPLES = """
conv5_3:191  131.9  16.1  0.783
conv5_3:20  157.6  15.2  0.824
conv5_3:333  101.7  17.5  0.705
conv5_3:145  75.5  12.5  0.716
conv5_3:113  62.8  9.1  0.747
conv5_3:443  59.3  8.1  0.760
conv5_3:131  54.0  5.86  0.804
inception4e:824  41.0  11.8  0.553
inception4e:745  34.8  11.4  0.507
inception4e:791  32.7  5.3  0.719
inception4e:194  26.6  8.8  0.505
inception4e:82  26.7  10.9  0.420
inception4e:736  38.7  9.9  0.591
inception4e:663  33.4  3.7  0.802
inception4e:94  38.3  9.5  0.603
inception4e:772  21.7  5.2  0.610
inception4e:113  24.9  9.2  0.462
inception4e:708  29.7  9.1  0.529
inception4e:801  35.2  6.4  0.691
inception4e:199  21.5  7.7  0.473
inception4e:8  18.5  7.3  0.434
inception4e:121  17.9  8.9  0.336
inception4e:622  27.5  6.4  0.621
inception4e:97  21.1  9.3  0.389
inception4e:494  72.5  22.8  0.521
inception4e:828  109.4  17.6  0.723
inception4e:569  74.9  20.0  0.579
inception4e:384  67.0  18.5  0.566
inception4e:455  69.1  14.3  0.656
inception4e:579  91.5  26.0  0.557
inception4e:331  51.0  11.8  0.624
inception4e:582  125.7  21.95  0.703
inception4e:498  73.5  15.0  0.661
inception4e:534  62.7  19.  0.532
inception4e:693  75.4  22.3  0.544
inception4e:673  88.6  23.0  0.587
inception4e:469  34.7  14.6  0.409
inception4e:207  76.1  21.3  0.562
inception4e:491  41.1  13.7  0.501
inception4e:645  59.9  18.1  0.536
inception4e:527  58.0  21.7  0.456
inception4e:511  53.5  21.7  0.423
inception4e:308  53.5  21.7  0.423
inception4e:541  44.9  13.7  0.534
inception4e:367  37.7  15.4  0.420
inception4e:665  107.2  21.0  0.673
inception4e:532  52.9  22.4  0.405
inception4e:297  48.2  17.9  0.458
inception4e:480  69.4  21.4  0.529
"""


def rows():
    """The 49 rows, numbers as printed, with half a unit of the last printed digit."""
    for line in TRIPLES.split("\n")[1:-1]:
        unit, *printed = line.split()
        halves = [0.5 * 10 ** -len(number.partition(".")[2]) for number in printed]
        yield pytest.param([float(number) for number in printed], halves, id=f"{unit}-{printed[0]}")


@pytest.mark.parametrize(("numbers", "halves"), list(rows()))
def test_ccmas_of_tables_4_to_6_holds_within_rounding(numbers, halves):
    mean, other, ccmas = numbers
    ends = [
        ccmas_of_two_classes(mean + sign * halves[0], other - sign * halves[1]) for sign in (-1, 1)
    ]  # the formula rises in the first mean and falls in the second
    slack = 2 * halves[2]  # conv5_3:333 shows that CCMAS was cut off, not rounded, when printed
    assert ends[0] - slack <= ccmas <= ends[1] + slack


def ccmas_of_two_classes(mean: float, other: float) -> float:
    """CCMAS of a unit with these two means, measured."""
    x = np.array([mean, mean, other, other, other])
    return measure(x, [1, 1, 0, 0, 0])["ccmas"].item()


def figure_12() -> tuple[np.ndarray, np.ndarray]:
    """The three constructed units: 10 classes of 100 items."""
    labels = np.repeat(np.arange(10), 100)
    one_item = np.zeros(1000)
    one_item[0] = 1.0
    grandmother = np.where(labels == 0, 1.0, 0.0)
    # One class .1 above all others, which are highly active: (x + .1 - x) / (2 x + .1) = .06 for x = .78.
    shifted = np.where(labels == 0, 0.88, 0.78)
    return np.column_stack([one_item, grandmother, shifted]), labels


def test_figure_12_shows_where_ccmas_fails():
    table = measure(*figure_12())
    np.testing.assert_allclose(table["ccmas"], [1, 1, 0.1 / 1.66], atol=1e-12)
    np.testing.assert_allclose(table["ccmas"].iloc[2], 0.06, atol=0.005)  # as printed
    assert table["localist"].tolist() == [False, True, True]
    # Unit a: 59 of its top 60 places are shared among 999 zeros, 99 of them of class 0.
    np.testing.assert_allclose(table["precision_60"], [(1 + 59 * 99 / 999) / 60, 1, 1])
    np.testing.assert_allclose(table["recall_at_precision_1"], [0.01, 1, 1])
    np.testing.assert_allclose(table["max_informedness"], [0.01, 1, 1])
    assert table["detector"].tolist() == [False, True, True]


def test_false_alarm_rate_above_99_percent_is_impossible_with_informedness_of_91_percent():
    # Section 3.1 gives fc7:3290 a maximum informedness of .91 and a false-alarm rate above .99. Informedness is
    # recall - false-alarm rate, so the rate is at most .09; what can be as high is the false discovery rate.
    rng = np.random.default_rng(0)
    labels = (np.arange(100_000) >= 100).astype(int)  # a class of 100 among 100,000
    x = np.where(labels == 0, rng.normal(3.1, 1, 100_000), rng.normal(0, 1, 100_000)).astype(np.float32)
    with pytest.warns(match="negative activations"):
        row = measure(x, labels).iloc[0]
    assert row["max_informedness_class"] == "0"
    assert row["max_informedness"] == pytest.approx(0.91, abs=0.03)
    assert row["max_informedness_false_alarm_rate"] <= 1 - row["max_informedness"]
    assert row["max_informedness_false_discovery_rate"] > 0.96
    assert row["max_informedness"] == pytest.approx(
        row["max_informedness_recall"] + row["max_informedness_specificity"] - 1
    )


def test_unit_like_fc6_1199_is_precise_but_no_detector():
    # Figure 3: of 1,241 butterflies 72 are at zero; of all items four fifths are. The most active are butterflies.
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.zeros(1241, int), 1 + np.arange(80_000) % 99])
    butterflies = np.concatenate([np.zeros(72), rng.normal(39.2, 20, 1169).clip(0.1, 95)])
    others = np.where(rng.random(80_000) < 0.83, 0, rng.exponential(8, 80_000).clip(0, 60))
    row = measure(np.concatenate([butterflies, others]), labels).iloc[0]
    assert row["zero_share_in_class"] == pytest.approx(72 / 1241)
    assert row["zhou_detector"]
    assert row["ccmas"] > 0.9
    assert row["recall_at_precision_1"] < 0.5
    assert row["max_informedness_precision"] < 0.5
