"""Shares of a recording: which one a process has, and what several make that know nothing of each other."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import SETTINGS, assert_same_recording, python

from unitscope.compute import Shard, cut, find_shard
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.run import Layer, Manifest, create_run, open_run, read_status


@given(st.integers(0, 50), st.integers(1, 60))
def test_shards_are_all_of_the_work_and_share_none(n_blocks, count):
    shares = [list(Shard(number, count).blocks(n_blocks)) for number in range(1, count + 1)]
    assert list(chain(*shares)) == list(range(n_blocks))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert list(chain(*cut(range(n_blocks), count))) == list(range(n_blocks))
    assert all(map(len, cut(range(n_blocks), count)))


PLACES = {"COUNT": "4", "MIN": "2", "MAX": "8", "STEP": "2"}
ARRAY = {f"SLURM_ARRAY_TASK_{name}": value for name, value in PLACES.items()}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({**ARRAY, "SLURM_ARRAY_TASK_ID": "2"}, (1, 4)),
        ({**ARRAY, "SLURM_ARRAY_TASK_ID": "8"}, (4, 4)),
        ({"RANK": "2", "WORLD_SIZE": "3"}, (3, 3)),
        ({**ARRAY, "SLURM_ARRAY_TASK_ID": "4", "RANK": "1", "WORLD_SIZE": "2"}, (4, 8)),
    ],
)
def test_the_environment_tells_the_shard(environment, expected):
    assert find_shard("auto", environment) == Shard(*expected)


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("3", {}, "--shard 3 is not a shard; write for instance 3/16, or auto"),
        ("0/4", {}, "--shard 0/4 does not exist: shards are counted from 1 to 4"),
        ("5/4", {}, "--shard 5/4 does not exist"),
        ("auto", {}, "found neither SLURM_ARRAY_TASK_ID nor RANK and WORLD_SIZE"),
        ("auto", {"RANK": "1", "WORLD_SIZE": "x"}, "needs WORLD_SIZE as a whole number, but it is x"),
        ("auto", {"RANK": "4", "WORLD_SIZE": "4"}, "RANK 4 of 4, but"),
        ("auto", {**ARRAY, "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3"}, "cannot count the tasks"),
    ],
)
def test_what_is_no_shard(text, environment, message):
    with pytest.raises(UnitscopeError, match=message):
        find_shard(text, environment)


def test_many_processes_may_make_the_run_at_once(tmp_path):
    manifest = Manifest(identity={"a": 1}, layers=(Layer("fc", 3),), n_items=4, block_items=2)
    items = pd.DataFrame({"item_id": list("abcd"), "uri": list("abcd"), "label": [0, 0, 1, 1]})
    classes = pd.DataFrame({"class": ["x", "y"], "name": ["x", "y"]})
    with ThreadPoolExecutor(16) as threads:
        made = [threads.submit(create_run, tmp_path / "run", manifest, items, classes) for _ in range(16)]
    assert {writer.result().manifest.n_items for writer in made} == {4}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]  # nothing of the fifteen others is left


RECORD = """
import json, sys
from unitscope.recording import RecordingSettings, record_shard
model, data, run, shard, settings = sys.argv[1:]
record_shard(model, data, run, shard, RecordingSettings(**json.loads(settings)))
"""


def test_a_shard_that_is_killed_loses_its_block_only(exact, plain, tmp_path):
    pytest.importorskip("torch")
    from unitscope.recording import RecordingSettings, record_shard

    run, marker = tmp_path / "run", tmp_path / "died"
    settings = json.dumps(SETTINGS)
    # The second half is blocks 3 to 6; item 160 begins block 5.
    killed = python(RECORD, *exact, run, "2/2", settings, DIE_AT=f"160:{marker}")
    first = python(RECORD, *exact, run, "1/2", settings)
    outputs = [process.communicate()[0] for process in (killed, first)]
    assert [killed.returncode, first.returncode] == [-9, 0], outputs
    status = read_status(run)
    missing = status.check.missing
    assert {5, 6} <= set(missing) <= {3, 4, 5, 6}  # the writer may have been at 3 or 4
    assert not status.check.damaged
    by = {worker.process: worker.blocks for worker in status.workers}
    assert by[first.pid] == [0, 1, 2]
    assert by.get(killed.pid, []) == [block for block in (3, 4) if block not in missing]
    with pytest.raises(UnitscopeError, match=r"not finished \(missing blocks of 7: [3-5]-6\)"):
        open_run(run)
    assert record_shard(*exact, run, "2/2", RecordingSettings(**SETTINGS)).check.to_do == []
    assert read_status(run).next_step == f"unitscope measure {run}"
    assert_same_recording(plain, open_run(run))


def test_more_shards_than_blocks(exact, plain, tmp_path):
    pytest.importorskip("torch")
    from unitscope.recording import RecordingSettings, record_shard

    with pytest.warns(UnitscopeWarning, match="shard 1/8 has nothing to do: the run has 7 blocks"):
        status = record_shard(*exact, tmp_path / "run", "1/8", RecordingSettings(**SETTINGS))
    assert status.check.finished == []


def test_predictions_not_gathered_are_gathered_on_opening(exact, plain, tmp_path):
    from places import copy

    from unitscope.run.files import write_parquet

    run = copy(plain, tmp_path / "run")
    # As it is when two processes finish at once, neither seeing the other's last block.
    write_parquet(run.directory / "items.parquet", run.items.drop(columns=["predicted", "correct", "probability"]))
    assert not read_status(run.directory).gathered
    assert_same_recording(plain, open_run(run.directory))
    assert read_status(run.directory).gathered


def test_the_printed_script_runs_the_shards_of_an_array(exact, tmp_path):
    pytest.importorskip("torch")
    command = Path(sys.executable).with_name("unitscope")
    words = ["record", *exact, "my run", "--layers", "hidden", "-D", "n=8200", "--batch-size", "512", "--workers", "0",
             "--device", "cpu"]  # fmt: skip
    script = subprocess.run(
        [command, *words, "--print-slurm", "2"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert "#SBATCH --array=1-2\n" in script
    assert not (tmp_path / "my run").exists()
    (tmp_path / "job.sh").write_text(script)
    jobs = [
        subprocess.Popen(
            ["bash", tmp_path / "job.sh"],
            env={**os.environ, "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": number},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for number in ("1", "2")
    ]  # fmt: skip
    outputs = [job.communicate()[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], outputs
    run = open_run(tmp_path / "my run")
    assert run.manifest.n_blocks == 2
    assert [worker.job for worker in read_status(run.directory).workers] == ["slurm 7_1", "slurm 7_2"]
    assert run.items["predicted"].between(0, 2).all()
    shown = subprocess.run([command, "status", "my run"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "2 of 2 blocks, 8,200 of 8,200 items" in shown.stdout
    assert "slurm 7_2" in shown.stdout
    assert "next: unitscope measure 'my run'" in shown.stdout


HOLD = """
import sys
from pathlib import Path
from unitscope.run import Manifest, RunWriter
with RunWriter(Path(sys.argv[1]), Manifest.read(Path(sys.argv[1]))).claim_blocks([0, 1, 2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_blocks_that_another_command_records_are_not_recorded_twice(exact, plain, tmp_path):
    pytest.importorskip("torch")
    from unitscope.recording import RecordingSettings, record, record_shard

    run = tmp_path / "run"
    with pytest.warns(UnitscopeWarning, match="nothing to do"):
        record_shard(*exact, run, "1/8", RecordingSettings(**SETTINGS))  # makes the run, records nothing
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    try:
        with pytest.raises(UnitscopeError, match=r"another process records the blocks 0-2 of .* now; wait until"):
            record_shard(*exact, run, "1/2", RecordingSettings(**SETTINGS))
        assert read_status(run).check.finished == []
        with pytest.raises(UnitscopeError, match=r"another process records the blocks 0-2 of .* now; wait until"):
            record(*exact, run, **SETTINGS)
        assert read_status(run).check.finished == [3, 4, 5, 6]  # the blocks that nobody records
        with pytest.raises(UnitscopeError, match=r"another process records the blocks 0-2 of .* now; wait until"):
            record(*exact, run, on="local:1", **SETTINGS)
        record_shard(*exact, run, "2/2", RecordingSettings(**SETTINGS))  # its blocks are done
    finally:
        other.kill()
        other.communicate()
    assert_same_recording(plain, record(*exact, run, **SETTINGS))
