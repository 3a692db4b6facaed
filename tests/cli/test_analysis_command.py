"""A command for an analysis is one function: a toy analysis gets progress, resume, a summary and the next command."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from unitscope.analysis import Part, add_table, put_together
from unitscope.cli.analysis import run_analysis
from unitscope.cli.main import Commands
from unitscope.cli.options import RunPath
from unitscope.columns import Column
from unitscope.run import open_run, read_status, unit_blocks


@dataclass(frozen=True)
class Peaks:
    """The largest activation of each unit as a share of `most`, and the class of the item."""

    most: float
    stop_at: str = ""
    table: str = "peaks"
    doing: str = "finding peaks"

    def columns(self, run):
        peak = Column("peak", "Peak", "largest activation", links={"class": "of"})
        p = Column("peak_q", "Peak: q", "q", kind="probability")
        return [Column("unit", "Unit", "id", kind="text"), peak, Column("of", "Of", "class", kind="class"), p]

    def arrays(self, run):
        return []

    def parameters(self, run):
        return {"items": "all", "n_items": run.manifest.n_items, "most": self.most}

    def blocks(self, run):
        return list(unit_blocks(run.layers, 1))

    def open(self, run, threads):
        self_ = self

        class Worker:
            def read(self, block):
                return run.activations(block.layer, block.first, block.last)

            def compute(self, block, data, progress):
                if block.name == self_.stop_at:
                    raise KeyboardInterrupt
                classes = run.classes["class"].to_numpy()[run.labels[data.argmax(1)]]
                columns = {"unit": [f"{block.layer}:{block.first}"], "peak": data.max(1) / self_.most, "of": classes}
                return Part(pd.DataFrame({**columns, "peak_q": 0.01}))

        return Worker()

    def gather(self, run, parts):
        return put_together(parts)


STOP = {"at": ""}
app = typer.Typer(cls=Commands)


@app.command()
def peaks(context: typer.Context, run: RunPath, most: float = 1.0) -> None:
    """Find peaks."""
    run_analysis(context, run, "peaks", partial(add_table, analysis=Peaks(most, STOP["at"])))


@app.command()
def other() -> None:
    """Do nothing: a second command, so that the first is named on the command line."""


def unitscope(*words, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*map(str, words)])
    assert done.exit_code == status, done.output
    return done


@pytest.fixture
def run(make_run):
    return make_run({"fc": np.array([[1, 4.0], [2, 3], [0, 1]])}, [0, 1, 1], class_names=["cat", "dog"])


def test_it_prints_a_summary_by_links_and_what_to_run_next(run):
    done = unitscope("peaks", run.directory, "--most", "4")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["2", "units,", "3", "items", "(all)"]
    assert lines[1] == ["measure", "median", "highest", "unit", "class", "units,", "q", "<", ".05"]
    assert lines[2] == ["Peak", "0.750", "1.000", "fc:1", "cat", "2"]
    assert lines[-1] == f"next: {read_status(run.directory).next_step}".split()
    assert "finding peaks" in done.stderr
    assert open_run(run.directory).table("peaks")["peak"].tolist() == [0.5, 1]


def test_a_stopped_analysis_is_continued_by_the_command_that_status_advises(run, monkeypatch):
    monkeypatch.setitem(STOP, "at", "00000001")
    unitscope("peaks", run.directory, "--most", "4", status=130)
    step = read_status(run.directory).next_step
    assert step == f"unitscope peaks {run.directory} --most 4"
    monkeypatch.setitem(STOP, "at", "")
    unitscope(*step.split()[1:])
    assert read_status(run.directory).unfinished == []


def test_errors_are_one_sentence(tmp_path):
    done = unitscope("peaks", tmp_path / "nowhere", status=2)
    assert "nowhere is not a run" in done.stderr
    assert "Traceback" not in done.stderr
