"""What an imported run is: the content of its files and the options, not where they lie."""

import hashlib
from pathlib import Path
from typing import Any

from ..progress import Progress
from ..run import Manifest
from ..run.machine import describe_machine
from .settle import Settled

SUFFIXES = (".h5", ".hdf5", ".hdf", ".csv")
"""Files that count in a folder."""

SLOW = 100_000_000
"""Reading a file of so many bytes is reported."""


def describe_run(
    files: dict[str, Path], settled: Settled, options: dict[str, Any], block_items: int, report: Progress
) -> Manifest:
    """Describe the run; `files` are those that were read: ``file``, ``labels``, ``classes``."""
    digests = {what: digest(file, report) for what, file in files.items()}
    return Manifest(
        identity={
            "model": {"spec": "imported"},
            "data": {"fingerprint": digests["file"]},
            "import": {"format": settled.format, "sha256": digests, "options": options},
        },
        layers=tuple(matrix.layer for matrix in settled.matrices),
        n_items=len(settled.items),
        block_items=block_items,
        predictions=settled.predictions is not None,
        provenance={
            "imported": {
                "spec": files["file"].name,
                "format": settled.format,
                **{what: file.name for what, file in files.items() if what != "file"},
            },
            **describe_machine(),
        },
    )


def digest(path: Path, report: Progress) -> str:
    """Hash a file, or all files of a folder with their names."""
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
