"""Drops, intervals and tests from counts: hand-worked, and against simulations."""

import numpy as np
import pytest
from scipy import stats

from unitscope.ablation.estimates import largest_drop, log_drop, mcnemar, paired_drop
from unitscope.ablation.sums import Answers, LayerSums, Sums
from unitscope.ablation.table import TOO_FEW, layer_frame
from unitscope.run import Layer


def sums_of(lost, gained):
    lost, gained = np.array(lost), np.array(gained)
    units, classes, _ = lost.shape
    return LayerSums(lost, gained, np.zeros((units, classes)), np.zeros(units), np.zeros(0))


def test_mcnemar_is_the_binomial_test():
    lost, gained = np.meshgrid(np.arange(8), np.arange(8))
    found = mcnemar(lost.ravel(), gained.ravel())
    pairs = zip(lost.ravel().tolist(), gained.ravel().tolist(), strict=True)
    expected = [stats.binomtest(a, a + b).pvalue if a + b else 1.0 for a, b in pairs]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_drop_of_hand_worked_pairs():
    # Agresti & Min: half an item in each of four cells, so 10.5 and 2.5 of 102.
    drop = paired_drop(np.array([10, 0]), np.array([2, 0]), np.array([100, 0]))
    spread = 1.959964 * np.sqrt((13 - 64 / 102) / 102**2)
    assert drop.value[0] == pytest.approx(0.08)
    assert (drop.low[0], drop.high[0]) == pytest.approx((8 / 102 - spread, 8 / 102 + spread), rel=1e-6)
    assert np.isnan([drop.value[1], drop.low[1], drop.high[1], drop.p[1]]).all()


@pytest.mark.parametrize(
    ("loses", "gains", "n"), [(0.05, 0.05, 40), (0.3, 0.02, 40), (0.1, 0.0, 200), (0.02, 0.01, 500)]
)
def test_the_interval_covers_the_true_drop(loses, gains, n):
    drawn = np.random.default_rng(0).multinomial(n, [loses, gains, 1 - loses - gains], 4000)
    drop = paired_drop(drawn[:, 0], drawn[:, 1], n)
    covered = (drop.low <= loses - gains) & (loses - gains <= drop.high)
    assert covered.mean() > 0.925  # where nothing is gained, it covers a little less than it says


def test_the_class_is_chosen_on_one_half_and_measured_on_the_other():
    # Unit 0 loses class 1 in both halves; unit 1 loses class 0 in one half, class 2 in the other; unit 2 loses nothing.
    lost = np.zeros((3, 3, 2), int)
    lost[0, 1] = 6, 4
    lost[1, 0, 0], lost[1, 2, 1] = 5, 6
    gained = np.zeros((3, 3, 2), int)
    gained[0, 1] = 0, 1
    found = largest_drop(sums_of(lost, gained), np.full((3, 2), 10))
    assert found.place.tolist() == [1, 2, -1]
    np.testing.assert_allclose(found.value, [9 / 20, 6 / 20, 0])
    np.testing.assert_allclose(found.held_out, [(6 / 10 + 3 / 10) / 2, 0, 0])
    np.testing.assert_allclose(found.p, [3 * mcnemar(np.array([10]), np.array([1]))[0], 3 * 2 / 2**6, 1])
    assert (found.low <= found.held_out).all()
    assert (found.held_out <= found.high).all()
    assert found.low[0] > 0 > found.low[1]


def test_classes_without_items_are_never_chosen():
    lost = np.zeros((1, 3, 2), int)
    lost[0, 2] = 1, 1
    found = largest_drop(sums_of(lost, np.zeros_like(lost)), np.array([[0, 0], [10, 10], [10, 10]]))
    assert found.place[0] == 2
    assert found.p[0] == pytest.approx(2 * 0.5)


def test_a_class_without_items_in_the_other_half_has_no_held_out_drop():
    lost = np.zeros((1, 2, 2), int)
    lost[0, 0, 0] = 1
    sums = sums_of(lost, np.zeros_like(lost))
    items = np.array([[1, 0], [0, 1]])
    found = largest_drop(sums, items)
    assert np.isnan([found.held_out[0], found.low[0], found.high[0]]).all()
    frame = layer_frame(Layer("a", 1), sums, items, ["cat", "dog"], {"auc": np.array([-1])})
    assert frame["undefined"].tolist() == [TOO_FEW]
    assert frame["class_drop_class"].tolist() == ["cat"]
    assert np.isnan(frame["drop_of_auc_class"][0])


def test_units_that_do_nothing_have_a_held_out_drop_of_zero_and_are_seldom_significant():
    rng = np.random.default_rng(0)
    n, classes, units = 50, 20, 2000
    lost, gained = (rng.binomial(n, 0.05, (units, classes, 2)) for _ in range(2))
    found = largest_drop(sums_of(lost, gained), np.full((classes, 2), n))
    assert found.value.mean() > 0.05  # the largest of 20
    assert abs(found.held_out.mean()) < 0.003
    assert ((found.low <= 0) & (found.high >= 0)).mean() > 0.945
    assert (found.p < 0.05).mean() <= 0.05


def test_the_log_probability_drop_has_the_interval_of_a_mean():
    drops = np.random.default_rng(0).normal(0.1, 1, 30)
    sums = LayerSums.empty(1, 2)
    before = Answers(np.ones(30, bool), np.zeros(30))
    sums.add(np.zeros(30, int), before, Answers(before.correct, -drops), np.arange(30) % 2, np.zeros(30, int))
    mean, low, high = log_drop(sums, 30)
    expected = stats.t.interval(0.95, 29, drops.mean(), stats.sem(drops))
    assert (mean[0], low[0], high[0]) == pytest.approx((drops.mean(), *expected))


def test_sums_add_up_and_come_back_from_arrays():
    rng = np.random.default_rng(0)
    labels, halves, units = rng.integers(0, 3, 40), rng.integers(0, 2, 40), rng.integers(0, 2, 40)
    before, after = (Answers(rng.random(40) < 0.5, rng.normal(size=40)) for _ in range(2))

    def add(rows):
        sums = Sums.empty({4: 2}, 3)
        taken = [Answers(of.correct[rows], of.log_probability[rows]) for of in (before, after)]
        sums.add_items(taken[0], labels[rows], halves[rows])
        sums.layers[4].add(units[rows], *taken, labels[rows], halves[rows])
        return Sums.from_arrays(sums.arrays())

    whole, first = add(slice(0, 40)), add(slice(0, 15))
    first.add(add(slice(15, 40)))
    for name, values in whole.arrays().items():
        np.testing.assert_allclose(first.arrays()[name], values)
    assert whole.layers[4].lost.sum() == (before.correct & ~after.correct).sum()
    assert whole.items.sum() == 40
