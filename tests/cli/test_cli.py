"""The command line as a user meets it: its output and its exit status."""

import contextlib
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.run import open_run

pytest.importorskip("torch")

COMMAND = Path(sys.executable).with_name("unitscope")


def unitscope(*arguments, cwd=".", status=0):
    """Run the command in this process, which saves importing PyTorch each time; check its exit status."""
    with contextlib.chdir(cwd), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = main.show_warning
        done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def process(*arguments, cwd, status=0):
    """Run the command in a process of its own."""
    done = subprocess.run([str(COMMAND), *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Record the demo's network on a few scenes."""
    folder = tmp_path_factory.mktemp("cli")
    unitscope("record", "demo:", "demo:", "run", "--layers", "fc6,fc8", "-D", "n=160", "--workers", "0", cwd=folder)
    return folder


def one_sentence(done):
    """Return the error, which is one line on standard error after any progress bars."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("unitscope: ")]
    assert len(lines) == 1
    return lines[0]


def test_help_names_every_command():
    text = unitscope("--help").stdout
    for command in (
        "demo",
        "layers",
        "record",
        "import",
        "export",
        "measure",
        "compare",
        "superclasses",
        "figure",
        "report",
    ):
        assert re.search(rf"\b{command}\b", text)


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", unitscope("--version").stdout)


def test_layers_of_the_demo():
    text = unitscope("layers", "demo:").stdout
    assert re.search(r"conv5 .* 64 x 8 x 8 +64 +1", text)
    assert "preprocessing: RGB;" in text
    assert "fc8: has values below zero: this is before the activation function" in text


def test_record_says_what_it_will_write_and_the_same_command_again_is_done(recorded):
    arguments = ("record", "demo:", "demo:", "run", "--layers", "fc6,fc8", "-D", "n=160", "--workers", "0")
    done = unitscope(*arguments, cwd=recorded)
    assert re.search(r"fc6 +192 +- +122.9 kB", done.stdout)
    assert "160 items in 1 block of 8,192" in done.stdout
    assert "correctly classified" in done.stdout


def test_measure_then_figure_then_report(recorded, no_drawing):
    done = unitscope("measure", "run", cwd=recorded)
    assert "208 units" in done.stdout
    assert "16 units of fc8 have negative activations" in done.stderr
    unitscope("figure", "jitter", "run", "fc6:7", "--output", "j.svg", cwd=recorded)
    assert (recorded / "j.svg").read_text().startswith("<?xml")
    done = unitscope("figure", "jitter", "run", "fc6:7", cwd=recorded)
    assert (recorded / done.stdout.strip()).is_file()
    unitscope("report", "run", "-o", "r.html", cwd=recorded)
    assert "Maximum informedness" in (recorded / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("measure", "nowhere"), "nowhere is not a run"),
        (("figure", "jitter", "run", "fc9:1"), "no layer fc9"),
        (("figure", "jitter", "run", "fc6:1", "--class", "cta"), "did you mean 'cat'"),
        (("figure", "jitter", "run", "fc6:1", "-o", "x.gif"), "no known kind of picture"),
        (("measure", "run", "--items", "some"), "items must be 'correct' or 'all'"),
        (("record", "demo:", "demo:", "run", "--layers", "fc7", "-D", "n=160"), "holds another run"),
        (("record", "demo:", "folder:nothing", "other", "--layers", "fc7"), "nothing"),
        (("record", "dmeo:", "demo:", "other", "--layers", "fc7"), "demo:"),
        (("record", "demo:", "demo:", "other", "--layers", "fc7", "-D", "speed=3"), "speed"),
        (("record", "demo:", "demo:", "other", "--layers", "fc7", "-M", "speed=3"), "speed"),
        (("record", "demo:", "demo:", "other", "--layers", "fc77"), "did you mean 'fc7'"),
        (("record", "demo:", "demo:", "other", "--layers", "fc7", "-D", "n"), "KEY=VALUE"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(recorded, arguments, message):
    if arguments[0] == "figure" and not (recorded / "run" / "tables" / "selectivity.parquet").exists():
        unitscope("measure", "run", cwd=recorded)
    assert message in one_sentence(unitscope(*arguments, cwd=recorded, status=2))
    assert not (recorded / "other").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("measure", "run", "--seed", "-1", "--permutations", "2"),
        ("measure", "run", "--threads", "0"),
        ("record", "demo:", "demo:", "other", "--layers", "fc7", "--workers", "-1"),
        ("superclasses", "run", "--at-least", "1"),
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(recorded, arguments):
    assert "Invalid value" in unitscope(*arguments, cwd=recorded, status=2).stderr
    assert not (recorded / "other").exists()


@pytest.mark.parametrize("options", [("--reduction", "median"), ("--layers", "fc9"), ("--label-map", "none.csv")])
def test_a_slip_in_an_option_is_said_before_items_are_checked(recorded, options):
    layers = () if "--layers" in options else ("--layers", "fc7")
    done = unitscope("record", "demo:", "demo:", "other", *layers, *options, "-D", "n=32", cwd=recorded, status=2)
    assert "checking items" not in done.stderr
    (recorded / "file").write_text("")
    done = unitscope("record", "demo:", "demo:", "file", "--layers", "fc7", "-D", "n=32", cwd=recorded, status=2)
    assert "file is neither a run nor empty" in one_sentence(done)
    assert "checking items" not in done.stderr


def test_chance_intervals_and_class_sets(recorded):
    classes = open_run(recorded / "run").classes["class"].tolist()
    pair = f"pair={classes[0]},{classes[1]}"
    options = ("--class-set", pair, "--only-class-sets", "--permutations", "19")
    shown = unitscope("measure", "run", *options, cwd=recorded).stdout
    for text in (
        "class set pair: 2 classes",
        "median by chance",
        "units, q < .05",
        "held out",
        "95 % interval",
        " to ",
    ):
        assert text in shown, text
    wrong = one_sentence(unitscope("measure", "run", "--class-set", "pair=cta", cwd=recorded, status=2))
    assert "class set pair contains cta, which is not a class of this run" in wrong
    none = one_sentence(unitscope("superclasses", "run", cwd=recorded, status=2))
    assert "they need WordNet ids" in none


def test_a_trained_and_an_untrained_network_side_by_side(recorded):
    sets = ("demo:", "other", "--layers", "fc6,fc8", "-D", "n=160", "--workers", "0", "-M", "untrained=true")
    unitscope("record", "demo:", *sets, cwd=recorded)
    for run in ("run", "other"):
        unitscope("measure", run, "--items", "all", cwd=recorded)
    shown = unitscope("compare", "run", "other", "--layer", "fc8", "--data", "both.csv", cwd=recorded).stdout
    assert "fc8: 16 and 16 units" in shown
    assert "fc6" not in shown
    assert "Area under the ROC curve" in shown
    numbers = pd.read_csv(recorded / "both.csv").set_index(["layer", "measure"])
    # What training teaches: the outputs of the trained network tell classes apart, those of fresh weights do not.
    assert numbers.loc[("fc8", "auc_held_out"), "superiority"] > 0.9
    (recorded / "folder.csv").mkdir()
    wrong = one_sentence(unitscope("compare", "run", "other", "--data", "folder.csv", cwd=recorded, status=2))
    assert "folder.csv cannot be written to" in wrong
    assert "no layer fc9" in one_sentence(
        unitscope("compare", "run", "other", "--layer", "fc9", cwd=recorded, status=2)
    )


def test_recording_without_storing_and_what_follows(tmp_path):
    arguments = ("record", "demo:", "demo:", "r", "--layers", "fc8", "-D", "n=160", "--workers", "0", "--no-store")
    done = unitscope(*arguments, "--bins-per-octave", "32", cwd=tmp_path)
    assert re.search(r"correct items are counted in 32 bins per octave, not stored: about .* of memory", done.stdout)
    done = unitscope("measure", "r", cwd=tmp_path)
    assert re.search(r"Sensitivity index d' .* exact", done.stdout)
    assert re.search(r"Area under the ROC curve .* 0\.\d{3}\n", done.stdout)
    unitscope("report", "r", cwd=tmp_path)
    for command in (("figure", "jitter", "r", "fc8:0"), ("export", "r", "-o", "out.npz"),
                    ("measure", "r", "--permutations", "5")):  # fmt: skip
        assert "without --no-store" in one_sentence(unitscope(*command, cwd=tmp_path, status=2))
    assert not (tmp_path / "out.npz").exists()
    sentence = one_sentence(
        unitscope(*arguments[:3], "s", *arguments[4:], "--memory", "0.00001", cwd=tmp_path, status=2)
    )
    assert "record fewer layers" in sentence
    assert not (tmp_path / "s").exists()


def test_a_missing_argument_is_status_2():
    assert "Missing" in unitscope("record", status=2).stderr


def test_an_unmeasured_run_says_what_to_do(recorded, tmp_path):
    unitscope("record", "demo:", "demo:", tmp_path / "r", "--layers", "fc7", "-D", "n=32", "--workers", "0")
    sentence = one_sentence(unitscope("report", tmp_path / "r", status=2))
    assert f"run `unitscope measure {tmp_path / 'r'}` first" in sentence


def test_unreadable_images_are_refused_or_skipped_and_listed(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(3):
            Image.new("RGB", (64, 64), (index * 80, 0, 0)).save(tmp_path / "images" / name / f"{index}.jpg")
    (tmp_path / "images" / "b" / "1.jpg").write_bytes(b"")
    arguments = ("record", "demo:", "folder:images", "run", "--layers", "fc7", "--no-predictions", "--workers", "0")
    assert "b/1.jpg cannot be read" in one_sentence(unitscope(*arguments, cwd=tmp_path, status=2))
    assert not (tmp_path / "run").exists()
    done = unitscope(*arguments, "--skip-unreadable", cwd=tmp_path)
    assert "left out 1 unreadable item" in done.stdout
    assert (tmp_path / "run" / "skipped.parquet").is_file()


def test_the_demo_writes_a_report(no_drawing, tmp_path):
    done = unitscope("demo", "demo-run", cwd=tmp_path)
    path = Path(done.stdout.strip().splitlines()[-1].removeprefix("report: "))
    assert path.is_file()
    assert path.parent == tmp_path / "demo-run"


def test_errors_of_a_process_are_one_sentence_on_standard_error(tmp_path):
    done = process("measure", "nowhere", cwd=tmp_path, status=2)
    assert done.stdout == ""
    assert done.stderr == "unitscope: nowhere is not a run: it has no run.json; record or import one first\n"


@pytest.mark.real
def test_a_real_network_without_writing_any_python(real, tmp_path):
    model, data = f"py:{real / 'models.py'}:resnet20", f"folder:{real / 'cifar10-test'}"
    unitscope("record", model, data, "run", "--layers", "layer*.*,linear", "-D", "limit=20", cwd=tmp_path)
    done = unitscope("measure", "run", cwd=tmp_path)
    assert "346 units" in done.stdout
    unitscope("report", "run", cwd=tmp_path)
    assert (tmp_path / "run" / "report.html").stat().st_size < 5_000_000
