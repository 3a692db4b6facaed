"""What `unitscope status` and errors advise works: runs are damaged, the advice is followed, and they are good."""

import contextlib
import json
import re
import shlex
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.errors import UnitscopeError
from unitscope.run import open_run

pytest.importorskip("torch")


def unitscope(*arguments, cwd):
    """Run the command; return its exit status and everything that it printed."""
    with contextlib.chdir(cwd), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = CliRunner(env={"COLUMNS": "1000"}).invoke(main.app, [*map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def advised(text):
    """Find the last command in a message, and the directory that it tells to change to."""
    found = re.findall(r"(?:cd (\S+) && )?(unitscope (?:record|import|measure|demo|report) [^`\n]*)", text)
    assert found, text
    place, command = found[-1]
    return place, shlex.split(command)[1:]


def follow(text, cwd):
    place, words = advised(text)
    status, output = unitscope(*words, cwd=place or cwd)
    assert status == 0, output


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder with a run of pictures (one cannot be read), one without stored activations, and an imported one."""
    folder = tmp_path_factory.mktemp("original")
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (folder / "pictures" / label).mkdir(parents=True)
        for number in range(4):
            pixels = rng.integers(0, 255, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "pictures" / label / f"{number}.png")
    (folder / "pictures" / "a" / "3.png").write_text("no picture")
    (folder / "net.py").write_text(
        "import torch\n"
        "def net():\n"
        "    torch.manual_seed(0)\n"
        "    from torch.nn import Flatten, Linear, ReLU, Sequential\n"
        "    return Sequential(Flatten(), Linear(12, 5), ReLU(), Linear(5, 2))\n"
    )
    words = ["py:net.py:net", "folder:pictures", "-M", "size=2", "--layers", "1,2,3", "--workers", "0", "--device",
             "cpu", "--skip-unreadable"]  # fmt: skip
    np.savez(folder / "rates.npz", V1=rng.random((8, 3)), labels=["x", "y"] * 4)
    for command in (
        ["record", *words[:2], "run", *words[2:]],
        ["record", *words[:2], "counted", *words[2:], "--no-store"],
        ["import", "rates.npz", "imported"],
        *(["measure", name] for name in ("run", "counted", "imported")),
    ):
        status, output = unitscope(*command, cwd=folder)
        assert status == 0, output
    return folder


def content_of(directory):
    """Read everything that a run holds."""
    run = open_run(directory)
    if run.manifest.histograms is None:
        values = {layer.name: run.activations(layer.name) for layer in run.layers}
    else:
        from unitscope.run import read_checkpoint, unit_blocks

        values = {block.name: read_checkpoint(directory, block)["sums"] for block in unit_blocks(run.layers)}
    return values, [run.items, run.classes, run.units, run.skipped, run.table("selectivity").drop(columns="undefined")]


def assert_same(one, two):
    for name, values in one[0].items():
        np.testing.assert_array_equal(two[0][name], values, err_msg=name)
    for frame, other in zip(one[1], two[1], strict=True):
        pd.testing.assert_frame_equal(frame.dropna(axis=1, how="all"), other.dropna(axis=1, how="all"))


def flip(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 4
    for place in range(middle, min(middle + 64, len(content))):  # some bytes of a Parquet file mean nothing
        content[place] ^= 255
    path.write_bytes(content)


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_path(directory, pattern):
    """Return the one path in a directory that a pattern means; arrays of an analysis have an ID in theirs."""
    (path,) = directory.glob(pattern)
    return path.relative_to(directory)


HARMS = {"flip": flip, "halve": halve, "junk": lambda path: path.write_text("junk"), "delete": Path.unlink}

CASES = [
    ("run", "activations.zarr/1/c/0/0", "flip"),
    ("run", "activations.zarr/1/c/0/0", "delete"),
    ("run", "activations.zarr/1/zarr.json", "halve"),
    ("run", "activations.zarr/1/zarr.json", "delete"),
    ("run", "items.parquet", "halve"),
    ("run", "items.parquet", "delete"),
    ("run", "classes.parquet", "halve"),
    ("run", "units.parquet", "delete"),
    ("run", "skipped.parquet", "halve"),
    ("run", "ledger/000000.json", "junk"),
    ("run", "ledger/000000.json", "delete"),
    ("run", "predictions/000000.parquet", "flip"),
    ("run", "tables/selectivity.parquet", "junk"),
    ("run", "tables/selectivity.parquet", "delete"),
    ("run", "arrays.zarr/selectivity/*/auc/c/0/0", "flip"),
    ("run", "arrays.zarr/selectivity/*/auc/c/0/0", "delete"),
    ("run", "arrays.zarr/selectivity/*/auc/zarr.json", "delete"),
    ("counted", "histograms/000001/00000000.npz", "flip"),
    ("counted", "ledger/histograms.json", "junk"),
    ("imported", "activations.zarr/V1/c/0/0", "flip"),
    ("imported", "items.parquet", "halve"),
    ("imported", "ledger/000000.json", "delete"),
]


@pytest.mark.parametrize(("name", "file", "harm"), CASES)
def test_status_repairs_a_damaged_copy(original, tmp_path, name, file, harm):
    copy = tmp_path / "my copy"  # elsewhere, with a space in its name; the original's place is still there
    shutil.copytree(original / name, copy)
    HARMS[harm](copy / one_path(copy, file))
    for _ in range(3):  # one advice may lead to the next, as recording leads to measuring
        status, output = unitscope("status", "my copy", "--verify", cwd=tmp_path)
        assert status == (2 if "damaged: " in output else 0), output
        if "verified: every file is what was written" in output:
            break
        follow(output, tmp_path)
    else:
        pytest.fail(output)
    if not list(copy.glob(file)):
        assert harm == "delete"
        assert "next: unitscope report" not in output
        follow(output, tmp_path)
    assert_same(content_of(original / name), content_of(copy))
    assert sorted(path.name for path in original.iterdir()) == [
        "counted", "imported", "net.py", "pictures", "rates.npz", "run"]  # fmt: skip


READERS = {
    "activations.zarr/1/c/0/0": lambda run: run.activations("1"),
    "activations.zarr/1/zarr.json": lambda run: run.item_activations("1", slice(0, 2)),
    "items.parquet": lambda run: run.items,
    "classes.parquet": lambda run: run.classes,
    "units.parquet": lambda run: run.units,
    "skipped.parquet": lambda run: run.skipped,
    "ledger/000000.json": lambda run: None,
    "tables/selectivity.parquet": lambda run: (run.table("selectivity"), run.columns("selectivity")),
    "arrays.zarr/selectivity/*/auc/c/0/0": lambda run: run.array("selectivity", "auc"),
    "arrays.zarr/selectivity/*/auc/zarr.json": lambda run: run.array("selectivity", "auc"),
}


@pytest.mark.parametrize("file", READERS)
def test_what_errors_say_repairs_a_run(original, tmp_path, file):
    copy = tmp_path / "copy"
    shutil.copytree(original / "run", copy)
    (flip if file.endswith("0/0") else halve)(copy / one_path(copy, file))
    with pytest.raises(UnitscopeError, match=f"{copy}.*unitscope (record|measure)") as raised:
        READERS[file](open_run(copy))
    follow(str(raised.value), tmp_path)
    READERS[file](open_run(copy))
    values, frames = content_of(copy)
    assert_same((content_of(original / "run")[0], frames), (values, frames))


def test_a_damaged_histogram_is_counted_again(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original / "counted", copy)
    flip(copy / "histograms" / "000001" / "00000000.npz")
    status, output = unitscope("measure", copy, cwd=tmp_path)
    assert status == 2
    assert "00000000.npz is damaged" in output
    follow(output, tmp_path)
    assert_same(content_of(original / "counted"), content_of(copy))


@pytest.mark.parametrize("suffix", ["parquet", "npz"])
def test_a_damaged_part_of_a_measurement_is_measured_again(original, tmp_path, monkeypatch, suffix):
    from unitscope.analysis.analysis import DAMAGED_PART
    from unitscope.selectivity import measure_run
    from unitscope.selectivity.analysis import Selectivity

    copy = tmp_path / "copy"
    shutil.copytree(original / "run", copy)

    def stop(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Selectivity, "gather", stop)
        with pytest.raises(KeyboardInterrupt):
            measure_run(open_run(copy), command="unitscope measure RUN")
    part = next((copy / "tables").glob(f".selectivity-*/00000000.{suffix}"))
    flip(part)
    _, output = unitscope("status", copy, cwd=tmp_path)
    status, said = unitscope(*advised(output)[1], cwd=tmp_path)
    assert status == 2
    assert DAMAGED_PART in said
    Path(re.search(r"unitscope: (.*) is damaged", said)[1]).unlink()
    follow(output, tmp_path)  # "delete it and run the same command again"
    assert_same(content_of(original / "run"), content_of(copy))


def test_without_its_manifest_a_run_is_recorded_in_another_place(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original / "run", copy)
    halve(copy / "run.json")
    status, output = unitscope("status", copy, cwd=tmp_path)
    assert status == 2
    assert "run.json is damaged" in output
    assert "restore it from a copy, or record or import the run again into a new directory" in output
    shutil.copy(original / "run" / "run.json", copy)
    assert_same(content_of(original / "run"), content_of(copy))


def test_an_unfinished_copy_goes_on_where_it_is(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original / "run", copy)
    (copy / "ledger" / "000000.json").unlink()
    status, output = unitscope("measure", copy, cwd=tmp_path)
    assert status == 2
    assert "is not finished (missing blocks of 1: 0); continue it with" in output
    follow(output, tmp_path)
    assert_same(content_of(original / "run"), content_of(copy))


def test_an_option_with_the_runs_name_is_not_taken_for_the_run(original, tmp_path):
    for name in ("net.py", "pictures"):
        (shutil.copytree if name == "pictures" else shutil.copy)(original / name, tmp_path / name)
    words = ["record", "--layers", "1", "py:net.py:net", "folder:pictures", "./1", "-M", "size=2", "--workers", "0",
             "--device", "cpu", "--skip-unreadable"]  # fmt: skip
    status, output = unitscope(*words, cwd=tmp_path)
    assert status == 0, output
    stored = json.loads((tmp_path / "1" / "run.json").read_text())["provenance"]
    assert stored["command"] == "unitscope record --layers 1 py:net.py:net folder:pictures RUN -M size=2 --workers 0 " \
        "--device cpu --skip-unreadable"  # fmt: skip
    assert stored["directory"] == str(tmp_path)
    _, output = unitscope("status", "1", cwd=tmp_path)
    assert "next: unitscope measure 1" in output
    with contextlib.chdir(tmp_path):
        (Path("1") / "ledger" / "000000.json").unlink()
    _, output = unitscope("status", "1", cwd=tmp_path)
    assert advised(output) == ("", [*words[:5], "1", *words[6:]])
