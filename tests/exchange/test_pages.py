"""What the pages of the documentation say happens."""

import contextlib
import io
import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unitscope.cli import main

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page):
    """Yield the page's fenced blocks: language and content."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def squash(line):
    return " ".join(line.split())


def assert_in_order(expected, output):
    """Check that the lines of the page came out in this order; ``...`` stands for any."""
    lines = iter(squash(line) for line in output.splitlines())
    for line in filter(None, map(squash, expected)):
        assert line == "..." or line in lines, f"{line!r} is not in, or not in this place of:\n{output}"


def run_command(line):
    done = CliRunner(env={"COLUMNS": "150"}).invoke(main.app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    "page",
    [
        "import-export.md",
        "neurons.md",
        "architecture.md",
        "statistics.md",
        "features.md",
        "concepts.md",
        "dissection.md",
        "ablation.md",
        "superposition.md",
    ],
)
@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_every_example_of_the_page_is_true(page, tmp_path):
    for module in ("h5py", "anndata", "torch"):
        pytest.importorskip(module)
    names, printed = {}, ""
    for data in (DOCS / "examples").glob("*.csv"):
        shutil.copy(data, tmp_path)
    with contextlib.chdir(tmp_path):
        for language, content in blocks(page):
            if language == "python":
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    exec(content, names)
                printed = out.getvalue()
            elif language == "console":
                for command, *expected in (part.splitlines() for part in content.split("$ ")[1:]):
                    assert_in_order([line for line in expected if not line.startswith("warning")], run_command(command))
            elif not language:
                assert_in_order(content.splitlines(), printed)


def test_the_picture_of_selection_bias_can_be_drawn(tmp_path, monkeypatch):
    script = runpy.run_path(str(DOCS / "examples" / "selection_bias.py"))
    monkeypatch.setitem(script["main"].__globals__, "CLASSES", (2, 4))
    script["main"](str(tmp_path / "picture.png"))
    assert (tmp_path / "picture.png").stat().st_size > 10_000
