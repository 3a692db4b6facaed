"""Features of a network whose units are known, against brute force, and however they are computed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from unitscope import UnitscopeWarning, find_features, load_data, load_model, record
from unitscope.analysis.images import digests_of
from unitscope.data import open_items
from unitscope.errors import UnitscopeError
from unitscope.exchange import import_file
from unitscope.features.opponent import remove_colour
from unitscope.features.worker import FeaturesWorker
from unitscope.models import capture, find_layers, open_network, receptive_fields
from unitscope.run import read_status

NETWORK = f"py:{Path(__file__).with_name('constructed_network.py')}:Net"
RED, LUMA, EDGE, BLUE, DEAD, ROUND = range(6)
COUNT = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the constructed network over scenes of the demo, with its features."""
    run = record(NETWORK, load_data("demo:", n=80), tmp_path_factory.mktemp("features") / "run", layers="relu,pool",
                 predictions=False, workers=0)  # fmt: skip
    find_features(run, count=COUNT, grey="luma601", workers=0)
    return run


@pytest.fixture(scope="module")
def maps(run):
    """The maps of both layers for all items: ``(items, units, rows, columns)``."""
    network, data = open_network(run), open_items(run)
    batch = torch.stack([network.preprocess(data.load(item)) for item in range(len(data))])
    layers = find_layers(run, network)
    with capture(network.module, layers, take=lambda values: values) as hooked:
        hooked(batch)
        colour = {name: values.numpy() for name, values in hooked.taken.items()}
        hooked(remove_colour(batch, "luma601"))
        grey = {name: values.numpy() for name, values in hooked.taken.items()}
    return batch.numpy(), colour, grey


def test_units_of_known_colour(run):
    table = run.table("features").set_index("unit")
    for layer in ("relu", "pool"):
        assert table["colour_index"][f"{layer}:{RED}"] == pytest.approx(1, abs=1e-5)
        assert abs(table["hue"][f"{layer}:{RED}"] - 26.6) < 25
        assert table["colour_index"][f"{layer}:{LUMA}"] == pytest.approx(0, abs=1e-5)
        assert table["colour_index"][f"{layer}:{EDGE}"] == pytest.approx(0, abs=1e-5)
        assert table["colour_index"][f"{layer}:{BLUE}"] == pytest.approx(1, abs=1e-5)
        assert abs(table["hue"][f"{layer}:{BLUE}"] - 270) < 60
    assert (table["colour_index_low"].dropna() <= table["colour_index"].dropna() + 1e-12).all()
    assert (table["colour_index_high"].dropna() >= table["colour_index"].dropna() - 1e-12).all()


def test_units_that_nothing_drives_are_defined(run):
    row = run.table("features").set_index("unit").loc[f"relu:{DEAD}"]
    assert row["undefined"] == "no item has a positive activation above the unit's smallest"
    assert row["n_top"] == 0
    assert row[["colour_index", "hue", "dispersion", "top_activation", "similarity"]].isna().all()
    similarity = run.array("features", "similarity")[:6, :6]
    assert (similarity[DEAD] == 0).all()
    assert (similarity[:, DEAD] == 0).all()
    assert run.top_items(f"relu:{DEAD}").empty


@pytest.mark.parametrize("layer", ["relu", "pool"])
def test_positions_and_responses_against_the_maps(run, maps, layer):
    _, colour, grey = maps
    responses = run.array("features", "response")
    for unit in (RED, LUMA, EDGE, ROUND):
        row = ["relu", "pool"].index(layer) * 6 + unit
        values = colour[layer][:, unit].max((1, 2))
        expected = np.argsort(-values, kind="stable")[:COUNT]
        found = run.top_items(f"{layer}:{unit}", COUNT)
        assert found["item"].tolist() == expected.tolist()
        for rank, item in enumerate(expected):
            flat = int(colour[layer][item, unit].argmax())
            place = np.unravel_index(flat, colour[layer].shape[2:])
            assert (found["row"][rank], found["column"][rank]) == place
            np.testing.assert_allclose(
                responses[row, rank], [colour[layer][item, unit][place], grey[layer][item, unit][place]], atol=2e-5
            )


def crops_of(batch, found, canvas):
    """Return crops with NaN where they reach beyond the image, found from position and stride."""
    offset, stride = (-2, 2) if canvas == 5 else (-2, 4)
    padded = np.pad(batch, ((0, 0), (0, 0), (canvas, canvas), (canvas, canvas)), constant_values=np.nan)
    return np.stack([
        padded[item, :, row * stride + offset + canvas:, column * stride + offset + canvas:][:, :canvas, :canvas]
        for item, row, column in found[["item", "row", "column"]].to_numpy(int)
    ])  # fmt: skip


@pytest.mark.parametrize(("layer", "canvas"), [("relu", 5), ("pool", 9)])
def test_neuron_features_against_a_weighted_mean_of_crops(run, maps, layer, canvas):
    batch = maps[0]
    table = run.table("features").set_index("unit")
    features, coverage = run.array("features", "neuron_feature"), run.array("features", "coverage")
    for unit in (RED, LUMA, EDGE, ROUND):
        row = ["relu", "pool"].index(layer) * 6 + unit
        found = run.top_items(f"{layer}:{unit}", COUNT)
        crops = crops_of(batch, found, canvas).transpose(0, 2, 3, 1)
        weights = (found["activation"] / found["activation"].max()).to_numpy()[:, None, None, None]
        seen = np.isfinite(crops) * weights
        with np.errstate(invalid="ignore"):
            mean = np.nansum(crops * weights, 0) / seen.sum(0)
        np.testing.assert_allclose(features[row, :canvas, :canvas], mean, atol=1e-6)
        assert np.isnan(features[row, canvas:]).all()
        np.testing.assert_allclose(coverage[row, :canvas, :canvas], seen[..., 0].sum(0) / weights.sum(), atol=1e-6)
        spread = np.sqrt(np.nansum(weights * (crops - mean) ** 2) / seen.sum())
        assert table["dispersion"][f"{layer}:{unit}"] == pytest.approx(spread, rel=1e-3)
        boxes = found[["top", "left", "bottom", "right"]].to_numpy(int)
        assert (
            np.isfinite(crops[..., 0]).sum((1, 2)).tolist()
            == ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).tolist()
        )


def test_similarity_against_the_maps(run, maps):
    colour = maps[1]["relu"]
    found = run.array("features", "similarity")[:6, :6]
    tops = {unit: run.top_items(f"relu:{unit}", COUNT) for unit in range(6)}
    for other, top in tops.items():
        if len(top):
            rows, columns = top["row"].to_numpy(int), top["column"].to_numpy(int)
            means = colour[top["item"].to_numpy(), :, rows, columns].mean(0)
            for unit in (RED, LUMA, EDGE, BLUE, ROUND):
                own = tops[unit]["activation"].mean()
                assert found[unit, other] == pytest.approx(means[unit] / own, abs=1e-5)
    live = [RED, LUMA, EDGE, BLUE, ROUND]
    np.testing.assert_allclose(np.diag(found)[live], 1, atol=1e-5)
    names = run.table("features").set_index("unit")["most_similar"]
    assert names[f"relu:{ROUND}"] == f"relu:{LUMA}"


def test_similarity_of_means_of_maps(tmp_path):
    data = load_data("demo:", n=40)
    run = record(NETWORK, data, tmp_path / "run", layers="relu", reduction="mean", predictions=False, workers=0)
    find_features(run, count=8, workers=0)
    network = open_network(run)
    batch = torch.stack([network.preprocess(data.load(item)) for item in range(len(data))])
    with capture(network.module, find_layers(run, network), take=lambda values: values) as hooked:
        hooked(batch)
    maps = hooked.taken["relu"].numpy().astype(float)
    found = run.array("features", "similarity")[:6, :6]
    live = [RED, LUMA, EDGE, BLUE, ROUND]
    means = np.zeros((6, 6))
    for other in live:
        items, rows, columns = run.top_items(f"relu:{other}", 8)[["item", "row", "column"]].to_numpy(int).T
        means[:, other] = maps[items, :, rows, columns].mean(0)
    expected = means / np.where(np.diag(means) > 0, np.diag(means), np.inf)[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # Maxima are many times larger than means of maps.
    assert (maps[..., :, :].max((2, 3)) / np.maximum(maps.mean((2, 3)), 1e-9)).max() > 100


def assert_same(first, second):
    pd.testing.assert_frame_equal(first.table("features"), second.table("features"))
    for name in ("neuron_feature", "coverage", "top_item", "top_position", "top_box", "response", "similarity", "hues"):
        np.testing.assert_array_equal(first.array("features", name), second.array("features", name), err_msg=name)


@pytest.fixture
def recorded(tmp_path):
    """Return a function that makes one more of the same run, with several blocks of top items."""

    def make(name):
        data = load_data("demo:", n=40)
        return record(NETWORK, data, tmp_path / name, layers="relu,pool", predictions=False, workers=0)

    return make


def test_any_way_of_running_gives_the_same_bits(recorded, monkeypatch):
    monkeypatch.setattr("unitscope.features.analysis.BLOCK_ITEMS", 8)
    alone, shared = recorded("alone"), recorded("shared")
    find_features(alone, count=COUNT, workers=0)
    find_features(shared, count=COUNT, workers=0, on="local:2")
    assert_same(alone, shared)
    images = [digests_of(run.directory / "images" / "features") for run in (alone, shared)]
    assert images[0] == images[1]
    assert len(images[0]) == 2 * 6 + 2


def test_an_analysis_that_was_stopped_goes_on(recorded, monkeypatch):
    whole, stopped = recorded("whole"), recorded("stopped")
    show, seen = FeaturesWorker._show, []
    stop_at = 0

    def count_or_stop(*given):
        seen.append(given)
        if len(seen) == stop_at:
            raise KeyboardInterrupt
        return show(*given)

    monkeypatch.setattr(FeaturesWorker, "_show", count_or_stop)
    find_features(whole, count=COUNT, workers=0)
    batches = len(seen)
    assert batches > 6
    seen.clear()
    stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        find_features(stopped, count=COUNT, workers=0)
    assert not stopped.tables
    unfinished = read_status(stopped.directory).unfinished[0]
    assert (unfinished.kind, unfinished.total) == ("items", 40)
    assert 0 < unfinished.done < 40
    stop_at = 0
    find_features(stopped, count=COUNT, workers=0)
    assert len(seen) < 4 + batches  # finished blocks were not computed again
    assert_same(whole, stopped)


def test_sizes_of_batches_change_nothing_but_last_bits(recorded):
    large, small = recorded("large"), recorded("small")
    find_features(large, count=COUNT, workers=0)
    find_features(small, count=COUNT, workers=0, batch_size=7)
    np.testing.assert_array_equal(large.array("features", "neuron_feature"), small.array("features", "neuron_feature"))
    np.testing.assert_allclose(large.array("features", "response"), small.array("features", "response"), atol=1e-4)


def test_changed_items_are_noticed(recorded, monkeypatch):
    run = recorded("run")
    data = open_items(run)
    load = type(data.load).__call__
    monkeypatch.setattr(
        type(data.load), "__call__", lambda loader, index: Image.eval(load(loader, index), lambda v: 255 - v)
    )
    with pytest.raises(UnitscopeError, match=r"unit relu:\d gives .* but .* was recorded; the item or the network"):
        find_features(run, count=COUNT, workers=0)
    assert not run.tables
    assert not read_status(run.directory).unfinished


def test_tiny_activations_of_float16_runs_are_those_recorded(tmp_path):
    network = load_model(NETWORK, size=64)
    with torch.no_grad():
        network.module.first.weight *= 1e-7
    data = load_data("demo:", n=20)
    run = record(network, data, tmp_path / "run", layers="relu", dtype="float16", predictions=False, workers=0)
    table = find_features(run, count=3, network=network, workers=0)
    assert table["top_activation"].max() < 1e-5
    assert table["colour_index"].notna().any()


def test_operations_of_unknown_reach_are_named(recorded, monkeypatch):
    run = recorded("run")
    find = receptive_fields

    def with_unknown(*given):
        return {name: replace(fields, unknown=("mystery",)) for name, fields in find(*given).items()}

    monkeypatch.setattr("unitscope.features.worker.receptive_fields", with_unknown)
    with pytest.warns(UnitscopeWarning, match="fields may be too large: what the operations mystery read"):
        find_features(run, count=COUNT, workers=0)


def test_a_run_with_features_only_is_to_be_measured_next(recorded):
    run = recorded("run")
    find_features(run, count=COUNT, workers=0)
    assert read_status(run.directory).next_step == f"unitscope measure {run.directory}"


def test_runs_without_network_say_how_to_give_it(tmp_path):
    np.savez(tmp_path / "rates.npz", V1=np.random.default_rng(0).random((6, 3)), labels=list("aabbcc"))
    run = import_file(tmp_path / "rates.npz", tmp_path / "run")
    with pytest.raises(UnitscopeError, match="--items-from"):
        find_features(run)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "0 top items are out of range"),
        ({"grey": "green"}, "green"),
        ({"batch_size": 0}, "batch size 0"),
        ({"device": "tpu"}, "tpu"),
        ({"workers": -1}, "-1 workers"),
        ({"items": "wrong"}, "'wrong'"),
    ],
)
def test_options_out_of_range_are_refused(run, options, message):
    with pytest.raises(UnitscopeError, match=message):
        find_features(run, **options)


def test_centre_and_mean_and_dense_layers(tmp_path):
    data = load_data("demo:", n=30)
    for reduction in ("centre", "mean"):
        run = record("demo:", data, tmp_path / reduction, layers="conv2,fc6", reduction=reduction, workers=0)
        find_features(run, count=5, workers=0)
        found = run.top_items(next(unit for unit in run.units["unit"] if not run.top_items(unit, 5).empty), 5)
        assert found["row"].notna().all()
        if reduction == "centre":
            assert (found[["row", "column"]] == 8).all(axis=None)
        dense = run.table("features").query("layer == 'fc6' and n_top > 0")["unit"].iloc[0]
        assert run.top_items(dense, 1)[["row", "column", "top", "left", "bottom", "right"]].to_numpy().tolist() == [
            [0, 0, 0, 0, 64, 64]
        ]


def test_histograms_give_the_same_features(tmp_path):
    data = load_data("demo:", n=60)
    stored = record("demo:", data, tmp_path / "stored", layers="conv1", workers=0)
    with pytest.warns(UnitscopeWarning, match="storing these activations"):
        counted = record("demo:", data, tmp_path / "counted", layers="conv1", workers=0, store=False)
    for run in (stored, counted):
        find_features(run, count=10, workers=0)
    pd.testing.assert_frame_equal(stored.table("features"), counted.table("features"))


def test_networks_that_normalise_their_input_give_the_same_crops(tmp_path):
    data = load_data("demo:", n=24)
    features = []
    for name, options in {"plain": {}, "shifted": {"mean": ".1", "std": "2"}}.items():
        network = load_model(NETWORK, size=64, **options)
        run = record(network, data, tmp_path / name, layers="relu", predictions=False, workers=0)
        find_features(run, count=4, workers=0)
        features.append(run.array("features", "neuron_feature")[RED])
    # The unit for red sees the same, whatever is subtracted from all channels.
    np.testing.assert_allclose(features[0], features[1], atol=1e-5)


def test_real_networks(real, tmp_path):
    data = load_data(f"folder:{real / 'cifar10-test'}", limit=20)
    run = record(f"py:{real / 'models.py'}:resnet20", data, tmp_path / "run", layers="relu,layer1.0.relu2", workers=0)
    table = find_features(run, workers=0)
    assert table["colour_index"].between(-0.5, 1.0001).sum() == table["colour_index"].notna().sum()
    assert (table["colour_index"] > 0.4).any()
    assert (table["colour_index"] < 0.1).any()


def test_a_network_that_fails_without_colour_says_so(recorded, monkeypatch):
    run = recorded("run")
    monkeypatch.setattr(
        "unitscope.features.worker.remove_colour", lambda colours, grey: torch.full_like(colours, torch.inf)
    )
    with pytest.raises(
        UnitscopeError, match=r"^without colour \(grey pca\), layer .* gave .*; or choose another --grey$"
    ):
        find_features(run, count=COUNT, workers=0)


def test_colour_that_each_unit_sees_is_removed(tmp_path):
    data = load_data("demo:", n=30)
    run = record("demo:", data, tmp_path / "run", layers="conv2,fc6", workers=0)
    table = find_features(run, count=4, grey="pca-crop", workers=0)
    responses = run.array("features", "response")
    network, layers = open_network(run), find_layers(run, open_network(run))
    for row, unit in table.query("n_top == 4").groupby("layer")["unit"].first().items():
        _, index = run.find_unit(unit)
        place = table.index[table["unit"] == unit][0]
        for rank, found in enumerate(run.top_items(unit, 4).to_dict("records")):
            image = network.preprocess(data.load(found["item"]))[None]
            top, left, bottom, right = (int(found[side]) for side in ("top", "left", "bottom", "right"))
            changed = image.clone()
            changed[..., top:bottom, left:right] = remove_colour(image[..., top:bottom, left:right], "pca")
            with capture(network.module, layers, take=lambda maps: maps) as hooked:
                hooked(changed)
            values = hooked.taken[row][0, index]
            there = values[int(found["row"]), int(found["column"])] if values.ndim else values
            assert responses[place, rank, 1] == pytest.approx(float(there), abs=1e-4)
    find_features(run, count=4, workers=0)  # in the whole image: the same where a unit sees the whole image
    whole = run.array("features", "response")
    dense = (run.units["layer"] == "fc6").to_numpy()
    np.testing.assert_allclose(whole[dense], responses[dense], atol=1e-4)
    assert not np.allclose(whole[~dense], responses[~dense], atol=1e-3, equal_nan=True)
