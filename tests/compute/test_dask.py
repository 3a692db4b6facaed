"""A scheduler and workers in processes of their own: the same bits, and nothing lost when workers are killed."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import MEASURED, SETTINGS, Deadly, arrays, assert_same_measures, assert_same_recording

from unitscope.compute import open_pool, run_tasks
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.run import read_status
from unitscope.selectivity import measure_run

distributed = pytest.importorskip("distributed")


class Cluster:
    """A Dask scheduler on loopback and its workers."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.address = None
        for _ in range(3):  # on a loaded machine a scheduler has been seen to listen and never answer
            if self.start_scheduler():
                return
        raise RuntimeError(f"no scheduler answers: {self.log.read_text()}")

    def start_scheduler(self):
        """Start a scheduler, which chooses its own port, and return whether it answers."""
        place = self.folder / f"{len(self.processes)}-scheduler.json"
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(place))
        until = time.monotonic() + 60
        while time.monotonic() < until and self.scheduler.poll() is None:
            try:
                self.address = json.loads(place.read_text())["address"]
                with distributed.Client(self.address, timeout=20, set_as_default=False):
                    return True
            except (OSError, ValueError):  # not yet written, half written, or no answer in time
                time.sleep(0.05)
        self.scheduler.kill()
        return False

    @property
    def on(self):
        return f"dask:{self.address}"

    def start(self, kind, *arguments, **environment):
        path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        self.log = self.folder / f"{len(self.processes)}-{kind}.log"
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--no-dashboard"],
                stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": path, **environment}, cwd=self.folder,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self, **environment):
        return self.start("worker", self.address, "--nthreads", "1", "--no-nanny", **environment)

    def wait(self, workers):
        """Wait until so many workers are there."""
        with distributed.Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a scheduler and two workers, of which the first is killed, once, in the middle of a recording."""
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    cluster.marker = cluster.folder / "died"
    cluster.workers = [cluster.worker(DIE_AT=f"100:{cluster.marker}") for _ in range(2)]
    cluster.wait(2)
    yield cluster
    cluster.stop()


def test_recorded_by_workers_of_which_one_is_killed(exact, plain, cluster, tmp_path):
    from unitscope.recording import record

    run = record(*exact, tmp_path / "run", on=cluster.on, **SETTINGS)
    assert cluster.marker.exists()
    assert [worker.poll() for worker in cluster.workers].count(-9) == 1
    assert_same_recording(plain, run)
    ours = {worker.pid for worker in cluster.workers}
    assert {worker.process for worker in read_status(run.directory).workers} <= ours


def test_measured_by_workers_of_which_one_is_killed(pair, cluster, tmp_path):
    run, other = pair
    cluster.worker()
    cluster.wait(2)
    with open_pool(cluster.on) as pool:
        measure_run(other, on=Deadly(pool, tmp_path / "died"), **MEASURED)
    assert (tmp_path / "died").exists()
    assert_same_measures(run, other)


@pytest.mark.filterwarnings("ignore:the Dask scheduler")  # a dead one may seem to have no workers for a moment
def test_the_scheduler_is_killed(tmp_path):
    cluster = Cluster(tmp_path)
    cluster.worker()
    cluster.wait(1)

    def run():
        with open_pool(cluster.on) as pool:
            list(run_tasks(pool, time.sleep, {"the long one": (600,)}, tick=cluster.scheduler.kill))

    try:
        with pytest.raises(UnitscopeError, match=r"the worker of the long one was lost .*; what was finished is kept"):
            run()
    finally:
        cluster.stop()


def test_no_scheduler_is_said(monkeypatch):
    monkeypatch.setattr("unitscope.compute.dask_cluster.PATIENCE", 1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        with (
            pytest.raises(UnitscopeError, match=f"no Dask scheduler answers at {address} .*check"),
            open_pool(f"dask:{address}"),
        ):
            pass


def test_no_worker_is_said_and_one_that_comes_is_used(make_run, tmp_path):
    run = make_run(*arrays())
    cluster = Cluster(tmp_path)
    calls = []

    def start_late(doing, done, total):
        calls.append(done)
        if len(calls) == 3:  # after a second in which nobody came
            cluster.worker()

    try:
        with pytest.warns(UnitscopeWarning, match="has no workers; waiting for some to connect") as warned:
            measure_run(run, on=cluster.on, progress=start_late)
    finally:
        cluster.stop()
    assert len(warned) == 1
    assert run.tables == ["selectivity"]


def test_workers_without_unitscope_are_named(tmp_path):
    cluster = Cluster(tmp_path)
    old = tmp_path / "old" / "unitscope"
    old.mkdir(parents=True)
    (old / "__init__.py").touch()
    (old / "version.py").write_text("__version__ = '0.0'")
    cluster.worker(PYTHONPATH=str(old.parent))
    cluster.wait(1)
    try:
        with (
            pytest.raises(UnitscopeError, match=r"the Dask worker tcp://.* has 0\.0; install Unitscope"),
            open_pool(cluster.on),
        ):
            pass
    finally:
        cluster.stop()
