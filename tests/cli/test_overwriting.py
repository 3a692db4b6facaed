"""Only files that Unitscope wrote are written again without being asked."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from unitscope.cli import main
from unitscope.errors import UnitscopeError
from unitscope.figures import constructed, jitter, save_data, save_figure
from unitscope.report import reproduce, write_report
from unitscope.report.figures_of_paper import figures_of_paper
from unitscope.run.files import write_csv
from unitscope.selectivity import measure_run

FOREIGN = "was not written by Unitscope; choose another path, or replace it with --overwrite"


@pytest.fixture
def run(make_run):
    rng = np.random.default_rng(0)
    run = make_run({"fc6": np.maximum(rng.normal(size=(60, 4)), 0)}, np.arange(60) % 3)
    measure_run(run)
    return run


@pytest.fixture
def two_figures(monkeypatch):
    """Draw two figures of the paper instead of all."""
    name = "unitscope.report.reproduction.figures_of_paper"
    monkeypatch.setattr(name, lambda *given: list(figures_of_paper(*given))[-2:])


def unitscope(*arguments, status=0):
    done = CliRunner(env={"COLUMNS": "1000"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done.output


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_picture_is_drawn_again_but_no_other_replaced(run, tmp_path, suffix):
    from matplotlib.figure import Figure

    path = tmp_path / f"picture{suffix}"
    save_figure(jitter(run, "fc6:0"), path)
    save_figure(constructed(), path)
    for foreign in ("matplotlib", "text", "empty"):
        if foreign == "matplotlib":
            Figure().savefig(path)
        else:
            path.write_text("mine" * (foreign == "text"))
        before = path.read_bytes()
        with pytest.raises(UnitscopeError, match=FOREIGN):
            save_figure(jitter(run, "fc6:0"), path)
        assert path.read_bytes() == before
    save_figure(jitter(run, "fc6:0"), path, overwrite=True)
    save_figure(jitter(run, "fc6:0"), path)


def test_a_table_of_other_columns_is_kept(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, pd.DataFrame({"unit": ["a:0"], "auc": [0.5]}))
    write_csv(path, pd.DataFrame({"unit": ["a:1"], "auc": [0.7]}))
    with pytest.raises(UnitscopeError, match=FOREIGN):
        write_csv(path, pd.DataFrame({"unit": ["a:1"], "ccmas": [0.7]}))
    assert path.read_text() == "unit,auc\na:1,0.7\n"
    write_csv(path, pd.DataFrame({"unit": ["a:1"], "ccmas": [0.7]}), overwrite=True)
    assert path.read_text() == "unit,ccmas\na:1,0.7\n"


def test_neither_picture_nor_numbers_are_written_if_one_is_anothers(run, tmp_path):
    picture, numbers = tmp_path / "b.png", tmp_path / "b.csv"
    numbers.write_text("mine,too\n1,2\n")
    assert f"{numbers} {FOREIGN}" in unitscope(
        "figure", "jitter", run.directory, "fc6:0", "-o", picture, "--data", status=2
    )
    assert not picture.exists()
    unitscope("figure", "jitter", run.directory, "fc6:0", "-o", picture, "--data", "--overwrite")
    assert numbers.read_text() != "mine,too\n1,2\n"
    unitscope("figure", "jitter", run.directory, "fc6:0", "-o", picture, "--data")
    picture.write_bytes(b"mine")
    assert f"{picture} {FOREIGN}" in unitscope("figure", "jitter", run.directory, "fc6:0", "-o", picture, status=2)
    save_data(jitter(run, "fc6:0"), numbers)


def test_a_report_is_written_again_but_no_other_page_replaced(run, no_drawing, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<html>mine: about unitscope and Unitscope</html>")
    assert f"{page} {FOREIGN}" in unitscope("report", run.directory, "-o", page, status=2)
    assert page.read_text() == "<html>mine: about unitscope and Unitscope</html>"
    unitscope("report", run.directory, "-o", page, "--overwrite")
    write_report(run, page)


def test_a_comparison_does_not_replace_another_table(run, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text("mine\n1\n")
    assert FOREIGN in unitscope("compare", run.directory, run.directory, "--data", table, status=2)
    assert table.read_text() == "mine\n1\n"
    for more in (["--overwrite"], []):
        unitscope("compare", run.directory, run.directory, "--data", table, *more)
    assert "superiority" in table.read_text()


def test_a_reproduction_is_written_into_directories_of_its_own(run, tmp_path, two_figures):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    said = unitscope("reproduce", run.directory, site, status=2)
    assert f"the directory {site} is not empty and has no index.html written by Unitscope" in said
    assert [(path.name, path.read_text()) for path in site.iterdir()] == [("index.html", "mine")]
    unitscope("reproduce", run.directory, site, "--overwrite")
    unitscope("reproduce", run.directory, site)
    assert "mine" not in (site / "index.html").read_text()[:100]
    with pytest.raises(UnitscopeError, match="is not empty and has no index"):
        reproduce(run, tmp_path)  # where the run itself is


def test_a_reproduction_that_was_stopped_goes_on_in_its_directory(run, tmp_path, two_figures):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce(run, tmp_path / "page", stop)
    assert "This page is being written" in (tmp_path / "page" / "index.html").read_text()
    reproduce(run, tmp_path / "page")
    assert "This page is being written" not in (tmp_path / "page" / "index.html").read_text()
