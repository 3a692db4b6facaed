"""The page on the paper: every figure that the run allows, every claim judged, nothing of the run taken as mark-up."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unitscope.errors import UnitscopeError
from unitscope.figures import constructed, examples, save_figure
from unitscope.report import reproduce
from unitscope.report.claims import CLAIMS
from unitscope.report.paper import SECTIONS
from unitscope.selectivity import measure_run

LABELS = np.arange(240) % 4
NAMES = ["cat", "<script>alert(1)</script>", "emu", "a|b*c*"]


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    found = np.where(rng.random((240, 6)) < 0.5, 0, rng.exponential(size=(240, 6)))
    found[:, 1] += 5 * (LABELS == 1)
    return found


@pytest.fixture
def run(make_run, values):
    made = make_run({"conv5": values, "fc6": values[:, :3]}, LABELS, class_names=NAMES)
    measure_run(made, class_sets={"birds": ["emu", "cat"]})
    return made


@pytest.fixture(scope="module")
def kept():
    """What the fixture `page` made before: drawing takes seconds."""
    return {}


@pytest.fixture
def page(kept, run, tmp_path):
    """Return the directory of a page, and the counts of its claims."""
    if not kept:
        kept["run"] = run
        kept["page"] = tmp_path / "page", reproduce(run, tmp_path / "page")
    return kept["page"]


FIGURES = ["boxplots", "class-set-1", "constructed", "correlations", "disagreement", "examples", "fits", "histogram",
          "histogram-log", "jitter", "jitter-set-1", "roc", "top-units"]  # fmt: skip


def test_every_figure_and_its_numbers_are_written(page):
    directory, counts = page
    written = sorted(path.name for path in directory.iterdir())
    assert written == sorted(
        [f"{name}.{kind}" for name in FIGURES for kind in ("png", "csv")] + ["index.html", "index.md"]
    )
    assert sum(counts.values()) == len(CLAIMS)
    for name in FIGURES:
        assert len(pd.read_csv(directory / f"{name}.csv"))
        with Image.open(directory / f"{name}.png") as picture:
            assert min(picture.size) > 300


def test_both_pages_hold_every_claim_section_and_inconsistency(page):
    for name in ("index.html", "index.md"):
        text = (page[0] / name).read_text(encoding="utf-8")
        for claim in CLAIMS:
            beginning = re.split(r"[<>|]", claim.says)[0][:40]
            assert text.count(beginning) >= 2  # in the list, and in its section
        for section in SECTIONS:
            assert f"{section.number} {section.title}" in text
        for figure in ("718,320", "98 %", "FP / (FP + TN)", "511 and 308"):
            assert figure in text
        for figure in FIGURES:
            assert f"{figure}.png" in text
            assert f"{figure}.csv" in text


def test_the_count_of_claims_is_that_of_the_verdicts(page):
    directory, counts = page
    text = (directory / "index.html").read_text()
    assert f"Of 29 claims, {counts['Holds']} hold in this run, {counts['Does not hold']} do not" in text
    for word, count in counts.items():
        assert text.count(f"<strong>{word}:</strong>") == count
        assert (directory / "index.md").read_text().count(f"**{word}:**") == count


def test_class_names_are_no_mark_up(page):
    html, markdown = ((page[0] / f"index.{kind}").read_text() for kind in ("html", "md"))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"(?<!\\)<script", markdown)
    assert "\\<script\\>" in markdown


def test_what_the_run_does_not_allow_is_said(make_run, no_drawing, tmp_path):
    labels = np.arange(80) % 4
    sparse = np.where(np.arange(80) < 12, np.arange(80) + 1.0, 0)[:, None]
    run = make_run({"fc6": sparse}, labels)
    measure_run(run)
    reproduce(run, tmp_path / "page")
    html = (tmp_path / "page" / "index.html").read_text()
    assert "cannot be drawn of this run: unit fc6:0 has 12 activations that are not 0; a fit needs 20" in html
    assert not (tmp_path / "page" / "fits.png").exists()
    assert "There are no class sets" in html
    assert "no pictures" not in html  # the items' names stand in their place, in the picture


def test_an_unmeasured_run_is_refused(make_run, values, tmp_path):
    with pytest.raises(UnitscopeError, match=r"run `unitscope measure .*` first"):
        reproduce(make_run({"fc6": values}, LABELS), tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_run_in_which_nothing_is_defined_has_a_page(make_run, tmp_path):
    run = make_run({"fc6": np.zeros((60, 3))}, np.arange(60) % 3)
    measure_run(run)
    counts = reproduce(run, tmp_path / "page")
    assert counts["Cannot be tested here"] == 29
    assert "boxplots" not in [path.stem for path in (tmp_path / "page").glob("*.png")]


def test_items_of_several_classes(make_run, values, no_drawing, tmp_path):
    several = np.eye(4, dtype=bool)[LABELS] | np.eye(4, dtype=bool)[(LABELS + (np.arange(240) % 3 == 0)) % 4]
    run = make_run({"fc6": values}, several)
    measure_run(run)
    reproduce(run, tmp_path / "page")
    assert (tmp_path / "page" / "examples.png").is_file()
    save_figure(examples(run, "fc6:1"), tmp_path / "examples.png")


def test_the_same_run_gives_the_same_page(page, kept, no_drawing, tmp_path):
    reproduce(kept["run"], tmp_path / "again")
    for path in page[0].iterdir():
        if path.suffix != ".png":
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    picture = save_figure(constructed(), tmp_path / "constructed.png")  # `check_figure` draws the others twice
    assert picture.read_bytes() == (page[0] / "constructed.png").read_bytes()


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_in_a_browser(page, browser, width):
    directory, _ = page
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: faults.append(request.url[:100]))
    page.goto((directory / "index.html").resolve().as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.locator("img").count() == len(FIGURES)
    assert page.evaluate("[...document.images].every(image => image.alt.length > 10)")
    assert page.locator(".claim").count() == 29
    page.get_by_role("link", name="7 Further issues with CCMAS").click()
    assert page.evaluate("scrollY") > 0
    assert faults == []
    page.close()
