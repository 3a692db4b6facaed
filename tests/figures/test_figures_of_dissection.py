"""Figures of the detectors of a run."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.dissection.describe import describe_columns
from unitscope.errors import UnitscopeError
from unitscope.figures import dissection, make_figure
from unitscope.figures.dissection import MOST_BARS
from unitscope.run import open_run
from unitscope.testing import check_figure

CATEGORIES = ("object", "colour")
BEST = [("cat", "object", 0.2), ("cat", "object", 0.05), ("dog", "object", 0.3), ("red", "colour", 0.041),
        ("dog", "object", 0.04), ("", "", 0.0)]  # fmt: skip


def table_of(layers):
    """Return a table of dissection; of the units of each layer, the best concept, its category and IoU."""
    frames = []
    for layer, best in layers.items():
        names, categories, iou = (np.array(of, object) for of in zip(*best, strict=True))
        frame = pd.DataFrame({column.name: "" for column in describe_columns(CATEGORIES)}, index=range(len(best)))
        for column in describe_columns(CATEGORIES):
            if column.kind not in ("text", "flag"):
                frame[column.name] = 0.0
        for category in CATEGORIES:
            frame[f"{category}_concept"] = np.where(categories == category, names, "")
            frame[f"{category}_iou"] = np.where(categories == category, iou, 0.0).astype(float)
        units = [f"{layer}:{unit}" for unit in range(len(best))]
        frames.append(frame.assign(unit=units, layer=layer, concept=names, category=categories, iou=iou.astype(float),
                                   is_detector=iou.astype(float) > 0.04))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def run(make_shared_run):
    many = [(f"thing {number}", "object", 0.1) for number in range(MOST_BARS + 5)] + [("thing 7", "object", 0.1)]
    layers = {"conv": BEST, "fc": many, "none": [("", "", 0.0)] * 2}
    activations = {layer: np.ones((4, len(best))) for layer, best in layers.items()}
    made = make_shared_run(activations, [0, 0, 1, 1], name="dissected")
    made.add_table("dissection", table_of(layers), describe_columns(CATEGORIES), {}, None)
    return open_run(made.directory)


@pytest.mark.parametrize("layer", [None, "conv", "fc", "none"])
def test_they_are_drawn_as_all_figures_are(run, layer):
    check_figure(dissection, run, layer=layer)


def test_concepts_of_each_layer_are_counted_once(run):
    drawn = dissection(run)
    counts = drawn.frame().set_index(["layer", "category"])["concepts"]
    assert counts.to_dict() == {
        ("conv", "object"): 2, ("conv", "colour"): 1, ("fc", "object"): MOST_BARS + 5, ("fc", "colour"): 0,
        ("none", "object"): 0, ("none", "colour"): 0,
    }  # fmt: skip
    ax = make_figure(drawn).axes[0]
    bars = [[patch.get_height() for patch in of] for of in ax.containers]
    assert bars == [[2, MOST_BARS + 5, 0], [1, 0, 0]]
    assert [patch.get_y() for patch in ax.containers[1]] == [2, MOST_BARS + 5, 0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["conv (6)", f"fc ({MOST_BARS + 6})", "none (2)"]


def test_units_of_each_concept_of_a_layer(run):
    drawn = dissection(run, "conv")
    assert drawn.frame().to_numpy().tolist() == [["object", "cat", 2], ["object", "dog", 1], ["colour", "red", 1]]
    ax = make_figure(drawn).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog", "red"]
    assert [patch.get_height() for patch in ax.patches] == [2, 1, 1]
    assert "4 of 6 units are detectors, of 3 concepts" in " ".join(
        ax.get_title(loc=place) for place in ("left", "center")
    )
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "object: 3 of 2",
        "colour: 1 of 1",
    ]


def test_rare_concepts_of_many_have_no_bar(run):
    drawn = dissection(run, "fc")
    assert len(drawn.frame()) == MOST_BARS + 5
    assert drawn.frame().iloc[0].tolist() == ["object", "thing 7", 2]
    ax = make_figure(drawn).axes[0]
    assert len(ax.patches) == MOST_BARS
    titles = " ".join(ax.get_title(loc=place) for place in ("left", "center")).replace("\n", " ")
    assert "5 rarer ones are not shown" in titles


def test_what_cannot_be_drawn_is_said(run, make_run):
    bare = make_run({"conv": np.ones((4, 2))}, [0, 0, 1, 1])
    with pytest.raises(UnitscopeError, match=r"has no dissection; run `unitscope dissect --concepts SPEC .*` first"):
        dissection(bare)
    with pytest.raises(UnitscopeError, match="no layer cnv"):
        dissection(run, "cnv")


def test_the_command_writes_picture_and_numbers(run, tmp_path):
    done = CliRunner().invoke(main.app, ["figure", "dissection", str(run.directory), "conv", "-o",
                                         str(tmp_path / "a.png"), "--data"])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert pd.read_csv(tmp_path / "a.csv")["units"].tolist() == [2, 1, 1]
    assert (tmp_path / "a.png").stat().st_size > 5000
