"""The paper's figures and tables: numbers worked by hand, and what is written in the pictures."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from scipy import stats

from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.figures import (
    boxplots,
    class_set,
    constructed,
    correlations,
    disagreement,
    examples,
    fits,
    histogram,
    jitter,
    make_figure,
    roc,
    save_data,
    save_figure,
    top_units,
)
from unitscope.figures.fits import fit_all
from unitscope.figures.roc import count_at_thresholds
from unitscope.selectivity import measure_run

LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2])
ONE = np.array([9, 8, 0, 7, 0, 0, 1, 0])
TWO = np.array([1, 2, 3, 4, 5, 6, 7, 8])
NAMES = ["cat", "dog", "emu"]


@pytest.fixture
def run(make_run):
    made = make_run({"fc6": np.stack([ONE, TWO], 1)}, LABELS, class_names=NAMES)
    measure_run(made, class_sets={"birdish": ["dog", "emu"]})
    return made


def words(figure):
    """All text of a figure."""
    figure.draw_without_rendering()
    every = [inner for ax in figure.axes for inner in (ax, *ax.child_axes)]
    parts = [text.get_text() for ax in every for text in ax.texts]
    parts += [ax.get_title(loc=side) for ax in every for side in ("left", "center")]
    parts += [ax.get_xlabel() + ax.get_ylabel() for ax in figure.axes]
    parts += [text.get_text() for ax in figure.axes if ax.get_legend() for text in ax.get_legend().get_texts()]
    suptitle = [figure.get_suptitle()] if hasattr(figure, "get_suptitle") else []
    return "\n".join(parts + suptitle)


def test_histogram_counts_zeros_apart(run):
    found = histogram(run, "fc6:0", "cat")
    assert (found.zeros_in_class, found.zeros_in_all) == (1, 4)
    assert (found.in_class.sum(), found.in_all.sum()) == (2, 4)
    width = found.edges[1] - found.edges[0]
    assert found.in_class[round(8 / width)] == found.in_class[round(9 / width)] == 1
    assert found.mean == pytest.approx(17 / 3)
    assert found.mean_se == pytest.approx(np.std([9, 8, 0], ddof=1) / np.sqrt(3))
    frame = found.frame()
    assert frame[["in_class", "in_all"]].sum().tolist() == [3, 8]
    assert frame.iloc[0].tolist() == [0, 0, 1, 4]
    text = words(make_figure(found))
    assert "Unit fc6:0, cat\n3 items, 1 (33.3%) at 0" in text
    assert "all classes, not 0: 4\n(at 0: 4, 50.0%)" in text


def test_histogram_with_a_logarithmic_axis(run):
    ax = make_figure(histogram(run, "fc6:0", "cat", log=True)).axes[0]
    assert ax.get_yscale() == "log"


def test_histogram_of_negative_values_holds_every_item(make_run):
    values = np.linspace(-3, 2, 8)[:, None]
    made = make_run({"logits": values}, LABELS, class_names=NAMES)
    with pytest.warns(match="negative"):
        measure_run(made)
    assert histogram(made, "logits:0", "cat").frame()[["in_class", "in_all"]].sum().tolist() == [3, 8]


def test_examples_choose_the_right_items(run):
    found = examples(run, "fc6:0", "cat", count=2)
    rows = found.table.groupby("row", sort=False)["item_id"].agg(list).to_dict()
    assert rows == {
        "top": ["item00000", "item00001"],
        "mean": ["item00001", "item00000"],  # 17 / 3 = 5.67: 8 is nearer than 9, and 0 is farthest
        "zero": ["item00002"],
        "false_alarms": ["item00003", "item00006"],
    }
    assert found.table["activation"].tolist() == [9, 8, 8, 9, 0, 7, 1]
    assert found.table["member"].tolist() == [True] * 5 + [False] * 2
    text = words(make_figure(found))
    assert "Items of the class with activation 0: 1 of 3" in text
    assert "Highest of the 5 items of other classes: false alarms; 2 are above 0" in text
    assert "does not store the source of its items; give them with --items-from (data=)" in " ".join(text.split())
    assert "item00003" in text  # the items' names stand where their pictures would


def test_examples_never_show_items_at_zero_as_false_alarms(run):
    found = examples(run, "fc6:0", "cat", count=8).table
    assert (found.loc[found["row"].isin(["top", "false_alarms"]), "activation"] > 0).all()


def test_thresholds_are_counted_by_hand():
    points = count_at_thresholds(ONE, LABELS == 0, marked=[0.0])
    # 9 and 8 are hits; 7 and 1 false alarms, of which the first begins the flat run; then all four zeros at once.
    kept = points.set_index("threshold")
    assert kept.loc[8, ["hits", "false_alarms"]].tolist() == [2, 0]
    assert kept.loc[1, ["hits", "false_alarms"]].tolist() == [2, 2]
    assert kept.loc[0, ["hits", "false_alarms"]].tolist() == [3, 5]
    assert kept.loc[0, ["recall", "false_alarm_rate", "precision"]].tolist() == [1, 1, 3 / 8]
    assert points.iloc[0][["recall", "false_alarm_rate"]].tolist() == [0, 0]
    assert 7 not in kept.index  # nothing but false alarms before and after


def test_roc_marks_thresholds_that_agree_with_the_table(run):
    found = roc(run, "fc6:0", "cat")
    row = run.table("selectivity").iloc[0]
    assert found.marks["Maximum informedness"] == row["max_informedness_threshold"]
    at = found.points.set_index("threshold").loc[row["max_informedness_threshold"]]
    assert at["recall"] - at["false_alarm_rate"] == pytest.approx(row["max_informedness"])
    text = words(make_figure(found))
    assert "8 items, 3 of the class" in text
    assert "Maximum informedness: 8" in text


def test_every_legend_lies_on_the_sheet(make_run):
    rng = np.random.default_rng(1)
    labels = np.arange(240) % 3
    made = make_run({"fc6": (rng.exponential(size=(240, 1)) + 5 * (labels == 0)[:, None])}, labels)
    measure_run(made)
    found = roc(made, "fc6:0")
    assert len(found.marks) == 4
    figure = make_figure(found)
    figure.draw_without_rendering()
    for ax in figure.axes:
        box = ax.get_legend().get_window_extent()
        assert box.y0 >= 0
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1


def test_fits_tell_exponential_from_normal():
    rng = np.random.default_rng(0)
    assert fit_all(rng.exponential(2, 5000)).iloc[0]["type"] == "exponential type"
    found = fit_all(rng.normal(50, 3, 5000))
    assert found.iloc[0]["type"] == "normal type"
    assert found.iloc[0]["ks"] < 0.03


def test_aic_and_ks_are_what_scipy_says():
    values = np.random.default_rng(3).exponential(2, 100)
    row = fit_all(values).set_index("fit").loc["exponential"]
    assert row["parameters"] == pytest.approx((0, values.mean()))  # the maximum-likelihood scale is the mean
    likelihood = -100 * np.log(values.mean()) - 100
    assert row["log_likelihood"] == pytest.approx(likelihood)
    assert row["aic"] == pytest.approx(2 - 2 * likelihood)
    assert row["ks"] == pytest.approx(stats.kstest(values, "expon", args=(0, values.mean())).statistic)


def test_fits_leave_zeros_out_and_need_twenty_values(make_run, run):
    with pytest.raises(UnitscopeError, match="has 4 activations that are not 0; a fit needs 20"):
        fits(run, "fc6:0")
    rng = np.random.default_rng(0)
    values = np.where(np.arange(300) % 3 == 1, 0, rng.exponential(size=300))[:, None]
    made = make_run({"fc6": values}, np.arange(300) % 2, class_names=["a", "b"], name="larger")
    measure_run(made)
    found = fits(made, "fc6:0", "a")
    assert len(found.everything.values) == 200
    assert len(found.in_class.values) == 100
    text = words(make_figure(found))
    assert "All: 200 of 300 items" in text
    assert "a: 100 of 150 items" in text
    assert found.frame()["of"].value_counts().to_dict() == {"all": 6, "a": 6}


def test_constructed_units_as_in_the_paper():
    found = constructed()
    table = found.table.set_index("measure")
    assert table.loc["ccmas"].astype(float).round(2).tolist() == [1, 1, 0.06]
    assert table.loc["localist"].tolist() == [False, True, True]
    assert table.loc["max_informedness"].astype(float).round(2).tolist() == [0.01, 1, 1]
    figure = make_figure(found)
    assert len(figure.axes) == 4
    text = words(figure)
    assert "b, on for all of one class: 1,000 items" in text
    assert "Recall at perfect precision" in text


def test_correlations_agree_with_scipy_and_count_units(make_run):
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 4
    values = rng.exponential(size=(200, 12)) * (1 + np.linspace(0, 3, 12) * (labels == 0)[:, None])
    values[:, 11] = 0
    made = make_run({"fc6": values}, labels)
    measure_run(made)
    found = correlations(made)
    table = made.table("selectivity").dropna(subset=["ccmas"])
    assert len(table) == 11
    pair = found.pairs.set_index(["first", "second"]).loc[("precision_60", "ccmas")]
    assert pair["pearson"] == pytest.approx(np.corrcoef(table["precision_60"], table["ccmas"])[0, 1])
    assert pair["spearman"] == pytest.approx(stats.spearmanr(table["precision_60"], table["ccmas"]).statistic)
    assert pair["n_units"] == 11
    assert len(found.pairs) == 10
    text = words(make_figure(found))
    assert "11 of 12 units" in text
    with pytest.raises(UnitscopeError, match="name two measures or more"):
        correlations(made, ["ccmas"])


def test_correlations_with_what_does_not_vary_are_undefined(run):
    found = correlations(run, ["precision_60", "ccmas"])  # two units only
    assert found.pairs["pearson"].isna().all()
    assert "undefined" in words(make_figure(found))


def test_top_units_of_each_layer_and_of_all(make_run):
    made = make_run({"a": np.stack([ONE, TWO], 1), "b": np.stack([TWO, ONE], 1)}, LABELS, class_names=NAMES)
    measure_run(made)
    table = made.table("selectivity")
    best = table.sort_values("ccmas", ascending=False, kind="stable")
    found = top_units(made, ["ccmas"])
    assert found.rows["unit"].tolist() == best.groupby("layer", sort=False).head(1)["unit"].tolist()
    assert found.rows["class"].tolist() == ["cat", "cat"]  # 17/3 against 8/5
    assert found.rows["ccmas"].tolist() == pytest.approx([(17 / 3 - 1.6) / (17 / 3 + 1.6)] * 2)
    assert len(top_units(made, ["ccmas"], 3, per_layer=False).rows) == 3
    assert "4 units in all" in words(make_figure(found))


def test_class_set_by_hand(run):
    found = class_set(run, "birdish", ["fc6:0"])
    row = found.rows.iloc[0]
    assert (row["active_in_class"], row["active_elsewhere"]) == (2 / 5, 2 / 3)
    assert (row["mean_in_class"], row["mean_not_in_class"]) == (8 / 5, pytest.approx(17 / 3))
    assert row["mean_in_class_se"] == pytest.approx(np.std([7, 0, 0, 1, 0], ddof=1) / np.sqrt(5))
    assert row["ccmas"] == pytest.approx((1.6 - 17 / 3) / (1.6 + 17 / 3))
    text = words(make_figure(found))
    assert "8 items: 5 in A, 3 not" in text
    assert "A: dog, emu" in text


def test_class_set_chooses_the_units_of_highest_informedness(run):
    # Unit 1 rises with the class: above 3 are all dogs and emus and no cat.
    assert class_set(run, "birdish", count=1).rows["unit"].tolist() == ["fc6:1"]
    assert class_set(run, "birdish", count=1).rows["max_informedness"].tolist() == [1]


def test_class_set_shows_iou_where_the_run_was_dissected(run):
    table = pd.DataFrame({"unit": ["fc6:0", "fc6:1"], "concept": ["birdish", "birdish"], "iou": [0.2, 0.1]})
    run.add_table("dissection", table, [Column(name, name, name) for name in table], {})
    found = class_set(run, "birdish")
    assert found.rows[["unit", "iou"]].to_numpy().tolist() == [["fc6:0", 0.2], ["fc6:1", 0.1]]
    assert "IoU: with the concept birdish" in words(make_figure(found))


def test_class_set_finds_concepts_by_every_name_of_a_class(make_run):
    """Classes are WordNet IDs: 'bus' is a synonym of neither, 'trolley coach' of the first, 'crane' of two classes."""
    values = np.random.default_rng(0).random((12, 4))
    run = make_run({"fc6": values}, np.arange(12) % 4, class_names=["n04487081", "n02012849", "n03126707", "n02123045"])
    titles = ["trolleybus", "crane", "crane", "tabby"]
    run.classes["name"] = titles
    measure_run(run, class_sets={"Striped_Cat": ["n02123045"]}, threads=1)
    concepts = ["Trolley Coach", "crane", "striped cat", "bus"]
    table = pd.DataFrame({"unit": run.units["unit"], "concept": concepts, "iou": [0.1, 0.2, 0.3, 0.4]})
    run.add_table("dissection", table, [Column(name, name, name) for name in table], {})
    found = {name: class_set(run, name) for name in ("trolleybus", "n03126707", "Striped_Cat")}
    assert [of.rows[["unit", "iou"]].to_numpy().tolist() for of in found.values()] == [
        [["fc6:0", 0.1]], [["fc6:1", 0.2]], [["fc6:2", 0.3]],
    ]  # fmt: skip
    assert [of.concepts for of in found.values()] == [("Trolley Coach",), ("crane",), ("striped cat",)]
    assert found["n03126707"].namesakes == ("crane (n02012849)",)
    text = words(make_figure(found["n03126707"]))
    assert "IoU: with the concept crane, which may also mean crane (n02012849)" in text
    none = class_set(run, "tabby")
    assert none.rows["iou"].isna().all()
    assert "no unit's concept has a name of A" in words(make_figure(none))


def test_boxplots_hold_every_unit_and_say_how_many(run, tmp_path):
    found = boxplots(run, ["ccmas", "auc"])
    assert found.frame().groupby("measure")["unit"].agg(list).to_dict() == {
        "ccmas": ["fc6:0", "fc6:1"],
        "auc": ["fc6:0", "fc6:1"],
    }
    text = words(make_figure(found))
    assert "2 units in 1 layers, 8 items" in text
    assert "by chance" not in text
    assert "CCMAS" in text
    assert "ccmas" not in text  # names from the descriptions, never raw identifiers
    frame = pd.read_csv(save_data(found, tmp_path / "b.csv"))
    np.testing.assert_array_equal(frame["value"], found.frame()["value"])


def test_boxplots_show_chance_where_labels_were_permuted(make_run):
    rng = np.random.default_rng(0)
    made = make_run({"fc6": rng.exponential(size=(80, 3))}, np.arange(80) % 2)
    measure_run(made, permutations=20)
    found = boxplots(made, ["max_informedness"])
    median = made.table("selectivity")["max_informedness_chance"].median()
    assert found.panels[0].chance == {"fc6": pytest.approx(median)}
    figure = make_figure(found)
    dotted = [line for line in figure.axes[0].lines if np.allclose(line.get_ydata(), median) and len(line.get_xdata())]
    assert len(dotted) == 1
    assert "Dotted: median by chance" in " ".join(words(figure).split())


def test_equal_values_have_an_axis_of_plain_numbers(run):
    ax = make_figure(boxplots(run, ["n_classes"])).axes[0]
    low, high = ax.get_ylim()
    assert high - low >= 1


def test_disagreement_names_the_classes_in_its_data(run):
    frame = disagreement(run, "ccmas", "max_informedness").frame()
    assert frame["max_informedness_class"].tolist() == ["cat", "emu"]


def test_more_layers_than_markers_have_a_scale(make_run):
    layers = {f"layer{number}": np.stack([ONE, TWO], 1) for number in range(14)}
    made = make_run(layers, LABELS, class_names=NAMES)
    measure_run(made)
    figure = make_figure(disagreement(made, "ccmas", "max_informedness"))
    text = words(figure) + " ".join(label.get_text() for label in figure.axes[1].get_xticklabels())
    assert "14 layers, from the first to the last" in text
    assert "layer0" in text
    assert "layer13" in text


def test_several_classes_are_marked_each_its_own_way(run):
    ax = make_figure(jitter(run, "fc6:1", ["cat", "dog", "emu"])).axes[0]
    marked = [
        found for found in ax.collections if isinstance(found, PathCollection) and "others" not in found.get_label()
    ]
    assert [found.get_label() for found in marked] == ["cat (3)", "dog (3)", "emu (2)"]
    assert len({tuple(found.get_facecolor()[0]) for found in marked}) == 3
    assert len({found.get_paths()[0].vertices.tobytes() for found in marked}) == 3  # markers, not colours alone
    with pytest.raises(UnitscopeError, match="7 classes are too many"):
        jitter(run, "fc6:1", ["cat"] * 7)


@pytest.mark.parametrize("draw", [lambda run: boxplots(run, ["auc", "ccmas"]), lambda run: disagreement(run)])
def test_long_names_of_layers_leave_room(make_run, draw):
    layers = [f"features.denseblock{block}.denselayer{block}.attention.projection" for block in range(3)]
    made = make_run({layer: np.random.default_rng(0).exponential(size=(90, 5)) for layer in layers}, np.arange(90) % 3)
    measure_run(made)
    figure = make_figure(draw(made))
    figure.draw_without_rendering()
    for ax in figure.axes:
        box = ax.get_position()
        assert box.width > 0.3
        assert box.height > 0.3
    drawn = figure.get_tightbbox()
    assert drawn.x0 > -0.05
    assert drawn.x1 < figure.get_figwidth() + 0.05


def test_names_of_units_cover_no_points_where_there_is_room(make_run):
    rng = np.random.default_rng(3)
    made = make_run({"fc6": np.maximum(rng.normal(size=(120, 250)), 0)}, np.arange(120) % 3)
    measure_run(made)
    figure = make_figure(disagreement(made, "ccmas", "max_informedness"))
    figure.draw_without_rendering()
    [ax] = figure.axes
    points = ax.transData.transform(ax.collections[0].get_offsets())
    names = [text.get_window_extent() for text in ax.texts]
    assert names
    assert not any(name.count_contains(points) for name in names)


def test_a_throng_of_units_stays_small_as_vectors(make_run, tmp_path):
    rng = np.random.default_rng(0)
    made = make_run({"fc6": rng.exponential(size=(24, 2100))}, np.arange(24) % 3)
    measure_run(made)
    for name, found in (("d", disagreement(made, "auc", "ccmas")), ("b", boxplots(made, "auc"))):
        for suffix in (".svg", ".pdf"):
            assert save_figure(found, tmp_path / f"{name}{suffix}").stat().st_size < 400_000


def test_a_family_that_cannot_be_fitted_is_left_out():
    values = np.append(np.ones(50), np.nextafter(np.float32(1), np.float32(2)))
    assert "gamma" not in set(fit_all(values)["fit"])
