"""Jobs of SLURM, submitted and watched through submitit: ``slurm:jobs=8,partition=gpu,time=120``."""

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError
from ..specs import first_line, parse_options, refuse_unknown, whole_number

JOBS = 4
"""Default number of jobs that work is divided into."""

DEFAULTS = {"job_name": "unitscope", "time": 240, "cpus_per_task": 4, "mem": "16GB"}
"""Default resources of a job; time in minutes."""


@contextlib.contextmanager
def open_slurm(rest: str, logs: Path) -> Iterator["SlurmJobs"]:
    """Open a pool of SLURM jobs; leaving the context cancels those that are not finished."""
    options = parse_options(word for word in rest.split(",") if word)
    jobs = whole_number(options, "jobs", at_least=1) or JOBS
    try:
        from submitit import SlurmExecutor
    except ImportError as error:
        raise UnitscopeError("--on slurm needs submitit; run: pip install 'unitscope[slurm]'") from error
    asked = {key: value for key, value in options.items() if key != "jobs"}
    refuse_unknown(asked, sorted(SlurmExecutor._valid_parameters()), "--on slurm")
    if not (shutil.which("sbatch") and shutil.which("srun")):
        raise UnitscopeError(
            "there is no SLURM here (no sbatch on the path); run this where sbatch works, or submit there the script "
            "that `unitscope record ... --print-slurm N` prints"
        )
    executor = SlurmExecutor(logs.absolute())
    executor.update_parameters(**{**DEFAULTS, **asked})
    pool = SlurmJobs(executor, jobs)
    try:
        yield pool
    finally:
        pool.stop()


class SlurmJobs:
    """A pool of SLURM jobs, one for each task.

    A job that was killed, preempted or ran out of time is submitted again; its task then computes what is missing.
    """

    retries = 2

    def __init__(self, executor: Any, jobs: int, seconds: float = 1.0):
        from submitit.core.utils import UncompletedJobError

        self.lost: tuple[type[BaseException], ...] = (UncompletedJobError, CancelledError)
        self.width = jobs
        self._executor = executor
        self._jobs: dict[Future, Any] = {}
        self._seconds = seconds
        self._stopped = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="unitscope-slurm", daemon=True)
        self._watcher.start()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Submit a job that runs a function."""
        from submitit.core.utils import FailedJobError

        try:
            job = self._executor.submit(run_task, function, arguments)
        except FailedJobError as error:  # sbatch refused
            raise UnitscopeError(f"SLURM refused the job: {first_line(error)}") from error
        future: Future = Future()
        self._jobs[future] = job
        return future

    def stop(self) -> None:
        """Cancel the jobs that are not finished."""
        self._stopped.set()
        self._watcher.join()
        for job in self._jobs.values():
            with contextlib.suppress(Exception):
                job.cancel(check=False)

    def _watch(self) -> None:
        while not self._stopped.wait(self._seconds):
            for future, job in list(self._jobs.items()):
                if future.cancelled() or not job.done():
                    continue
                del self._jobs[future]
                try:
                    result, error = job.result()
                except Exception as failure:
                    result, error = None, failure
                if error is None:
                    future.set_result(result)
                else:
                    future.set_exception(error)


def run_task(function: Callable[..., Any], arguments: tuple) -> tuple[Any, Exception | None]:
    """Run a task; return its result and its error, because submitit passes on only the text of an error."""
    try:
        return function(*arguments), None
    except Exception as error:
        return None, error
