"""Whether selectivity predicts importance: correlations within layers, combined."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from unitscope.ablation import ABLATION
from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.figures import ablation_by_measure
from unitscope.figures.ablation_by_measure import combine, rank_correlation
from unitscope.testing import check_figure


@pytest.fixture
def run(make_run):
    """A run of two layers: in both the measure predicts the drop, but the layer of high values has low drops."""
    made = make_run({"a": np.ones((4, 12)), "b": np.ones((4, 12))}, [0, 0, 1, 1])
    high = np.repeat([0.0, 100.0], 12)
    x = np.tile(np.arange(12.0), 2)
    units = made.units["unit"]
    made.add_table("other", pd.DataFrame({"unit": units, "value": x + high, "value_class": "class0", "flat": 1.0}),
                   [Column("unit", "Unit", "", kind="text"),
                    Column("value", "Value", "", links={"class": "value_class"}),
                    Column("value_class", "Class", "", kind="class"), Column("flat", "Flat", "")], {})  # fmt: skip
    drops = {"accuracy_drop": x - high, "log_probability_drop": -x, "drop_of_value_class_class": np.full(24, np.nan)}
    kinds = dict.fromkeys(drops, "difference")
    frame = pd.DataFrame({"unit": units, "layer": made.units["layer"], **drops})
    columns = [Column(name, name, "", kind=kinds.get(name, "text")) for name in frame]
    made.add_table(ABLATION, frame, columns, {})
    return made


def test_differences_between_layers_have_no_part(run):
    table = ablation_by_measure(run, ["value"]).frame().set_index("importance")
    assert table.loc["accuracy", "spearman"] == pytest.approx(1, abs=1e-6)
    assert table.loc["log-probability", "spearman"] == pytest.approx(-1, abs=1e-6)
    assert table.loc["accuracy", ["n_units", "n_layers"]].tolist() == [24, 2]
    assert "class" not in table.index  # no unit has a drop of its own class
    assert ablation_by_measure(run, ["value"], "b").frame()["n_units"].tolist() == [12, 12]


def test_measures_that_do_not_vary_are_left_out(run):
    assert ablation_by_measure(run).frame()["measure"].unique().tolist() == ["value"]
    with pytest.raises(UnitscopeError, match=r"no measure of .* varies over 10 units"):
        ablation_by_measure(run, ["flat"])


def test_it_is_a_figure(run):
    check_figure(ablation_by_measure, run)


def test_it_draws_every_correlation(run):
    drawn = ablation_by_measure(run)
    ax = drawn.draw(Figure(figsize=drawn.size).add_subplot())
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["Value"]
    assert "2 layers, up to 24 units" in ax.get_title()


def test_a_run_that_was_not_ablated_is_refused(make_run):
    with pytest.raises(UnitscopeError, match=r"was not ablated; run `unitscope ablate .*` first"):
        ablation_by_measure(make_run({"a": np.ones((2, 2))}, [0, 1]))


def test_the_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30).round(1), rng.normal(size=30).round(1)
    x[3] = np.nan
    assert rank_correlation(x, y) == (pytest.approx(stats.spearmanr(x, y, nan_policy="omit").statistic), 29)


def test_the_interval_covers_the_true_correlation_of_several_layers():
    rng = np.random.default_rng(0)
    rho = 0.6
    true = 6 / np.pi * np.arcsin(rho / 2)  # Spearman's correlation of normal variables
    covered = []
    for _ in range(600):
        drawn = [rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n) for n in (20, 60)]
        found = combine([rank_correlation(*values.T) for values in drawn])
        covered.append(found["low"] <= true <= found["high"])
    assert 0.92 < np.mean(covered) < 0.98
