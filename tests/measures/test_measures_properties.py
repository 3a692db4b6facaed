"""What must hold of all measures: hand-worked values, scikit-learn, invariances, undefined units, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from unitscope.columns import Column
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import CLASSWISE, COLUMNS, HELD_OUT, Classes, measure, measure_block
from unitscope.measures.top_items import chance_index
from unitscope.threads import n_cores

# How each column answers to a change of the activations. Ranks: unchanged by any rising map that keeps 0; scale:
# unchanged by a factor; the rest is in units of activation.
SCALE_ONLY = {"ccmas", "class_selectivity", "d_prime", "lifetime_sparseness", "class_index", "class_population"}
VALUES = {name for name, column in COLUMNS.items() if column.kind == "value"}
MEAN_CLASSES = {"ccmas_class", "class_selectivity_class", "d_prime_class", "class_index_class", "highest_mean_class"}
OF_MEAN_CLASS = {"zero_share_in_class", "zero_share_not_in_class"}
IDS = {"unit", "layer", "index"}
RANKS = set(COLUMNS) - SCALE_ONLY - VALUES - MEAN_CLASSES - OF_MEAN_CLASS - IDS


def random_units(seed=0, n=400, units=6, classes=7, dtype=np.float32):
    rng = np.random.default_rng(seed)
    x = np.where(rng.random((n, units)) < 0.6, 0, rng.exponential(size=(n, units)))
    x[:, 0] = np.round(x[:, 0], 1)  # many ties
    return x.astype(dtype), rng.integers(0, classes, n)


def assert_same(one, other, names):
    for name in names:
        np.testing.assert_array_equal(one[name].to_numpy(), other[name].to_numpy(), err_msg=name)


def columns_of(table):
    return [name for name in table.columns if name not in IDS]


def test_hand_worked_unit():
    # Falling: 9(a) 8(a) 7(b) 5(a) 0(b) 0(b) 0(c) 0(a). N = 8, a: 4, b: 3, c: 1.
    row = measure(np.array([9, 8, 7, 5, 0, 0, 0, 0.0]), list("aababbca")).iloc[0]
    # a: thresholds 9: 1/4 - 0; 8: 2/4 - 0; 7: 2/4 - 1/4; 5: 3/4 - 1/4; 0: 0. The highest of equals is t = 8.
    # b: 7: 1/3 - 2/5 < 0. c: 0. So a with 1/2, at t = 8: recall 2/4, no false alarms.
    assert row["max_informedness"] == 0.5
    assert row["max_informedness_class"] == "a"
    assert row["max_informedness_threshold"] == 8
    assert (row["max_informedness_recall"], row["max_informedness_specificity"]) == (0.5, 1)
    assert (row["max_informedness_false_alarm_rate"], row["max_informedness_false_discovery_rate"]) == (0, 0)
    # Perfect precision down to 8: 2 of 4.
    assert (row["recall_at_precision_1_class"], row["top_class_selectivity"]) == ("a", 2)
    assert row["recall_at_precision_1"] == 0.5
    # Precision >= .95 nowhere below.
    assert row["recall_at_precision_95"] == 0.5
    # t = 5: recall 3/4, precision 3/4.
    assert (row["detector"], row["detector_score"], row["detector_score_threshold"]) == (True, 0.75, 5)
    # Mean of a 22/4 = 5.5, of the rest 7/4 = 1.75.
    assert row["ccmas"] == pytest.approx((5.5 - 1.75) / (5.5 + 1.75))
    # The others' means are 7/3 and 0, their mean 7/6.
    assert row["class_selectivity"] == pytest.approx((5.5 - 7 / 6) / (5.5 + 7 / 6))
    # Pairs a x not-a: 9 and 8 beat 4 each, 5 beats 3, 0 ties with 3: 4 + 4 + 3 + 1.5 of 16.
    assert row["auc"] == pytest.approx(12.5 / 16)
    # 1/4 (1) + 1/4 (1) + 1/4 (3/4) + 1/4 (4/8)
    assert row["average_precision"] == pytest.approx((1 + 1 + 0.75 + 0.5) / 4)
    # All 8 items are among the 60 most active: their classes say nothing of this unit.
    assert np.isnan(row["precision_60"])
    assert not row["zhou_detector"]
    assert np.isnan(row["n_classes_top_100"])
    assert measure(np.array([9, 8, 7, 5, 0, 0, 0, 0.0]), list("aababbca"), top=3)["n_classes_top_3"].item() == 2
    # Of the 4 active items, 2 classes: (4 - 2) / (4 - 1); frequencies 22/29 and 7/29.
    assert row["class_index"] == pytest.approx(2 / 3)
    assert (row["class_index_class"], row["class_population"]) == ("a", 2)
    assert (row["zero_share"], row["zero_share_in_class"], row["zero_share_not_in_class"]) == (0.5, 0.25, 0.75)
    # sd of 9, 8, 5, 0 is sqrt(((3.5)^2 + (2.5)^2 + (.5)^2 + (5.5)^2) / 3), over sqrt(4).
    assert row["mean_in_class_se"] == pytest.approx(np.sqrt((12.25 + 6.25 + 0.25 + 30.25) / 3) / 2)
    # (1 - (29/8)^2 / (219/8)) / (7/8)
    assert row["lifetime_sparseness"] == pytest.approx((1 - (29 / 8) ** 2 / (219 / 8)) / (7 / 8))
    assert row["max"] == 9
    assert (
        row["undefined"] == "60 items or fewer: no precision; 100 items or fewer: no number of classes in the top 100"
    )


def test_every_column_is_there_described_and_in_order():
    x, labels = random_units()
    table = measure(x, labels)
    assert list(table.columns) == [name for name in COLUMNS | HELD_OUT if name not in ("layer", "index")]
    for name, column in (COLUMNS | HELD_OUT).items():
        assert isinstance(column, Column)
        assert column.name == name
        assert column.title
        assert column.definition
    low_high = [
        (table[name], column)
        for name, column in (COLUMNS | HELD_OUT).items()
        if name in table and column.low is not None
    ]
    for values, column in low_high:
        defined = values.dropna().astype(float)
        assert (defined >= column.low).all(), column.name
        assert column.high is None or (defined <= column.high + 1e-12).all(), column.name


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed):
    x, labels = random_units(seed, dtype=np.float64)
    found = measure_block(np.ascontiguousarray(x.T), Classes.of_labels(labels, 7)).classwise
    for unit in range(x.shape[1]):
        for label in range(7):
            truth = labels == label
            false_alarms, hits, _ = roc_curve(truth, x[:, unit], drop_intermediate=False)
            assert found["max_informedness"][unit, label] == pytest.approx((hits - false_alarms).max(), abs=1e-12)
            assert found["auc"][unit, label] == pytest.approx(roc_auc_score(truth, x[:, unit]), abs=1e-12)
            ap = average_precision_score(truth, x[:, unit])
            assert found["average_precision"][unit, label] == pytest.approx(ap, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_order_of_items_changes_no_bit(dtype):
    x, labels = random_units(dtype=dtype)
    order = np.random.default_rng(1).permutation(len(x))
    one, other = measure(x, labels), measure(x[order], labels[order])
    # Which items are in which half follows from their order.
    assert_same(one, other, [name for name in columns_of(one) if name not in HELD_OUT])


def test_threads_change_no_bit():
    x, labels = random_units(units=40)
    one = measure(x, labels, threads=1)
    for threads in (2, 5):
        assert_same(one, measure(x, labels, threads=threads), columns_of(one))


def test_names_of_classes_do_not_matter():
    x, labels = random_units()
    one, other = measure(x, labels), measure(x, np.array([f"class {a}" for a in labels]))
    for name in columns_of(one):
        if (COLUMNS | HELD_OUT)[name].kind == "class":
            assert [None if a is None else f"class {a}" for a in one[name]] == other[name].tolist()
        else:
            np.testing.assert_array_equal(one[name], other[name])


def test_rank_measures_are_unchanged_by_any_rising_map_that_keeps_zero():
    x, labels = random_units(dtype=np.float64)
    one, other = measure(x, labels), measure(np.expm1(x) * 3, labels)
    assert_same(one, other, [name for name in RANKS if name in one])


def test_a_factor_changes_only_columns_in_units_of_activation():
    x, labels = random_units()
    one, other = measure(x, labels), measure(x * 4, labels)  # a power of two keeps every bit
    assert_same(one, other, [name for name in columns_of(one) if name not in VALUES])
    for name in VALUES:
        np.testing.assert_array_equal(one[name] * 4, other[name])


def test_every_item_twice_changes_no_threshold_measure():
    x, labels = random_units()
    one, other = measure(x, labels), measure(np.repeat(x, 2, axis=0), np.repeat(labels, 2))
    names = ["max_informedness", "max_informedness_threshold", "recall_at_precision_1", "recall_at_precision_95", "auc",
             "detector_score", "ccmas", "zero_share"]  # fmt: skip
    for name in names:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-12, err_msg=name)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_informedness_is_recall_and_specificity_at_its_threshold(seed):
    x, labels = random_units(seed, n=60, units=2, classes=3)
    table = measure(x, labels)
    total = table["max_informedness_recall"] + table["max_informedness_specificity"] - 1
    np.testing.assert_allclose(total, table["max_informedness"], atol=1e-12)
    np.testing.assert_allclose(
        table["max_informedness_false_alarm_rate"], 1 - table["max_informedness_specificity"], atol=1e-12
    )


@pytest.mark.parametrize(
    ("x", "labels", "reason"),
    [
        ([0.0, 0, 0, 0], [0, 0, 1, 1], "dead: all activations are 0"),
        ([2.0, 2, 2, 2], [0, 0, 1, 1], "constant: all activations are equal"),
        ([0.0, 1, 2, 3], [0, 0, 0, 0], "all items are of one class"),
    ],
)
def test_units_that_tell_nothing_have_reasons_rather_than_scores(x, labels, reason):
    row = measure(np.array(x), labels).iloc[0]
    assert row["undefined"] == reason
    # A constant unit still has equal means, which CCMAS may call 0, and every sparseness may be defined.
    for name in ("precision_60", "recall_at_precision_1", "recall_at_precision_95", "max_informedness", "auc",
                 "detector_score", "average_precision", "mutual_information", "d_prime"):  # fmt: skip
        assert np.isnan(row[name]), name
    assert not row["localist"]
    assert not row["detector"]
    assert not row["zhou_detector"]
    assert row["max_informedness_class"] is None


def test_labels_of_one_class_have_no_class_index():
    row = measure(np.arange(10.0), ["a"] * 10).iloc[0]
    for name in ("class_index", "class_population", "n_classes_top_100", "class_index_expected"):
        assert np.isnan(row[name]), name


def test_d_prime_without_spread_is_no_other_class_s_d_prime():
    """Class a is apart from the rest and neither varies: its d' is infinite, and -1.2 is not the best there is."""
    row = measure(np.array([1.0, 1, 0, 0, 0, 0]), list("aabbcc")).iloc[0]
    assert (row["localist_class"], row["auc"]) == ("a", 1)
    assert np.isnan(row["d_prime"])
    assert row["d_prime_class"] is None
    assert "d' is infinite" in row["undefined"]
    assert measure(np.array([1.0, 1, 0, 0, 0, 1e-3]), list("aabbcc")).iloc[0]["d_prime_class"] == "a"


def test_sixty_items_have_no_precision_and_sixty_one_have():
    labels = np.arange(61) % 2
    x = np.arange(61.0)
    assert np.isnan(measure(x[:60], labels[:60])["precision_60"][0])
    row = measure(x, labels).iloc[0]
    assert row["precision_60"] == 0.5
    assert "no precision" not in row["undefined"]


def test_negative_activations_rank_but_have_no_ratios():
    with pytest.warns(UnitscopeWarning, match=r"1 units have negative activations .the first is ganglion"):
        row = measure(np.array([-1.0, -2, -3, -4]), [0, 0, 1, 1], units=["ganglion"]).iloc[0]
    assert row["localist"]
    assert row["max_informedness"] == 1
    assert np.isnan(row["ccmas"])
    assert np.isnan(row["lifetime_sparseness"])
    reasons = row["undefined"].split("; ")
    assert reasons[:2] == ["negative activations: no ratio measures", "60 items or fewer: no precision"]
    assert row["d_prime"] == pytest.approx(2 / np.sqrt(0.5))


def test_one_class_with_one_item_and_one_without_any():
    found = measure_block(np.array([[3, 2, 1]], np.float32), Classes.of_labels(np.array([0, 2, 2]), 4))
    np.testing.assert_array_equal(np.isnan(found.classwise["auc"][0]), [False, True, False, True])
    assert found.columns["localist_class"][0] == 0
    assert found.columns["n_classes"][0] == 2


def test_ties_at_the_top_between_classes_leave_no_top_class():
    row = measure(np.array([5.0, 5, 1, 0]), [0, 1, 0, 1]).iloc[0]
    assert row["recall_at_precision_1_class"] is None
    assert (row["top_class_selectivity"], row["recall_at_precision_1"]) == (0, 0)


def test_grandmother_unit_with_silent_other_classes_is_localist():
    # The published code resets its flag when a later class is silent throughout.
    row = measure(np.array([4.0, 3, 0, 0, 0, 0]), [0, 0, 1, 1, 2, 2]).iloc[0]
    assert row["localist"]
    assert row["localist_class"] == "0"
    assert not row["localist_off"]


def test_touching_ranges_are_not_localist():
    assert not measure(np.array([4.0, 3, 3, 0]), [0, 0, 1, 1])["localist"].item()


def test_localist_off():
    row = measure(np.array([1.0, 2, 5, 6, 7]), [0, 0, 1, 2, 2]).iloc[0]
    assert (row["localist_off"], row["localist_off_class"]) == (True, "0")
    assert (row["localist"], row["localist_class"]) == (True, "2")


def test_no_information_is_no_informedness():
    # The published code finds .7 to .8 here, by cutting the block of zeros where the class order happens to lie.
    rng = np.random.default_rng(0)
    x = np.where(rng.random(20_000) < 0.82, 0, rng.exponential(size=20_000)).astype(np.float32)
    assert measure(x, np.repeat(np.arange(100), 200))["max_informedness"].item() < 0.2


def test_class_index_with_full_top_100():
    # 200 items active, top 100 all of class 0: M = 1, index 1. Then of 100 classes: 0.
    x = np.arange(200, 0, -1.0)
    assert measure(x, np.repeat([0, 1], 100))["class_index"].item() == 1
    assert measure(x, np.tile(np.arange(100), 2))["class_index"].item() == 0


def test_chance_index_against_simulation():
    sizes = np.array([50, 30, 15, 4, 1])
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(5), sizes)
    classes = [len(set(rng.choice(labels, 20, replace=False))) for _ in range(4000)]
    assert chance_index(sizes, 20) == pytest.approx((20 - np.mean(classes)) / 19, abs=0.003)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_are_not_finite_are_refused_by_name(bad, dtype):
    x = np.ones((5, 2), dtype)
    x[3, 1] = bad
    with pytest.raises(UnitscopeError, match=r"unit b has the value .* for item 3"):
        measure(x, [0, 1, 0, 1, 0], units=["a", "b"])


@pytest.mark.parametrize(
    ("x", "labels", "message"),
    [
        (np.ones((3, 2)), [0, 1], "do not fit"),
        (np.array(["a", "b"]), [0, 1], "not a matrix of real numbers"),
        (np.ones((0, 2)), [], "no items to measure"),
        (np.ones(3), ["a", None, "b"], "item 1 has no label"),
        (np.ones(3), [0, 1, np.nan], "item 2 has no label"),
    ],
)
def test_bad_input_is_said_in_one_sentence(x, labels, message):
    with pytest.raises(UnitscopeError, match=message):
        measure(x, labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, -1], "item 2 has the label -1, but classes are numbered from 0 to 1"),
        ([0, 2, 1], "item 1 has the label 2"),
        ([0, 1], "2 labels for 3 items"),
        ([0.0, 1.0, 1.0], "not class indices"),
    ],
)
def test_labels_that_are_no_classes_never_reach_compiled_code(labels, message):
    with pytest.raises(UnitscopeError, match=message):
        measure_block(np.arange(3, dtype=np.float32)[None], Classes.of_labels(np.array(labels), 2))


def test_cores_are_counted_where_the_system_knows_no_affinity(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert n_cores() == 3


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_classes_does_not_matter(seed):
    x, labels = random_units(seed)
    place = np.random.default_rng(seed).permutation(7)
    one = measure_block(np.ascontiguousarray(x.T), Classes.of_labels(labels, 7)).classwise
    other = measure_block(np.ascontiguousarray(x.T), Classes.of_labels(place[labels], 7)).classwise
    for name, values in one.items():
        # Means of all other classes are merged class by class, so their last bits follow the order of classes.
        tolerance = 1e-12 if name in ("ccmas", "d_prime") else 0
        np.testing.assert_allclose(other[name][:, place], values, rtol=tolerance, err_msg=name)


def test_many_classes_and_integers():
    labels = np.arange(70_000)
    x = np.zeros(70_000, int)
    x[12_345] = 9
    row = measure(x, labels).iloc[0]
    assert (row["localist"], row["localist_class"]) == (True, "12345")


def test_class_wise_arrays_agree_with_the_table():
    x, labels = random_units()
    measured = measure_block(np.ascontiguousarray(x.T), Classes.of_labels(labels, 7))
    assert set(measured.classwise) == set(CLASSWISE)
    for name in ("precision_60", "max_informedness", "auc", "detector_score", "d_prime"):
        np.testing.assert_array_equal(measured.columns[name], np.nanmax(measured.classwise[name], axis=1))
