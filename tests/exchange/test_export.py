"""Exporting: what is imported again is what was exported, and other programs can read it."""

import numpy as np
import pandas as pd
import pytest

from unitscope import export_run, import_file
from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.run import Layer, Manifest, create_run, open_run
from unitscope.selectivity import measure_run

RNG = np.random.default_rng(8)
ITEMS = 23
CLASSES = ["tench", "NA", "007", "none here"]
KINDS = ["h5", "h5ad", "csv", "npz"]
LAYERS = {"zeta/1": 3, "alpha": 4}


@pytest.fixture(params=["one class each", "several classes"])
def run(request, tmp_path):
    """Import a run with everything a run may have: names, columns, predictions, a class without items."""
    several = request.param == "several classes"
    labels = RNG.random((ITEMS, len(CLASSES))) < 0.4 if several else np.arange(ITEMS) % 3
    if several:
        labels[:2] = [[True, True, False, False], [False] * 4]
    np.savez(
        tmp_path / "a.npz",
        **{
            **{f"activations/{name}": RNG.normal(size=(ITEMS, n)).astype(np.float32) for name, n in LAYERS.items()},
            "units/alpha": np.array(["cell a", "cell b", "cell c", "cell d"]),
            "units.depth/alpha": np.arange(4) / 3,
            "units.visual/zeta/1": np.array([True, False, True]),
            "units.area/zeta/1": np.array(["V1", "V2", "V1"]),
            "labels": labels,
            "classes": np.array(CLASSES),
            "class_names": np.array([name.upper() for name in CLASSES]),
            "item_ids": np.array([f"trial {i}" for i in range(ITEMS)]),
            "items/uri": np.array([f"file{i}.png" for i in range(ITEMS)]),
            "items/classes": np.arange(ITEMS) / 7,
            "stimulus": np.array([f"s{i % 5}" for i in range(ITEMS)]),
            "predicted": RNG.integers(-1, 4, ITEMS),
            "probability": RNG.random(ITEMS).astype(np.float32),
        },
    )
    return import_file(tmp_path / "a.npz", tmp_path / "run", block_items=8)


def assert_same(back, run):
    """Check that two runs hold the same."""
    assert [(a.name, a.units) for a in back.layers] == [(a.name, a.units) for a in run.layers]
    assert back.layers == run.layers
    for layer in run.layers:
        np.testing.assert_array_equal(back.activations(layer.name), run.activations(layer.name))
    pd.testing.assert_frame_equal(back.classes, run.classes)
    for mine, theirs in ((back.items, run.items), (back.units, run.units)):
        assert set(mine) == set(theirs)
        mine = mine[list(theirs)].assign(**({"labels": 0} if "labels" in mine else {}))
        theirs = theirs.assign(**({"labels": 0} if "labels" in theirs else {}))
        pd.testing.assert_frame_equal(mine, theirs)
    np.testing.assert_array_equal(back.memberships, run.memberships)
    assert back.multi_label == run.multi_label


@pytest.mark.parametrize("kind", KINDS)
def test_exported_and_imported_again_it_is_the_same(run, tmp_path, kind):
    if kind.startswith("h5"):
        pytest.importorskip("h5py")
    seen = []
    path = export_run(run, to=kind, progress=lambda doing, done, total: seen.append((done, total)))
    assert path == tmp_path / ("run-csv" if kind == "csv" else f"run.{kind}")
    assert seen[-1] == (ITEMS, ITEMS)
    assert_same(import_file(path, tmp_path / "back", block_items=8), run)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_a_measured_run_comes_back_and_measures_alike(run, tmp_path, kind):
    table = measure_run(run, items="all")
    path = export_run(run, tmp_path / f"x.{kind}")
    back = import_file(path, tmp_path / "back", block_items=8)
    assert_same(back, run)
    pd.testing.assert_frame_equal(measure_run(back, items="all"), table)


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_var_holds_the_selectivity(run, tmp_path):
    anndata = pytest.importorskip("anndata")
    table = measure_run(run, items="all")
    read = anndata.read_h5ad(export_run(run, to="h5ad"))
    assert read.var_names.tolist() == run.units["unit"].tolist()
    np.testing.assert_array_equal(read.var["max_informedness"], table["max_informedness"])
    assert read.var["max_informedness_class"].astype(object).tolist() == table["max_informedness_class"].tolist()
    np.testing.assert_array_equal(read.X[:, 3:], run.activations("alpha").T)
    assert read.obs_names.tolist() == run.items["item_id"].tolist()
    if not run.multi_label:
        assert read.obs["label_name"].astype(str).tolist() == [CLASSES[i].upper() for i in run.labels]


def test_var_holds_every_table(run, tmp_path):
    anndata = pytest.importorskip("anndata")
    units = run.units["unit"].tolist()
    for name, rows in (("boxes", units), ("masks", units[1:])):
        columns = [Column("unit", "Unit", "the unit's id", kind="text"), Column("iou", "IoU", "overlap")]
        run.add_table(name, pd.DataFrame({"unit": rows, "iou": np.arange(len(rows)) / 9}), columns, {})
    path = export_run(run, tmp_path / "x.h5ad")
    var = anndata.read_h5ad(path).var
    np.testing.assert_array_equal(var["iou"], np.arange(len(units)) / 9)
    np.testing.assert_array_equal(var["masks.iou"], [np.nan, *np.arange(len(units) - 1) / 9])
    assert import_file(path, tmp_path / "back").units.columns.tolist() == run.units.columns.tolist()


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_csv_tables(run, tmp_path):
    measure_run(run, items="all")
    folder = export_run(run, to="csv")
    expected = {"activations", "classes", "items", "selectivity", "units"} | ({"labels"} if run.multi_label else set())
    assert {path.stem for path in folder.iterdir()} == expected
    table = pd.read_csv(folder / "activations.csv")
    assert list(table)[-7:] == run.units["unit"].tolist()
    np.testing.assert_array_equal(table["alpha:2"].to_numpy(np.float32), run.unit_activations("alpha:2"))


def test_the_papers_layout_of_two_layers(run, tmp_path):
    h5py = pytest.importorskip("h5py")
    if run.multi_label:
        with pytest.raises(UnitscopeError, match="one group per class; export to h5, npz or h5ad"):
            export_run(run, to="paper")
        return
    folder = export_run(run, to="paper")
    assert sorted(path.name for path in folder.iterdir()) == ["alpha.h5", "zeta%2F1.h5"]
    with h5py.File(folder / "alpha.h5") as file:
        group = file["NA"]
        assert group["activations"].shape == (8, 4, 1, 1)
        np.testing.assert_array_equal(group["activations"][:, :, 0, 0], run.activations("alpha").T[run.labels == 1])
        assert group["file_names"][1] == b"trial 4"
        assert group["activation_labels/NA"][:].tolist() == list(range(8))
    back = import_file(folder, tmp_path / "back")
    for layer in run.layers:
        np.testing.assert_array_equal(back.activations(layer.name), run.activations(layer.name))
    assert back.items[["item_id", "label", "predicted"]].equals(run.items[["item_id", "label", "predicted"]])
    pd.testing.assert_frame_equal(back.classes, run.classes)


def test_the_papers_layout_of_one_layer_with_maps_reduced(make_run, tmp_path):
    pytest.importorskip("h5py")
    run = make_run({"conv": RNG.random((30, 2))}, np.arange(30) % 3, block_items=7)
    path = export_run(run, to="paper")
    assert path.name == "run.paper.h5"
    back = import_file(path, tmp_path / "back")
    np.testing.assert_array_equal(back.activations("conv"), run.activations("conv"))
    assert back.labels.tolist() == run.labels.tolist()
    assert not back.manifest.predictions


def test_what_cannot_be_exported_is_said_and_nothing_is_written(run, tmp_path):
    with pytest.raises(UnitscopeError, match="cannot export to 'xlsx'; choose one of h5, h5ad, csv, npz, paper"):
        export_run(run, tmp_path / "run.xlsx")
    (tmp_path / "run.npz").write_text("precious")
    with pytest.raises(UnitscopeError, match=r"run\.npz already exists"):
        export_run(run, to="npz")
    assert (tmp_path / "run.npz").read_text() == "precious"
    with pytest.raises(UnitscopeError, match="an export, in which this is already defined; remove --label"):
        import_file(export_run(run, to="csv"), tmp_path / "other", label="stimulus")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_in_the_middle_an_export_leaves_nothing(run, tmp_path, kind):
    if kind.startswith("h5"):
        pytest.importorskip("h5py")

    def stop(doing, done, total):
        raise KeyboardInterrupt

    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        export_run(run, to=kind, progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert open_run(run.directory).manifest == run.manifest


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_to_which_items_belong_or_not(tmp_path, kind):
    if kind.startswith("h5"):
        pytest.importorskip("h5py")
    members = np.arange(9)[:, None] % 2 == 0
    np.savez(tmp_path / "a.npz", x=RNG.normal(size=(9, 2)), labels=members, classes=np.array(["has a j"]))
    run = import_file(tmp_path / "a.npz", tmp_path / "run")
    assert run.multi_label
    np.testing.assert_array_equal(run.memberships, members)
    assert_same(import_file(export_run(run, to=kind), tmp_path / "back"), run)


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_comes_back_exactly(tmp_path, kind):
    if kind.startswith("h5"):
        pytest.importorskip("h5py")
    values = RNG.normal(size=(9, 2)).astype(np.float16)
    manifest = Manifest({"data": {}}, (Layer("x", 2),), 9, dtype="float16", predictions=False)
    items = pd.DataFrame({"item_id": list("abcdefghi"), "uri": "", "label": np.arange(9) % 2})
    writer = create_run(tmp_path / "run", manifest, items, pd.DataFrame({"class": ["p", "q"], "name": ["p", "q"]}))
    writer.write_block(0, {"x": values.T})
    writer.finish()
    path = export_run(open_run(tmp_path / "run"), to=kind)
    np.testing.assert_array_equal(import_file(path, tmp_path / "back").activations("x").T, values.astype(np.float32))
