"""The three layouts of HDF5 files: plain, the paper's, AnnData."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from unitscope import import_file
from unitscope.errors import UnitscopeError
from unitscope.exchange import sparse as sparse_room

h5py = pytest.importorskip("h5py")

RNG = np.random.default_rng(6)
VALUES = np.maximum(RNG.normal(size=(9, 4)), 0).astype(np.float32)
WNIDS = ["n01440764", "n01443537", "n01484850"]


def test_plain_h5(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["fc6"] = VALUES
        file["block/conv"] = RNG.random((9, 2, 3, 3))
        file["labels"] = [b"cat", b"dog", b"cow"] * 3
        file["stimulus"] = ["s1", "s2", "s3"] * 3
        file["mean_image"] = np.ones((4, 4))
        file["scalar"] = 3
        conv = file["block/conv"][:].max((2, 3))
    run = import_file(tmp_path / "a.h5", tmp_path / "run", block_items=4)
    assert [(layer.name, layer.units) for layer in run.layers] == [("block/conv", 2), ("fc6", 4)]
    np.testing.assert_array_equal(run.activations("fc6").T, VALUES)
    np.testing.assert_array_equal(run.activations("block/conv").T, conv.astype(np.float32))
    assert run.classes["class"].tolist() == ["cat", "cow", "dog"]
    assert run.items["stimulus"].tolist() == ["s1", "s2", "s3"] * 3
    with pytest.raises(UnitscopeError, match=r"no array 'lables'.*it has: block/conv, fc6, labels"):
        import_file(tmp_path / "a.h5", tmp_path / "other", label="lables")


def paper_class(group, rows, wnid, answers=None, shape=(4, 1, 1)):
    """Write one class as the authors' scripts did."""
    group["activations"] = VALUES[rows].reshape(-1, *shape)
    group["labels"] = np.array(WNIDS, "S")
    group["label_mappings"] = np.array([answers or [wnid] * len(rows)], "S").T
    group["file_names"] = np.array([f"{wnid}_{row}.JPEG" for row in rows], "S")
    group[f"activation_labels/{wnid}"] = np.arange(len(rows))


def assert_paper(run, layer):
    np.testing.assert_array_equal(run.activations(layer).T, VALUES)
    assert run.labels.tolist() == [0] * 4 + [1] * 2 + [2] * 3
    assert run.classes["wnid"].tolist() == WNIDS
    assert run.items["item_id"].iloc[5] == "n01443537_5.JPEG"
    assert run.items["correct"].tolist() == [True] * 8 + [False]
    assert run.items["predicted"].iloc[8] == 0


PARTS = {WNIDS[0]: [0, 1, 2, 3], WNIDS[1]: [4, 5], WNIDS[2]: [6, 7, 8]}
ANSWERS = {WNIDS[2]: [WNIDS[2], WNIDS[2], WNIDS[0]]}


def test_merged_file_of_the_paper(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        for wnid, rows in PARTS.items():
            paper_class(file.create_group(f"{wnid}.h5"), rows, wnid, ANSWERS.get(wnid))
    assert_paper(import_file(tmp_path / "m.h5", tmp_path / "run", block_items=5), "units")
    assert import_file(tmp_path / "m.h5", tmp_path / "named", layer="fc6").layers[0].name == "fc6"


def test_folder_of_the_papers_files_of_two_layers(tmp_path):
    (tmp_path / "acts").mkdir()
    for wnid, rows in PARTS.items():
        for blob in ("fc6", "fc7"):
            with h5py.File(tmp_path / "acts" / f"{wnid}_{blob}_max.h5", "w") as file:
                paper_class(file, rows, wnid, ANSWERS.get(wnid))
    run = import_file(tmp_path / "acts", tmp_path / "run")
    assert [layer.name for layer in run.layers] == ["fc6", "fc7"]
    assert_paper(run, "fc7")
    assert_paper(import_file(tmp_path / "acts", tmp_path / "one", activations="fc6"), "fc6")


def test_one_file_of_the_paper_with_maps(tmp_path):
    with h5py.File(tmp_path / f"{WNIDS[1]}.h5", "w") as file:
        paper_class(file, list(range(9)), WNIDS[1], shape=(1, 2, 2))
    run = import_file(tmp_path / f"{WNIDS[1]}.h5", tmp_path / "run")
    np.testing.assert_array_equal(run.activations("units")[0], VALUES.max(1))
    assert run.layers[0].positions == (2, 2)
    assert run.labels.tolist() == [1] * 9


def test_full_lines_as_labels(tmp_path):
    with h5py.File(tmp_path / f"{WNIDS[0]}.h5", "w") as file:
        paper_class(file, list(range(9)), WNIDS[0])
        del file["labels"]
        file["labels"] = np.array([f"{WNIDS[0]} tench, Tinca tinca", f"{WNIDS[1]} goldfish"], "S")
    run = import_file(tmp_path / f"{WNIDS[0]}.h5", tmp_path / "run")
    assert run.classes["name"].tolist() == ["tench, Tinca tinca", "goldfish"]
    assert run.classes["wnid"].tolist() == WNIDS[:2]


def test_a_folder_without_such_files(tmp_path):
    with pytest.raises(UnitscopeError, match=r"no \.h5 files"):
        import_file(tmp_path, tmp_path / "run")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(UnitscopeError, match=r"other.h5 is not one of the paper's files: it has x"):
        import_file(tmp_path, tmp_path / "run")


@pytest.mark.filterwarnings("ignore:The 'future.infer_string'")
@pytest.mark.parametrize("kind", ["dense", "csr", "csc"])
def test_h5ad(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(sparse_room, "WINDOW_BYTES", 5 * 4 * 4)  # 5 of the 9 items at a time
    monkeypatch.setattr(sparse_room, "STEP", 7)
    anndata, sparse = pytest.importorskip("anndata"), pytest.importorskip("scipy.sparse")
    x = VALUES if kind == "dense" else getattr(sparse, f"{kind}_matrix")(VALUES)
    obs = pd.DataFrame(
        {"kind": pd.Categorical(["b", "a", "b"] * 3, categories=["b", "a"]), "depth": np.arange(9.0), "area": "V1"},
        index=[f"trial {i}" for i in range(9)],
    )
    var = pd.DataFrame({"layer": ["x", "y", "x", "y"]}, index=["c0", "c1", "c2", "c3"])
    with pd.option_context("future.infer_string", False):  # AnnData 0.12 does not know the text of pandas 3
        obs, var = (frame.astype(object).set_index(frame.index.astype(object)) for frame in (obs, var))
        obs["kind"] = pd.Categorical(obs["kind"], categories=np.array(["b", "a"], object))
        anndata.AnnData(x, obs.astype({"depth": float}), var).write_h5ad(tmp_path / "a.h5ad")
    run = import_file(tmp_path / "a.h5ad", tmp_path / "run", label="kind", block_items=4)
    np.testing.assert_array_equal(run.activations("x").T, VALUES[:, [0, 2]])
    np.testing.assert_array_equal(run.activations("y").T, VALUES[:, [1, 3]])
    assert run.units["name"].tolist() == ["c0", "c2", "c1", "c3"]
    assert run.classes["class"].tolist() == ["b", "a"]
    assert run.labels.tolist() == [0, 1, 0] * 3
    assert run.items["item_id"].iloc[4] == "trial 4"
    assert run.items[["depth", "area"]].iloc[4].tolist() == [4.0, "V1"]
    with pytest.raises(UnitscopeError, match=r"no column of obs 'kinds' .did you mean 'kind'"):
        import_file(tmp_path / "a.h5ad", tmp_path / "other", label="kinds")


@pytest.mark.filterwarnings("ignore:The 'future.infer_string'")
def test_h5ad_with_items_of_several_classes(tmp_path):
    anndata = pytest.importorskip("anndata")
    members = RNG.random((9, 3)) < 0.5
    members[0] = True
    with pd.option_context("future.infer_string", False):
        frame = anndata.AnnData(VALUES)
        frame.obsm["labels"] = pd.DataFrame(members, frame.obs_names, ["p", "q", "r"])
        frame.write_h5ad(tmp_path / "a.h5ad")
    run = import_file(tmp_path / "a.h5ad", tmp_path / "run")
    np.testing.assert_array_equal(run.memberships, members)
    assert run.classes["class"].tolist() == ["p", "q", "r"]


def test_without_h5py_the_way_to_install_it_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = 1
    code = (
        "import sys; sys.modules['h5py'] = None\n"
        "from unitscope import import_file, UnitscopeError\n"
        f"try: import_file({str(tmp_path / 'a.h5')!r}, 'run')\n"
        "except UnitscopeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().endswith("needs h5py, which is not installed; pip install 'unitscope[h5]'"), done.stderr
