"""The report: complete, self-contained, escaped, and legible in a browser."""

import re

import numpy as np
import pytest

from unitscope.data import load_data
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import COLUMNS
from unitscope.report import content, write_report
from unitscope.selectivity import measure_run

RNG = np.random.default_rng(0)
LABELS = np.arange(120) % 4


def values(units, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((120, units)) < 0.5, 0, rng.exponential(size=(120, units))).astype(np.float32)


@pytest.fixture
def run(make_run):
    dead = values(6)
    dead[:, 3] = 0
    made = make_run({"conv5": dead, "fc6": values(4, 1)}, LABELS, predicted=np.where(np.arange(120) % 5, LABELS, -1),
                    class_names=["cat", "<script>alert(1)</script>", "emu", "fox"])  # fmt: skip
    measure_run(made)
    return made


def read(run):
    return write_report(run).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def kept():
    """What the fixture `page` made before: drawing takes seconds."""
    return {}


@pytest.fixture
def page(kept, run):
    """Return the path of the run's page."""
    if not kept:
        kept["run"], kept["page"] = run, write_report(run)
    return kept["page"]


@pytest.fixture
def html(page):
    return page.read_text(encoding="utf-8")


def test_nothing_is_fetched_from_anywhere(html):
    links = re.findall(r"""(?:src|href)=["']([^"']*)""", html)
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "@import" not in html


def test_every_measure_and_every_column_is_in_it(html):
    for column in COLUMNS.values():
        assert column.title.replace("'", "&#39;") in html
        if column.kind == "measure":
            assert f'alt="Box plots of {column.title}'.replace("'", "&#39;") in html


def test_class_names_are_escaped(html):
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_first_sentences_state_the_findings(run):
    table = run.table("selectivity")
    text = " ".join(content.summary(run, table))
    assert "10 units in 2 layers were measured on 96 correctly classified items of 4 classes." in text
    assert f"{int(table['zhou_detector'].sum())} units" in text
    held_out = int(table["detector_held_out"].sum())
    assert f"In all, {int(table['detector'].sum())} units meet it, {held_out} on items that had no part in" in text
    best = table.iloc[int(table["max_informedness"].argmax())]
    assert f"Held out, its informedness is {best['max_informedness_held_out']:.2f} (95 %: " in text
    floor = table["class_index_expected"].median()
    assert f"index of random items is {floor:.2f} on average (median over units): this is its floor" in text
    assert f"The highest maximum informedness is {table['max_informedness'].max():.2f}" in text


def test_dead_units_are_counted(run):
    rows = content.layers(run, run.table("selectivity"))
    assert "1 dead: all activations are 0" in rows[0][-1].split("; ")
    limit = "100 items or fewer: no number of classes in the top 100"  # 96 of the 120 are correct
    assert f"5 {limit}" in rows[0][-1].split("; ")
    assert f"4 {limit}" in rows[1][-1].split("; ")
    assert "dead" not in rows[1][-1]


def test_without_pictures_the_reason_is_said(html):
    assert "does not store the source of its items; give them with --items-from (data=)." in html


def test_pictures_come_from_the_data_if_they_are_the_same(no_drawing, tmp_path):
    pytest.importorskip("torch")
    from unitscope.recording import record

    run = record("demo:", load_data("demo:", n=64), tmp_path / "run", layers="fc6", workers=0)
    measure_run(run)
    assert read(run).count("data:image/jpeg") > 12
    run.manifest.identity["data"]["fingerprint"] = "another"
    with pytest.warns(UnitscopeWarning, match="there are no pictures of items: the data at demo: have changed"):
        assert "have changed since they were recorded" in read(run)


def test_one_layer_of_one_unit_without_predictions(make_run, no_drawing):
    run = make_run({"fc": values(1)}, LABELS)
    measure_run(run)
    html = read(run)
    assert "1 units in 1 layers were measured on 120 items of 4 classes." in html


def test_negative_activations(make_run, no_drawing):
    run = make_run({"logits": RNG.normal(size=(120, 3)).astype(np.float32)}, LABELS)
    with pytest.warns(match="negative"):
        measure_run(run)
    assert "3 negative activations: no ratio measures" in read(run)


def test_a_run_that_tells_nothing_is_refused_in_one_sentence(make_run):
    run = make_run({"fc": values(2)}, np.zeros(120, int))
    measure_run(run)
    table = run.table("selectivity")
    assert (table["undefined"] == "all items are of one class").all()
    assert table["max_informedness"].isna().all()
    dead = make_run({"fc": values(2) * 0}, LABELS, name="dead")
    measure_run(dead)
    with pytest.raises(UnitscopeError, match=r"no unit of .* has a value of any measure"):
        write_report(dead)


def test_the_same_run_gives_the_same_page(page, kept, tmp_path):
    assert write_report(kept["run"], tmp_path / "again.html").read_bytes() == page.read_bytes()


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
def test_in_a_browser(page, browser, width):
    address = page.resolve().as_uri()
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url[:100]))
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    closed = page.locator("details:not([open])").first
    closed.locator("summary").click()
    assert page.locator("details").nth(1).evaluate("element => element.open")
    assert page.locator("h1").inner_text() == "run"
    assert faults == []
    page.close()
