"""Labels of images that the network sees a part of: against cropping images and labels before anything else."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unitscope import dissect, load_data, load_model, record
from unitscope.data import Concepts, LabelLoader, Labels, concept_table
from unitscope.data.concepts.image_files import image_items
from unitscope.dissection.image_labels import prepare_labels
from unitscope.dissection.placements import Placements
from unitscope.dissection.tally import Tally, tally_images
from unitscope.dissection.upsample import centred, half_pixel
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.models import Placement
from unitscope.models.placement import WHOLE
from unitscope.models.preprocess import Preprocess, steps_from_options

CODE = Path(__file__).with_name("maps_network.py")
NETWORK, ITEMS = f"py:{CODE}:Net", f"py:{CODE}:Items"
CATEGORY_OF = np.array([0, 0, 0, 1])
NOTHING = np.zeros(0, np.uint16)


def tally_of(maps, thresholds, labels, place=half_pixel):
    tally = Tally.empty(len(thresholds), 3, 2)
    tally_images(maps[None], thresholds, [[(tally, labels)]], place)
    return tally


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_crop_counts_as_labels_that_were_cropped_before(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    rows, columns = (sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True)))
                     for n in (height, width))  # fmt: skip
    layers = rng.integers(0, 3, (1, height, width)).astype(np.uint16)
    whole = np.array([3] if data.draw(st.booleans()) else [], np.uint16)
    maps = rng.integers(0, 4, (5, data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6)))) / 10
    thresholds = np.array([0, 0.1, 0.15, 0.2, 0.25])
    size = rows[1] - rows[0], columns[1] - columns[0]
    placement = Placement((height, width), (height, width), (-rows[0], -columns[0]), size)
    cropped = np.ascontiguousarray(layers[:, rows[0] : rows[1], columns[0] : columns[1]])
    for place in (half_pixel, lambda *given: centred(given[0], given[1], (0.5, 1), (1.5, 2), size, given[2])):
        found = tally_of(maps, thresholds, prepare_labels(layers, whole, CATEGORY_OF, placement), place)
        expected = tally_of(maps, thresholds, prepare_labels(cropped, whole, CATEGORY_OF), place)
        for name, counts in expected.arrays().items():
            np.testing.assert_array_equal(found.arrays()[name], counts, err_msg=name)


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.integers(1, 40)] * 2), st.tuples(*[st.integers(1, 40)] * 2), st.tuples(*[st.integers(1, 40)] * 2),
       st.tuples(*[st.integers(-20, 20)] * 2), st.tuples(*[st.integers(1, 40)] * 2), st.integers(1, 9))  # fmt: skip
def test_places_of_label_pixels_in_maps(image, resized, shape, corner, size, points):
    """Label maps have any number of pixels, images are resized, cut off and padded; in whole numbers, exactly."""
    placement = Placement(image, resized, corner, size)
    axis = half_pixel((points, points), shape, placement).rows
    places = []
    for row in range(shape[0]):
        on_input = Fraction(2 * row + 1, 2 * shape[0]) * resized[0] + corner[0]
        if 0 <= on_input < size[0]:
            places.append(float(min(max(on_input / size[0] * points - Fraction(1, 2), Fraction(0)), points - 1)))
    np.testing.assert_array_equal(axis.points + axis.weights, places)
    assert axis.cells[-1] == len(places)


def test_labels_of_which_no_pixel_is_seen_count_nothing():
    layers = np.array([[[1, 1], [1, 1]]], np.uint16)  # whose middles are at 25 and 75 of 100
    placement = Placement((100, 100), (100, 100), (-40, -40), (20, 20))
    labels = prepare_labels(layers, np.array([3], np.uint16), CATEGORY_OF, placement)
    assert labels.codes.shape == (0, 1)
    assert labels.concepts.tolist() == []
    tally = tally_of(np.ones((1, 3, 3)), np.zeros(1), labels)
    assert not any(counts.any() for counts in tally.arrays().values())


def test_images_that_are_seen_as_a_whole_share_a_placement(tmp_path):
    for name, size in (("a", (30, 20)), ("b", (20, 20)), ("c", (21, 20)), ("d", (3, 20))):
        Image.new("RGB", size).save(tmp_path / f"{name}.png")
    items = image_items("test", {}, ["a.png", "b.png", "c.png", "d.png"], tmp_path)
    assert [items.load.size(index) for index in range(3)] == [(20, 30), (20, 20), (20, 21)]
    for options in ({}, {"size": 9}, {"resize": 9}):
        found = Placements(steps_from_options(options), items)
        assert {found(index) for index in range(3)} == {WHOLE}
    steps = steps_from_options({"resize": 20, "crop": 20})
    for preprocess in (steps, Preprocess(lambda image: steps.apply(image), "tried")):
        found = Placements(preprocess, items)
        assert found(0) == ((20, 30), (20, 30), (0, -5), (20, 20))
        assert found(1) == WHOLE
    with pytest.raises(UnitscopeError, match=r"d\.png: where images of 3 x 20 pixels lie"):
        found(3)


class Bright(LabelLoader):
    """Labels of bright red and bright green pixels."""

    def __init__(self, folder, names, shrink=1):
        self.folder, self.names, self.shrink = folder, names, shrink

    def read(self, index):
        pixels = np.asarray(Image.open(self.folder / self.names[index]))
        layer = np.where(pixels[..., 0] > 230, 1, np.where(pixels[..., 1] > 200, 2, 0)).astype(np.uint16)
        return Labels(layer[None, :: self.shrink, :: self.shrink], NOTHING)


def draw(folder, n, cut):
    """Draw images of 32 x 64 pixels, with objects away from the middle; or cut out what a crop shows of them."""
    folder.mkdir()
    names = [f"image{index:02d}.png" for index in range(n)]
    for index, name in enumerate(names):
        rng = np.random.default_rng(index)
        pixels = np.kron(rng.integers(0, 128, (16, 32, 3)), np.ones((2, 2, 1))).astype(np.uint8)
        for channel in (0, 1):
            top, left = 2 * rng.integers(0, 12), 2 * rng.integers(0, 28)
            pixels[top : top + 8, left : left + 8, channel] = 255
        Image.fromarray(pixels[:, 16:48] if cut else pixels).save(folder / name)
    table = concept_table(["red", "green"], ["colour", "light"])
    items = image_items("test", {}, names, folder)
    return Concepts("test", table, ("colour", "light"), items, Bright(folder, names), "0")


@pytest.fixture(scope="module")
def probes(tmp_path_factory):
    place = tmp_path_factory.mktemp("cropped")
    return draw(place / "images", 40, cut=False), draw(place / "cut", 40, cut=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Recordings by a network that sees a crop, and by one that sees all."""
    place, made = tmp_path_factory.mktemp("runs"), []
    for options in ({"resize": 16, "crop": 16}, {"size": 16}):
        network = load_model(NETWORK, interpolation="nearest", **options)
        made.append(record(network, load_data(ITEMS, n=8), place / str(len(made)), layers="maps,pool,dense",
                           predictions=False, workers=0))  # fmt: skip
    return made


def assert_same(first, second):
    pd.testing.assert_frame_equal(first.table("dissection"), second.table("dissection"), check_exact=True)
    np.testing.assert_array_equal(first.array("dissection", "iou"), second.array("dissection", "iou"))


@pytest.mark.parametrize("centred", [False, True])
def test_cropping_is_as_dissecting_crops(runs, probes, centred):
    for run, concepts in zip(runs, probes, strict=True):
        dissect(run, concepts, centred=centred, workers=0)
    assert_same(*runs)
    assert (runs[0].table("dissection")["iou"] > 0).any()


def test_label_maps_of_half_the_resolution(runs, probes):
    for run, concepts in zip(runs, probes, strict=True):
        halved = Bright(concepts.labels.folder, concepts.labels.names, shrink=2)
        dissect(run, replace(concepts, labels=halved), workers=0)
    assert_same(*runs)


@pytest.mark.parametrize("tried", [False, True])
def test_a_unit_that_sees_red_detects_red_away_from_the_middle(tmp_path, tried):
    """In every image, 5 pixels of the crop are red, and a large object beyond it; its map is the crop's red."""
    (tmp_path / "red.py").write_text(
        "import torch\nfrom torch import nn\n"
        "from unitscope.models.preprocess import Steps\n"
        "def build(tried=False):\n"
        "    network = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.ReLU()).eval()\n"
        "    network[0].weight.data[:] = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)\n"
        "    return (network, prepare) if tried else network\n"
        "def prepare(image):\n"
        "    return Steps(crop=32)(image)\n"
    )
    names = [f"{index}.png" for index in range(12)]
    for index, name in enumerate(names):
        pixels = np.zeros((40, 100, 3), np.uint8)
        pixels[5:35, 70:95, 0] = 255  # columns 34 to 65 and rows 4 to 35 are seen
        top, left = np.random.default_rng(index).integers(0, 28, 2)
        pixels[4 + top, 34 + left : 34 + left + 5, 0] = 255
        Image.fromarray(pixels).save(tmp_path / name)
    items = image_items("test", {}, names, tmp_path)
    concepts = Concepts("test", concept_table(["red", "green"], ["colour"] * 2), ("colour",), items,
                        Bright(tmp_path, names), "0")  # fmt: skip
    spec = f"py:{tmp_path / 'red.py'}:build"
    network = load_model(spec, tried=True) if tried else load_model(spec, crop=32)
    run = record(network, items, tmp_path / "run", layers="1", predictions=False, workers=0)
    row = dissect(run, concepts, network=network, workers=0).iloc[0]
    assert (row["concept"], row["iou"], row["threshold"]) == ("red", 1, 0)


def test_images_of_other_sizes_than_the_recorded_ones(tmp_path, probes):
    """Without preprocessing, a network takes images of any size, but not of several sizes at once."""
    network = load_model(NETWORK)
    run = record(network, load_data(ITEMS, n=8), tmp_path / "run", layers="maps", predictions=False, workers=0)
    with pytest.warns(UnitscopeWarning, match="test have maps of 16 x 32 in layer maps, .* maps of 8 x 8"):
        dissect(run, probes[0], workers=0)
    for name, width in (("a", 16), ("b", 20)):
        Image.new("RGB", (width, 16)).save(tmp_path / f"{name}.png")
    names = ["a.png", "b.png"]
    two = replace(probes[0], items=image_items("test", {}, names, tmp_path), labels=Bright(tmp_path, names))
    with pytest.raises(UnitscopeError, match=r"different shapes after preprocessing .* give images of one size"):
        dissect(run, two, workers=0)


def test_a_preprocessing_that_is_not_understood_is_refused_before_the_first_pass(tmp_path, probes):
    (tmp_path / "mirrored.py").write_text(
        "import numpy as np, torch\nfrom torch import nn\n"
        "def build():\n"
        "    return nn.Sequential(nn.Conv2d(3, 2, 3)).eval(), prepare\n"
        "def prepare(image):\n"
        "    image = image.resize((16, 16)).transpose(0)\n"
        "    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255\n"
    )
    network = load_model(f"py:{tmp_path / 'mirrored.py'}:build")
    run = record(network, load_data(ITEMS, n=8), tmp_path / "run", layers="0", predictions=False, workers=0)
    calls = []
    with pytest.raises(UnitscopeError, match=r"images of 64 x 32 pixels lie .* since it mirrors them"):
        dissect(run, probes[0], network=network, workers=0, progress=lambda *call: calls.append(call))
    assert max((done for _, done, _ in calls), default=0) == 0
    assert not run.tables
