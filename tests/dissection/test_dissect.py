"""Dissections against the definition, with boolean masks, and however they are computed."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import unitscope.analysis.work as work
from unitscope import dissect, load_data, load_model, open_run, record
from unitscope.data import Concepts, LabelLoader, Labels, concept_table, load_concepts, write_broden
from unitscope.data.concepts.image_files import image_items
from unitscope.dissection.analysis import DissectionAnalysis
from unitscope.dissection.dissect import find_thresholds
from unitscope.dissection.settings import Settings
from unitscope.errors import UnitscopeError
from unitscope.exchange import import_file
from unitscope.models import capture, find_layers, receptive_fields
from unitscope.run import read_status
from unitscope.testing import check_analysis

CODE = Path(__file__).with_name("maps_network.py")
dissect_module = import_module("unitscope.dissection.dissect")
NETWORK, ITEMS = f"py:{CODE}:Net", f"py:{CODE}:Items"
NAMES = ["dog", "cat", "speck", "tail", "paw", "street", "never", "red"]
CATEGORIES = ["object", "object", "object", "part", "part", "scene", "scene", "colour"]
SIZES = [(16, 16), (8, 8), (12, 20)]


class Drawn(LabelLoader):
    """Labels of which some images lack categories, have only labels of the whole image, or have several layers."""

    def read(self, index):
        rng = np.random.default_rng([7, index])
        shape = SIZES[index % 3]
        whole = np.array([6] if index % 4 == 0 else [], np.uint16)
        if index % 8 == 0:
            return Labels(np.zeros((0, *shape), np.uint16), whole)
        layers = np.zeros((3, *shape), np.uint16)
        for layer, choices in enumerate(([1, 2], [4, 5], [8])):
            if (True, rng.random() < 0.6, index % 9 == 1)[layer]:
                top, left = rng.integers(0, shape[0]), rng.integers(0, shape[1])
                layers[layer, top : top + shape[0] // 2, left : left + shape[1] // 2] = rng.choice(choices)
        if index == 5:
            layers[0, 3, 2] = 3  # the only pixel of this concept
        return Labels(layers, whole)


def draw_concepts(directory, n):
    """Write random images, with red where the label says so, and return them with their labels."""
    directory.mkdir()
    names = [f"image{index:03d}.png" for index in range(n)]
    for index, name in enumerate(names):
        pixels = np.random.default_rng([1, index]).integers(0, 128, (16, 16, 3), dtype=np.uint8)
        layers = Drawn()(index).maps
        if index % 9 == 1 and len(layers):
            rows, columns = (np.arange(16) * size // 16 for size in layers.shape[1:])
            pixels[layers[2][rows][:, columns] > 0] = 255, 0, 0
        Image.fromarray(pixels).save(directory / name)
    return Concepts(
        "test", concept_table(NAMES, CATEGORIES), tuple(dict.fromkeys(CATEGORIES)),
        image_items("test", {}, names, directory), Drawn(), "0" * 64,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("dissect")


@pytest.fixture(scope="module")
def concepts(place):
    return draw_concepts(place / "images", 70)


@pytest.fixture(scope="module")
def broden(place, concepts):
    """The same concepts in Broden's format, which other processes can load."""
    write_broden(concepts, place / "broden")
    return f"broden:{place / 'broden'}"


@pytest.fixture(scope="module")
def network():
    return load_model(NETWORK, size=16)


@pytest.fixture(scope="module")
def recorded(place, network):
    """Record the network, which is kept as it was."""
    run = record(network, load_data(ITEMS, n=70), place / "recorded", layers="maps,pool,tokens,dense",
                 predictions=False, workers=0)  # fmt: skip
    dissect(run, "demo:", n=32, workers=0)  # an earlier one, to be replaced
    return run


@pytest.fixture
def make(recorded, tmp_path):
    """Return a function that copies the recording."""
    return lambda name="run": open_run(shutil.copytree(recorded.directory, tmp_path / name))


@pytest.fixture(scope="module")
def dissected(recorded, concepts, network, place):
    run = open_run(shutil.copytree(recorded.directory, place / "dissected"))
    dissect(run, concepts, workers=0)
    return run


def interpolate(values, places):
    """Return values between the points of a map, clipped at its borders."""
    rows, columns = (np.clip(at, 0, n - 1) for at, n in zip(places, values.shape, strict=True))
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    bottom, right = np.minimum(top + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
    y, x = (rows - top)[:, None], columns - left
    at_left = values[top][:, left] + y * (values[bottom][:, left] - values[top][:, left])
    at_right = values[top][:, right] + y * (values[bottom][:, right] - values[top][:, right])
    return at_left + x * (at_right - at_left)


def stretched(map_shape, shape):
    return [((2 * np.arange(n) + 1) * points - n) / (2 * n) for points, n in zip(map_shape, shape, strict=True)]


def maps_of(run, concepts, network):
    """Return the maps of all layers with rows and columns: ``(images, units, rows, columns)``."""
    batch = torch.stack([network.preprocess(concepts.items.load(image)) for image in range(len(concepts.items))])
    layers = [layer for layer in find_layers(run, network) if len(layer.positions) != 1]
    with capture(network.module, layers, take=lambda values: values) as hooked:
        hooked(batch)
    maps = {name: values.numpy().astype(float) for name, values in hooked.taken.items()}
    return {name: values if values.ndim == 4 else values[:, :, None, None] for name, values in maps.items()}


def dissect_by_definition(maps, concepts, places):
    """Return threshold and IoU of every unit and concept; loops over everything."""
    labels = [concepts.labels(image) for image in range(len(concepts.items))]
    numbers, categories = concepts.table["number"], concepts.table["category"]
    thresholds = np.quantile(maps.transpose(1, 0, 2, 3).reshape(maps.shape[1], -1), 0.995, axis=1, method="hazen")
    iou = np.full((len(thresholds), len(numbers)), np.nan)
    for unit, threshold in enumerate(thresholds):
        masks = [
            interpolate(maps[image, unit], places(maps.shape[2:], of.maps.shape[1:])) > threshold
            for image, of in enumerate(labels)
        ]
        for column, (number, category) in enumerate(zip(numbers, categories, strict=True)):
            same = set(numbers[categories == category])
            both = either = 0
            for mask, of in zip(masks, labels, strict=True):
                if same & (set(np.unique(of.maps)) | set(of.whole)):
                    shown = (of.maps == number).any(0) | (number in of.whole)
                    both += (mask & shown).sum()
                    either += (mask | shown).sum()
            if either:
                iou[unit, column] = both / either
    return thresholds, iou


def test_table_and_arrays_against_the_definition(dissected, concepts, network):
    table = dissected.table("dissection")
    assert table["unit"].tolist() == dissected.units["unit"].tolist()
    row = 0
    for layer in dissected.layers:
        of = table[table["layer"] == layer.name].reset_index(drop=True)
        found = dissected.array("dissection", "iou")[row : row + layer.units]
        row += layer.units
        if layer.name == "tokens":
            assert np.isnan(found).all()
            continue
        maps = maps_of(dissected, concepts, network)[layer.name]
        thresholds, iou = dissect_by_definition(maps, concepts, stretched)
        np.testing.assert_allclose(of["threshold"], thresholds, rtol=1e-12)
        np.testing.assert_allclose(found, iou, rtol=1e-6)  # stored as float32 or better
        best = np.nanmax(iou, axis=1)
        np.testing.assert_allclose(of["iou"], best, rtol=1e-12)
        names = np.where(best > 0, np.array(NAMES)[np.nan_to_num(iou).argmax(1)], "")
        assert of["concept"].tolist() == names.tolist()
        kinds = dict(zip(NAMES, CATEGORIES, strict=True)) | {"": ""}
        assert of["category"].tolist() == [kinds[name] for name in names]
        assert of["is_detector"].tolist() == (best > 0.04).tolist()
        for category in concepts.categories:
            columns = np.flatnonzero(np.array(CATEGORIES) == category)
            values = np.nan_to_num(iou[:, columns])
            np.testing.assert_allclose(of[f"{category}_iou"], values.max(1), rtol=1e-12)
            expected = np.where(values.max(1) > 0, np.array(NAMES)[columns[values.argmax(1)]], "")
            assert of[f"{category}_concept"].tolist() == expected.tolist()
    assert table["is_detector"].any()
    assert not table["is_detector"].all()


def test_dead_units_and_concepts_that_are_nowhere(dissected):
    row = dissected.table("dissection").set_index("unit").loc["maps:3"]
    assert (row["concept"], row["category"], row["undefined"]) == ("", "", "no pixel exceeds the threshold")
    assert (row["iou"], row["is_detector"], row["iou_p"]) == (0, False, 1)
    assert np.isnan([row["iou_low"], row["iou_high"]]).all()
    iou = dissected.array("dissection", "iou")
    assert np.nan_to_num(iou[:, NAMES.index("never")]).max() == 0
    assert np.nanmax(iou[:, NAMES.index("speck")]) < 0.1


def test_layers_without_rows_and_columns_have_no_values(dissected):
    tokens = dissected.table("dissection").query("layer == 'tokens'")
    assert len(tokens) == 4
    assert set(tokens["undefined"]) == {"its positions are not in rows and columns"}
    assert (tokens[["concept", "category", "part_concept"]] == "").all(axis=None)
    assert (
        tokens[["iou", "iou_held_out", "iou_low", "iou_high", "iou_chance", "iou_p", "threshold"]].isna().all(axis=None)
    )
    assert not tokens["is_detector"].any()
    assert dissected.table("dissection")["is_detector"].dtype == bool


def test_runs_of_such_layers_only_are_refused(tmp_path, network, concepts):
    run = record(network, load_data(ITEMS, n=8), tmp_path / "run", layers="tokens", predictions=False, workers=0)
    with pytest.raises(UnitscopeError, match=r"no layer of .* has units with maps in rows and columns; record others"):
        dissect(run, concepts, workers=0)
    assert not run.tables


def test_chance_against_the_definition(dissected, concepts, network):
    """Masks are compared with the labels of the images that follow in a random order, within chunks."""
    order = np.random.default_rng(2017).permutation(70)
    chunks = [order[:32], order[32:]]
    maps = maps_of(dissected, concepts, network)["pool"]
    thresholds, iou = dissect_by_definition(maps, concepts, stretched)
    highest = []
    for rotation in range(1, 20):
        other = np.empty(70, int)
        for chunk in chunks:
            other[chunk] = np.roll(chunk, -rotation)
        moved = replace(concepts, labels=lambda image, other=other: concepts.labels(int(other[image])))
        found, by_chance = dissect_by_definition(maps, moved, stretched)
        np.testing.assert_array_equal(found, thresholds)
        highest.append(np.nan_to_num(by_chance).max(1))
    table = dissected.table("dissection").query("layer == 'pool'")
    np.testing.assert_allclose(table["iou_chance"], np.mean(highest, 0), rtol=1e-12)
    exceeded = (np.array(highest) >= np.nanmax(iou, 1)).sum(0)
    np.testing.assert_allclose(table["iou_p"], (1 + exceeded) / 20)


@pytest.mark.parametrize("n", [1, 2, 7, 12, 33])
def test_few_images(tmp_path, make, network, n):
    run, concepts = make(), draw_concepts(tmp_path / "images", n)
    dissect(run, concepts, workers=0)
    maps = maps_of(run, concepts, network)["maps"]
    thresholds, iou = dissect_by_definition(maps, concepts, stretched)
    table = run.table("dissection").query("layer == 'maps'")
    np.testing.assert_allclose(table["threshold"], thresholds, rtol=1e-12)
    np.testing.assert_allclose(run.array("dissection", "iou")[:5], iou, rtol=1e-6)
    if n == 1:
        assert table[["iou_chance", "iou_p", "iou_low", "iou_high"]].isna().all(axis=None)
    else:
        assert (table["iou_p"] >= 1 / min(n, 20) - 1e-12).all()


def test_centred_against_the_definition(make, concepts, network):
    run = record(network, load_data(ITEMS, n=8), make("whole").directory.parent / "run", layers="maps,pool,dense",
                 predictions=False, workers=0)  # fmt: skip
    dissect(run, concepts, centred=True, workers=0)
    example = torch.zeros(1, 3, 16, 16)
    layers = [layer for layer in find_layers(run, network) if layer.name != "dense"]
    fields = receptive_fields(network.module, layers, example)
    found = run.array("dissection", "iou")
    # A field of `maps` is 5 pixels, from -2, at every second pixel; one of `pool` 7 pixels, at every fourth.
    for rows, name, first, step in ((slice(0, 5), "maps", 0.5, 2), (slice(5, 10), "pool", 1.5, 4)):
        assert fields[name].centre == (first, first)
        assert fields[name].stride == (step, step)

        def at_centres(map_shape, shape, first=first, step=step):
            return [(np.arange(n) + 0.5 - first * n / 16) / (step * n / 16) for n in shape]

        _, iou = dissect_by_definition(maps_of(run, concepts, network)[name], concepts, at_centres)
        np.testing.assert_allclose(found[rows], iou, rtol=1e-6)
    _, iou = dissect_by_definition(maps_of(run, concepts, network)["dense"], concepts, stretched)
    np.testing.assert_allclose(found[10:], iou, rtol=1e-6)  # one value for the whole image
    assert run.parameters("dissection")["centred"] is True


def test_layers_that_see_everything_have_no_centres(tmp_path, concepts):
    network = load_model(f"py:{CODE}:Blurred", size=16)
    run = record(network, load_data(ITEMS, n=8), tmp_path / "run", layers="wide", predictions=False, workers=0)
    calls = []
    with pytest.raises(UnitscopeError, match=r"layer wide are not known, .* leave out --centred"):
        dissect(run, concepts, centred=True, workers=0, progress=lambda *call: calls.append(call))
    assert max((done for _, done, _ in calls), default=0) == 0  # before the first pass
    assert not run.tables


def assert_same(first, second):
    pd.testing.assert_frame_equal(first.table("dissection"), second.table("dissection"), check_exact=True)
    for name in ("iou", "iou_chance"):
        np.testing.assert_array_equal(first.array("dissection", name), second.array("dissection", name))


def test_any_way_of_running_gives_the_same_bits(make, broden, network, dissected):
    runs = {name: make(name) for name in ("alone", "small", "shared", "threads")}
    dissect(runs["alone"], broden, workers=0)
    dissect(runs["small"], broden, workers=0, batch_size=5)
    dissect(runs["shared"], broden, workers=0, on="local:2")
    dissect(runs["threads"], broden, workers=0, threads=1)
    for name in ("small", "shared", "threads"):
        assert_same(runs["alone"], runs[name])
    assert_same(runs["alone"], dissected)  # the source of the concepts makes no difference


def test_reductions_make_no_difference(tmp_path, network, concepts):
    runs = []
    for reduction in ("max", "mean"):
        run = record(network, load_data(ITEMS, n=8), tmp_path / reduction, layers="maps", reduction=reduction,
                     predictions=False, workers=0)  # fmt: skip
        dissect(run, concepts, workers=0)
        runs.append(run)
    assert_same(*runs)


def test_the_second_pass_is_an_analysis_like_others(make, broden, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0)
    run = make()
    settings = Settings(load_concepts(broden), workers=0)
    thresholds = find_thresholds(run, settings, on=None, threads=1, command="", progress=None)
    check_analysis(DissectionAnalysis(settings, thresholds), run)


class Stop:
    """Stops a dissection in one of its passes, after a number of images."""

    def __init__(self, doing, after):
        self.doing, self.after, self.calls = doing, after, []

    def __call__(self, doing, done, total):
        self.calls.append((doing, done, total))
        if doing == self.doing and done > self.after:
            raise KeyboardInterrupt


@pytest.mark.parametrize("doing", ["finding thresholds", "dissecting"])
def test_a_dissection_that_was_stopped_goes_on(make, broden, dissected, monkeypatch, doing):
    monkeypatch.setattr(work, "PATIENCE", 0)  # store the sum after every block
    run = make()
    before = run.table("dissection")
    stop = Stop(doing, 32)
    command = "unitscope dissect RUN --concepts demo:"
    with pytest.raises(KeyboardInterrupt):
        dissect(run, broden, workers=0, batch_size=8, command=command, progress=stop)
    pd.testing.assert_frame_equal(open_run(run.directory).table("dissection"), before)  # the earlier one stays
    status = read_status(run.directory)
    assert status.next_step == f"unitscope dissect {run.directory} --concepts demo:"
    kinds = {found.table: (found.kind, found.done, found.total) for found in status.unfinished}
    if doing == "dissecting":
        assert kinds == {"dissection": ("items", 32, 70), "thresholds": ("items", 70, 70)}
    else:
        assert kinds == {"thresholds": ("items", 32, 70)}
    again = Stop("", 0)
    dissect(run, broden, workers=0, batch_size=8, progress=again)
    assert next(done for name, done, _ in again.calls if name == doing) == 32
    assert_same(open_run(run.directory), dissected)
    assert not list((run.directory / "tables").glob(".*"))
    assert not read_status(run.directory).unfinished


@pytest.mark.parametrize("batches", [6, 18])  # of the first pass, or of both; some are examples
def test_a_killed_dissection_goes_on(make, broden, dissected, tmp_path, batches):
    run = make()
    code = f"""
import sys, unitscope, unitscope.analysis.work as work
work.PATIENCE = 0
unitscope.dissect(unitscope.open_run({str(run.directory)!r}), {broden!r}, workers=0, batch_size=8, trust=True)
"""
    environment = {**os.environ, "DIE_AFTER": f"{batches}:{tmp_path / 'died'}"}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert killed.returncode == -9
    unfinished = {found.table: found.done for found in read_status(run.directory).unfinished}
    assert unfinished == ({"thresholds": 32} if batches == 6 else {"thresholds": 70, "dissection": 32})
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert_same(open_run(run.directory), dissected)


@pytest.mark.parametrize("doing", ["finding thresholds", "dissecting"])
def test_one_dissection_at_a_time(make, broden, concepts, doing):
    run = make()
    refused, began = [], []

    def meanwhile(name, done, total):
        if name == doing and done == 0:
            with pytest.raises(UnitscopeError, match="another process works on"):
                dissect(open_run(run.directory), concepts, workers=0, progress=lambda *call: began.append(call))
            refused.append(name)

    dissect(run, broden, workers=0, progress=meanwhile)
    assert refused == [doing]
    assert not began  # refused before its first pass


def test_parts_of_other_concepts_are_not_used(make, broden, dissected, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0)
    run, again = make(), Stop("", 0)
    with pytest.raises(KeyboardInterrupt):
        dissect(run, broden, workers=0, categories="object+part", progress=Stop("dissecting", 32))
    dissect(run, broden, workers=0, progress=again)
    assert again.calls[0] == ("finding thresholds", 0, 70)
    assert_same(run, dissected)
    assert not list((run.directory / "tables").glob(".*"))


def test_a_label_map_is_corrected_after_the_first_pass(make, concepts, tmp_path):
    """Thresholds do not depend on labels: the images are not passed through the network for them again."""
    run = make()
    write_broden(concepts, tmp_path / "broden")
    label_map = next(path for path in (tmp_path / "broden" / "images").rglob("*_object*.png"))
    right = label_map.read_bytes()
    Image.new("RGB", (3, 3)).save(label_map)
    with pytest.raises(UnitscopeError, match="has 3 x 3 pixels"):
        dissect(run, f"broden:{tmp_path / 'broden'}", workers=0)
    label_map.write_bytes(right)
    again = Stop("", 0)
    dissect(run, f"broden:{tmp_path / 'broden'}", workers=0, progress=again)
    assert {done for name, done, _ in again.calls if name == "finding thresholds"} <= {70}
    assert again.calls[-1] == ("dissecting", 70, 70)
    assert not list((run.directory / "tables").glob(".*"))


def test_parts_of_stretched_maps_are_not_used_for_centred_ones(network, broden, tmp_path, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0)
    run, other = (
        record(network, load_data(ITEMS), tmp_path / name, layers="maps", predictions=False, workers=0)
        for name in ("run", "other")
    )
    with pytest.raises(KeyboardInterrupt):
        dissect(run, broden, workers=0, progress=Stop("dissecting", 32))
    dissect(run, broden, centred=True, workers=0)
    dissect(other, broden, centred=True, workers=0)
    assert_same(run, other)
    assert not list((run.directory / "tables").glob(".*"))


def test_two_dissections_in_turn_do_not_disturb_each_other(make, broden, concepts, monkeypatch):
    """Another dissection begins when the first has its table, but has not removed its thresholds."""
    run, inside = make(), []
    add_table = dissect_module.add_table

    def add_and_begin_another(*given, **options):
        table = add_table(*given, **options)
        if not inside:
            inside.append(True)
            dissect(open_run(run.directory), concepts, workers=0)
        return table

    monkeypatch.setattr(dissect_module, "add_table", add_and_begin_another)
    dissect(run, broden, workers=0)
    assert open_run(run.directory).parameters("dissection")["concepts"] == "test"
    assert not list((run.directory / "tables").glob(".*"))


def test_changed_labels_are_other_concepts(make, concepts, tmp_path):
    run = make()
    write_broden(concepts, tmp_path / "broden")
    spec = f"broden:{tmp_path / 'broden'}"
    dissect(run, spec, workers=0)
    before = run.parameters("dissection"), run.array("dissection", "iou")
    label_map = next(path for path in (tmp_path / "broden" / "images").rglob("*_object*.png"))
    pixels = np.array(Image.open(label_map))
    Image.fromarray(np.where(pixels > 0, 3 - pixels * (pixels < 3), 0).astype(np.uint8)).save(label_map)
    dissect(run, spec, workers=0)
    assert run.parameters("dissection")["concepts_fingerprint"] != before[0]["concepts_fingerprint"]
    assert not np.array_equal(run.array("dissection", "iou"), before[1], equal_nan=True)


def test_other_concepts_replace_the_table(make, broden):
    run = make()
    dissect(run, broden, workers=0, categories="object")
    assert run.parameters("dissection")["concept_options"] == {"categories": "object"}
    assert "part_iou" not in run.table("dissection").columns
    assert run.array("dissection", "iou").shape == (20, 3)
    assert list(run.columns("dissection")) == list(run.table("dissection").columns)


def test_changed_weights_are_refused(make, broden):
    other = load_model(NETWORK, size=16, seed=1)
    with pytest.raises(UnitscopeError, match="weights"):
        dissect(make(), broden, network=other, workers=0)


def test_non_finite_activations_are_refused(tmp_path, concepts):
    network = load_model(NETWORK, size=16)
    run = record(network, load_data(ITEMS, n=8), tmp_path / "run", layers="maps", predictions=False, workers=0)
    network.module.whole.register_forward_hook(lambda module, given, out: out / 0)
    with pytest.raises(UnitscopeError, match="maps"):
        dissect(run, concepts, network=network, workers=0)


def test_runs_without_network_are_refused(tmp_path, concepts):
    np.savez(tmp_path / "rates.npz", V1=np.random.default_rng(0).random((6, 3)), labels=list("aabbcc"))
    run = import_file(tmp_path / "rates.npz", tmp_path / "run")
    with pytest.raises(UnitscopeError, match="network"):
        dissect(run, concepts)


@pytest.mark.filterwarnings("ignore:storing these activations")
def test_runs_of_histograms_are_dissected_all_the_same(tmp_path, network, concepts):
    stored = record(network, load_data(ITEMS), tmp_path / "stored", layers="maps", predictions=False, workers=0)
    counted = record(network, load_data(ITEMS), tmp_path / "counted", layers="maps", predictions=False, workers=0,
                     store=False)  # fmt: skip
    for run in (stored, counted):
        dissect(run, concepts, workers=0)
    assert_same(stored, counted)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"batch_size": 0}, "batch size 0"), ({"device": "tpu"}, "tpu"), ({"workers": -1}, "-1 workers")],
)
def test_options_out_of_range_are_refused(recorded, concepts, options, message):
    with pytest.raises(UnitscopeError, match=message):
        dissect(recorded, concepts, **options)


def test_options_of_concepts_that_are_given_are_refused(recorded, concepts):
    with pytest.raises(UnitscopeError, match="categories would be"):
        dissect(recorded, concepts, categories="object")
