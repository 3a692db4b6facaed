"""Figures and the page on the paper from the command line: what is written, and one sentence for what cannot be."""

import shutil

import numpy as np
import pandas as pd
import pytest
from numba.core import event
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.cli.show import progress_bar
from unitscope.run import open_run
from unitscope.selectivity import measure_run

FIGURES = ["boxplots", "jitter", "histogram", "examples", "fits", "constructed", "correlations", "top-units",
           "class-set", "roc", "disagreement"]  # fmt: skip
OF_UNIT = ("jitter", "histogram", "examples", "fits", "roc")


def unitscope(*arguments, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


def arguments_of(name, run):
    if name in OF_UNIT:
        return [name, run, "fc6:0"]
    return [name, *([] if name == "constructed" else [run]), *(["--class", "cat"] if name == "class-set" else [])]


@pytest.fixture(scope="module")
def measured(make_shared_run):
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    values = np.where(rng.random((120, 3)) < 0.3, 0, rng.exponential(size=(120, 3))) + (labels == 0)[:, None]
    made = make_shared_run({"fc6": values}, labels, class_names=["cat", "dog", "emu"])
    measure_run(made)
    return made.directory


@pytest.fixture
def run(measured, tmp_path):
    return shutil.copytree(measured, tmp_path / "run")


def test_status_names_the_report_while_it_is_newer_than_the_tables(run, no_drawing):
    assert f"next: unitscope report {run}" in unitscope("status", run).stdout
    unitscope("report", run)
    assert unitscope("status", run).stdout.splitlines()[-1] == f"report: {run / 'report.html'}"
    measure_run(open_run(run))
    assert f"next: unitscope report {run}" in unitscope("status", run).stdout


def test_damage_ends_status_with_2(run):
    path = next(run.glob("arrays.zarr/selectivity/*/auc/c/0/0"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 255
    path.write_bytes(content)
    assert "damaged: " not in unitscope("status", run).stdout  # sizes are as they were
    done = unitscope("status", run, "--verify", status=2)
    assert f"next: unitscope measure {run}" in done.stdout
    assert "verified" not in done.stdout


def test_examples_of_a_run_without_a_source_say_what_is_missing(run):
    done = unitscope("figure", "examples", run, "fc6:0")
    assert "no pictures: the run" in done.stderr
    assert "give them with --items-from" in done.stderr


def test_compiling_is_said_once(capsys):
    with progress_bar():
        for _ in range(2):
            with event.trigger_event("numba:compile"):
                pass
    assert capsys.readouterr().err.count("compiling, once after installation") == 1


def test_a_file_that_is_removed_meanwhile_is_one_sentence(run, monkeypatch):
    def remove_first(*arguments, **options):
        (run / "gone.zarr").read_bytes()

    monkeypatch.setattr("unitscope.figures.save_figure", remove_first)
    done = unitscope("figure", "jitter", run, "fc6:0", status=2)
    assert done.stderr.startswith(f"unitscope: {run / 'gone.zarr'} was removed while this command ran")


def test_every_figure_is_listed():
    text = unitscope("figure", "--help").stdout
    assert all(f" {name} " in text for name in FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_written_with_its_numbers(run, tmp_path, name):
    done = unitscope("figure", *arguments_of(name, run), "-o", tmp_path / "f.svg", "--data")
    assert done.stdout.split() == [str(tmp_path / "f.svg"), str(tmp_path / "f.csv")]
    assert "<svg" in (tmp_path / "f.svg").read_text()
    assert len(pd.read_csv(tmp_path / "f.csv"))


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "constructed"])
def test_without_an_option_it_goes_into_the_run(run, name):
    done = unitscope("figure", *arguments_of(name, run))
    assert (run / "images").is_dir()
    assert done.stdout.strip().startswith(str(run / "images"))
    assert done.stdout.strip().endswith(".png")


WRONG = [
    *((name, "fc6:9", (), "its units are 0 to 2") for name in OF_UNIT),
    *((name, "fc7:0", (), "has no layer fc7 (did you mean 'fc6'") for name in OF_UNIT),
    *((name, "6", (), "'6' is not a unit; write LAYER:INDEX") for name in OF_UNIT),
    *((name, "fc6:0", ("--class", "cta"), "no class cta (did you mean 'cat'") for name in OF_UNIT),
    *((name, "fc6:0", ("--items", "correct"), "was made with all items") for name in OF_UNIT),
    ("class-set", None, ("--class", "dgo"), "did you mean 'dog'"),
    ("class-set", None, ("--class", "dog", "--units", "fc6:0,fc6:7"), "its units are 0 to 2"),
    ("boxplots", None, ("--measures", "ccmass"), "there is no measure ccmass (did you mean 'ccmas'"),
    ("correlations", None, ("--measures", "ccmas"), "name two measures or more"),
    ("top-units", None, ("--measures", "layer"), "the column layer is of the kind text, which cannot"),
    ("disagreement", None, ("--measures", "auc"), "names 1 measures; name two"),
]


@pytest.mark.parametrize(("name", "unit", "more", "message"), WRONG)
def test_what_cannot_be_drawn_is_one_sentence(run, tmp_path, name, unit, more, message):
    done = unitscope("figure", name, run, *([unit] if unit else []), *more, "-o", tmp_path / "f.png", status=2)
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "f.png").exists()


def test_reproduce_says_how_many_claims_hold(run, no_drawing, tmp_path):
    done = unitscope("reproduce", run, tmp_path / "page")
    words = dict(line.split(": ") for line in done.stdout.strip().splitlines())
    assert sum(int(words[word]) for word in ("Holds", "Does not hold", "Cannot be tested here")) == 29
    assert (tmp_path / "page" / "index.html").is_file()
    assert (tmp_path / "page" / "index.md").is_file()


def test_reproduce_into_a_file_is_one_sentence(run, tmp_path):
    (tmp_path / "taken").write_text("")
    done = unitscope("reproduce", run, tmp_path / "taken", status=2)
    assert str(tmp_path / "taken") in done.stderr
    assert "Traceback" not in done.stderr
