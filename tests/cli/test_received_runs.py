"""What somebody sends can neither run code on its reader's machine nor control the terminal."""

import contextlib
import json
import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.selectivity import measure_run

LABELS = np.arange(40) % 2
EVIL = "\x1b]0;owned\x07[link=http://evil]emu[/link]\nnext: rm [/oops] $\\foo$ :cat: \u202e"


@pytest.fixture
def received(make_run, tmp_path):
    """Return a measured run whose ``run.json`` names a command of the operating system as its data."""
    values = np.random.default_rng(0).exponential(size=(40, 2))
    values[:, 0] += 9 * LABELS
    run = make_run({"fc[bold]": values}, LABELS, class_names=["cat", EVIL])
    measure_run(run)
    path = run.directory / "run.json"
    content = json.loads(path.read_text())
    content["provenance"]["data"] = {"spec": "py:os:system", "options": {"command": f"touch {tmp_path / 'pwned'}"}}
    path.write_text(json.dumps(content))
    return run.directory


def unitscope(*arguments, cwd, status=0):
    with contextlib.chdir(cwd), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = main.show_warning
        done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


COMMANDS = {
    "report": ["report"],
    "reproduce": ["reproduce", "page"],
    "examples": ["figure", "examples", "fc[bold]:0", "-o", "examples.png"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_code_that_a_run_names_is_not_run_without_trust(command, received, tmp_path):
    words = COMMANDS[command]
    words = [*words[:1], received, *words[1:]] if words[0] != "figure" else [*words[:2], received, *words[2:]]
    done = unitscope(*words, cwd=tmp_path)
    assert not (tmp_path / "pwned").exists()
    assert "there are no pictures of items: " in done.stderr
    assert "names py:os:system (command='touch " in done.stderr
    assert "add --trust (trust=True in Python)" in done.stderr
    if command == "report":
        html = (received / "report.html").read_text()
        assert "There are no pictures of items: " in html
        assert "[/oops] $\\foo$ :cat:" in html


def test_trust_allows_it(received, tmp_path):
    unitscope("figure", "examples", received, "fc[bold]:0", "--trust", cwd=tmp_path)
    assert (tmp_path / "pwned").exists()


def test_items_can_be_given_again(received, tmp_path):
    words = "report", received, "--items-from", "demo:"
    done = unitscope(*words, "-D", "n=120", cwd=tmp_path, status=2)
    assert "demo: are not the items of the run" in done.stderr
    assert "-D says how to load --items-from" in unitscope(*words[:2], "-D", "n=120", cwd=tmp_path, status=2).stderr


def test_names_are_only_text_on_the_terminal(received, tmp_path):
    done = unitscope("measure", received, cwd=tmp_path)
    assert "\\x1b]0;owned\\x07[link=http://evil]emu[/link]\\nnext: rm [/oops] $\\foo$ :cat: \\u202e" in done.stdout
    assert "fc[bold]:0" in done.stdout
    assert "\x1b" not in done.output
    assert "\x07" not in done.output
    wrong = unitscope("figure", "jitter", received, "fc[bold]:0", "--class", "\x1b[31m", cwd=tmp_path, status=2)
    assert "\x1b" not in wrong.output
