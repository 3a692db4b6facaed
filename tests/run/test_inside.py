"""A run leads to no files but its own, and its arrays to no code."""

import json
import pickle
from pathlib import Path

import numcodecs.pickles
import numpy as np
import pytest
import zarr

from unitscope.columns import Column
from unitscope.errors import UnitscopeError
from unitscope.exchange import export_run, import_file
from unitscope.run import create_run, open_run, read_status
from unitscope.run.arrays import StoredArrays
from unitscope.run.ledger import check_blocks
from unitscope.run.lock import locked

LABELS = np.arange(12) % 2
VALUES = np.arange(24, dtype=np.float32).reshape(12, 2)


@pytest.fixture
def run(make_run):
    return make_run({"fc": VALUES}, LABELS)


@pytest.mark.parametrize("place", ["tables", "images", "images/jitter", "ledger", "tables/.selectivity-x"])
def test_a_directory_that_is_a_link_out_of_the_run_is_refused(place, run, tmp_path):
    link = run.directory / place
    outside = tmp_path / "outside"
    if link.exists():
        link.rename(outside)
    else:
        outside.mkdir()
        link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    with pytest.raises(UnitscopeError, match=f"{link} is a link that leads out of the run, to {outside}"):
        open_run(run.directory)


def test_links_that_do_no_harm(run, tmp_path):
    (tmp_path / "link").symlink_to(run.directory)
    (run.directory / "images").mkdir()
    (run.directory / "pictures").symlink_to("images")
    (run.directory / "items.parquet").rename(tmp_path / "items.parquet")
    (run.directory / "items.parquet").symlink_to(tmp_path / "items.parquet")  # as git-annex does
    (run.directory / "activations.zarr").rename(tmp_path / "activations.zarr")
    (run.directory / "activations.zarr").symlink_to(tmp_path / "activations.zarr")  # on a larger disk
    assert (open_run(tmp_path / "link").activations("fc") == VALUES.T).all()
    with pytest.raises(UnitscopeError, match=r"activations\.zarr is a link"):  # into these a recording would write
        create_run(run.directory, run.manifest, run.items, run.classes)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "a/../../outside", "C:\\x", "..\\outside"])
def test_the_ledger_names_files_of_the_run_only(name, run, tmp_path):
    (tmp_path / "outside").write_text("12")
    path = run.directory / "ledger" / "000000.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"files": {name: {"bytes": 2, "sha256": ""}}}))
    for contents in (False, True):
        (fault,) = check_blocks(run.directory, run.manifest, contents=contents).damaged.values()
        assert fault == f"{path} names {name}, which is not a file of the run"
    assert read_status(run.directory).check.damaged


def test_a_lock_that_is_a_link_empties_no_other_file(run, tmp_path):
    (tmp_path / "diary").write_text("dear")
    (run.directory / ".measures.lock").symlink_to(tmp_path / "diary")
    with locked(run.directory, "measures"):
        pass
    assert (tmp_path / "diary").read_text() == "dear"


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("place", ["activations.zarr/fc", "classwise.zarr/auc"])
def test_arrays_of_a_format_that_can_unpickle_are_not_read(place, run, tmp_path, monkeypatch):
    monkeypatch.setattr(numcodecs.pickles, "ALLOW_UNSAFE_PICKLE_DECODE", True, raising=False)  # as before 0.16.6
    folder = run.directory / place
    for file in sorted(folder.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "zarr.json").unlink(missing_ok=True)
    (folder.parent / ".zgroup").write_text('{"zarr_format": 2}')
    filters = [{"id": "vlen-utf8"}, {"id": "pickle", "protocol": 5}]
    described = {"zarr_format": 2, "shape": [12, 2], "chunks": [12, 2], "dtype": "|O", "compressor": None,
                 "fill_value": 0, "filters": filters, "order": "C"}  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(described))
    (folder / "0.0").write_bytes(pickle.dumps(Evil(tmp_path / "pwned")))
    with pytest.raises(Exception):  # noqa: B017, PT011 (it is unpickled, and then is no array)
        np.asarray(zarr.open_array(folder, mode="r")[:])
    assert (tmp_path / "pwned").exists()
    (tmp_path / "pwned").unlink()
    with pytest.raises(UnitscopeError):
        run.activations("fc") if "fc" in place else classwise(run)
    assert not (tmp_path / "pwned").exists()


def classwise(run):
    return StoredArrays(run.directory / "classwise.zarr", {"auc": ""}).read("auc", None, "")


def test_no_member_of_an_archive_leads_out_of_it(make_run, tmp_path):
    run = make_run({"../../x": VALUES, "a..b/c": VALUES + 1}, LABELS)
    with np.load(export_run(run, tmp_path / "run.npz")) as file:
        assert not [name for name in file.files if ".." in Path(name).parts]
        assert "activations/a..b/c" in file.files
    again = import_file(tmp_path / "run.npz", tmp_path / "again")
    assert [layer.name for layer in again.layers] == ["../../x", "a..b/c"]
    assert (again.activations("../../x") == VALUES.T).all()


def test_a_layer_named_like_the_parent_directory_stays_in_its_place(make_run):
    run = make_run({"..": VALUES}, LABELS)
    assert (run.directory / "activations.zarr" / "%2E%2E" / "c").is_dir()
    assert (open_run(run.directory).activations("..") == VALUES.T).all()


@pytest.mark.parametrize("identity", ["../../../outside", "/etc", ".."])
def test_a_table_names_arrays_of_the_run_only(identity, run):
    unit = Column("unit", "Unit", "the unit's id", kind="text")
    arrays = StoredArrays(Path(identity), {"auc": ""})
    object.__setattr__(arrays, "to_json", lambda: {"id": identity, "sha256": {"auc": ""}})
    run.add_table("some", run.units[["unit"]], [unit], {}, arrays)
    with pytest.raises(UnitscopeError, match=r"some\.parquet is damaged .*; run `unitscope some .*` again"):
        run.array("some", "auc")
