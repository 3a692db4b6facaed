"""Getting a run's items back: from any directory, verified, and never by code that the run brings along."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unitscope import trust
from unitscope.data import load_data, open_items
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.exchange import import_file
from unitscope.figures.pictures import open_pictures
from unitscope.python_specs import find_source, hash_source
from unitscope.run import open_run

LABELS = np.arange(12) % 2

DATA = """
from pathlib import Path
from PIL import Image

Path(__file__).with_name("executed").touch()

class Data:
    def __init__(self, n=12, shade=0):
        self.n, self.shade = n, shade
    def __len__(self):
        return self.n
    def __getitem__(self, index):
        return Image.new("RGB", (64, 64), (index, self.shade, 0)), index % 2
"""


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A directory with code and images of the user's own, which is the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "mine.py").write_text(DATA)
    for number in range(12):
        path = folder / "images" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64), (number, 0, 0)).save(path)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture
def received(make_run):
    """Return a function that makes a run as a stranger may have written it."""

    def make(spec, options=None, fingerprint="1" * 64, **provenance):
        made = make_run({"fc": np.arange(12.0)[:, None]}, LABELS)
        path = made.directory / "run.json"
        content = json.loads(path.read_text())
        content["provenance"] = {"data": {"spec": spec, "options": options or {}}, **provenance}
        content["identity"]["data"]["fingerprint"] = fingerprint
        path.write_text(json.dumps(content))
        return open_run(made.directory)

    return make


def record(data, directory, **options):
    pytest.importorskip("torch")
    from unitscope.recording import record

    return record("demo:", data, directory, layers="fc8", workers=0, predictions=False, **options)


def test_a_command_of_the_operating_system_is_not_run(received, tmp_path):
    run = received("py:os:system", {"command": f"touch {tmp_path / 'pwned'}"})
    with pytest.raises(
        UnitscopeError, match=r"names py:os:system \(command='touch .*as its data.*--trust \(trust=True"
    ):
        open_items(run)
    assert not (tmp_path / "pwned").exists()


def test_a_file_that_came_with_the_run_is_not_executed(received, project):
    run = received("py:mine.py:Data", {"n": 12}, directory=str(project))
    with pytest.raises(UnitscopeError, match="have not recorded with on this machine"):
        open_items(run)
    assert not (project / "executed").exists()
    with pytest.raises(UnitscopeError, match="have changed since they were recorded"):
        open_items(run, trust=True)
    assert (project / "executed").exists()


@pytest.mark.parametrize("spec", ["torchvision:LSUN", "hf:stranger/data", "made-up:x"])
def test_libraries_that_may_unpickle_or_download_are_not_asked(spec, received):
    with pytest.raises(UnitscopeError, match="can run code"):
        open_items(received(spec, {"root": "."}))


def test_ones_own_code_is_remembered_by_recording_with_it(project, elsewhere, monkeypatch):
    run = record(load_data("py:mine.py:Data", shade=7), "run")
    assert run.manifest.identity["data"]["code_sha256"] == hash_source("mine.py:Data")
    assert run.manifest.provenance["directory"] == str(project)
    monkeypatch.chdir(elsewhere)
    items = open_items(open_run(project / "run"))
    assert items.load(3).getpixel((0, 0)) == (3, 7, 0)
    assert open_items(open_run(project / "run")) is items  # loaded once
    assert Path.cwd() == elsewhere


def test_what_is_remembered_is_code_with_its_options_and_directory(project, elsewhere, monkeypatch):
    record(load_data("py:mine.py:Data", shade=7), "run")
    path = project / "run" / "run.json"
    original = path.read_text()

    def changed(**changes):
        content = json.loads(original)
        content["provenance"] |= changes
        path.write_text(json.dumps(content))
        return open_run(project / "run")

    with pytest.raises(UnitscopeError, match="not recorded with"):
        open_items(changed(data={"spec": "py:mine.py:Data", "options": {"shade": 8}}))
    with pytest.raises(UnitscopeError, match="not recorded with"):
        open_items(changed(data={"spec": "py:mine.py:Path", "options": {"shade": 7}}))
    (elsewhere / "mine.py").write_text(DATA)  # the same file with other neighbours
    with pytest.raises(UnitscopeError, match="not recorded with"):
        open_items(changed(directory=str(elsewhere)))
    assert len(open_items(changed())) == 12
    monkeypatch.setenv("XDG_STATE_HOME", str(elsewhere))
    with pytest.raises(UnitscopeError, match="not recorded with"):
        open_items(changed())
    assert len(open_items(changed(), trust=True)) == 12


def test_code_that_changed_since_is_said_and_not_run(project):
    run = record("py:mine.py:Data", "run")
    (project / "executed").unlink()
    (project / "mine.py").write_text(DATA + "\n# another comment\n")
    for options in ({}, {"trust": True}):
        with pytest.raises(UnitscopeError, match=r"code of py:mine\.py:Data has changed since run was recorded"):
            open_items(run, **options)
    assert not (project / "executed").exists()


def test_a_recording_goes_on_only_with_the_same_code(project):
    record("py:mine.py:Data", "run")
    (project / "other.py").write_text(DATA + "\n# another comment\n")
    with pytest.raises(UnitscopeError, match=r"holds another run \(data\.code_sha256"):
        record("py:other.py:Data", "run")


def test_modules_are_found_without_importing_their_packages(tmp_path, monkeypatch):
    package = tmp_path / "a_package" / "deeper"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "code.py").write_text("raise RuntimeError('imported')")
    monkeypatch.chdir(tmp_path)
    assert find_source("a_package.deeper.code:f") == package / "code.py"
    assert find_source("a_package.deeper:f") == package / "__init__.py"
    assert not [name for name in sys.modules if name.startswith("a_package")]
    for absent in ("a_package.nothing:f", "..a_package:f", "nothing.py:f", ":f", "sys:exit", "a_package.code\0:f"):
        assert find_source(absent) is None
        assert hash_source(absent) == ""


def test_a_relative_state_directory_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(
        "XDG_STATE_HOME", "state"
    )  # it would lie in the current directory, which a stranger may have made
    assert trust.trusted_directory() == tmp_path / ".local" / "state" / "unitscope" / "trusted-code"


def test_a_state_directory_that_cannot_be_written_is_a_warning(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.warns(UnitscopeWarning, match="py:os:system cannot be remembered"):
        trust.remember("model", "py:os:system", {})
    assert not trust.is_remembered("py:os:system", {})


def test_what_needs_no_code_is_not_remembered(tmp_path):
    trust.remember("data", "folder:images", {})
    trust.remember("model", "torchvision:alexnet", {})
    assert not (tmp_path / "state").exists()
    for _ in range(2):
        trust.remember("model", "py:os:system", {"command": "true"})
    assert len(list(trust.trusted_directory().iterdir())) == 1
    assert trust.is_remembered("py:os:system", {"command": "true"})


def test_a_relative_folder_is_found_from_any_directory(project, elsewhere, monkeypatch):
    record("folder:images", "run")
    monkeypatch.chdir(elsewhere)
    items = open_items(open_run(project / "run"))
    assert items.load(11).getpixel((0, 0)) == (9, 0, 0)
    # Elsewhere, as on another machine, the current directory may have them.
    (project / "images").rename(elsewhere / "images")
    assert open_items(open_run(project / "run")).items["uri"].iloc[0].startswith(str(elsewhere))


def test_data_that_changed_or_went_away_are_said(project):
    run = record("folder:images", "run")
    (project / "images" / "a" / "0.png").unlink()
    with pytest.raises(UnitscopeError, match=r"data at folder:images have changed.*--items-from \(data=\)"):
        open_items(run)
    (project / "images").rename(project / "moved")
    with pytest.raises(UnitscopeError, match="there is no directory 'images'"):
        open_items(run)


def test_data_that_moved_can_be_given(project):
    run = record("folder:images", "run")
    (project / "images").rename(project / "moved")
    assert open_items(run, data="folder:moved").load(0).size == (64, 64)
    with pytest.raises(UnitscopeError, match=r"demo: are not the items of the run run: their fingerprint"):
        open_items(run, data="demo:")


def test_skipped_items_are_left_out(project):
    (project / "images" / "a" / "4.png").write_bytes(b"no picture")
    run = record("folder:images", "run", skip_unreadable=True)
    assert open_items(run).items["item_id"].tolist() == run.items["item_id"].tolist()
    assert "a/4.png" not in run.items["item_id"].tolist()
    assert len(open_items(run, data="folder:images")) == 11


def test_an_imported_run_says_what_is_missing_and_takes_items_with_its_ids(project):
    ids = load_data("folder:images").items["item_id"].to_numpy(str)
    np.savez("cells.npz", V1=np.eye(12)[:, :5], labels=LABELS, item_ids=ids)
    run = import_file("cells.npz", "run")
    with pytest.raises(
        UnitscopeError, match=r"does not store the source of its items; give them with --items-from \(data=\)"
    ):
        open_items(run)
    assert open_items(run, data="folder:images").load(1).size == (64, 64)
    with pytest.raises(UnitscopeError, match="their IDs, or the order of the IDs, are different"):
        open_items(run, data=load_data("demo:", n=12))


@pytest.mark.parametrize("source", [7, [], {"spec": 7}, {}, {"spec": "folder:" + "x" * 9000}, {"spec": "folder:\0"},
                                    {"spec": "demo:", "options": {"n": {}}}, {"spec": "csv:.", "options": {"root": []}},
                                    {"spec": "nothing"}])  # fmt: skip
def test_damaged_provenance_is_one_sentence(source, received):
    run = received("demo:", directory="\0")
    run.manifest.provenance["data"] = source
    with pytest.raises(UnitscopeError):
        open_items(run)
    with pytest.warns(UnitscopeWarning, match="there are no pictures of items"):
        assert open_pictures(run).missing


def test_only_pictures_are_shown_of_the_files_that_a_run_lists(received, tmp_path):
    """A list can name any file of the reader's: what is no picture is neither shown nor quoted."""
    (tmp_path / "secret").write_text("the secret")
    picture = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(picture)
    (tmp_path / "list.csv").write_text(f"path,label\n{tmp_path / 'secret'},0\n{picture},1\n")
    spec = f"csv:{tmp_path / 'list.csv'}"
    run = received(spec, fingerprint=load_data(spec).fingerprint)
    pictures = open_pictures(run)
    assert pictures.missing == ""
    assert pictures.of(str(tmp_path / "secret")) is None
    assert pictures.of(str(picture)).size == (4, 4)
