"""``unitscope dissect`` from the command line: what it prints, and one sentence for what cannot be."""

import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.exchange import import_file


def unitscope(*arguments, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    pytest.importorskip("torch")
    from unitscope import load_data, record

    place = tmp_path_factory.mktemp("run") / "run"
    record("demo:", load_data("demo:", n=64), place, layers="conv5,fc6", workers=0)
    return place


def test_it_prints_detectors_and_the_next_command(run):
    done = unitscope("dissect", run, "--concepts", "demo:", "-C", "n=64", "--workers", 0)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "256 units"
    assert lines[1].startswith("measure median highest unit held out")
    assert lines[3].startswith(
        "64 images of demo:, 79 concepts; detectors are units of an intersection over union above"
    )
    assert lines[4] == "layer detectors concepts object part colour texture background"
    assert [line.split()[0] for line in lines[5:7]] == ["conv5", "fc6"]
    assert lines[-1] == f"next: unitscope measure {run}"
    assert "tables: dissection" in unitscope("status", run).stdout


def test_it_prints_how_far_concepts_and_classes_agree(run, tmp_path):
    from unitscope.figures import concept_agreement
    from unitscope.run import open_run

    copy = shutil.copytree(run, tmp_path / "run")
    unitscope("measure", copy)
    dissect = ("dissect", copy, "--concepts", "demo:", "-C", "n=64", "--workers", 0)
    lines = [" ".join(line.split()) for line in unitscope(*dissect).stdout.splitlines()]
    first = lines.index("measure conv5 fc6")
    assert "one of the 16 that are concepts" in lines[first - 1]
    counts = concept_agreement(open_run(copy), ["auc"]).frame().query("among == 'units'")
    conv5 = counts[counts["layer"] == "conv5"].iloc[0]
    by_chance = f"{conv5['chance'] * conv5['could_agree']:.0f}"
    assert f"Area under the ROC curve {conv5['agree']} of {conv5['could_agree']} ({by_chance}) -" in lines  # fc6: none
    assert lines[-1] == f"next: unitscope report {copy}"
    classes = pd.read_parquet(copy / "classes.parquet")
    classes.assign(**{"class": "no " + classes["class"], "name": "no " + classes["name"]}).to_parquet(
        copy / "classes.parquet"
    )
    assert "concepts are not compared with classes: no class of" in unitscope(*dissect).stdout


def test_a_stopped_dissection_is_the_next_step(run, monkeypatch):
    def stop(*given, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("unitscope.dissection.workers.TallyWorker._add", stop)
        unitscope("dissect", run, "--concepts", "demo:", "-C", "n=40", "--workers", 0, status=130)
    status = unitscope("status", run).stdout
    assert f"unitscope dissect {run} --concepts demo: -C n=40 --workers 0" in status
    unitscope("dissect", run, "--concepts", "demo:", "-C", "n=40", "--workers", 0)
    assert f"next: unitscope measure {run}" in unitscope("status", run).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--concepts'"),
        (["--concepts", "nowhere:x"], "no concept scheme 'nowhere'; the schemes are broden:, masks:, demo:"),
        (["--concepts", "broden:nodir"], "there is no directory 'nodir'; give the one that holds images/"),
        (["--concepts", "masks:nodir"], "there is no directory 'nodir'"),
        (["--concepts", "demo:", "-C", "foo=1"], "takes no option 'foo'; its options are n, seed, split"),
        (["--concepts", "demo:", "-C", "n"], "the option 'n' is not KEY=VALUE"),
        (["--concepts", "demo:", "-C", "n=many"], "many"),
        (["--concepts", "demo:", "-C", "n=8", "--device", "tpu"], "tpu"),
        (["--concepts", "demo:", "-C", "n=8", "--network", "nowhere:x"], "nowhere"),
    ],
)
def test_mistakes_are_one_sentence(run, arguments, message):
    done = unitscope("dissect", run, *arguments, status=2)
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def test_options_of_the_concepts_are_not_taken_for_those_of_the_command(run):
    done = unitscope("dissect", run, "--concepts", "demo:", "-C", "batch_size=3", status=2)
    assert "takes no option 'batch_size'; its options are n, seed, split" in done.stderr


def test_runs_without_network_say_how_to_give_it(tmp_path):
    pytest.importorskip("torch")
    np.savez(tmp_path / "rates.npz", V1=np.random.default_rng(0).random((6, 3)), labels=list("aabbcc"))
    import_file(tmp_path / "rates.npz", tmp_path / "run")
    done = unitscope("dissect", tmp_path / "run", "--concepts", "demo:", "-C", "n=8", status=2)
    assert "--network" in done.stderr
    assert not list((tmp_path / "run" / "tables").glob("*"))


def test_figures_say_which_command_is_missing(tmp_path):
    np.savez(tmp_path / "rates.npz", V1=np.random.default_rng(0).random((6, 3)), labels=list("aabbcc"))
    import_file(tmp_path / "rates.npz", tmp_path / "run")
    done = unitscope("figure", "dissection", tmp_path / "run", status=2)
    assert "has no dissection; run `unitscope dissect --concepts SPEC" in done.stderr
