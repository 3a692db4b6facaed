"""Best concepts, held-out values, their intervals, and chance: hand-worked, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from unitscope.dissection.estimates import estimate, hold_out
from unitscope.dissection.probe import GROUPS, batches_of, blocks_of, chunks_of, n_nulls, pass_order, rotations
from unitscope.dissection.sums import total
from unitscope.dissection.tally import Tally, iou

ONE_CATEGORY = np.array([0, 0, 0])


def tally(shared, area, pixels):
    """Return the tally of one unit and two concepts of one category."""
    return Tally(np.array([shared], np.int64), np.array([[area]], np.int64), np.array(pixels, np.int64))


def repeated(even, odd):
    """Return tallies of groups: those of the even half in order, and those of the odd half."""
    return [found for pair in zip(even, odd, strict=True) for found in pair]


def test_held_out_by_hand():
    # On the even half concept 0 is best: 10 of 10 + 30 - 10 pixels in each group. On the odd half concept 1 is.
    even = [tally([10, 5], 10, [30, 25])] * 5
    odd = [tally([2, 8], 10, [12, 18])] * 5
    mean, low, high = hold_out(repeated(even, odd), ONE_CATEGORY)
    on_odd, on_even = 2 / (10 + 12 - 2), 5 / (10 + 25 - 5)
    assert mean == pytest.approx([(on_odd + on_even) / 2])
    assert low == pytest.approx(mean)  # groups are equal, so that nothing varies
    assert high == pytest.approx(mean)


def test_interval_by_hand():
    shared = [[1, 2, 3, 4, 5], [2, 2, 4, 4, 8]]
    even, odd = ([tally([more, 0], 10, [10, 5]) for more in of] for of in shared)
    mean, low, high = hold_out(repeated(even, odd), ONE_CATEGORY)
    values, variances = [], []
    for of in map(np.array, shared):
        unions = 20 - of
        values.append(of.sum() / unions.sum())
        without = [np.delete(of, group).sum() / np.delete(unions, group).sum() for group in range(5)]
        variances.append(4 / 5 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert mean == pytest.approx([np.mean(values)])
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / 4 + variances[1] ** 2 / 4)
    assert 4 < freedom < 8
    factor = np.exp(stats.t.ppf(0.975, freedom) * np.sqrt(sum(variances)) / 2 / np.mean(values))
    assert low == pytest.approx([np.mean(values) / factor])
    assert high == pytest.approx([np.mean(values) * factor])


def test_no_interval_from_one_group_of_a_half():
    empty, full = tally([0, 0], 0, [10, 5]), tally([4, 0], 10, [10, 5])
    several, one = [full, full, empty, empty, empty], [full, empty, empty, empty, empty]
    mean, low, high = hold_out(repeated(several, one), ONE_CATEGORY)
    assert mean == pytest.approx([(8 / 62 + 4 / 56) / 2])
    assert np.isnan([low, high]).all()
    _, low, high = hold_out(repeated(several, several), ONE_CATEGORY)
    assert 0 < low < 8 / 62 < high <= 1


def test_a_half_without_mask_chooses_nothing():
    even = [tally([0, 0], 0, [10, 5])] * 5
    odd = [tally([4, 4], 10, [10, 5])] * 5
    mean, low, high = hold_out(repeated(even, odd), ONE_CATEGORY)
    assert mean.tolist() == [0.0]  # not the IoU of the first concept
    assert np.isnan([low, high]).all()


def test_concepts_that_a_half_lacks_have_no_held_out_value():
    even = [tally([4, 0], 10, [10, 0])] * 5
    odd = [tally([0, 0], 0, [0, 0])] * 5
    assert np.isnan(hold_out(repeated(even, odd), ONE_CATEGORY)).all()


def test_estimates_by_hand():
    groups = [tally([1, 2], 4, [3, 6])] + [tally([0, 0], 0, [0, 0])] * 9
    nulls = [tally([0, 2], 4, [3, 6]), tally([1, 0], 4, [3, 6]), tally([0, 0], 4, [3, 6])]
    found = estimate(groups, nulls, ONE_CATEGORY)
    assert found.iou == pytest.approx(np.array([[1 / 6, 2 / 8]]))
    assert found.best.tolist() == [1]
    assert found.iou_chance == pytest.approx(np.array([[1 / 6 / 3, 2 / 8 / 3]]))
    assert found.chance == pytest.approx([(2 / 8 + 1 / 6) / 3])
    assert found.p == pytest.approx([(1 + 1) / 4])  # an equal one counts


def test_dead_units_and_concepts_that_are_nowhere():
    found = estimate([tally([0, 0], 0, [3, 0])] * GROUPS, [tally([0, 0], 0, [3, 0])] * 2, ONE_CATEGORY)
    assert found.best.tolist() == [-1]
    np.testing.assert_array_equal(found.iou, [[0, np.nan]])
    np.testing.assert_array_equal(found.iou_chance, [[0, np.nan]])
    assert found.p.tolist() == [1.0]
    assert np.isnan([found.low, found.high]).all()


def test_one_image_has_no_chance():
    found = estimate([tally([1, 2], 4, [3, 6])] + [tally([0, 0], 0, [0, 0])] * 9, [], ONE_CATEGORY)
    assert np.isnan(found.iou_chance).all()
    assert np.isnan([*found.chance, *found.p]).all()


@pytest.mark.parametrize("n", [1, 2, 9, 31, 32, 33, 63, 64, 95, 96, 300, 5000])
def test_images_are_passed_once_and_compared_with_others(n):
    assert sorted(pass_order(n)) == list(range(n))
    chunks = chunks_of(n)
    assert [place for chunk in chunks for place in chunk] == list(range(n))
    assert all(32 <= len(chunk) < 64 for chunk in chunks) or (len(chunks) == 1 and len(chunks[0]) == n < 64)
    blocks = blocks_of(n)
    assert [place for block in blocks for place in range(block.first, block.last)] == list(range(n))
    assert {block.first for block in blocks} <= {chunk.start for chunk in chunks}
    assert len(blocks) >= min(len(chunks), 16)
    for chunk in chunks[-2:]:
        assert [place for batch in batches_of(chunk, 7) for place in batch] == list(chunk)
        others = np.array([[*rotations(chunk, place, n_nulls(n))] for place in chunk])
        assert (others[:, 0] == chunk).all()
        assert all(sorted(column) == list(chunk) for column in others.T)  # each image's labels count once
        assert all(len(set(row)) == len(row) for row in others)  # and never an image's own


PIXELS, CONCEPTS = 16, 8
CATEGORY_OF = np.array([0, *(place // 4 for place in range(CONCEPTS))])


def draw_labels(n, rng):
    """Return labels of simulated images, ``(n, pixels, concepts)``: some images lack a category."""
    labels = np.zeros((n, PIXELS, CONCEPTS), np.int64)
    for image in labels:
        for category in range(2):
            columns = slice(4 * category, 4 * category + 4)
            for _ in range(rng.choice([0, 1, 2])):
                first = rng.integers(0, PIXELS)
                last = first + rng.integers(1, PIXELS // 2)
                image[first:last, columns] = np.eye(4, dtype=int)[rng.choice(4, p=[0.5, 0.3, 0.15, 0.05])]
    return labels


def draw_masks(n, units, rng, rate):
    """Return masks that have nothing to do with labels, ``(n, units, pixels)``."""
    first = rng.integers(0, PIXELS, (n, units, 1))
    size = np.ceil(rng.exponential(3, (n, units, 1))) * (rng.random((n, units, 1)) < rate)
    return ((np.arange(PIXELS) >= first) & (np.arange(PIXELS) < first + size)).astype(np.int64)


def sum_up(masks, labels):
    """Return the tally of some images."""
    has = np.stack([labels[:, :, CATEGORY_OF[1:] == category].any((1, 2)) for category in range(2)], 1)
    shared = np.einsum("iup,ipc->uc", masks, labels)
    return Tally(shared, masks.sum(2).T @ has.astype(np.int64), labels.sum((0, 1)))


def dissect_simulated(masks, labels):
    """Return the estimates of simulated masks and labels, with groups and rotations as in a dissection."""
    n = len(masks)
    groups = [sum_up(masks[group::GROUPS], labels[group::GROUPS]) for group in range(GROUPS)]
    others = np.array([[*rotations(chunk, place, n_nulls(n))] for chunk in chunks_of(n) for place in chunk])
    return estimate(groups, [sum_up(masks, labels[other]) for other in others.T[1:]], CATEGORY_OF)


@pytest.mark.parametrize(("n", "rate"), [(24, 0.3), (40, 0.5), (70, 0.1)])
def test_p_of_units_that_know_nothing_is_no_smaller_than_it_says(n, rate):
    rng = np.random.default_rng(n)
    p = np.concatenate([dissect_simulated(draw_masks(n, 8, rng, rate), draw_labels(n, rng)).p for _ in range(120)])
    error = np.sqrt(0.05 * 0.95 / 120)  # as if the units of one data set were all the same
    assert (p <= 0.05).mean() < 0.05 + 2.5 * error
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_p_of_units_that_know_is_small():
    rng = np.random.default_rng(0)
    labels = draw_labels(80, rng)
    masks = labels[:, :, :4].transpose(0, 2, 1) * (rng.random((80, 4, PIXELS)) < 0.7)
    found = dissect_simulated(masks, labels)
    assert found.best.tolist() == [0, 1, 2, 3]
    assert (found.p == 0.05).all()
    assert (found.chance < found.held_out / 2).all()


@pytest.mark.parametrize("n", [100, 400])
def test_intervals_contain_the_true_iou(n):
    """Units of several concepts see a part of these and something else besides."""
    rng, size = np.random.default_rng(n), 4000
    population = draw_labels(size, rng)
    seen = population[:, :, [0, 1, 2, 4, 5, 6]].transpose(0, 2, 1) * (rng.random((size, 6, 1)) < 0.5)
    masks = np.maximum(seen, draw_masks(size, 6, rng, 0.1))
    images = [sum_up(masks[image : image + 1], population[image : image + 1]) for image in range(size)]
    stacked = Tally(*(np.array([getattr(of, name) for of in images]) for name in ("intersections", "areas", "pixels")))
    true = iou(take(stacked, np.arange(size)), CATEGORY_OF)
    units, inside, missing = np.arange(6), [], []
    for _ in range(200):
        chosen = rng.integers(0, size, n)
        groups = [take(stacked, chosen[group::GROUPS]) for group in range(GROUPS)]
        _, low, high = hold_out(groups, CATEGORY_OF)
        best = [iou(total(half), CATEGORY_OF).argmax(1) for half in (groups[::2], groups[1::2])]
        aim = np.mean([true[units, of] for of in best], axis=0)
        has = ~np.isnan(low)
        inside.append(((low <= aim) & (aim <= high))[has])
        missing.append(~has)
    assert 0.91 < np.concatenate(inside).mean() < 0.98
    assert np.mean(missing) < 0.2


def take(stacked, images):
    """Return the tally of some images of many, whose numbers are in an axis before the others."""
    return Tally(*(values[images].sum(0) for values in stacked.arrays().values()))
