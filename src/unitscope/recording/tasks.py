"""Recording elsewhere: blocks of items as tasks that name model and data, and load them where they run."""

import contextlib
import multiprocessing
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..compute import Pool, run_shares
from ..data import load_data, without
from ..data.load import DATA_SOURCES
from ..errors import UnitscopeError, UnitscopeWarning
from ..models import load_model
from ..models.load import MODEL_SOURCES
from ..progress import Progress, no_progress
from ..run import Manifest, RunWriter
from ..run.ledger import entered_blocks, format_ranges
from ..specs import split_spec
from .blocks import write_blocks
from .plan import Plan, plan_recording
from .settings import RecordingSettings
from .start import check_items


@dataclass(frozen=True)
class Job:
    """A recording by specs, so that it can be sent to other processes and machines.

    Attributes
    ----------
    model, model_options, data, data_options
        The specs to load.
    settings
        The options.
    directory
        The run, absolute.
    place
        The working directory, against which relative paths in specs and options are read.
    """

    model: str
    model_options: dict[str, Any]
    data: str
    data_options: dict[str, Any]
    settings: RecordingSettings
    directory: str
    place: str


def describe_job(plan: Plan, directory: Path) -> Job:
    """Describe a recording by specs; refuse a model or data that were made in Python and have none."""
    for spec, schemes, kind in ((plan.model.spec, MODEL_SOURCES, "model"), (plan.data.spec, DATA_SOURCES, "data")):
        try:
            split_spec(spec, schemes, kind)
        except UnitscopeError as error:
            raise UnitscopeError(
                f"{kind} {spec!r} was made in Python and cannot travel to other processes; put the code that makes it "
                "into a function and name that, py:FILE.py:FUNCTION"
            ) from error
    return Job(
        model=plan.model.spec,
        model_options=plan.model.options,
        data=plan.data.spec,
        data_options=plan.data.options,
        settings=plan.settings,
        directory=str(directory.absolute()),
        place=str(Path.cwd()),
    )


def record_elsewhere(job: Job, writer: RunWriter, on: str | Pool, progress: Progress) -> None:
    """Record what is missing of a run, in tasks; progress is what the ledger says."""
    # Each task claims its own blocks: two commands that record one run share its blocks out between them.
    with writer.claim_blocks(progress=progress) as blocks:
        pass
    if not blocks:
        return
    before = entered_blocks(writer.directory)
    finished: set[int] = set()
    manifest = writer.manifest

    def tick() -> None:
        # A damaged block has an entry already; it counts when its task is done.
        done = (entered_blocks(writer.directory) - before) | finished
        progress("recording", manifest.n_items - manifest.count_items(set(blocks) - done), manifest.n_items)

    tick()
    for share in run_shares(on, writer.directory / "logs", record_share, blocks, partial(describe_share, job), tick):
        finished.update(share)
        tick()


def describe_share(job: Job, share: Sequence[int]) -> tuple[str, tuple]:
    """Return a name of some blocks for messages, and the arguments of their task."""
    return f"block{'s' * (len(share) > 1)} {format_ranges(list(share))}", (job, list(share))


def record_share(job: Job, blocks: list[int]) -> None:
    """Record those of some blocks that are missing. This is the task: it runs in a process of a pool."""
    with RECORDER.lock:
        writer = RunWriter(Path(job.directory), Manifest.read(Path(job.directory)))
        plan = RECORDER.plan(job, writer.manifest)
        with writer.claim_blocks(blocks) as todo:
            write_blocks(plan, writer, todo, no_progress)


class Recorder:
    """What a process keeps between the tasks of a recording: the loaded network and data."""

    def __init__(self) -> None:
        # A worker may have several threads, but hooks and PyTorch's settings belong to the whole process.
        self.lock = threading.Lock()
        self._job: Job | None = None
        self._plan: Plan | None = None

    def plan(self, job: Job, manifest: Manifest) -> Plan:
        """Return the plan of a job, loading model and data unless they are those of the last task.

        Raises
        ------
        UnitscopeError
            If what is loaded here is not what the run holds.
        """
        if self._plan is None or self._job != job or manifest.differences(self._plan.manifest):
            self._plan = None  # the last network makes room before the next is loaded
            self._plan = load_plan(job)
            self._job = job
        differences = manifest.differences(self._plan.manifest)
        if differences:
            self._plan = None
            raise UnitscopeError(
                f"on {multiprocessing.current_process().name} the recording would differ from the run {job.directory} "
                f"({'; '.join(differences[:4])}); use the same files and the same kind of device everywhere"
            )
        return self._plan


RECORDER = Recorder()


def load_plan(job: Job) -> Plan:
    """Load what a job names and return its plan."""
    place = Path(job.place)
    with contextlib.chdir(place) if place.is_dir() else contextlib.nullcontext():
        data = load_data(job.data, **job.data_options)
        skipped = check_items(data, Path(job.directory), True, no_progress)
        settings = replace(job.settings, workers=allowed_workers(job.settings.workers))
        return plan_recording(load_model(job.model, **job.model_options), without(data, list(skipped)), settings)


def allowed_workers(workers: int | None) -> int | None:
    """Return how many processes may load items: none where a Dask worker may not start any."""
    if multiprocessing.current_process().daemon and workers != 0:
        warnings.warn(
            "this worker may not start processes and loads items by itself; started with --no-nanny it is faster",
            UnitscopeWarning,
            stacklevel=2,
        )
        return 0
    return workers
