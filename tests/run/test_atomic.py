"""Files and directories are whole or absent, and what killed processes leave behind is removed."""

import os
import signal
import subprocess
import sys

import pytest

from unitscope.run import atomic
from unitscope.run.atomic import open_for_lock, whole_directory, whole_file

WRITE = """
import sys
from pathlib import Path
from unitscope.run.atomic import whole_directory, whole_file

with {writer}(Path(sys.argv[1])) as temporary:
    (temporary / "part" if temporary.is_dir() else temporary).write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


def start_writing(writer: str, path) -> subprocess.Popen:
    """Start a process that writes `path` and stops in the middle until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE.format(writer=writer), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "writing\n"
    return process


def write_half(writer, path) -> None:
    """Write `path` and fail in the middle."""
    with writer(path) as temporary:
        (temporary / "part" if temporary.is_dir() else temporary).write_text("half")
        raise RuntimeError("stopped")


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_error_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="stopped"):
        write_half(whole_file, path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.html"]


def test_an_error_leaves_no_directory(tmp_path):
    with pytest.raises(RuntimeError, match="stopped"):
        write_half(whole_directory, tmp_path / "new" / "export")
    assert names(tmp_path / "new") == []


def test_a_directory_that_came_first_stays(tmp_path):
    export = tmp_path / "export"

    def both_write():
        with whole_directory(export) as temporary:
            (temporary / "items.csv").write_text("mine")
            export.mkdir()
            (export / "items.csv").write_text("theirs")

    with pytest.raises(OSError, match="not empty"):
        both_write()
    assert names(tmp_path) == ["export"]
    assert (export / "items.csv").read_text() == "theirs"


@pytest.mark.skipif(sys.platform == "win32", reason="leftovers are told from work in progress by POSIX locks")
@pytest.mark.parametrize("writer", ["whole_file", "whole_directory"])
def test_what_a_killed_process_leaves_is_removed_by_the_next(tmp_path, writer):
    path = tmp_path / "out[1].png"  # must not be read as a pattern
    process = start_writing(writer, path)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    [leftover] = names(tmp_path)
    assert leftover.startswith(".out[1].png.")
    assert leftover.endswith(".tmp")
    process = start_writing(writer, path)
    assert len(names(tmp_path)) == 1
    process.communicate("")
    assert process.returncode == 0
    assert names(tmp_path) == ["out[1].png"]


@pytest.mark.skipif(sys.platform == "win32", reason="leftovers are told from work in progress by POSIX locks")
def test_what_another_process_is_writing_stays(tmp_path):
    path = tmp_path / "table.parquet"
    process = start_writing("whole_file", path)
    with whole_file(path) as temporary:
        temporary.write_text("first to finish")
    assert path.read_text() == "first to finish"
    process.communicate("")
    assert process.returncode == 0
    assert path.read_text() == "half"
    assert names(tmp_path) == ["table.parquet"]


def test_files_of_like_names_stay(tmp_path):
    others = [".a.txt.tmp", ".a.txt.mine.tmp", f".a.txt.b.{os.getpid()}-00000000.tmp", ".b.txt.1-00000000.tmp"]
    for name in others:
        (tmp_path / name).write_text("precious")
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
    assert names(tmp_path) == sorted([*others, "a.txt"])


@pytest.mark.skipif(sys.platform == "win32", reason="leftovers are told from work in progress by POSIX locks")
@pytest.mark.parametrize("writer", ["whole_file", "whole_directory"])
def test_a_temporary_that_another_is_removing_is_made_again(tmp_path, monkeypatch, writer):
    """Another process may see the temporary before its lock; it then holds the lock and removes it at any moment."""
    others = []

    def open_after_another(path):
        if not others:
            others.append((path, open_for_lock(path)))
            assert atomic.lock(others[0][1]) == "locked"
        return open_for_lock(path)

    monkeypatch.setattr(atomic, "open_for_lock", open_after_another)
    with getattr(atomic, writer)(tmp_path / "out") as temporary:
        [(taken, descriptor)] = others
        assert temporary != taken
        atomic.remove(taken)
        (temporary / "part" if temporary.is_dir() else temporary).write_text("whole")
    os.close(descriptor)
    assert names(tmp_path) == ["out"]
