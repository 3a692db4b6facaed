"""The figure of networks under superposition: which units it shows, and what it counts."""

import numpy as np
import pytest

from simulated_networks import simulated_run
from unitscope.errors import UnitscopeError
from unitscope.figures import superposition
from unitscope.figures.superposition import median_unit, most_selective
from unitscope.selectivity import measure_run
from unitscope.testing import check_figure


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Networks of two list lengths under superposition, and of controls."""
    folder = tmp_path_factory.mktemp("networks")
    made = [
        simulated_run(folder / "three", "superposition", [(5, 2), (7, 0)]),
        simulated_run(folder / "single", "one-at-a-time", [(0, 1), (1, 0)], list_length=1),
        simulated_run(folder / "two", "superposition", [(2, 3)], list_length=2, words_right=0.5),
    ]
    for run in made:
        measure_run(run, threads=1)
    return made


def test_it_counts_the_localist_units_of_every_network(runs):
    frame = superposition(*runs).frame()
    columns = ["run", "condition", "list_length", "layer", "units", "localist", "localist_off", "words_right"]
    assert frame[columns].values.tolist() == [
        ["three", "superposition", 3, "seed0", 50, 5, 2, 0.99],
        ["three", "superposition", 3, "seed1", 50, 7, 0, 0.99],
        ["single", "one-at-a-time", 1, "seed0", 50, 0, 1, 0.99],
        ["single", "one-at-a-time", 1, "seed1", 50, 1, 0, 0.99],
        ["two", "superposition", 2, "seed0", 50, 2, 3, 0.5],
    ]
    medians = runs[0].table("selectivity").groupby("layer")["max_informedness"].median()
    np.testing.assert_array_equal(frame["median_informedness"][:2], medians)


def test_the_units_are_those_of_the_widest_gap_and_of_the_median(runs):
    values = np.concatenate([runs[0].activations(layer) for layer in ("seed0", "seed1")])
    gaps = [max(unit[ours].min() - unit[~ours].max() for ours in runs[0].memberships.T) for unit in values]
    assert most_selective(runs[0]) == runs[0].units["unit"][np.argmax(gaps)]
    table = runs[1].table("selectivity").set_index("unit")["max_informedness"]
    middle = table[median_unit(runs[1])]
    assert (table < middle).sum() < 50 <= (table <= middle).sum()
    shown = superposition(*runs).plots
    assert [plot.unit.split(",")[0] for plot in shown] == [
        f"Superposition: unit {most_selective(runs[0])}",
        f"One at a time: unit {median_unit(runs[1])}",
    ]
    assert shown[0].names[0].startswith("words with ")
    assert shown[0].members.sum() == 36


def test_it_draws_itself_the_same_every_time(runs):
    check_figure(lambda run: superposition(run, runs[1]), runs[0])


def test_what_is_missing_is_one_sentence(runs, make_run, tmp_path):
    with pytest.raises(UnitscopeError, match="no run is of the condition one-at-a-time; make one with `unitscope sim"):
        superposition(runs[0], runs[2])
    with pytest.raises(UnitscopeError, match="was not made by `unitscope simulate superposition`"):
        superposition(runs[0], make_run({"fc6": np.ones((4, 2))}, [0, 0, 1, 1]))
    unmeasured = simulated_run(tmp_path / "new", "one-at-a-time", [(0, 0)])
    with pytest.raises(UnitscopeError, match=r"run `unitscope measure .*new` first"):
        superposition(runs[0], unmeasured)
