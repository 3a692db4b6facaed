"""How far a run is: what is done, missing and by whom. Works on runs that are not finished."""

import contextlib
import datetime
import json
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from . import layout
from .files import present, read_json, read_schema
from .ledger import Check, check_blocks, checkpoint_path, read_entry
from .manifest import Manifest
from .tables import table_names


@dataclass(frozen=True)
class Worker:
    """A process that has written blocks of a run.

    Attributes
    ----------
    host, process, job
        Where it ran: machine, process number, job of a batch system (empty outside of one).
    blocks
        The blocks it wrote that are still as it wrote them.
    items
        Items in these blocks.
    seconds
        What these blocks took.
    last
        When the last of them was finished.
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
        """Guess whether the process goes on: its next block is not long overdue."""
        return (now - self.last).total_seconds() < 3 * self.seconds / len(self.blocks) + 5


@dataclass(frozen=True)
class Unfinished:
    """An analysis that has begun.

    Attributes
    ----------
    table
        The table that it makes.
    workers
        Who has done how many units of it.
    command
        The command that goes on with it; empty where it was not told.
    """

    table: str
    workers: dict[str, int]
    command: str

    @property
    def units(self) -> int:
        """Units that are done."""
        return sum(self.workers.values())


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Attributes
    ----------
    directory, manifest
        The run.
    check
        Blocks finished, missing and damaged.
    workers
        Who wrote the finished blocks, in the order of their first block.
    seconds_left
        How long the processes that are at work now need for the rest; ``None`` if none is, or nothing is missing.
    bytes
        Size on disk.
    gathered
        Whether the predictions are in the table of items (``True`` where there are none).
    tables
        Tables that analyses have added.
    unfinished
        Analyses that have begun.
    """

    directory: Path
    manifest: Manifest
    check: Check
    workers: list[Worker]
    seconds_left: float | None
    bytes: int
    gathered: bool
    tables: list[str]
    unfinished: list[Unfinished]

    @property
    def next_step(self) -> str:
        """The command to run next."""
        directory = shlex.quote(str(self.directory))
        if self.check.to_do or not self.gathered:
            again = self.manifest.provenance.get("command")
            return str(again) if again else "the same record command again"
        if self.unfinished:
            return self.unfinished[0].command or f"unitscope measure {directory}"
        if not self.tables:
            return f"unitscope measure {directory}"
        return f"unitscope report {directory}"


def read_status(directory: str | Path) -> Status:
    """Look how far a run is.

    Parameters
    ----------
    directory
        The run directory, of a finished or an unfinished run.

    Returns
    -------
    Status

    Raises
    ------
    UnitscopeError
        If there is no run.
    """
    directory = Path(directory)
    manifest = Manifest.read(directory)
    check = check_blocks(directory, manifest)
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
        gathered=not manifest.predictions or "predicted" in read_schema(present(directory / layout.ITEMS)).names,
        tables=table_names(directory),
        unfinished=find_unfinished(directory),
    )


def size_on_disk(directory: Path) -> int:
    """Add up the sizes of all files, while other processes may write and rename some."""
    total = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def find_workers(directory: Path, manifest: Manifest, blocks: list[int]) -> list[Worker]:
    """Read in the ledger who wrote which blocks."""
    entries: dict[tuple[str, int, str], list[dict]] = {}
    if manifest.histograms is not None and blocks:  # one entry for all that is counted
        counted = read_json(checkpoint_path(directory))
        last = datetime.datetime.fromisoformat(counted["finished"])
        who = (counted["host"], counted["process"], counted.get("job", ""))
        return [Worker(*who, blocks, manifest.count_items(blocks), counted["seconds"], last)]
    for block in blocks:
        with contextlib.suppress(FileNotFoundError):  # being written anew
            entry = read_entry(directory, block)
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


def find_unfinished(directory: Path) -> list[Unfinished]:
    """Find analyses that have begun: their parts stand in ``tables/.NAME-DIGEST/``, one file per block of units."""
    found = []
    for path in sorted((directory / layout.TABLES).glob(".*/parameters.json")):
        workers: Counter[str] = Counter()
        for part in path.parent.glob("[0-9]*.parquet"):
            with contextlib.suppress(FileNotFoundError):  # gathered meanwhile
                described = pq.read_metadata(part)
                who = json.loads(described.metadata[b"unitscope"])
                workers[name_worker(who["host"], who["process"], who["job"])] += described.num_rows
        name = path.parent.name[1:].rpartition("-")[0]
        found.append(Unfinished(name, dict(workers), read_json(path).get("command", "")))
    return found


def name_worker(host: str, process: int, job: str) -> str:
    """Name a process in words.

    Examples
    --------
    >>> name_worker("node7", 4711, ""), name_worker("node7", 4711, "slurm 12_3")
    ('node7 process 4711', 'node7 process 4711 (slurm 12_3)')
    """
    return f"{host} process {process}" + f" ({job})" * bool(job)
