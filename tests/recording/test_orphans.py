"""Processes that a command started end with it, even when it is killed with ``kill -9``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DATA = """
import time
import numpy as np

class Slow:
    targets = [index % 2 for index in range(4000)]

    def __len__(self):
        return 4000

    def __getitem__(self, index):
        if index not in (0, 2000, 3999):  # these are looked at to compare labels
            time.sleep(.05)
        return np.zeros((4, 4, 3), np.uint8), index % 2
"""

CHECK = """
import sys
from unitscope.data import find_unreadable, load_data

data = load_data(f"py:{sys.argv[1]}:Slow")
print("ready", flush=True)
find_unreadable(data)
"""

LOAD = """
import sys
from unitscope.data import load_data
from unitscope.models import Inputs, cut_batches, load_batches
from unitscope.models.preprocess import steps_from_options

inputs = Inputs(load_data(f"py:{sys.argv[1]}:Slow"), steps_from_options({}))
batches = load_batches(inputs, cut_batches(range(4000), 8), workers=2)
next(batches)
print("ready", flush=True)
for batch in batches:
    pass
"""

children_listed = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="this system does not list child processes"
)


def children(process):
    """Return the numbers of a process's children."""
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_alive(process):
    """Return whether a process runs; one that nobody waited for has ended too."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until(what, seconds=60):
    """Wait for something; return whether it came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.02)
    return False


@children_listed
@pytest.mark.parametrize("script", [CHECK, LOAD], ids=["check", "load"])
def test_kill_9_leaves_no_process_behind(script, tmp_path):
    if script is LOAD:
        pytest.importorskip("torch")
    (tmp_path / "slow.py").write_text(DATA)
    words = [sys.executable, "-c", script, tmp_path / "slow.py"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as command:
        assert command.stdout.readline() == b"ready\n"
        assert wait_until(lambda: len(children(command.pid)) >= 2)
        started = children(command.pid)
        command.send_signal(signal.SIGKILL)
    try:
        assert wait_until(lambda: not any(map(is_alive, started)), seconds=20)  # PyTorch's own watch looks every 5 s
    finally:
        for process in filter(is_alive, started):
            os.kill(process, signal.SIGKILL)
