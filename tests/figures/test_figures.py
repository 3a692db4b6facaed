"""Figures: the data they compute from a run, what they draw, and the files they write."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from unitscope.errors import UnitscopeError
from unitscope.figures import Jitter, disagreement, distribution, jitter, save_figure
from unitscope.figures.disagreement import compare_ranks
from unitscope.figures.jitter import DENSITY_FROM
from unitscope.selectivity import measure_run

LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2])
VALUES = np.array([[9, 8, 0, 7, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 0]], np.float32).T
NAMES = ["cat", "dog <b>", "emu"]


@pytest.fixture
def run(make_run):
    made = make_run({"fc6": VALUES, "fc7": VALUES + 1}, LABELS, class_names=NAMES)
    measure_run(made)
    return made


def axes():
    return Figure(figsize=(7, 3)).add_subplot()


def points(ax, colour_or_label):
    """The offsets of the collections whose label begins so."""
    found = [c for c in ax.collections if isinstance(c, PathCollection) and c.get_label().startswith(colour_or_label)]
    return np.concatenate([c.get_offsets() for c in found])


def test_jitter_takes_class_and_thresholds_from_the_table(run):
    plot = jitter(run, "fc6:0")
    row = run.table("selectivity").iloc[0]
    # cat: 9 and 8 are above every other item: recall 2/3 without false alarms, at 8.
    assert plot.names == ("cat",)
    np.testing.assert_array_equal(plot.members, [LABELS == 0])
    assert plot.informed_at == row["max_informedness_threshold"] == 8
    assert np.isnan(plot.top_at)  # all 8 items are among the 60 most active
    np.testing.assert_array_equal(plot.activations, VALUES[:, 0])
    assert plot.frame()["class"].tolist() == ["cat"] * 3 + [""] * 5


def test_jitter_draws_every_item_once_zeros_in_their_band(run):
    ax = jitter(run, "fc6:0").draw(axes())
    cats, others = points(ax, "cat (3)"), points(ax, "all others (5)")
    assert len(cats) == 3
    assert len(others) == 5
    assert sorted(np.round(cats[:, 0][cats[:, 0] > 0], 3)) == [8, 9]
    assert (np.concatenate([cats, others])[:, 0] < 0).sum() == 4  # the zeros, left of the axis of values
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["at 0: 4 of 8\ncat: 1 of 3"]
    assert "0" in [tick.get_text() for tick in ax.get_xticklabels()]
    styles = {line.get_label(): line.get_linestyle() for line in ax.lines if not line.get_label().startswith("_")}
    assert styles == {"maximum informedness for cat, 8": "--"}


def test_the_axis_of_values_reaches_the_largest():
    values = np.array([0, 0, 2, 4, 8], np.float32)
    ax = Jitter("fc6:0", values, (values > 2)[None], ("cat",), np.nan, np.nan, "all").draw(axes())
    labels = [tick.get_text() for tick in ax.get_xticklabels()]
    assert (labels[0], labels[-1]) == ("0", "8")  # of the band of zeros; of the largest, which lies on a tick
    assert ax.get_xlim()[1] > 8


def test_jitter_marks_the_60_most_active(make_run):
    made = make_run({"fc6": np.arange(80.0)[:, None]}, np.arange(80) % 2)
    measure_run(made)
    assert jitter(made, "fc6:0").top_at == 20
    lines = jitter(made, "fc6:0").draw(axes()).lines
    assert ("-", "top 60 items, 20") in [(line.get_linestyle(), line.get_label()) for line in lines]


def test_a_class_chosen_by_readable_name_has_its_own_threshold(run):
    plot = jitter(run, "fc6:0", ["emu", "cat"])
    assert plot.names == ("emu", "cat")
    expected = run.unit_array("selectivity", "informedness_threshold", "fc6:0")[2]
    np.testing.assert_array_equal(plot.informed_at, expected)
    ax = plot.draw(axes())
    assert len(points(ax, "emu (2)")) == 2
    assert len(points(ax, "cat (3)")) == 3


def test_without_zeros_there_is_no_band(run):
    plot = jitter(run, "fc7:0")
    assert not plot.has_band
    assert len(plot.draw(axes()).texts) == 0


def test_negative_values_leave_zeros_on_the_axis():
    plot = Jitter("a:0", np.array([-1.0, 0, 2]), np.array([[True, False, False]]), ("cat",), np.nan, np.nan, "all")
    assert not plot.has_band
    assert sorted(np.concatenate([points(plot.draw(axes()), "cat"), points(plot.draw(axes()), "all")])[:, 0]) == [
        -1,
        0,
        2,
    ]


def test_a_dead_unit_can_be_drawn(run):
    ax = jitter(run, "fc6:1").draw(axes())
    assert ax.texts[0].get_text().startswith("at 0: 8 of 8")


@pytest.mark.parametrize(
    ("unit", "classes", "message"),
    [("fc6:9", None, "units are 0 to 1"), ("fc6:0", ["cta"], "no class cta .did you mean 'cat'")],
)
def test_unknown_names(run, unit, classes, message):
    with pytest.raises(UnitscopeError, match=message):
        jitter(run, unit, classes)


def test_other_items_than_were_measured_are_refused(make_run):
    run = make_run({"fc6": VALUES}, LABELS, predicted=LABELS)
    with pytest.raises(UnitscopeError, match=r"run `unitscope measure .*` first"):
        jitter(run, "fc6:0")
    measure_run(run)
    with pytest.raises(UnitscopeError, match=r"made with correct items; run `unitscope measure .* --items all` first"):
        jitter(run, "fc6:0", items="all")


def crowd(n):
    rng = np.random.default_rng(0)
    x = np.where(rng.random(n) < 0.8, 0, rng.exponential(5, n)).astype(np.float32)
    return Jitter("fc6:1199", x, (np.arange(n) < 1200)[None], ("Monarch",), 3.0, 40.0, "correct")


def test_a_crowd_is_a_density_and_its_files_stay_small(tmp_path):
    big = crowd(721_536)
    ax = big.draw(axes())
    offsets = [len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection)]
    assert max(offsets) == 1200 <= DENSITY_FROM
    for suffix in (".svg", ".pdf"):
        assert save_figure(big, tmp_path / f"big{suffix}").stat().st_size < 600_000


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_equal_data_give_equal_bytes(run, tmp_path, suffix):
    plot = jitter(run, "fc6:0")
    one, two = (save_figure(plot, tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two


def test_unknown_kinds_of_picture(run, tmp_path):
    with pytest.raises(UnitscopeError, match=r"choose one of \.png, \.svg, \.pdf"):
        save_figure(jitter(run, "fc6:0"), tmp_path / "a.gif")
    assert list(tmp_path.glob("a.*")) == []


def test_distribution_counts_what_is_undefined(run):
    found = distribution(run, "max_informedness")
    assert found.layers == ("fc6", "fc7")
    assert found.undefined == (1, 1)
    np.testing.assert_allclose(found.frame()["max_informedness"], [2 / 3, 2 / 3])
    ax = found.draw(axes())
    assert ax.get_title() == "Maximum informedness"
    assert ax.get_xlabel() == "2 of 4 units undefined"
    with pytest.raises(UnitscopeError, match=r"no measure max_infomedness .did you mean 'max_informedness"):
        distribution(run, "max_infomedness")


def test_a_layer_without_any_value_is_said(make_run):
    run = make_run({"fc6": VALUES, "dead": VALUES * 0}, LABELS)
    measure_run(run)
    assert [text.get_text() for text in distribution(run, "auc").draw(axes()).texts] == ["undefined"]


def test_rank_disagreement_by_hand():
    table = pd.DataFrame(
        {
            "unit": ["a:0", "a:1", "a:2", "b:0"],
            "layer": ["a", "a", "a", "b"],
            "ccmas": [0.1, 0.2, 0.3, 0.5],
            "auc": [0.9, 0.8, 0.7, 0.5],
            "d_prime": [1.0, np.nan, 3.0, 1.0],
        }
    )
    found = compare_ranks(table, ["ccmas", "auc", "d_prime"]).set_index("unit")
    # Ranks of 3 units are 0, .5, 1. a:0 is lowest by CCMAS, highest by AUC; a:1 in the middle by both.
    assert found["disagreement"].to_dict() == {"a:0": 1.0, "a:2": 1.0, "a:1": 0.0}  # b has one unit: no ranks
    assert (found.loc["a:0", "highest_by"], found.loc["a:0", "lowest_by"]) == ("auc", "ccmas")


def test_disagreement_scatter_names_units(run):
    found = disagreement(run, "ccmas", "max_informedness", n_labelled=1)
    assert found.points["unit"].tolist() == ["fc6:0", "fc7:0"]  # the dead ones have neither
    ax = found.draw(axes())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("CCMAS", "Maximum informedness")
    assert len(ax.texts) == 1
