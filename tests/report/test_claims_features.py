"""Claims on colour and class indexes: on runs in which they are true, and in which they are false."""

import numpy as np
import pandas as pd
import pytest

from unitscope.features.describe import COLUMNS
from unitscope.report.claims_features import both_selective, class_selective, colour_selective
from unitscope.report.observations import gather
from unitscope.selectivity import measure_run

N_CLASSES = 40
LABELS = np.repeat(np.arange(N_CLASSES), 120)


def make(make_run, colour, low, selective):
    """Return a run of two layers of two units; those of the second are selective for a class if wanted."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 1, (len(LABELS), 4))
    for unit in np.flatnonzero(selective):
        values[unit == LABELS, unit] += 5
    run = make_run({"conv": values[:, :2], "fc": values[:, 2:]}, LABELS)
    measure_run(run)
    frame = pd.DataFrame({column.name: np.nan for column in COLUMNS}, index=range(4))
    frame["unit"], frame["layer"] = run.units["unit"], run.units["layer"]
    frame["colour_index"], frame["colour_index_low"] = colour, low
    run.add_table("features", frame, COLUMNS, {})
    return gather(run)


@pytest.mark.parametrize(
    ("colour", "low", "selective", "expected"),
    [
        ([0.9, 0.1, 0.5, 0.0], [0.8, 0.0, 0.3, 0.0], [1, 0, 1, 0], (True, True, True)),
        ([0.9, 0.1, 0.1, 0.0], [0.3, 0.0, 0.0, 0.0], [0, 0, 1, 0], (False, True, False)),
        ([0.9, 0.1, 0.1, 0.0], [0.8, 0.0, 0.0, 0.0], [0, 1, 0, 0], (True, False, False)),
    ],
)
def test_claims_hold_where_they_are_true_and_only_there(make_run, colour, low, selective, expected):
    data = make(make_run, colour, low, selective)
    verdicts = [claim.judge(data) for claim in (colour_selective, class_selective, both_selective)]
    assert tuple(verdict.holds for verdict in verdicts) == expected
    assert all(verdict.numbers.endswith(".") for verdict in verdicts)


def test_numbers_are_those_of_the_run(make_run):
    data = make(make_run, [0.9, 0.1, 0.5, 0.0], [0.8, 0.0, 0.3, 0.0], [1, 0, 1, 0])
    assert colour_selective.judge(data).numbers.startswith("1 of 4 hidden units; the highest: conv:0")
    assert class_selective.judge(data).numbers == "1 of 2 units of layer fc; the highest has 1.00."
    assert both_selective.judge(data).numbers.startswith("2 of 4 hidden units: conv:0")


def test_runs_without_features_and_with_few_classes_cannot_tell(make_run):
    run = make_run({"fc": np.random.default_rng(0).uniform(0, 1, (400, 2))}, np.arange(400) % 4)
    measure_run(run)
    data = gather(run)
    assert colour_selective.judge(data).holds is None
    assert "needs the run's features: `unitscope features`" in colour_selective.judge(data).numbers
    assert class_selective.judge(data).holds is False  # no index above the floor
