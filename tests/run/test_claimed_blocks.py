"""Blocks of a recording belong to one process at a time, as long as it lives."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.run import Layer, Manifest, create_run, open_run
from unitscope.run.lock import claim

HOLD = """
import sys
from pathlib import Path
from unitscope.run import Manifest, RunWriter
directory, blocks = Path(sys.argv[1]), [int(number) for number in sys.argv[2:]]
with RunWriter(directory, Manifest.read(directory)).claim_blocks(blocks) as own:
    print(*own, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path):
    manifest = Manifest(identity={}, layers=(Layer("fc", 3),), n_items=20, block_items=4, predictions=False)
    items = pd.DataFrame({"item_id": [str(i) for i in range(20)], "uri": "", "label": 0})
    return create_run(tmp_path / "run", manifest, items, pd.DataFrame({"class": ["a"], "name": ["a"]}))


@pytest.fixture
def hold():
    """Start processes that claim blocks and keep them."""
    started = []

    def start(writer, *blocks):
        words = [sys.executable, "-c", HOLD, str(writer.directory), *map(str, blocks)]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, [int(number) for number in process.stdout.readline().split()]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def fill(writer, blocks):
    for block in blocks:
        writer.write_block(block, {"fc": np.full((3, 4), block, np.float32)})


def test_blocks_of_another_process_are_left_to_it(writer, hold):
    _, held = hold(writer, 0, 1)
    assert held == [0, 1]
    _, others = hold(writer, 1, 2)  # shards over other blocks run at the same time
    assert others == [2]
    with writer.claim_blocks() as own:
        assert own == [3, 4]
        fill(writer, own)
    assert not writer.finish()
    with pytest.raises(UnitscopeError, match=r"another process is recording blocks 0-2 of .*; wait until"):
        writer.refuse_unfinished()
    writer.refuse_unfinished([3, 4])


def test_a_claim_ends_with_its_process_however_it_ends(writer, hold):
    process, held = hold(writer, 0, 1, 2, 3, 4)
    assert held == [0, 1, 2, 3, 4]
    process.kill()  # SIGKILL
    process.wait()
    with writer.claim_blocks() as own:
        assert own == [0, 1, 2, 3, 4]
        _, others = hold(writer, 0)
        assert others == []
        fill(writer, own)
    assert writer.finish()
    assert open_run(writer.directory).activations("fc")[0].tolist() == [block for block in range(5) for _ in range(4)]


def test_only_what_is_missing_or_damaged_is_to_do(writer):
    fill(writer, [0, 1, 3])
    shard = writer.directory / "activations.zarr" / "fc" / "c" / "1" / "0"
    content = bytearray(shard.read_bytes())
    content[0] ^= 1
    shard.write_bytes(content)
    seen = []
    with writer.claim_blocks([1, 2, 3], lambda *told: seen.append(told)) as own:
        assert own == [1, 2]
    assert seen == [("verifying blocks", 1, 2), ("verifying blocks", 2, 2)]


def test_a_file_system_without_locks_is_said(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("unitscope.run.lock.fcntl.lockf", refuse)
    with (
        pytest.warns(UnitscopeWarning, match="claims cannot be locked .No locks available"),
        claim(tmp_path / "claims", [3, 4]) as own,
    ):
        assert own == [3, 4]
