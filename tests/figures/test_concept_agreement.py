"""How often concepts and classes agree, against counts by hand and pair by pair."""

import numpy as np
import pandas as pd
import pytest

from unitscope.columns import Array, Column
from unitscope.errors import UnitscopeError
from unitscope.figures import concept_agreement
from unitscope.figures.concept_agreement import compare, names_of_class
from unitscope.run.arrays import create_table_arrays, write_rows
from unitscope.testing import check_figure

CONCEPTS = ["Cat", "dog-c", "red", "traffic_light"]


@pytest.fixture
def run(make_run):
    """Return a function that makes a run of two layers, measured by hand, with a dissection."""

    def make(classes=("cat", "dog", "boat"), concepts=CONCEPTS, **options):
        values = {"a": np.zeros((6, 3)), "b": np.zeros((6, 2))}
        run = make_run(values, [0, 1, 2, 0, 1, 2], class_names=[*classes], **options)
        units = run.units["unit"]
        auc = Column("auc", "Area", "by hand", links={"class": "auc_class"})
        picks = pd.DataFrame({"unit": units, "auc": [0.5] * 5})
        picks["auc_class"] = [classes[0], classes[1], classes[1], classes[2], classes[0]]
        text = Column("unit", "Unit", "its id", kind="text")
        run.add_table("selectivity", picks, [text, auc, Column("auc_class", "Class", "by hand", kind="class")], {})
        array = Array(Column("iou", "IoU", "by hand"), ("unit", "concept"))
        sizes, labels = {"unit": 5, "concept": len(concepts)}, {"concept": concepts}
        arrays = create_table_arrays(run.directory, "dissection", [array], sizes, labels)
        write_rows(arrays, [(0, {"iou": np.zeros((5, len(concepts)))})])
        found = pd.DataFrame(
            {"unit": units, "layer": run.units["layer"], "is_detector": [True, False, True, True, True]}
        )
        found["concept"] = [concepts[0], concepts[0], concepts[1], concepts[1], ""]
        columns = [text, *(Column(name, name, name, kind="text") for name in ("layer", "concept"))]
        columns.append(Column("is_detector", "Detector", "by hand", kind="flag"))
        run.add_table("dissection", found, columns, {}, arrays)
        return run

    return make


def test_counts_by_hand(run):
    made = run()
    drawn = concept_agreement(made)
    assert (drawn.n_nameable, drawn.n_classes, drawn.layers) == (2, 3, ("a", "b"))
    table = drawn.frame().set_index(["layer", "among"])[["units", "agreeing", "share", "chance"]]
    # a:0 cat is cat, a:1 dog is not cat, a:2 dog is dog; b:0 picks boat, which no concept names; b:1 has no concept.
    np.testing.assert_allclose(table.loc[("a", "all")], [3, 2, 2 / 3, (1 * 2 + 2 * 1) / 9])
    np.testing.assert_allclose(table.loc[("a", "detectors")], [2, 2, 1, 0.5])
    assert table.loc[("b", "all"), "units"] == 0
    assert np.isnan(table.loc[("b", "all"), "share"])
    check_figure(concept_agreement, made)


def test_chance_is_the_mean_over_all_pairs():
    rng = np.random.default_rng(0)
    names = {"0": {"a", "b"}, "1": {"c"}, "2": {"d"}}
    concepts, picked = pd.Series(rng.choice([*"abcde"], 40)), pd.Series(rng.choice([*"012"], 40))
    found = compare(concepts, picked, names)
    assert found["agreeing"] == sum(concept in names[name] for concept, name in zip(concepts, picked, strict=True))
    assert found["chance"] == pytest.approx(
        np.mean([concept in names[name] for concept in concepts for name in picked])
    )


def test_classes_of_wordnet_are_named_by_nouns_above_them(run):
    made = run(("n02123045", "n02084071", "n02958343"), ["cat", "dog", "machine", "red"])  # tabby, dog, car
    assert {"tabby", "cat", "animal"} <= names_of_class(made, "n02123045")
    assert "dog" not in names_of_class(made, "n02123045")
    table = concept_agreement(made).frame().set_index(["layer", "among"])
    assert table.loc[("a", "all"), "agreeing"] == 2


def test_what_is_missing_is_one_sentence(run, make_run):
    with pytest.raises(UnitscopeError, match=r"no class of .* has the name of a concept"):
        concept_agreement(run(concepts=["red", "blue"], name="colours"))
    bare = make_run({"fc": np.zeros((2, 1))}, [0, 1], name="bare")
    with pytest.raises(UnitscopeError, match="has no dissection; run `unitscope dissect"):
        concept_agreement(bare)
