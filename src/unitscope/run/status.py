"""Status of a run, finished or not: what is done, what is missing, and which processes work on it."""

import contextlib
import datetime
import json
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from ..errors import UnitscopeError
from . import layout
from .files import read_json, undamaged
from .ledger import Check, check_blocks, checkpoint_path, entry_path, read_entry
from .manifest import Manifest
from .repair import MEASURED, command_for, made_by, repeat_command
from .tables import table_names
from .verify import find_damaged_files, find_damaged_tables, is_gathered


@dataclass(frozen=True)
class Worker:
    """A process that has written blocks of a run.

    Attributes
    ----------
    host, process, job
        Host, process number, and batch job (empty if there is none).
    blocks
        The undamaged blocks that it wrote.
    items
        Items in these blocks.
    seconds
        Time spent on these blocks.
    last
        Time at which the last block was finished.
    """

    host: str
    process: int
    job: str
    blocks: list[int]
    items: int
    seconds: float
    last: datetime.datetime

    @property
    def rate(self) -> float:
        """Items per second."""
        return self.items / max(self.seconds, 1e-3)

    def is_at_work(self, now: datetime.datetime) -> bool:
        """Return whether the process is probably still running: its next block is not long overdue."""
        return (now - self.last).total_seconds() < 3 * self.seconds / len(self.blocks) + 5


@dataclass(frozen=True)
class Unfinished:
    """An analysis that has started but not finished.

    Attributes
    ----------
    table
        The table that it makes.
    workers
        Number of units or items done by each process.
    kind
        What is counted, ``"units"`` or ``"items"``.
    total
        Total number of units or items.
    command
        The command that continues it; empty if unknown.
    """

    table: str
    workers: dict[str, int]
    kind: str
    total: int
    command: str

    @property
    def done(self) -> int:
        """Units or items that are done."""
        return sum(self.workers.values())


@dataclass(frozen=True)
class Status:
    """Status of a run.

    Attributes
    ----------
    directory, manifest
        The run.
    check
        Finished, missing and damaged blocks.
    workers
        The processes that wrote the finished blocks, in the order of their first block.
    seconds_left
        Estimated time that the running processes need for the rest; ``None`` if none is running or nothing is missing.
    bytes
        Size on disk.
    gathered
        Whether the predictions are in the table of items; ``True`` if the run has none.
    damaged_files, damaged_tables
        Faults in files of the recording other than blocks, and in results of analyses, one sentence each.
    tables
        Readable tables that analyses have added.
    unfinished
        Analyses that have started but not finished.
    report
        The run's report, if there is one that is newer than all tables.

    See Also
    --------
    read_status : Returns this; its example shows some attributes.
    """

    directory: Path
    manifest: Manifest
    check: Check
    workers: list[Worker]
    seconds_left: float | None
    bytes: int
    gathered: bool
    damaged_files: list[str]
    damaged_tables: dict[str, str]
    tables: list[str]
    unfinished: list[Unfinished]
    report: Path | None = None

    @property
    def faults(self) -> list[str]:
        """All faults, one sentence each."""
        return list(dict.fromkeys([*self.check.damaged.values(), *self.damaged_files, *self.damaged_tables.values()]))

    @property
    def next_step(self) -> str:
        """The command to run next; empty if the run has all, with a report of it."""
        directory = shlex.quote(str(self.directory))
        if self.check.to_do or self.damaged_files or not self.gathered:
            return made_by(self.directory, self.manifest)
        if self.unfinished:
            return self.unfinished[0].command or command_for(self.directory, self.unfinished[0].table)
        if self.damaged_tables:
            return command_for(self.directory, next(iter(self.damaged_tables)))
        if MEASURED not in self.tables:
            return command_for(self.directory, MEASURED)
        return "" if self.report else f"unitscope report {directory}"


def read_status(
    directory: str | Path, *, verify: bool = False, progress: Callable[[str, int, int], None] | None = None
) -> Status:
    """Return the status of a run, finished or not.

    Parameters
    ----------
    directory
        The run directory.
    verify
        Read every file and verify its checksum or its digest in the ledger.
    progress
        Called while blocks are verified, with a description, the number of blocks done, and their total.

    Returns
    -------
    Status

    Raises
    ------
    UnitscopeError
        If there is no run.

    See Also
    --------
    open_run : Open a finished run.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from unitscope import import_file
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.savez(folder / "rates.npz", V1=[[5.0, 1.0, 3.0], [0.0, 2.0, 3.0]], labels=["face", "house"])
    >>> _ = import_file(folder / "rates.npz", folder / "run")
    >>> status = read_status(folder / "run", verify=True)
    >>> status.check.finished, status.faults, status.tables
    ([0], [], [])
    """
    directory = Path(directory)
    manifest = Manifest.read(directory)
    check = check_blocks(
        directory,
        manifest,
        contents=verify,
        progress=lambda done: progress("verifying blocks", done, manifest.n_blocks) if progress else None,
    )
    damaged_tables = find_damaged_tables(directory, verify)
    workers = find_workers(directory, manifest, check.finished)
    at_work = [worker for worker in workers if worker.is_at_work(datetime.datetime.now(datetime.UTC))]
    left = manifest.count_items(check.to_do)
    return Status(
        directory=directory,
        manifest=manifest,
        check=check,
        workers=workers,
        seconds_left=left / sum(worker.rate for worker in at_work) if at_work and left else None,
        bytes=size_on_disk(directory),
        gathered=is_gathered(directory, manifest),
        damaged_files=find_damaged_files(directory, manifest, verify),
        damaged_tables=damaged_tables,
        tables=[name for name in table_names(directory) if name not in damaged_tables],
        unfinished=find_unfinished(directory, manifest),
        report=find_report(directory),
    )


def find_report(directory: Path) -> Path | None:
    """Return the run's report, or ``None`` where there is none that is newer than all tables."""
    report = directory / layout.REPORT
    tables = [directory / layout.TABLES / f"{name}.parquet" for name in table_names(directory)]
    with contextlib.suppress(FileNotFoundError):
        written = report.stat().st_mtime_ns
        if all(table.stat().st_mtime_ns <= written for table in tables):
            return report
    return None


def size_on_disk(directory: Path) -> int:
    """Return the total size of all files; files that other processes remove meanwhile are skipped."""
    total = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def find_workers(directory: Path, manifest: Manifest, blocks: list[int]) -> list[Worker]:
    """Return the processes that wrote blocks, from the ledger."""
    entries: dict[tuple[str, int, str], list[dict]] = {}
    if manifest.histograms is not None and blocks:  # one entry for all blocks
        counted = read_entry(checkpoint_path(directory))
        last = datetime.datetime.fromisoformat(counted["finished"])
        who = (counted["host"], counted["process"], counted.get("job", ""))
        return [Worker(*who, blocks, manifest.count_items(blocks), counted["seconds"], last)]
    for block in blocks:
        with contextlib.suppress(FileNotFoundError, UnitscopeError):  # being written again
            entry = read_entry(entry_path(directory, block))
            entries.setdefault((entry["host"], entry["process"], entry.get("job", "")), []).append(entry)
    return [
        Worker(
            *who,
            blocks=[entry["block"] for entry in written],
            items=manifest.count_items([entry["block"] for entry in written]),
            seconds=sum(entry["seconds"] for entry in written),
            last=max(datetime.datetime.fromisoformat(entry["finished"]) for entry in written),
        )
        for who, written in entries.items()
    ]


def find_unfinished(directory: Path, manifest: Manifest) -> list[Unfinished]:
    """Return the unfinished analyses. Their parts are in ``tables/.NAME-DIGEST/``, one file per block."""
    found = []
    for path in sorted((directory / layout.TABLES).glob(".*/parameters.json")):
        workers: Counter[str] = Counter()
        for part in path.parent.glob("[0-9]*.parquet"):
            with contextlib.suppress(FileNotFoundError, UnitscopeError), undamaged(part, ""):  # gathered, or damaged
                who = json.loads(pq.read_metadata(part).metadata[b"unitscope"])
                workers[name_worker(who["host"], who["process"], who["job"])] += who["size"]
        name = path.parent.name[1:].rpartition("-")[0]
        stored: dict = {}
        with contextlib.suppress(FileNotFoundError, UnitscopeError):
            stored = read_json(path, "")
        kind = str(stored.get("blocks", "units"))
        total = manifest.n_items if kind == "items" else sum(layer.units for layer in manifest.layers)
        found.append(Unfinished(name, dict(workers), kind, total, repeat_command(stored, directory)))
    return found


def name_worker(host: str, process: int, job: str) -> str:
    """Return the name of a process for people.

    Examples
    --------
    >>> name_worker("node7", 4711, ""), name_worker("node7", 4711, "slurm 12_3")
    ('node7 process 4711', 'node7 process 4711 (slurm 12_3)')
    """
    return f"{host} process {process}" + f" ({job})" * bool(job)
