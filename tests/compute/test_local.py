"""Processes of this machine, jobs of a batch system, and any other pool: the same bits, whoever is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from deaths import call, die
from places import (
    MEASURED,
    SETTINGS,
    Deadly,
    arrays,
    assert_same_measures,
    assert_same_recording,
)

from unitscope.compute import open_pool, run_tasks
from unitscope.errors import UnitscopeError
from unitscope.run import open_run, read_status
from unitscope.selectivity import measure_run


def test_a_killed_process_takes_only_its_task_along(pair, tmp_path):
    run, other = pair
    marker = tmp_path / "died"
    with open_pool("local:2") as pool:
        measure_run(other, on=Deadly(pool, marker), **MEASURED)
    assert marker.exists()
    assert_same_measures(run, other)


def test_who_always_dies_is_named_and_the_others_are_done():
    done = {}

    def run():
        with open_pool("local:1") as pool:
            for name, result in run_tasks(pool, call, {"the bad one": (die,), "the good one": (max, 3, 5)}):
                done[name] = result

    with pytest.raises(
        UnitscopeError, match=r"the worker of the bad one was lost .*; what was finished is kept, and the"
    ):
        run()
    assert done == {"the good one": 5}


def test_any_executor_is_a_pool(pair):
    run, other = pair
    with ThreadPoolExecutor(3) as pool:
        measure_run(other, on=pool, **MEASURED)
    assert_same_measures(run, other)


def test_an_error_of_a_task_is_its_own(make_run):
    values, labels = arrays()
    values["b"][5, 7] = float("inf")
    with ThreadPoolExecutor(2) as pool, pytest.raises(UnitscopeError, match="b:7"):
        measure_run(make_run(values, labels), on=pool)


def test_recorded_by_processes_of_which_one_is_killed(exact, plain, tmp_path, monkeypatch):
    from unitscope.recording import record

    marker = tmp_path / "died"
    monkeypatch.setenv("DIE_AT", f"100:{marker}")
    run = record(*exact, tmp_path / "run", on="local:2", **SETTINGS)
    assert marker.exists()
    assert_same_recording(plain, run)
    workers = read_status(run.directory).workers
    assert os.getpid() not in {worker.process for worker in workers}
    assert sorted(chain(*(worker.blocks for worker in workers))) == list(range(7))


MEASURE = """
import json, os, signal, sys
from unitscope.selectivity import measure_run
from unitscope.run import open_run

def die(doing, done, total):
    if done > 64:
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    run, settings = sys.argv[1:]
    command = "unitscope measure RUN --items correct"
    measure_run(open_run(run), on="local:1", command=command, progress=die, **json.loads(settings))
"""


def test_the_command_is_killed_while_it_measures_again(pair, tmp_path):
    run, other = pair
    measure_run(other, items="all")  # an earlier result, which must not suffer
    table, auc = other.table("selectivity"), other.array("selectivity", "auc")
    (tmp_path / "measure.py").write_text(MEASURE)
    words = [sys.executable, tmp_path / "measure.py", other.directory, json.dumps(MEASURED)]
    killed = subprocess.run(words, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    other = open_run(other.directory)  # an open run keeps the tables that it has read
    assert other.table("selectivity").equals(table)
    assert (other.array("selectivity", "auc") == auc).all()
    begun = read_status(other.directory)
    (unfinished,) = begun.unfinished
    assert unfinished.table == "selectivity"
    assert begun.next_step == f"unitscope measure {other.directory} --items correct"
    assert 64 <= unfinished.done <= 170
    (worker,) = unfinished.workers
    wait_for_end(int(worker.split()[2]))
    seen = []
    measure_run(other, progress=lambda doing, done, total: seen.append(done), **MEASURED)
    assert seen[0] >= unfinished.done
    assert_same_measures(run, other)
    assert read_status(other.directory).unfinished == []


def wait_for_end(process):
    """Wait until a process is gone, or at least dead; what hangs fails by the limit of the whole test."""
    path = Path(f"/proc/{process}/stat")
    for _ in range(1200):
        try:
            if path.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {process} goes on after its parent was killed")


def test_a_task_that_outlives_its_measurement_says_so(pair):
    _, other = pair

    def give_up(doing, done, total):
        if done == 64:
            for parts in (other.directory / "tables").glob(".selectivity-*"):
                (parts / "parameters.json").unlink(missing_ok=True)

    with pytest.raises(UnitscopeError, match=r"another process finished or removed this analysis of .*; see `unit"):
        measure_run(other, progress=give_up, **MEASURED)
    assert read_status(other.directory).unfinished == []


def test_jobs_of_a_batch_system(pair, tmp_path, helpers, monkeypatch):
    submitit = pytest.importorskip("submitit")
    # How long submitit waits for the results of a job that has ended: a shared disk may be late.
    monkeypatch.setattr("submitit.core.core.Job._results_timeout_s", 1)
    from unitscope.compute.slurm import SlurmJobs

    run, other = pair
    jobs = SlurmJobs(submitit.LocalExecutor(tmp_path / "logs"), 2, seconds=0.2)
    try:
        measure_run(other, on=Deadly(jobs, tmp_path / "died"), **MEASURED)
    finally:
        jobs.stop()
    assert (tmp_path / "died").exists()
    assert_same_measures(run, other)


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ("locl:2", "no --on scheme 'locl' .did you mean 'local'"),
        ("local:none", "--on local:none must end with a number of processes, for instance local:4"),
        ("dask:", "names no scheduler; write for instance dask:tcp://"),
        ("slurm", "there is no SLURM here .*--print-slurm"),
        ("slurm:partitoin=gpu", "takes no option 'partitoin' .did you mean 'partition'"),
        ("slurm:jobs=0", "jobs"),
    ],
)
def test_what_is_no_place(on, message, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnitscopeError, match=message), open_pool(on, tmp_path):
        pass
