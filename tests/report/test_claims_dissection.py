"""Claims on Network Dissection: on runs in which they are true, in which they are false, and without a dissection."""

import numpy as np
import pytest

from unitscope.columns import Column
from unitscope.report.claims_dissection import (
    CLAIMS_ON_DISSECTION,
    detectors_of_classes,
    dissected_ccmas,
    dissection_has_something,
    dissection_misleads,
    dissection_overstates,
)
from unitscope.report.observations import gather
from unitscope.selectivity import measure_run

N_EACH = 100
LABELS = np.repeat(np.arange(4), N_EACH)
NAMES = ["cat", "dog", "school_bus", "trolley"]


def dissect(make_run, values, concepts, ious, labels=LABELS, names=NAMES, name="run", **options):
    """Return a measured run of one layer, whose units have these concepts."""
    run = make_run({"conv": values}, labels, class_names=names, name=name)
    measure_run(run, **options)
    frame = run.units[["unit"]].assign(concept=concepts, iou=ious)
    columns = [Column("unit", "Unit", "", kind="text"), Column("concept", "Concept", "", kind="text")]
    run.add_table("dissection", frame, [*columns, Column("iou", "IoU", "", kind="share")], {})
    return gather(run)


def units_for(rng, *classes):
    """Units that are active to exactly one class each, or to nothing in particular for the class -1."""
    values = rng.uniform(1, 2, (len(LABELS), len(classes)))
    for unit, of in enumerate(classes):
        values[of == LABELS, unit] += 5
    return values


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ((0, 1, 1), (False, False, True)),  # precision 1, above the bar, and more active to the class
        ((-1, -1, -1), (True, True, None)),  # noise: which mean is higher is chance
        ((3, 0, 0), (True, True, False)),  # each for a class other than its concept: the class's mean is lower
    ],
)
def test_claims_hold_where_they_are_true_and_only_there(make_run, classes, expected):
    values = units_for(np.random.default_rng(0), *classes)
    values[::2] = np.maximum(values[::2] - 1.5, 0)  # some items are at 0
    data = dissect(make_run, values, ["cat", "dog", "dog"], [0.1, 0.2, 0.05])
    verdicts = [claim.judge(data) for claim in (dissection_misleads, dissection_overstates, dissection_has_something)]
    assert all(verdict.numbers.endswith(".") for verdict in verdicts)
    for verdict, holds in zip(verdicts, expected, strict=True):
        assert holds is None or verdict.holds is holds, verdict


@pytest.mark.parametrize(
    ("classes", "dense", "holds"),
    [
        ((-1, -1, 0, 1), (2, 2), True),  # two detectors that are noise; other units with maps are for a class
        ((0, 1, -1, -1), (2, 2), False),  # detectors for their class, the others noise
        ((0, 1, 2, 3), (2, -1), False),  # as high as others with maps, but higher than one dense layer
    ],
)
def test_dissected_units_and_units_in_general(make_run, classes, dense, holds):
    rng = np.random.default_rng(0)
    layers = {"conv": classes, "fc6": dense[:1], "fc7": dense[1:]}
    run = make_run({name: units_for(rng, *of) for name, of in layers.items()}, LABELS, class_names=NAMES)
    run.units.loc[run.units["layer"] == "conv", ["map_height", "map_width"]] = 3
    measure_run(run)
    frame = run.units[["unit"]].assign(concept=["cat", "dog", *[""] * 4], iou=[0.2, 0.1, *[0.0] * 4])
    columns = [Column("unit", "Unit", "", kind="text"), Column("concept", "Concept", "", kind="text")]
    run.add_table("dissection", frame, [*columns, Column("iou", "IoU", "", kind="share")], {})
    data = gather(run)
    verdict = dissected_ccmas.judge(data)
    assert verdict.holds is holds, verdict
    table = data.hidden.set_index("unit")["ccmas"]
    expected = f"units with maps {table.iloc[:4].mean():.2f}, fc6 {table['fc6:0']:.2f}, fc7 {table['fc7:0']:.2f}."
    assert verdict.numbers.endswith(expected)
    run.units["map_height"] = 1
    run.units["map_width"] = 1
    assert dissected_ccmas.judge(data).numbers == "No hidden layer has maps."


def test_numbers_are_those_of_the_run(make_run):
    # Two for the cat, one of them noise; two for the class set bus: both classes of it, and one of them.
    values = units_for(np.random.default_rng(0), 0, -1, 2, 2, 1)
    values[LABELS == 3, 2] += 5
    data = dissect(make_run, values, ["cat", "cat", "bus", "bus", "wheel"], [0.3, 0.2, 0.1, 0.04, 0.9],
                   class_sets={"bus": ["school_bus", "trolley"]})  # fmt: skip
    found = detectors_of_classes(data)
    # An IoU of .04 is not above .04, and wheels are no class.
    assert found[["name", "unit", "iou"]].to_numpy().tolist() == [
        ["cat", "conv:0", 0.3],
        ["cat", "conv:1", 0.2],
        ["bus", "conv:2", 0.1],
    ]
    assert (found["detector_score"] > 0.5).tolist() == [True, False, True]
    assert dissection_misleads.judge(data).numbers.startswith("2 of 3 units have more; the highest precision: conv:0")
    overstates = dissection_overstates.judge(data)
    assert overstates.holds is False
    assert overstates.numbers.startswith("1 of 3 detectors of 2 classes or class sets miss the bar in sample.")
    assert "The highest IoU has conv:0 for cat 0.30, whose detector score is 1.00." in overstates.numbers


def test_only_the_three_detectors_of_highest_iou_are_looked_at(make_run):
    values = units_for(np.random.default_rng(0), -1, 0, -1, -1)
    data = dissect(make_run, values, "cat", [0.4, 0.1, 0.2, 0.3])
    assert dissection_misleads.judge(data).holds  # the precise unit is the fourth
    assert dissection_overstates.judge(data).numbers.startswith("3 of 4 detectors")


def test_precision_is_not_judged_of_classes_too_small_for_it(make_run):
    labels = np.arange(200) % 10  # 20 items of each; .75 of 60 are 45
    names = [f"class{number}" for number in range(10)]
    values = np.where(labels[:, None] == 0, 5, 1) + np.random.default_rng(0).random((200, 1))
    data = dissect(make_run, values, "class0", 0.2, labels, names)
    verdict = dissection_misleads.judge(data)
    assert verdict.holds is None
    assert verdict.numbers == (
        "No class or class set that units detect has the 45 items that a precision of 0.75 needs."
    )
    assert dissection_overstates.judge(data).holds is False


def test_runs_without_dissection_or_with_other_concepts_cannot_tell(make_run):
    values = units_for(np.random.default_rng(0), 0, 1)
    run = make_run({"conv": values}, LABELS, class_names=NAMES, name="plain")
    measure_run(run)
    others = dissect(make_run, values, ["sky", "wheel"], [0.3, 0.3])
    low = dissect(make_run, values, ["cat", "dog"], [0.03, 0.04], name="low")
    for claim in CLAIMS_ON_DISSECTION:
        without = claim.judge(gather(run))
        assert without.holds is None
        assert without.numbers == "It needs the run's dissection: `unitscope dissect`."
        for data in (others, low):
            assert claim.judge(data).holds is None
            assert "No hidden unit detects" in claim.judge(data).numbers
