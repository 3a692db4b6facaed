"""Held-out measures: halves, choices and counts, values by definition, intervals by hand and simulated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import COLUMNS, HELD_OUT, Classes, Halves, measure, measure_block, tally
from unitscope.measures.choosing import AP, AUC, CHOSEN, D_PRIME
from unitscope.measures.held_out import METHODS, held_out_columns
from unitscope.measures.held_out_counts import tally_halves
from unitscope.measures.held_out_estimates import Chosen, auc, average_precision, d_prime, max_informedness

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")

THRESHOLDS = (None, "precision_95_threshold", "informedness_threshold", "detector_threshold")


def lowest_perfect(values, members):
    """Return the lowest threshold at or above which all items are members; NaN where there is none."""
    perfect = [t for t in values if members[values >= t].all()]
    return min(perfect, default=np.nan)


def random_units(seed, dtype, units=4):
    """Units with ties, zeros and negative values, and classes with sets, some of them tiny."""
    rng = np.random.default_rng(seed)
    n, n_labels = int(rng.integers(4, 120)), int(rng.integers(1, 6))
    sets = rng.random((int(rng.integers(0, 3)), n_labels)) < 0.5
    classes = Classes.of_labels(rng.integers(0, n_labels, n), n_labels, sets)
    x = np.round(rng.normal(size=(units, n)) * rng.choice([1, 2, 30])) / rng.choice([1, 7])
    return (np.maximum(x, 0) if seed % 3 == 0 else x).astype(dtype), classes


def members_of(classes):
    """Return which items are of each class, sets last, ``(K, N)``."""
    return np.concatenate([np.eye(classes.n_labels, dtype=bool), classes.sets])[:, classes.labels]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3))
def test_halves_have_as_many_items_of_every_label(seed, draw):
    _, classes = random_units(seed, np.float32)
    halves = Halves.draw(classes, draw)
    assert abs(np.diff(halves.sizes, axis=0)).max() <= 1
    assert abs(np.diff([part.n_items for part in halves.parts])) <= 1
    np.testing.assert_array_equal(halves.sizes.sum(0), classes.label_sizes)


def test_halves_follow_from_the_seed():
    classes = Classes.of_labels(np.arange(100) % 2, 2)
    np.testing.assert_array_equal(Halves.draw(classes, 1).half, Halves.draw(classes, 1).half)
    assert (Halves.draw(classes, 1).half != Halves.draw(classes, 2).half).any()


def test_classes_of_one_item_are_divided_within_their_sets():
    members = np.random.default_rng(0).permutation(np.repeat([True, False], [30, 70]))
    halves = Halves.draw(Classes.of_labels(np.arange(100), 100, members[None], choose_from=100))
    assert [members[halves.half == which].sum() for which in (0, 1)] == [15, 15]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(30))
def test_every_count_is_that_of_the_items_themselves(seed, dtype):
    x, classes = random_units(seed, dtype)
    halves = Halves.draw(classes, seed)
    whole, *parts, counts, _ = tally_halves(x, halves, threads=1)
    expected = tally(x, classes, threads=1)
    for name in expected._fields:
        np.testing.assert_array_equal(getattr(whole, name), getattr(expected, name), err_msg=name)
    for half in (0, 1):
        own = np.ascontiguousarray(x[:, halves.half == half])
        expected = tally(own, halves.parts[half], threads=1)
        for name in ("informedness", "informedness_threshold", "midranks", "zeros", "sizes", "precision_1_k"):
            np.testing.assert_array_equal(getattr(parts[half], name), getattr(expected, name), err_msg=name)
        members, others = (members_of(classes)[:, halves.half == which] for which in (half, 1 - half))
        for unit, values in enumerate(own):
            for which, name in enumerate(THRESHOLDS):
                place = counts.chosen[unit, half, which]
                if place >= 0:
                    chosen = (
                        getattr(parts[1 - half], name)[unit, place]
                        if name
                        else lowest_perfect(x[unit, halves.half != half], others[place])
                    )
                    assert counts.thresholds[unit, half, which] == pytest.approx(chosen, rel=0, nan_ok=True)
                    above = values >= chosen
                    assert counts.r[unit, half, which] == above.sum()
                    assert counts.k[unit, half, which] == (above & members[place]).sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(20))
def test_each_half_chooses_what_measuring_it_chooses(seed, dtype):
    """With four items of every class, so that no class is missing from a half."""
    x, _ = random_units(seed, dtype)
    x = np.tile(x, 3)[:, :12]
    classes = Classes.of_labels(np.arange(12) % 3, 3, np.array([[True, True, False]]))
    halves = Halves.draw(classes, seed)
    counts = tally_halves(x, halves, threads=1).counts
    for half in (0, 1):
        own = np.ascontiguousarray(x[:, halves.half == half])
        found = measure_block(own, halves.parts[half], threads=1).columns
        for name, chosen in zip(CHOSEN, counts.chosen[:, 1 - half].T, strict=True):
            place = found[f"{name}_class"]
            told = place >= 0  # no class is told of a measure without a value, and of recall 0
            np.testing.assert_array_equal(chosen[told], place[told], err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(20))
def test_spread_is_that_of_the_definitions(seed, dtype):
    x, classes = random_units(seed, dtype)
    halves = Halves.draw(classes, seed)
    _, *parts, counts, _ = tally_halves(x, halves, threads=1)
    for half in (0, 1):
        members = members_of(classes)[:, halves.half == half]
        for unit, values in enumerate(x[:, halves.half == half].astype(float)):
            spread, chosen = counts.spread[unit, half], counts.chosen[unit, half]
            if chosen[AUC] >= 0:
                one, other = values[members[chosen[AUC]]], values[~members[chosen[AUC]]]
                pairs = 2.0 * (one[:, None] > other) + (one[:, None] == other)
                assert spread[0] == (pairs.sum(1) ** 2).sum()
                assert spread[1] == (pairs.sum(0) ** 2).sum()
            if chosen[AP] >= 0:
                gains = derivative_of_average_precision(values, members[chosen[AP]])
                for which, items in ((2, members[chosen[AP]]), (3, ~members[chosen[AP]])):
                    expected = ((gains[items] - gains[items].mean()) ** 2).sum()
                    assert spread[which] == pytest.approx(expected, abs=1e-4)
            if chosen[D_PRIME] >= 0:
                sides = values[members[chosen[D_PRIME]]], values[~members[chosen[D_PRIME]]]
                scaled = [side / parts[half].scale[unit] for side in sides]
                expected = [((side - side.mean()) ** power).sum() for side in scaled for power in (3, 4)]
                np.testing.assert_allclose(spread[4:], expected, atol=1e-9 * max(map(abs, expected)) + 1e-12)


def derivative_of_average_precision(values, members):
    """Return the derivative of n times average precision by the weight of every item, by finite differences."""

    def total(weights):
        thresholds = np.unique(values)[::-1]
        k = np.array([(weights * members)[values >= t].sum() for t in thresholds])
        r = np.array([weights[values >= t].sum() for t in thresholds])
        return (np.diff(k, prepend=0) * k / r).sum()

    step = 1e-6 * np.eye(len(values))
    return np.array([(total(1 + more) - total(1 - more)) / 2e-6 for more in step])


def held_out_by_definition(x, classes, halves):
    """Choose on one half by measuring it, and measure on the other by definition, both ways; one unit."""
    members, found = members_of(classes), {name: [] for name in CHOSEN}
    for half in (0, 1):
        choosing, other = halves.half != half, halves.half == half
        chosen = measure_block(x[None, choosing], halves.parts[1 - half], threads=1)
        rates = tally(x[None, choosing], halves.parts[1 - half], threads=1)
        values = x[other].astype(float)
        measured = measure_block(x[None, other], halves.parts[half], top=30, threads=1)
        for which, name in enumerate(CHOSEN):
            place = int(chosen.columns[f"{name}_class"][0])
            if which >= len(THRESHOLDS):
                if name == "precision_60":
                    place = int(
                        measure_block(x[None, choosing], halves.parts[1 - half], top=30).columns[f"{name}_class"][0]
                    )
                of_class = members[place][other]
                if name == "class_selectivity":
                    means = [values[members[c][other]].mean() for c in range(classes.n_labels)]
                    rest = (sum(means) - means[place]) / (classes.n_labels - 1)
                    found[name].append((means[place] - rest) / (means[place] + rest))
                else:
                    found[name].append(measured.classwise[name][0, place])
                assert of_class.any()
                continue
            if place < 0:
                found[name].append(0.0)
                continue
            named = THRESHOLDS[which]
            chosen_at = (
                getattr(rates, named)[0, place] if named else lowest_perfect(x[choosing], members[place][choosing])
            )
            above = values >= chosen_at
            of_class = members[place][other]
            recall, rate = above[of_class].mean(), above[~of_class].mean()
            precision = of_class[above].mean() if above.any() else 0.0
            found[name].append(
                {"max_informedness": recall - rate, "detector_score": min(recall, precision)}.get(name, recall)
            )
    return {name: np.mean(values) for name, values in found.items()}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(15))
def test_held_out_values_are_those_of_the_definition(seed, dtype):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(4), rng.integers(20, 60)))
    x = np.maximum(rng.normal(size=len(labels)) + rng.choice([0, 1, 3]) * (labels == 1), 0)
    x = (np.round(x, 1) if seed % 2 else x).astype(dtype)
    classes = Classes.of_labels(labels, 4, np.array([[True, True, False, False]]))
    halves = Halves.draw(classes, seed)
    found = measure_block(x[None], classes, halves=halves, threads=1).columns
    for name, value in held_out_by_definition(x, classes, halves).items():
        assert found[f"{name}_held_out"][0] == pytest.approx(value, abs=1e-12), name
    assert found["detector_held_out"][0] == (found["detector_score_held_out"][0] > 0.5)
    assert found["zhou_detector_held_out"][0] == (found["precision_60_held_out"][0] > 0.75)


def test_hand_worked_informedness():
    """Halves with 2 of 3 hits and 1 of 4 false alarms, and with 3 of 3 and 0 of 4: apart, and fully dependent."""
    first = {"a": [9.0, 8, 1], "b": [8.5, 0, 0, 0]}
    second = {"a": [9.0, 8, 8], "b": [0.0, 0, 0, 0]}
    x = np.array([*first["a"], *first["b"], *second["a"], *second["b"]], np.float32)
    classes = Classes.of_labels(np.array([0, 0, 0, 1, 1, 1, 1] * 2), 2)
    halves = Halves(classes, np.repeat([0, 1], 7).astype(np.uint8))
    tallies = tally_halves(x[None], halves)
    _, *parts, counts, _ = tallies
    of = Chosen(counts, parts, "max_informedness")
    # The first half chooses t = 8 (2/3 - 1/4), the second 8 too.
    np.testing.assert_allclose(max_informedness(of).value, [[2 / 3 - 1 / 4, 1]])

    def agresti_caffo(weight):
        p = (np.array([2, 3]) + weight) / (3 + 2 * weight)
        q = (np.array([1, 0]) + weight) / (4 + 2 * weight)
        return p - q, p * (1 - p) / (3 + 2 * weight) + q * (1 - q) / (4 + 2 * weight)

    for weight in (0.5, 1, 2):
        for found, expected in zip(max_informedness(of).spread(weight), agresti_caffo(weight), strict=True):
            np.testing.assert_allclose(found[0], expected)
    # Value .708, less than three standard errors: fully dependent, one imagined item of each kind or two.
    ends = []
    for weight in (1, 2):
        centre, variance = agresti_caffo(weight)
        half_width = 1.959964 * np.sqrt(variance).sum() / 2
        ends.append((centre.mean() - half_width, min(centre.mean() + half_width, 1)))
    columns = held_out_columns(tallies)
    assert columns["max_informedness_low"][0] == pytest.approx(min(low for low, _ in ends))
    assert columns["max_informedness_high"][0] == pytest.approx(max(high for _, high in ends))
    # The same where only one class can be chosen: independent, with half an imagined item of each kind, or one.
    ends = []
    for weight in (0.5, 1):
        centre, variance = agresti_caffo(weight)
        ends.append(centre.mean() - 1.959964 * np.sqrt(variance.sum()) / 2)
    fixed = Classes.of_labels(classes.labels, 2, np.array([[True, False]]), choose_from=2)
    columns = held_out_columns(tally_halves(x[None], Halves(fixed, halves.half)))
    assert columns["max_informedness_low"][0] == pytest.approx(min(ends))


def test_the_variance_of_the_area_is_that_of_delong():
    """From placements, and from the jackknife, which is the same but for (n - 1) / n."""
    rng = np.random.default_rng(3)
    labels = np.tile([0, 0, 1, 1, 1, 1], 40)
    x = np.round(rng.normal(size=240) + (labels == 0), 1).astype(np.float32)
    halves = Halves.draw(Classes.of_labels(labels, 2))
    _, *parts, counts, _ = tally_halves(x[None], halves)
    _, variance = auc(Chosen(counts, parts, "auc")).spread(0)
    for half in (0, 1):
        own = labels[halves.half == half]
        place = counts.chosen[0, half, AUC]
        one, other = (x[halves.half == half][own == c].astype(float) for c in (place, 1 - place))
        pairs = (one[:, None] > other) + (one[:, None] == other) / 2
        expected = pairs.mean(1).var(ddof=1) / len(one) + pairs.mean(0).var(ddof=1) / len(other)
        assert variance[0, half] == pytest.approx(expected)


def test_imagined_items_are_counted_like_items():
    """The area and its variance with imagined items are those of the items and one above and one below on each side."""
    rng = np.random.default_rng(4)
    labels = np.tile([0, 0, 1, 1, 1, 1], 10)
    x = rng.normal(size=60).astype(np.float32)
    with_more = np.concatenate([x, np.tile([50, -50, 50, -50], 2)]).astype(np.float32)
    more_labels = np.concatenate([labels, np.tile([0, 0, 1, 1], 2)])
    half = Halves.draw(Classes.of_labels(labels, 2)).half
    found = []
    for values, own, which in ((x, labels, half), (with_more, more_labels, np.append(half, [0, 0, 0, 0, 1, 1, 1, 1]))):
        classes = Classes.of_labels(own, 2, np.array([[True, False]]), choose_from=2)  # the class of both is the same
        _, *parts, counts, _ = tally_halves(values[None], Halves(classes, which.astype(np.uint8)))
        found.append(auc(Chosen(counts, parts, "auc")))
    for one, other in zip(found[0].spread(1), found[1].spread(0), strict=True):
        np.testing.assert_allclose(one, other)


def test_standard_errors_are_those_of_simulated_samples():
    """The spread of d' and average precision over samples, against the mean of what one sample says of it."""
    rng = np.random.default_rng(5)
    labels = np.repeat([0, 1], [200, 600])
    x = np.maximum(rng.normal(size=(600, 800)) + (labels == 0), 0).astype(np.float32)
    classes = Classes.of_labels(labels, 2, np.array([[True, False]]), choose_from=2)
    _, *parts, counts, _ = tally_halves(x, Halves.draw(classes))
    for name, estimate in (("d_prime", d_prime), ("average_precision", average_precision), ("auc", auc)):
        of = estimate(Chosen(counts, parts, name))
        assert of.value.var(0, ddof=1).mean() == pytest.approx(of.spread(0)[1].mean(), rel=0.12), name


def test_a_unit_that_knows_nothing_is_flattered_in_sample_only():
    rng = np.random.default_rng(6)
    labels = np.repeat(np.arange(20), 30)
    found = measure(np.maximum(rng.normal(size=(600, 300)), 0), labels)
    for name, chance in (("max_informedness", 0), ("auc", 0.5), ("d_prime", 0)):
        assert found[name].mean() > chance + 0.08, name
        error = found[f"{name}_held_out"].std() / np.sqrt(300)
        assert found[f"{name}_held_out"].mean() == pytest.approx(chance, abs=4 * error), name
        covered = (found[f"{name}_low"] <= chance) & (chance <= found[f"{name}_high"])
        assert covered.mean() > 0.9, name
        assert (found[f"{name}_low"] > chance).mean() < 0.06, name


def test_intervals_cover_the_area_of_a_class_that_responds():
    rng = np.random.default_rng(7)
    labels = np.repeat(np.arange(4), 50)
    found = measure(rng.normal(size=(200, 500)) + 2.0 * (labels == 1)[:, None], labels)
    covered = (found["auc_low"] <= 0.92135) & (found["auc_high"] >= 0.92135)  # Phi(2 / sqrt 2)
    assert 0.92 < covered.mean() < 0.985
    assert found["auc_held_out"].mean() == pytest.approx(0.92135, abs=0.004)


def test_values_and_limits_are_in_their_range_and_in_order():
    for seed in range(20):
        x, classes = random_units(seed, np.float32)
        found = measure_block(x, classes, halves=Halves.draw(classes)).columns
        for name, column in HELD_OUT.items():
            if column.kind == "text":
                continue
            values = np.asarray(found[name], float)
            values = values[~np.isnan(values)]
            if column.low is not None:
                assert (values >= column.low - 1e-12).all(), name
            if column.high is not None:
                assert (values <= column.high + 1e-12).all(), name
        for name, method in METHODS.items():
            if method.forms:
                low, value, high = (found[f"{name}_{what}"] for what in ("low", "held_out", "high"))
                known = ~np.isnan(low)
                assert (low[known] <= high[known]).all()
                assert not np.isnan(value[known]).any()


def test_threads_blocks_and_the_order_of_units_do_not_change_the_numbers():
    x = np.concatenate([random_units(3, np.float32)[0]] * 5)
    _, classes = random_units(3, np.float32)
    halves = Halves.draw(classes)
    one = measure_block(x, classes, halves=halves, threads=1).columns
    two = measure_block(x, classes, halves=halves, threads=2).columns
    for name in HELD_OUT:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)
        np.testing.assert_array_equal(one[name][:4], one[name][4:8], err_msg=name)


def test_what_has_no_value_or_no_interval_says_why():
    few = measure(np.arange(8.0), [0, 0, 1, 1, 2, 2, 3, 3]).iloc[0]
    assert np.isnan(few["auc_low"])
    assert not np.isnan(few["auc_held_out"])
    assert "a class of fewer than 10 items: no interval of CCMAS" in few["no_interval"]
    some = measure(np.random.default_rng(0).random(40), np.repeat([0, 1], 20)).iloc[0]
    assert np.isnan(some["average_precision_low"])
    assert not np.isnan(some["d_prime_low"])
    assert "fewer than 50 items: no interval of Average precision" in some["no_interval"]
    assert "fewer than 20" not in some["no_interval"]
    lonely = measure(np.arange(5.0), list("abcde")).iloc[0]
    assert np.isnan(lonely["auc_held_out"])
    assert "no held-out values" in lonely["no_interval"]
    dead = measure(np.zeros(40), np.repeat([0, 1], 20)).iloc[0]
    assert (dead["undefined"], dead["no_interval"]) == ("dead: all activations are 0", "")
    enough = measure(np.random.default_rng(0).random(200), np.repeat([0, 1], 100)).iloc[0]
    assert enough["no_interval"] == ""


def test_infinite_d_prime_has_no_held_out_value():
    labels = np.repeat([0, 1], 40)
    found = measure((labels == 0) * 1.0, labels).iloc[0]
    assert found["auc_held_out"] == 1
    assert np.isnan(found["d_prime_held_out"])
    assert np.isnan(found["d_prime_high"])


def test_negative_activations_leave_ratios_undefined_held_out_too():
    with pytest.warns(UnitscopeWarning):
        found = measure(np.random.default_rng(0).normal(size=80), np.repeat([0, 1], 40)).iloc[0]
    assert np.isnan(found["ccmas_held_out"])
    assert np.isnan(found["ccmas_low"])
    assert not np.isnan(found["auc_low"])


def test_every_measure_that_picks_a_class_is_held_out():
    picking = {name for name, column in COLUMNS.items() if column.kind == "measure" and "class" in column.links}
    assert picking - set(METHODS) == {"class_index"}  # which chooses no class: it names the most frequent one
    assert list(METHODS) == [name for name in COLUMNS if name in METHODS]
    assert set(CHOSEN) == set(METHODS)


def test_a_class_that_is_fixed_needs_no_halves():
    """Values are those of all items, with DeLong's interval; a threshold is still chosen on the other half."""
    rng = np.random.default_rng(8)
    labels = np.repeat([0, 1, 2], 60)
    x = np.maximum(rng.normal(size=(180, 3)) + (labels == 0)[:, None], 0)
    sets = np.array([[True, False, False]])
    fixed = Classes.of_labels(labels, 3, sets, choose_from=3)
    found = measure_block(np.ascontiguousarray(x.T), fixed, halves=Halves.draw(fixed)).columns
    for name in ("auc", "ccmas", "average_precision", "d_prime", "precision_60"):
        np.testing.assert_array_equal(found[f"{name}_held_out"], found[name], err_msg=name)
        assert (found[f"{name}_low"] < found[name]).all()
        assert (found[name] < found[f"{name}_high"]).all()
    assert (found["max_informedness_held_out"] != found["max_informedness"]).any()
    assert np.isnan(found["class_selectivity_held_out"]).all()
    one, other = x[labels == 0, 0], x[labels != 0, 0]
    pairs = (one[:, None] > other) + (one[:, None] == other) / 2
    error = np.sqrt(pairs.mean(1).var(ddof=1) / len(one) + pairs.mean(0).var(ddof=1) / len(other))
    assert found["auc_high"][0] - found["auc_low"][0] == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_halves_may_be_given():
    rng = np.random.default_rng(9)
    labels, x = np.repeat(["0", "1"], 50), rng.normal(size=100)
    parts = rng.choice(["train", "test"], 100)
    found = measure(x, labels, halves=parts).iloc[0]
    place = [measure(x[parts == part], labels[parts == part])["auc_class"][0] for part in ("train", "test")]
    areas = []
    for part, chosen in zip(("test", "train"), place, strict=True):
        one, other = x[(parts == part) & (labels == chosen)], x[(parts == part) & (labels != chosen)]
        areas.append((one[:, None] > other).mean())
    assert found["auc_held_out"] == pytest.approx(np.mean(areas))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["a", "b"] * 3 + ["c"] * 4, r"has 3 different values \(a, b, c\), not two"),
        (["a"] * 10, r"has 1 different values \(a\), not two"),
        (["a", None] * 5, "has no value for item 1"),
        (["a", "b"], "has 2 values for 10 items"),
    ],
)
def test_halves_that_cannot_be_meant_are_refused(values, words):
    with pytest.raises(UnitscopeError, match=words):
        measure(np.arange(10.0), [0, 1] * 5, halves=values)
