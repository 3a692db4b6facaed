"""A third party's package adds one part of each kind; none of our files knows it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import unitscope
from unitscope.analysis import ANALYSES
from unitscope.cli import main
from unitscope.columns import Column
from unitscope.compute import open_pool
from unitscope.data import load_concepts
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import ExtraMeasure
from unitscope.plugins import Registry
from unitscope.run import open_run
from unitscope.trust import needs_trust

PLACE = Path(__file__).with_name("tiny_package")
NAMES = {"data": "tiny", "concepts": "tiny", "models": "tiny", "measures": "mean_contrast", "figures": "profile",
         "pools": "threads", "analyses": "spread"}  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """Install the package for this process and those that it starts."""
    monkeypatch.syspath_prepend(PLACE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PLACE), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def run(make_run):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    return make_run({"fc6": rng.normal(size=(60, 3)) + (labels == 1)[:, None], "fc7": rng.random((60, 2))}, labels)


def invoke(*words, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, words)])
    assert done.exit_code == status, done.output
    return done


def test_both_descriptions_of_the_package_agree():
    """``pyproject.toml`` is what authors write, ``entry_points.txt`` what installing it leaves."""
    import configparser
    import tomllib

    project = tomllib.loads((PLACE / "pyproject.toml").read_text())["project"]
    parser = configparser.ConfigParser()
    parser.read(PLACE / "tiny_unitscope-1.0.dist-info" / "entry_points.txt")
    assert {name: dict(parser[name]) for name in parser.sections()} == project["entry-points"]
    kinds = {f"unitscope.{kind}": name for kind, name in NAMES.items()}
    assert {group: next(iter(parts)) for group, parts in project["entry-points"].items() if group in kinds} == kinds


def test_everything_from_the_command_line(tiny, tmp_path):
    """In processes of their own: record, measure in two processes, draw, analyse in the package's own pool."""

    def unitscope_command(*words):
        done = subprocess.run(
            [sys.executable, "-c", "from unitscope.cli.main import run; run()", *map(str, words)],
            capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    unitscope_command("record", "tiny:", "tiny:", "run", "-M", "units=5", "-D", "n=18", "--layers", "1,4")
    assert "Mean contrast" in unitscope_command("measure", "run", "--items", "all", "--on", "local:2")
    unitscope_command("figure", "profile", "run", "unit=1:2", "most=7", "--data")
    assert "8 units; the table is run/tables/spread.parquet" in unitscope_command("spread", "run", "--on", "threads:2")
    opened = open_run(tmp_path / "run")
    assert opened.parameters("selectivity")["extra_measures"] == {"mean_contrast": "1.0"}
    assert opened.columns("selectivity")["mean_contrast"].links == {"class": "mean_contrast_class"}
    values, labels = opened.unit_activations("4:1"), opened.labels
    expected = [(values[labels == c].mean() - values[labels != c].mean()) / np.ptp(values) for c in range(3)]
    np.testing.assert_allclose(opened.unit_array("selectivity", "class_contrast", "4:1"), expected, rtol=1e-5)
    row = opened.table("selectivity").set_index("unit").loc["4:1"]
    np.testing.assert_allclose(row["mean_contrast"], max(expected), rtol=1e-5)
    assert row["mean_contrast_class"] == ["across", "down", "slanted"][int(np.argmax(expected))]
    drawn = pd.read_csv(tmp_path / "run" / "images" / "profile" / "1_2-7.csv")
    np.testing.assert_allclose(drawn["activation"], np.sort(opened.unit_activations("1:2"))[::-1][:7], rtol=1e-6)
    np.testing.assert_allclose(opened.table("spread")["sd"][6], values.std(), rtol=1e-6)
    # The package declares that its data never run code that a run chooses, and says nothing of its network.
    assert len(unitscope.open_items(opened)) == 18
    assert not needs_trust("data", "tiny:")
    assert needs_trust("model", "tiny:")


def test_concepts_are_loaded_by_spec(tiny):
    concepts = load_concepts("tiny:", n=4, size=8)
    assert concepts.table["concept"].tolist() == ["dark", "light"]
    assert concepts.labels(1).maps.tolist() == [[[2, 1, 1, 2, 2, 1, 1, 2]] * 8]  # stripes that run down
    with pytest.raises(UnitscopeError, match="the schemes are broden:, masks:, demo:, tiny:"):
        load_concepts("tny:")


def test_a_received_run_needs_trust_for_what_a_package_does_not_declare(tiny, run):
    path = run.directory / "run.json"
    content = json.loads(path.read_text())
    content["identity"]["model"] = {"spec": "tiny:", "options": {"units": 3}}
    path.write_text(json.dumps(content))
    received = open_run(run.directory)
    with pytest.raises(UnitscopeError, match=r"names tiny: .units=3. as its model, which can run code .* add --trust"):
        unitscope.open_network(received)
    assert unitscope.open_network(received, trust=True).spec == "tiny:"


@pytest.mark.parametrize("scheme", ["py", "torchvision", "hf", "unknown"])
def test_no_package_declares_another_s_source_harmless(scheme, tmp_path, monkeypatch):
    info = tmp_path / "liar-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: liar\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[unitscope.data.without_code]\n{scheme} = liar:load\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert needs_trust("data", f"{scheme}:anything")


def test_unitscope_measure_has_the_column(tiny):
    table = unitscope.measure(np.array([[9.0, 1], [7, 1], [1, 1], [0, 1]]), list("aabb"))
    assert list(table.columns)[-2:] == ["mean_contrast", "mean_contrast_class"]
    assert table["mean_contrast"][0] == pytest.approx((8 - 0.5) / 9)
    assert table["mean_contrast_class"][0] == "a"
    assert table["mean_contrast_class"].isna()[1]


def test_without_the_package_there_is_nothing_of_it():
    assert "mean_contrast" not in unitscope.measure(np.arange(4.0), list("aabb"))
    for name in ("models", "data"):
        with pytest.raises(UnitscopeError, match=f"there is no {name.removesuffix('s')} scheme 'tiny'"):
            getattr(unitscope, f"load_{name.removesuffix('s')}")("tiny:")


def test_runs_that_keep_histograms_leave_it_out(tiny, tmp_path):
    pytest.importorskip("torch")
    data = unitscope.load_data("demo:", n=32)
    with pytest.warns(UnitscopeWarning, match="storing these activations takes"):
        run = unitscope.record("demo:", data, tmp_path / "run", layers="fc8", workers=0, store=False, device="cpu")
    message = r"measures of other packages .mean_contrast., which need the activation"
    with pytest.warns(UnitscopeWarning, match="negative activations"), pytest.warns(UnitscopeWarning, match=message):
        table = unitscope.measure_run(run)
    assert "mean_contrast" not in table
    assert run.parameters("selectivity")["extra_measures"] == {}


def test_help_names_the_package_and_imports_it_only_for_its_own_help(tiny, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tiny_unitscope")]:
        monkeypatch.delitem(sys.modules, name)
    for words, name in (((), "spread"), (("figure",), "profile")):
        text = invoke(*words, "--help").stdout
        assert f" {name} " in text
        assert "From the package tiny-unitscope 1.0." in text
    assert "tiny_unitscope" not in sys.modules
    assert "The standard deviation of each unit; option: ``ddof``." in invoke("spread", "--help").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["figure", "profile", "RUN", "unit=fc6:0", "mst=3"],
            "the figure profile cannot be called with these options: ",
        ),
        (
            ["figure", "profile", "RUN"],
            "the figure profile cannot be called with these options: missing a required arg",
        ),
        (["figure", "profile", "RUN", "unit=fc6:9"], "layer fc6 has no unit 9; its units are 0 to 2"),
        (["spread", "RUN", "ddof"], "the option 'ddof' is not KEY=VALUE"),
        (["spread", "RUN", "--on", "threds:2"], "no --on scheme 'threds' (did you mean 'threads'?)"),
    ],
)
def test_wrong_options_are_one_sentence(tiny, run, words, message):
    done = invoke(*(run.directory if word == "RUN" else word for word in words), status=2)
    assert message in done.stderr


def test_a_missing_table_names_the_command(tiny, run):
    with pytest.raises(UnitscopeError, match=f"has no table spread; run `unitscope spread {run.directory}` first"):
        run.table("spread")


def test_an_analysis_that_was_stopped_is_continued_by_the_command_that_status_prints(tiny, run, monkeypatch):
    # The class that the registry has: another test may have imported the package anew.
    SpreadWorker = ANALYSES["spread"].open.__globals__["SpreadWorker"]
    compute = SpreadWorker.compute

    def stop(self, block, data, progress):
        if block.row:
            raise KeyboardInterrupt
        return compute(self, block, data, progress)

    monkeypatch.setattr(SpreadWorker, "compute", stop)
    invoke("spread", run.directory, "ddof=1", status=130)
    monkeypatch.undo()
    monkeypatch.syspath_prepend(PLACE)
    assert f"unitscope spread {run.directory} ddof=1" in invoke("status", run.directory).stdout
    invoke("spread", run.directory, "ddof=1")
    np.testing.assert_allclose(run.table("spread")["sd"][0], run.unit_activations("fc6:0").std(ddof=1), rtol=1e-6)


def test_its_pool_runs_tasks(tiny):
    with open_pool("threads:2") as pool:
        assert pool.submit(max, 3, 5).result() == 5


def only_measure(monkeypatch, function, version="1"):
    """Let a measure, with the column ``first``, be the only extra measure of this process."""
    measure = ExtraMeasure(function, [Column("first", "First", "activation of the first item", kind="value")], version)
    monkeypatch.setattr("unitscope.measures.extra.EXTRA_MEASURES", Registry("unitscope.test", {"mine": measure}))


def first_item(values, classes):
    return {"first": values[:, 0]}


def test_a_measurement_that_was_stopped_continues_with_the_same_version_only(run, monkeypatch):
    def stop(doing, done, total):
        begun.append(done)
        raise KeyboardInterrupt

    def stop_late(doing, done, total):
        if done == total:
            raise KeyboardInterrupt

    only_measure(monkeypatch, first_item, "1.0")
    with pytest.raises(KeyboardInterrupt):
        unitscope.measure_run(run, progress=stop_late)
    begun = []
    for version in ("1.0", "1.1"):
        only_measure(monkeypatch, first_item, version)
        with pytest.raises(KeyboardInterrupt):
            unitscope.measure_run(run, progress=stop)
    assert begun[0] > 0
    assert begun[1] == 0


def test_a_process_without_the_measure_is_an_error(run, monkeypatch):
    only_measure(monkeypatch, first_item, "3")
    with pytest.raises(
        UnitscopeError, match=r"the measure mine 3 is not available in a process .*; install the same pac"
    ):
        unitscope.measure_run(run, on="local:1", threads=1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda values, classes: 1 / 0,
            r"the measure mine failed \(ZeroDivisionError: division by zero\); repair or unins",
        ),
        (
            lambda values, classes: {"first": values},
            r"returned first \(3, 60\) instead of first \(3,\); repair or uninstall",
        ),
        (
            lambda values, classes: {"last": values[:, 0]},
            r"returned last \(3,\) instead of first \(3,\); repair or uninstall",
        ),
    ],
    ids=["raises", "shape", "name"],
)
def test_a_bad_measure_is_named_in_one_sentence(run, monkeypatch, function, message):
    only_measure(monkeypatch, function)
    with pytest.raises(UnitscopeError, match=message):
        unitscope.measure_run(run)


@pytest.mark.parametrize("name", ["auc", "auc_p", "unit"])
def test_a_column_that_exists_already_is_refused(run, monkeypatch, name):
    measure = ExtraMeasure(first_item, [Column(name, "Mine", "mine")], "1")
    monkeypatch.setattr("unitscope.measures.extra.EXTRA_MEASURES", Registry("unitscope.test", {"mine": measure}))
    with pytest.raises(
        UnitscopeError, match=f"the measure mine has a column '{name}', which exists already; uninstall"
    ):
        unitscope.measure_run(run)
    assert run.tables == []
