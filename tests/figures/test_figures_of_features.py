"""Sheets of neuron features, and figures of the colour and class indexes."""

import numpy as np
import pandas as pd
import pytest

from unitscope.errors import UnitscopeError
from unitscope.figures import examples, indexes, make_figure, neuron_features
from unitscope.figures.indexes import CLASS_CUTS, COLOUR_CUTS, HUE_NAMES, colour_of, shares_of
from unitscope.testing import check_figure


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    pytest.importorskip("torch")
    from unitscope import find_features, load_data, measure_run, record

    data = load_data("demo:", n=80)
    run = record("demo:", data, tmp_path_factory.mktemp("run") / "run", layers="conv1,fc6", workers=0)
    measure_run(run, threads=1)
    find_features(run, count=12, workers=0)
    return run


@pytest.mark.parametrize("options", [{}, {"sort": "hue"}, {"sort": "auc", "count": 5}])
def test_sheets_are_drawn_as_all_figures_are(run, options):
    check_figure(neuron_features, run, layer="conv1", **options)


def test_sheets_are_sorted_and_cut(run):
    drawn = neuron_features(run, "conv1", "colour_index", 10)
    values = drawn.frame()["colour_index"]
    assert len(drawn.images) == len(values) == 10
    assert values.dropna().is_monotonic_decreasing
    table = run.table("features").query("layer == 'conv1'").set_index("unit")
    assert values.max() == table["colour_index"].max()
    unit = drawn.frame()["unit"][0]
    stored = run.unit_array("features", "neuron_feature", unit)[:5, :5]
    shown = drawn.images[0].reshape(5, 12, 5, 12, 3)[:, 0, :, 0].astype(float) / 255
    low, high = np.nanmin(stored), np.nanmax(stored)
    np.testing.assert_allclose(shown, (stored - low) / (high - low), atol=0.003)
    title = make_figure(drawn).axes[0].get_title(loc="left")
    assert "10 of 32 units, sorted by colour index" in title
    assert "12 top items; fields of up to 5 x 5 pixels" in title
    assert neuron_features(run, "fc6").frame()["unit"].tolist() == [f"fc6:{unit}" for unit in range(192)]


def test_indexes_are_drawn_as_all_figures_are(run):
    check_figure(indexes, run)


def test_shares_are_those_of_the_units(run):
    frame = indexes(run).frame().set_index(["index", "layer"])
    for table, name, cuts in (("features", "colour_index", COLOUR_CUTS), ("selectivity", "class_index", CLASS_CUTS)):
        for layer, of_layer in run.table(table).groupby("layer"):
            values = of_layer[name].dropna()
            row = frame.loc[(name, layer)]
            assert row["units"] == len(values)
            assert row["low"] == pytest.approx((values < cuts[0]).mean())
            assert row["high"] == pytest.approx((values >= cuts[1]).mean())
            assert row[["low", "middle", "high"]].sum() == pytest.approx(1)


def test_an_index_equal_to_a_cut_is_in_the_upper_bin():
    frame = pd.DataFrame({"layer": "a", "index": [0.1, 0.4, 0.05, np.nan]})
    row = shares_of(frame, "index", "Index", COLOUR_CUTS).table.iloc[0]
    np.testing.assert_allclose(row[["units", "low", "middle", "high"]].to_numpy(float), [3, 1 / 3, 1 / 3, 1 / 3])


def test_hues_have_their_colours():
    full = {
        "red": (1, 0, 0),
        "yellow": (1, 1, 0),
        "green": (0, 1, 0),
        "cyan": (0, 1, 1),
        "blue": (0, 0, 1),
        "magenta": (1, 0, 1),
    }
    for hue, name in HUE_NAMES.items():
        np.testing.assert_allclose(colour_of(hue), np.array(full[name]) * 0.95, atol=1e-6)


def test_examples_show_the_neuron_feature_beside_the_items(run):
    unit = run.table("selectivity").dropna(subset=["max_informedness"])["unit"].iloc[0]
    shown = examples(run, unit)
    assert shown.feature is not None
    texts = [text.get_text() for text in make_figure(shown).axes[0].texts]
    assert "Neuron feature" in texts


def test_runs_without_features_say_what_to_run(make_run):
    run = make_run({"fc": np.random.default_rng(0).uniform(0, 1, (40, 2))}, np.arange(40) % 4)
    for figure, options in ((indexes, {}), (neuron_features, {"layer": "fc"})):
        with pytest.raises(UnitscopeError, match=r"has no features; run `unitscope features .*` first"):
            figure(run, **options)
