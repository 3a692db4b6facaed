"""Recording without storing: what is counted, measured within its bounds, resumed, added up, refused."""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from unitscope.analysis import work
from unitscope.analysis.parts import Parts
from unitscope.data import load_data, without
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.figures import examples, jitter
from unitscope.measures import Histograms
from unitscope.models import load_model
from unitscope.recording import RecordingSettings, add_runs, plan_recording, record
from unitscope.recording.memory import available_memory, estimate_octaves, octaves_of, plan_histograms
from unitscope.report import reproduce, write_report
from unitscope.run import Layer, open_run, read_checkpoint, read_status, unit_blocks
from unitscope.selectivity import measure_run
from waiting import wait_for

pytestmark = pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
SETTINGS = {"block_items": 64, "batch_size": 16, "workers": 0, "device": "cpu"}


@pytest.fixture
def small(exact):
    """Return a function that records the network of exact sums on 200 items in blocks of 64, not storing them."""
    model, data = exact

    def make(directory, data=data, **changes):
        return record(model, data, directory, **{"layers": "hidden,out", "store": False, **SETTINGS, **changes})

    return make


@pytest.fixture
def plan(exact):
    """Return a function that plans such a recording."""
    model, data = load_model(exact[0]), load_data(exact[1])
    return lambda layers: plan_recording(model, data, RecordingSettings(layers=layers, store=False, device="cpu"))


@pytest.fixture(scope="module")
def demos(tmp_path_factory):
    """Record the demo's network on 200 scenes twice, not storing and storing, for all tests to copy."""
    folder, data = tmp_path_factory.mktemp("demos"), load_data("demo:", n=200)
    for name, store in (("counted", False), ("stored", True)):
        record("demo:", data, folder / name, layers="conv5,fc6", store=store, **SETTINGS)
    return folder


@pytest.fixture
def counted(demos, tmp_path):
    """Return the demo's run without activations, in a copy of this test's own."""
    return open_run(shutil.copytree(demos / "counted", tmp_path / "counted"))


@pytest.fixture
def stored(demos, tmp_path):
    """Return the same with its activations."""
    return open_run(shutil.copytree(demos / "stored", tmp_path / "stored"))


def held(run):
    """Read all that a run holds, as named arrays for each block of units."""
    return {block.name: read_checkpoint(run.directory, block) for block in unit_blocks(run.layers)}


def assert_same(run, other):
    mine, theirs = held(run), held(other)
    assert mine.keys() == theirs.keys()
    for block, arrays in mine.items():
        assert arrays.keys() == theirs[block].keys()
        for name, values in arrays.items():
            np.testing.assert_array_equal(values, theirs[block][name], err_msg=f"{block} {name}")


def test_measures_lie_within_their_errors_of_those_of_a_stored_run(counted, stored):
    assert not (counted.directory / "activations.zarr").exists()
    assert counted.manifest.histograms == {"bins_per_octave": 128, "items": "correct"}
    np.testing.assert_array_equal(counted.items, stored.items)
    exact, table = measure_run(stored), measure_run(counted)
    assert table["n_items"].tolist() == exact["n_items"].tolist()
    errors = [name for name in table if name.endswith("_error")]
    assert len(errors) == 8
    for error in errors:
        name = error.removesuffix("_error")
        np.testing.assert_array_equal(table[name].isna(), exact[name].isna())
        assert ((table[name] - exact[name]).abs() <= table[error] + 1e-9)[table[name].notna()].all(), name
        assert counted.columns("selectivity")[error].kind == "error"
    assert (table["auc_error"] > 0).any()
    assert table["recall_at_precision_1_error"].max() == 0  # the most active items, which are exact, tell it here
    for name in ("precision_60", "ccmas", "d_prime", "class_index", "lifetime_sparseness", "zero_share"):
        np.testing.assert_allclose(table[name], exact[name], rtol=1e-6, err_msg=name)
    for name in ("auc", "max_informedness"):
        off = np.abs(counted.array("selectivity", name) - stored.array("selectivity", name)) - counted.array(
            "selectivity", f"{name}_error"
        )
        assert np.nanmax(off) <= 1e-9
    exact, table = measure_run(stored, top=20), measure_run(counted, top=20)
    for name in ("precision_20", "precision_20_threshold", "n_classes_top_20", "class_index"):
        np.testing.assert_allclose(table[name], exact[name], rtol=1e-6, err_msg=name)
    assert counted.array("selectivity", "precision_20").shape == counted.array("selectivity", "auc_error").shape
    with pytest.raises(UnitscopeError, match=r"--top 101 is more than the 100 most active items .* at most 100"):
        measure_run(counted, top=101)


def test_class_sets_are_measured_too(small, tmp_path):
    counted = small(tmp_path / "counted", items="all")
    stored = small(tmp_path / "stored", store=True)
    sets = {"some": counted.classes["class"].tolist()[:2]}
    exact = measure_run(stored, items="all", class_sets=sets, only_class_sets=True)
    table = measure_run(counted, class_sets=sets, only_class_sets=True)
    assert set(table["auc_class"].dropna()) == {"some"}
    assert ((table["auc"] - exact["auc"]).abs() <= table["auc_error"] + 1e-9)[exact["auc"].notna()].all()


def test_stopped_in_the_middle_it_goes_on_and_holds_the_same_bits(small, tmp_path):
    whole = small(tmp_path / "whole")

    def interrupt(doing, done, total):
        if doing == "recording" and done > 130:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "parts", progress=interrupt)
    with pytest.raises(UnitscopeError, match="not finished"):
        open_run(tmp_path / "parts")
    started = []
    parts = small(tmp_path / "parts", progress=lambda doing, done, total: started.append((doing, done)))
    assert min(done for doing, done in started if doing == "recording") >= 64
    assert not list((tmp_path / "parts" / "tables").glob(".*"))
    assert_same(parts, whole)
    np.testing.assert_array_equal(parts.items, whole.items)


SCRIPT = """
import sys, time
from unitscope.recording import record

def slowly(doing, done, total):
    if doing == "recording" and done > 130:
        print("under way", flush=True)
        time.sleep(60)

record(*sys.argv[1:], layers="hidden,out", block_items=64, batch_size=16, workers=0, device="cpu", store=False,
       progress=slowly)
"""


def test_killed_without_warning_nothing_is_counted_twice(small, exact, tmp_path):
    whole = small(tmp_path / "whole")
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *exact, str(tmp_path / "parts")], stdout=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout.readline() == b"under way\n"
    (stored,) = (tmp_path / "parts" / "tables").glob(".histograms-*")
    wait_for(stored / "0000000000-0000000064.parquet")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    status = read_status(tmp_path / "parts")
    assert [(part.table, part.done, part.total, part.kind) for part in status.unfinished] == [
        ("histograms", 64, 200, "items")
    ]
    # As if it had died while the histograms were being written: they were never entered in the ledger.
    stray = tmp_path / "parts" / "histograms" / "000004"
    stray.mkdir(parents=True)
    (stray / "00000000.npz").write_bytes(b"half of it")
    parts = small(tmp_path / "parts")
    assert_same(parts, whole)
    assert [path.name for path in (tmp_path / "parts" / "histograms").iterdir()] == ["000004"]


def test_a_finished_run_is_returned_as_it_is(small, tmp_path):
    run = small(tmp_path / "run")
    stamp = (run.directory / "ledger" / "histograms.json").stat().st_mtime_ns
    assert_same(small(tmp_path / "run"), run)
    assert (run.directory / "ledger" / "histograms.json").stat().st_mtime_ns == stamp


def test_a_damaged_checkpoint_is_named_and_counted_anew(small, tmp_path):
    run, whole = small(tmp_path / "run"), small(tmp_path / "whole")
    victim = next((run.directory / "histograms" / "000004").iterdir())
    victim.write_bytes(victim.read_bytes()[:100])
    with pytest.raises(UnitscopeError, match=rf"{victim.name} has 100 bytes"):
        open_run(run.directory)
    assert_same(small(tmp_path / "run"), whole)


def test_sums_wait_until_they_are_worth_storing(small, tmp_path, monkeypatch):
    written = []
    write = Parts.write
    monkeypatch.setattr(Parts, "write", lambda self, block, part: (written.append(block), write(self, block, part)))
    monkeypatch.setattr(work, "PATIENCE", 1e9)
    small(tmp_path / "run")
    assert [(block.first, block.last) for block in written] == [(0, 64), (0, 200)]


def test_too_little_memory_is_refused_before_anything_is_written(small, tmp_path):
    sentence = r"histograms of 73 units and 3 classes with 8 bins .* more than the 0\.1 MB .*record fewer layers"
    with pytest.raises(UnitscopeError, match=sentence):
        small(tmp_path / "run", memory=1e5)
    assert not (tmp_path / "run").exists()
    with pytest.raises(UnitscopeError, match=r"with 128 bins .*--bins-per-octave 8"):
        small(tmp_path / "run", memory=1e5, bins_per_octave=128)


def test_the_most_bins_that_fit_are_chosen_and_kept_when_going_on(small, plan, tmp_path):
    most = plan_histograms(plan("hidden"))
    assert most.manifest.histograms["bins_per_octave"] == 128
    run = small(tmp_path / "run", layers="hidden", memory=most.total_bytes / 2)
    assert run.manifest.histograms["bins_per_octave"] == 32
    assert small(tmp_path / "run", layers="hidden").manifest.histograms["bins_per_octave"] == 32
    with pytest.raises(UnitscopeError, match=r"histograms.bins_per_octave: 32 there, 8 now"):
        small(tmp_path / "run", layers="hidden", bins_per_octave=8)


def test_histograms_that_outgrow_their_memory_are_stored_and_start_from_zero(small, tmp_path, monkeypatch):
    whole = small(tmp_path / "whole")
    monkeypatch.setattr("unitscope.recording.memory.layer_memory", lambda *others: 1)  # "this is enough"
    written = []
    write = Parts.write
    monkeypatch.setattr(Parts, "write", lambda self, block, part: (written.append(block), write(self, block, part)))

    def interrupt(doing, done, total):
        if doing == "recording" and done > 130:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "run", memory=5e5, progress=interrupt)
    run = small(tmp_path / "run", memory=5e5)
    assert all(block.size <= 64 for block in written)
    mine, theirs = held(run), held(whole)
    for block, arrays in mine.items():
        for name, values in arrays.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(values, theirs[block][name], rtol=1e-12, atol=1e-12, err_msg=name)
            else:
                np.testing.assert_array_equal(values, theirs[block][name], err_msg=name)
    np.testing.assert_array_equal(run.items, whole.items)


def test_the_estimate_of_memory_is_near_what_is_taken(tmp_path):
    data = load_data("demo:", n=600)
    settings = RecordingSettings(layers="conv5,fc6,fc8", items="all", store=False, device="cpu")
    plan = plan_histograms(plan_recording(load_model("demo:"), data, settings))
    run = record("demo:", data, tmp_path / "run", layers="conv5,fc6,fc8", items="all", store=False, **SETTINGS)
    taken = sum(Histograms.from_arrays(arrays).nbytes for arrays in held(run).values())
    blocks = 3 * 4 * 600 * len(run.units)
    assert taken <= plan.total_bytes - blocks <= 2.5 * taken


def test_where_storing_takes_less_it_is_said(plan):
    with pytest.warns(UnitscopeWarning, match=r"storing these activations takes at most 0\.1 MB on disk, less than"):
        plan_histograms(plan("hidden"))


def test_octaves_are_estimated_from_both_sides_of_zero(plan):
    values = np.array([[1.0, -1.0, 0.0], [4.0, 0.25, 0.0], [0.0, 1.0, 0.0]])
    # 1 to 4 are 3 octaves, one more for what is larger, one more for twice the items; -1 is 1, .25 to 1 are 3.
    assert octaves_of(values, 2).tolist() == [5, 3 + 5, 7]  # the silent one: the median of the others
    assert available_memory() > 1e6
    octaves = estimate_octaves(plan("hidden,out"))
    assert {name: len(found) for name, found in octaves.items()} == {"hidden": 70, "out": 3}


@pytest.fixture
def halves(small, exact, tmp_path):
    """Return a function that records the first 120 items and the other 80 apart: in batches of other sizes."""

    def make(**changes):
        data = load_data(exact[1])
        shares = {"first": range(120, 200), "second": range(120)}
        return [small(tmp_path / name, without(data, list(rest)), **changes) for name, rest in shares.items()]

    return make


@pytest.mark.parametrize("items", ["correct", "all"])
def test_runs_over_different_items_add_up_to_one_over_all(small, halves, tmp_path, items):
    parts = halves(items=items)
    whole = small(tmp_path / "whole", items=items)
    total = add_runs([part.directory for part in parts], tmp_path / "sum")
    assert total.items["uri"].tolist() == whole.items["uri"].tolist()
    exact, table = measure_run(whole), measure_run(total)
    for name in table:
        if table[name].dtype.kind == "f":
            np.testing.assert_allclose(table[name], exact[name], rtol=1e-9, atol=1e-9, err_msg=name)
    for unit in ("hidden:1", "out:2"):
        pd.testing.assert_frame_equal(total.top_items(unit, 20), whole.top_items(unit, 20))


def test_what_does_not_add_up_is_refused(small, halves, tmp_path):
    first, second = halves()
    with pytest.raises(UnitscopeError, match="would be counted twice"):
        add_runs([first.directory, first.directory], tmp_path / "sum")
    other = small(tmp_path / "other", bins_per_octave=8)
    with pytest.raises(UnitscopeError, match=r"histograms.bins_per_octave: 128 there, 8 now"):
        add_runs([first.directory, other.directory], tmp_path / "sum")
    stored = small(tmp_path / "stored", store=True)
    with pytest.raises(UnitscopeError, match="only runs made with --no-store"):
        add_runs([stored.directory, second.directory], tmp_path / "sum")
    with pytest.raises(UnitscopeError, match="is there already"):
        add_runs([first.directory, second.directory], tmp_path / "first")
    assert not (tmp_path / "sum").exists()


def test_what_needs_each_items_activation_says_so(small, tmp_path):
    run = small(tmp_path / "run", layers="hidden")
    measure_run(run)
    assert not any("held_out" in name for name in run.table("selectivity"))
    with pytest.raises(UnitscopeError, match=r"--permutations needs the activation of every item.*without --no-store"):
        measure_run(run, permutations=10)
    with pytest.raises(UnitscopeError, match=r"instead of the activations of hidden:1.*without --no-store"):
        jitter(run, "hidden:1")
    with pytest.raises(UnitscopeError, match="instead of the activations of hidden"):
        run.activations("hidden")
    with pytest.raises(UnitscopeError, match="has histograms of correct items only"):
        measure_run(run, items="all")


def test_the_report_shows_what_there_is(small, no_drawing, tmp_path):
    counted, stored = small(tmp_path / "counted"), small(tmp_path / "stored", store=True)
    measure_run(counted), measure_run(stored)
    page = write_report(counted).read_text()
    assert "No jitterplot: the run keeps histograms" in page
    assert "histograms of correct items, 128 bins per octave" in page
    assert "No jitterplot" not in write_report(stored).read_text()
    for unit in ("hidden:0", "hidden:17"):
        shown = examples(stored, unit, count=12).table
        expected = shown[shown["row"] == "top"].reset_index(drop=True)
        found = counted.top_items(unit, 12)
        pd.testing.assert_frame_equal(found[["item_id", "activation"]], expected[["item_id", "activation"]])
        pd.testing.assert_frame_equal(found, stored.top_items(unit, 12))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"store": True, "bins_per_octave": 8}, "give them with --no-store"),
        ({"store": True, "items": "all"}, "give them with --no-store"),
        ({"dtype": "float16"}, r"--dtype .*leave it out"),
        ({"bins_per_octave": 64}, "choose one of 128, 32 or 8"),
        ({"items": "some"}, "items must be 'correct' or 'all'"),
        ({"items": "correct", "predictions": False}, "--items all"),
    ],
)
def test_options_that_do_not_go_together(small, tmp_path, changes, message):
    with pytest.raises(UnitscopeError, match=message):
        small(tmp_path / "run", **changes)
    assert not (tmp_path / "run").exists()


def test_without_predictions_all_items_are_counted(small, tmp_path):
    run = small(tmp_path / "run", layers="out", predictions=False)
    assert run.manifest.histograms["items"] == "all"
    assert measure_run(run)["n_items"].unique().tolist() == [200]


def test_unit_blocks_follow_layers():
    assert [block.row for block in unit_blocks([Layer("a", 130), Layer("b", 2)])] == [0, 64, 128, 130]


def test_the_paper_s_page_and_the_status_of_a_run_without_activations(counted, no_drawing, tmp_path):
    [worker] = read_status(counted.directory).workers
    assert worker.items == 200
    measure_run(counted)
    counts = reproduce(counted, tmp_path / "page")
    assert sum(counts.values()) == 29
    assert "The run does not allow it: the run" in (tmp_path / "page" / "index.md").read_text()
