"""The ledger: one JSON file per finished block, written after the block's files, so that listed files are complete."""

import datetime
import hashlib
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError
from . import layout
from .files import read_json, write_json
from .inside import is_inside
from .machine import now
from .manifest import Manifest


def entry_path(directory: Path, block: int) -> Path:
    """Return the ledger entry of a block."""
    return directory / layout.LEDGER / f"{block:06d}.json"


def enter_block(directory: Path, block: int, files: list[Path], seconds: float) -> None:
    """Enter a block as finished, with sizes and sha256 digests of its files."""
    enter(directory, entry_path(directory, block), {"block": block}, files, seconds)


def enter(directory: Path, path: Path, what: dict[str, int], files: list[Path], seconds: float) -> None:
    """Write an entry: flush the files, and list them with sizes and sha256 digests."""
    listed = {}
    for name in files:
        with name.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        listed[name.relative_to(directory).as_posix()] = {"bytes": name.stat().st_size, "sha256": digest}
    entry = {
        **what,
        "files": listed,
        "seconds": round(seconds, 3),
        **this_worker(),
    }
    write_json(path, entry)


def this_worker() -> dict[str, Any]:
    """Return host, process, batch job and time of this process."""
    return {"host": platform.node(), "process": os.getpid(), "job": job_name(), "finished": now()}


def job_name(environment: Mapping[str, str] = os.environ) -> str:
    """Return the name of the batch job in which this process runs; empty if there is none.

    Examples
    --------
    >>> job_name({"SLURM_JOB_ID": "4715", "SLURM_ARRAY_JOB_ID": "4711", "SLURM_ARRAY_TASK_ID": "3"})
    'slurm 4711_3'
    """
    if "SLURM_ARRAY_TASK_ID" in environment:
        return f"slurm {environment.get('SLURM_ARRAY_JOB_ID', '?')}_{environment['SLURM_ARRAY_TASK_ID']}"
    return f"slurm {environment['SLURM_JOB_ID']}" if "SLURM_JOB_ID" in environment else ""


def read_entry(path: Path) -> dict[str, Any]:
    """Read an entry; raise if it is damaged."""
    entry = read_json(path, "record or import again to write the block again")
    try:
        for file in entry["files"].values():
            int(file["bytes"]), str(file["sha256"])
        entry["host"], int(entry["process"]), float(entry["seconds"]), entry.get("block", entry.get("blocks", 0)) + 0
        datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(entry["finished"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnitscopeError(f"{path} is damaged ({error!r}); record or import again") from error
    return entry


def entered_blocks(directory: Path) -> set[int]:
    """Return the blocks that have an entry, without checking their files."""
    return {int(path.stem) for path in (directory / layout.LEDGER).glob("[0-9]*.json")}


@dataclass(frozen=True)
class Check:
    """Result of checking a run against its ledger: finished and missing blocks, and the faults of damaged ones."""

    finished: list[int]
    missing: list[int]
    damaged: dict[int, str]

    @property
    def to_do(self) -> list[int]:
        """Blocks that a recording still has to write."""
        return sorted([*self.missing, *self.damaged])


def check_blocks(
    directory: Path,
    manifest: Manifest,
    *,
    contents: bool = False,
    blocks: Iterable[int] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Check:
    """Check the files of a run against its ledger.

    Parameters
    ----------
    directory, manifest
        The run.
    contents
        Compare the sha256 of every file (reads the whole run); otherwise only existence and
        size, which detects lost and truncated files.
    blocks
        The blocks to check; default: all. Ignored in runs without stored activations.
    progress
        Called after each block with the number of blocks checked.
    """
    if manifest.histograms is not None:
        return verify_checkpoint(directory, manifest, contents)
    finished, missing, damaged = [], [], {}
    for done, block in enumerate(range(manifest.n_blocks) if blocks is None else blocks, 1):
        path = entry_path(directory, block)
        fault = find_fault(directory, path, contents) if path.is_file() else ""
        if fault:
            damaged[block] = fault
        elif path.is_file():
            finished.append(block)
        else:
            missing.append(block)
        if progress:
            progress(done)
    return Check(finished, missing, damaged)


def checkpoint_path(directory: Path) -> Path:
    """Return the single entry of a run without stored activations: its files and the number of blocks counted."""
    return directory / layout.LEDGER / "histograms.json"


def verify_checkpoint(directory: Path, manifest: Manifest, contents: bool) -> Check:
    """Check the files of the entry; blocks are counted in order, and damage restarts the count."""
    path = checkpoint_path(directory)
    blocks = list(range(manifest.n_blocks))
    if not path.is_file():
        return Check([], blocks, {})
    fault = find_fault(directory, path, contents)
    if fault:
        return Check([], [], dict.fromkeys(blocks, fault))
    counted = int(read_entry(path)["blocks"])
    return Check(blocks[:counted], blocks[counted:], {})


def find_fault(directory: Path, path: Path, contents: bool) -> str:
    """Return the fault in the files of one entry; empty if there is none."""
    try:
        files = dict(read_entry(path)["files"])
    except (UnitscopeError, FileNotFoundError, KeyError, TypeError, ValueError):  # removed while its block is written
        return f"{path} cannot be read"
    for name, was in files.items():
        if not is_inside(name):
            return f"{path} names {name}, which is not a file of the run"
        file = directory / name
        if not file.is_file():
            return f"{file} is missing"
        if file.stat().st_size != was["bytes"]:
            return f"{file} has {file.stat().st_size} bytes, but {was['bytes']} were written"
        if contents:
            with file.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != was["sha256"]:
                    return f"{file} has changed since it was written"
    return ""


def format_ranges(blocks: list[int]) -> str:
    """Return block numbers as text, with consecutive numbers as ranges.

    Examples
    --------
    >>> format_ranges([0, 1, 2, 5, 7, 8])
    '0-2, 5, 7-8'
    """
    parts: list[list[int]] = []
    for block in blocks:
        if parts and block == parts[-1][-1] + 1:
            parts[-1].append(block)
        else:
            parts.append([block])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)
