"""Whatever file of a run is lost or damaged, every command that reads runs works or says so in one sentence."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from unitscope import export_run, import_file
from unitscope.cli.status import print_status
from unitscope.errors import UnitscopeError
from unitscope.figures import class_set, jitter, roc
from unitscope.report import reproduce, write_report
from unitscope.run import open_run, read_status
from unitscope.selectivity import compare_runs, measure_run

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")

FILES = [
    "activations.zarr/fc/c/0/0",
    "activations.zarr/fc/zarr.json",
    "activations.zarr/zarr.json",
    "arrays.zarr/selectivity/*/informedness_threshold/c/0/0",
    "arrays.zarr/selectivity/*/informedness_threshold/zarr.json",
    "arrays.zarr/selectivity/*/zarr.json",
    "arrays.zarr/zarr.json",
    "classes.parquet",
    "items.parquet",
    "ledger/000000.json",
    "predictions/000000.parquet",
    "run.json",
    "tables/selectivity.parquet",
    "units.parquet",
]
"""One file of every kind: all arrays of a table are written and read alike; `*` is the ID of these."""

HARM = {
    "deleted": lambda path: path.unlink(),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "junk": lambda path: path.write_bytes(b"\x93NUMPY \xff\x00{" * 50),
    "other JSON": lambda path: path.write_text("[1, 2]"),
}

COMMANDS = {
    "status": lambda run, other: print_status(read_status(run)),
    "figure jitter": lambda run, other: jitter(open_run(run), "fc:1"),
    "figure roc": lambda run, other: roc(open_run(run), "fc:1"),
    "figure class-set": lambda run, other: class_set(open_run(run), "both"),
    "report": lambda run, other: write_report(open_run(run)),
    "reproduce": lambda run, other: reproduce(open_run(run), run / "page"),
    "compare": lambda run, other: compare_runs(open_run(run), open_run(other)),
    "compare with": lambda run, other: compare_runs(open_run(other), open_run(run)),
    "export csv": lambda run, other: export_run(open_run(run), run / "out", to="csv"),
    "export npz": lambda run, other: export_run(open_run(run), run / "out.npz"),
    "measure": lambda run, other: measure_run(open_run(run), class_sets={"both": ["0", "1"]}),
}

SLOW = {"report": ("deleted", "halved"), "reproduce": ("halved",)}
"""The pages, which read a run by the same functions, are tried with these kinds of harm only."""

CASES = [(name, harm) for name in FILES for harm in HARM if harm != "other JSON" or name.endswith(".json")]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Path:
    """Make a finished, measured run of 3 units and 90 items."""
    folder = tmp_path_factory.mktemp("measured")
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    values = np.maximum(rng.normal(size=(90, 3)), 0).astype(np.float32)
    predicted = np.where(rng.random(90) < 0.8, labels, 0)
    np.savez(folder / "a.npz", **{"activations/fc": values, "labels": labels, "predicted": predicted})
    run = import_file(folder / "a.npz", folder / "run", block_items=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measure_run(run, class_sets={"both": ["0", "1"]})
    return run.directory


def test_all_kinds_of_files_are_damaged_here(measured):
    there = {path.relative_to(measured).as_posix() for path in measured.rglob("*") if path.is_file()}
    assert all(len(list(measured.glob(name))) == 1 for name in FILES)
    kinds = {(Path(name).parts[0], Path(name).suffix) for name in FILES}
    assert {(Path(name).parts[0], Path(name).suffix) for name in there} == kinds


def test_every_command_works_on_the_whole_run(measured, no_drawing, tmp_path):
    shutil.copytree(measured, tmp_path / "run")
    for command in COMMANDS.values():
        command(tmp_path / "run", measured)


@pytest.mark.parametrize(("name", "harm"), CASES)
def test_a_damaged_file_is_said_in_one_sentence(measured, no_drawing, tmp_path, name, harm):
    run = shutil.copytree(measured, tmp_path / "run")
    (path,) = run.glob(name)
    HARM[harm](path)
    faults = []
    for title, command in COMMANDS.items():
        if harm not in SLOW.get(title, HARM):
            continue
        try:
            command(run, measured)
        except UnitscopeError as error:
            if str(run) not in str(error):
                faults.append(f"{title} does not say which run: {error}")
        except Exception as error:
            faults.append(f"{title}: {type(error).__name__}: {error}")
    assert not faults
