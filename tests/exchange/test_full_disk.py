"""Exports that do not fit on the disk end in one sentence, leave nothing behind and do not crash the process."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from unitscope import export_run
from unitscope.errors import UnitscopeError

h5py = pytest.importorskip("h5py")

from unitscope.exchange.hdf5_file import PatientFile, create_hdf5  # noqa: E402

RNG = np.random.default_rng(4)

EXPORT = """
import resource, sys
from unitscope import export_run
from unitscope.errors import UnitscopeError
from unitscope.run import open_run

run, hard = open_run(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for kind in sys.argv[3:]:
    target = f"{sys.argv[2]}.{kind}"
    for limit in (0, 1000, 3000, 5000, 9000, 12_000, hard):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            export_run(run, target, to=kind)
        except UnitscopeError as error:
            assert str(error).startswith(target), error
            assert "cannot be written to (File too large" in str(error), error
            print(kind, limit)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
"""


@pytest.fixture
def run(make_run):
    """Make a run whose activations take 14.4 kB."""
    values = {"a": RNG.normal(size=(120, 20)).astype(np.float32), "b": RNG.normal(size=(120, 10)).astype(np.float32)}
    return make_run(values, np.arange(120) % 4, block_items=50)


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files are limited on POSIX systems")
def test_files_that_may_not_grow_end_in_one_sentence(run, tmp_path):
    kinds = ["h5", "h5ad", "paper", "npz", "csv"]
    target = tmp_path / "out" / "run"
    done = subprocess.run(
        [sys.executable, "-c", EXPORT, str(run.directory), str(target), *kinds],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0
    for kind in kinds:
        for limit in (0, 1000, 3000, 5000):
            assert f"{kind} {limit}" in done.stdout.splitlines()
    assert sorted(path.name for path in target.parent.iterdir()) == sorted(f"run.{kind}" for kind in kinds)


@pytest.mark.parametrize("kind", ["h5", "h5ad", "paper"])
@pytest.mark.parametrize("writes", [0, 10, 40])
def test_a_full_disk_is_named(run, tmp_path, monkeypatch, kind, writes):
    left, pwrite = [writes], os.pwrite

    def write(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(*arguments)

    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.setattr("unitscope.exchange.hdf5_file.os.pwrite", write)
    with pytest.raises(UnitscopeError, match=r"the disk that holds .*out is full; free some space"):
        export_run(run, tmp_path / "out", to=kind)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def fill(file) -> None:
    """Write a file with many groups, more than HDF5 keeps in memory, and parts of datasets."""
    for number in range(80):
        group = file.create_group(f"group {number}")
        group["names"] = np.array([f"name {number}" * 20] * 20, h5py.string_dtype())
        group.create_dataset("values", (30, 7), "f4")
    for first in range(0, 30, 10):
        for number in range(80):
            file[f"group {number}/values"][first : first + 10, 2:5] = number


def test_the_file_is_the_one_that_hdf5_writes_by_itself(tmp_path):
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        fill(file)
    with create_hdf5(h5py, tmp_path / "ours.h5") as (file, _):
        fill(file)
    found = []
    with h5py.File(tmp_path / "plain.h5") as plain, h5py.File(tmp_path / "ours.h5") as ours:
        plain.visititems(lambda name, thing: found.append(name) if isinstance(thing, h5py.Dataset) else None)
        assert len(found) == 160
        for name in found:
            np.testing.assert_array_equal(ours[name][()], plain[name][()])


@pytest.mark.parametrize("writes", [0, 1, 100])
def test_hdf5_reads_what_could_not_be_written(tmp_path, monkeypatch, writes):
    left, pwrite = [writes], os.pwrite

    def write(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.EIO, "Input/output error")
        return pwrite(*arguments)

    monkeypatch.setattr("unitscope.exchange.hdf5_file.os.pwrite", write)
    with (tmp_path / "x.h5").open("w+b", buffering=0) as raw:
        patient = PatientFile(raw)
        with h5py.File(patient, "w") as file:
            fill(file)
        with h5py.File(patient, "r") as file:
            for number in (0, 41, 79):
                assert file[f"group {number}/names"][3] == f"name {number}".encode() * 20
                np.testing.assert_array_equal(file[f"group {number}/values"][:, 2:5], number)
        with pytest.raises(OSError, match="Input/output error"):
            patient.check()
