"""Identity of an imported run: the content of its files and the options, but not the location of the files."""

import hashlib
from pathlib import Path
from typing import Any

from ..progress import Progress
from ..run import Manifest
from ..run.machine import describe_machine
from .prepare import PreparedImport

SUFFIXES = (".h5", ".hdf5", ".hdf", ".csv")
"""Suffixes of the files that are hashed in a folder."""

SLOW = 100_000_000
"""Progress is reported for files of at least this many bytes."""


def describe_run(
    files: dict[str, Path], prepared: PreparedImport, options: dict[str, Any], block_items: int, report: Progress
) -> Manifest:
    """Return the manifest; `files` are the imported files: ``file``, ``labels``, ``classes``."""
    digests = {what: digest(file, report) for what, file in files.items()}
    return Manifest(
        identity={
            "model": {"spec": "imported"},
            "data": {"fingerprint": digests["file"]},
            "import": {"format": prepared.format, "sha256": digests, "options": options},
        },
        layers=tuple(matrix.layer for matrix in prepared.matrices),
        n_items=len(prepared.items),
        block_items=block_items,
        predictions=prepared.predictions is not None,
        provenance={
            "imported": {
                "spec": files["file"].name,
                "format": prepared.format,
                **{what: file.name for what, file in files.items() if what != "file"},
            },
            **describe_machine(),
        },
    )


def digest(path: Path, report: Progress) -> str:
    """Return the sha256 of a file, or of all files of a folder with their names."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        return hashlib.sha256("".join(f"{file.name} {digest(file, report)}\n" for file in files).encode()).hexdigest()
    total, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while part := file.read(1 << 24):
            total.update(part)
            done += len(part)
            if size >= SLOW:
                report(f"reading {path.name} (MB)", done // 1_000_000, size // 1_000_000)
    return total.hexdigest()
