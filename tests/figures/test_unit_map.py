"""Maps of units on their top items: against PyTorch's interpolation, the scenes' own masks, and cut out by hand."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from unitscope import dissect, find_features, load_data, measure_run, record  # noqa: E402
from unitscope.columns import Column  # noqa: E402
from unitscope.data import load_concepts  # noqa: E402
from unitscope.errors import UnitscopeError  # noqa: E402
from unitscope.figures import concept_agreement, make_figure, unit_map  # noqa: E402
from unitscope.figures.concept_names import concepts_of  # noqa: E402
from unitscope.figures.seen_again import show_again  # noqa: E402
from unitscope.figures.unit_map import overlaps  # noqa: E402
from unitscope.models import capture, find_layers, load_model, open_network  # noqa: E402
from unitscope.run import open_run  # noqa: E402
from unitscope.testing import check_figure  # noqa: E402

N = 48
BRIGHT = "1:0"
"""A unit that is most active where photographs are bright."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    made = record(
        "demo:", load_data("demo:", n=N), tmp_path_factory.mktemp("run") / "run", layers="conv5,fc6", workers=0
    )
    measure_run(made, threads=1)
    dissect(made, "demo:", n=N, workers=0, threads=1)
    return open_run(made.directory)


@pytest.fixture(scope="module")
def unit(run):
    """The convolutional unit of highest IoU."""
    table = run.table("dissection")
    return table[table["layer"] == "conv5"].nlargest(1, "iou").iloc[0]


def test_masks_are_what_exceeds_the_threshold(run, unit):
    drawn = unit_map(run, unit["unit"], 4)
    chosen = run.top_items(unit["unit"], 4)
    assert drawn.frame()["item_id"].tolist() == chosen["item_id"].tolist()
    network, data = open_network(run), load_data("demo:", n=N)
    layers = find_layers(run, network)[:1]
    batch = torch.stack([network.preprocess(data.load(item)) for item in chosen["item"]])
    with capture(network.module, layers, take=lambda maps: maps) as hooked:
        hooked(batch)
    maps = hooked.taken["conv5"][:, [int(unit["unit"].rpartition(":")[2])]]
    wide = torch.nn.functional.interpolate(maps.double(), size=(64, 64), mode="bilinear", align_corners=False)[:, 0]
    np.testing.assert_array_equal(drawn.masks, (wide > unit["threshold"] * (1 + 1e-5)).numpy())
    np.testing.assert_allclose(drawn.frame()["active"], drawn.masks.mean((1, 2)))
    assert 0 < drawn.masks.mean() < 0.5
    np.testing.assert_allclose(drawn.frame()["activation"], maps.amax((1, 2, 3)), rtol=1e-4)
    expected = np.stack([np.asarray(data.load(item)) for item in chosen["item"]])
    np.testing.assert_array_equal(drawn.pictures, expected)  # 64 x 64 scenes are seen as they are


def test_labels_are_those_of_the_scenes(run, unit):
    drawn = unit_map(run, unit["unit"], 4)
    concepts = load_concepts("demo:", n=N)
    number = concepts.table.set_index("concept")["number"][unit["concept"]]
    for place, item in enumerate(run.top_items(unit["unit"], 4)["item"]):
        expected = (concepts.labels(item).maps == number).any(0)
        np.testing.assert_array_equal(drawn.labels[place], expected)
        both, either = (expected & drawn.masks[place]).sum(), (expected | drawn.masks[place]).sum()
        assert drawn.frame()["iou"][place] == both / either
    assert drawn.labels.any()
    assert "Dashed" in drawn.notes[0]


def test_overlaps_worked_by_hand():
    masks = np.array([[[1, 1, 0, 0]], [[0, 0, 0, 0]], [[0, 0, 0, 0]]], bool)
    labels = np.array([[[0, 1, 1, 1]], [[1, 0, 0, 0]], [[0, 0, 0, 0]]], bool)
    np.testing.assert_array_equal(overlaps(masks, labels), [0.25, 0, np.nan])


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    """A folder of photographs that are wider than high, with labels of half their resolution, and a run of them."""
    top = tmp_path_factory.mktemp("masks")
    (top / "images").mkdir()
    (top / "masks/light").mkdir(parents=True)
    for index in range(12):
        pixels = np.random.default_rng(index).integers(0, 90, (80, 160, 3), np.uint8)
        row, column = 2 * np.random.default_rng([1, index]).integers((2, 22), (30, 50))
        pixels[row : row + 12, column : column + 12] = 200 + 4 * index
        Image.fromarray(pixels).save(top / f"images/{index}.png")
        labels = (pixels[::2, ::2, 0] >= 200).astype(np.uint8)
        Image.fromarray(labels).save(top / f"masks/light/{index}.png")
    (top / "labels.csv").write_text("number,name,category\n1,lamp,light\n")
    (top / "net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "def build():\n"
        "    torch.manual_seed(0)\n"
        "    network = nn.Sequential(nn.Conv2d(3, 4, 5, 2), nn.ReLU()).eval()\n"
        "    network[0].weight.data.abs_()\n"
        "    return network\n"
    )
    model = load_model(f"py:{top / 'net.py'}:build", resize=64, crop=64, mean=0.5, std=0.5)
    items = load_concepts(f"masks:{top}").items
    made = record(model, items, top / "run", layers="1", predictions=False, workers=0)
    dissect(made, f"masks:{top}", network=model, workers=0, threads=1)
    return made, model, items, top


def test_labels_are_cropped_as_pictures_are(masks):
    made, model, items, top = masks
    drawn = unit_map(made, BRIGHT, 4, network=model, data=items)
    expected = []
    for item in drawn.frame()["item_id"]:
        labels = Image.open(top / "masks/light" / item).resize((160, 80), Image.Resampling.NEAREST)
        shown = np.repeat(np.asarray(labels)[..., None] * 255, 3, axis=-1).astype(np.uint8)
        crop = np.asarray(Image.fromarray(shown).resize((128, 64), Image.Resampling.NEAREST))[:, 32:96]
        expected.append(crop[..., 0] > 127)
    np.testing.assert_array_equal(drawn.labels, expected)
    assert 0 < drawn.labels.mean() < 0.1
    assert drawn.pictures[drawn.labels].min() > 100  # what is labelled is bright, and hardly anything else
    assert (drawn.pictures.min(3)[~drawn.labels] > 150).mean() < 0.02
    assert (drawn.masks & drawn.labels).any()


def test_only_the_labels_that_are_drawn_are_read(masks, monkeypatch):
    made, model, items, _ = masks

    def hash_file(path):
        raise AssertionError(f"{path} is hashed")

    monkeypatch.setattr("unitscope.data.concepts.masks.hash_file", hash_file)
    assert unit_map(made, BRIGHT, 2, network=model, data=items).labels.any()


def test_other_images_or_concepts_have_no_labels(masks, tmp_path):
    made, model, items, top = masks
    (top / "labels.csv").write_text("number,name,category\n1,candle,light\n")
    drawn = unit_map(made, BRIGHT, 2, network=model, data=items)
    (top / "labels.csv").write_text("number,name,category\n1,lamp,light\n")
    assert drawn.notes[-1].endswith("has other images or concepts than when the run was dissected.")
    assert not drawn.labels.any()


def test_maps_at_the_centres_of_receptive_fields(tmp_path):
    """A convolution of 3 x 3 pixels at every fourth, from the first: fields are centred at 1.5, 5.5, 9.5 ..."""
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 2, 3, 4)).eval()\n"
    )
    model = load_model(f"py:{tmp_path / 'net.py'}:build", size=16)
    images = load_data("demo:", n=8)
    made = record(model, images, tmp_path / "run", layers="0", predictions=False, workers=0)
    seen = {}
    for centred in (True, False):
        dissect(made, "demo:", n=8, centred=centred, network=model, workers=0, threads=1)
        seen[centred] = show_again(open_run(made.directory), "0:1", [2, 5], network=model, data=images)
    batch = torch.stack([model.preprocess(images.load(item)) for item in (2, 5)])
    with torch.no_grad():
        maps = model.module(batch)[:, 1].double().numpy()  # 4 x 4
    places = np.clip((np.arange(16) + 0.5 - 1.5) / 4, 0, 3)
    rows = np.array([[np.interp(places, range(4), row) for row in of] for of in maps])
    expected = np.array([[np.interp(places, range(4), column) for column in of.T] for of in rows]).transpose(0, 2, 1)
    np.testing.assert_allclose(seen[True].maps, expected, atol=1e-5)
    assert np.abs(seen[True].maps - seen[False].maps).max() > 0.01


def test_figures_of_a_dissection_are_drawn_as_all_figures_are(run, unit):
    check_figure(unit_map, run, unit=unit["unit"], count=7)
    check_figure(unit_map, run, unit=run.table("dissection")["unit"].iloc[-1], count=2)  # of fc6: all of it or nothing
    check_figure(concept_agreement, run)
    stored = run.stored_table("dissection")
    assert len(concepts_of(stored)) == len(stored.labels["concept"]) == 79


def test_fields_are_drawn_where_features_were_found(run, unit, tmp_path):
    import shutil

    assert any("No receptive fields" in note for note in unit_map(run, unit["unit"], 2).notes)
    other = open_run(shutil.copytree(run.directory, tmp_path / "run"))
    find_features(other, count=5, workers=0, threads=1)
    drawn = unit_map(open_run(other.directory), unit["unit"], 2)
    box = drawn.frame().iloc[0]
    top = open_run(other.directory).top_items(unit["unit"], 2).iloc[0]
    assert box[["top", "left", "bottom", "right"]].tolist() == top[["top", "left", "bottom", "right"]].tolist()
    patch = make_figure(drawn).axes[0].patches[0]
    step = 0.94 / 64
    assert patch.get_x() == pytest.approx(0.03 + top["left"] * step)
    assert patch.get_height() == pytest.approx((top["bottom"] - top["top"]) * step)


def test_items_that_are_no_images_of_the_concepts_have_no_labels(run, unit, tmp_path):
    other = record("demo:", load_data("demo:", n=N), tmp_path / "run", layers="conv5", workers=0)
    measure_run(other, threads=1)
    dissect(other, "demo:", n=N, seed=1, workers=0, threads=1)  # the same ids, but other scenes
    drawn = unit_map(open_run(other.directory), unit["unit"], 3)
    assert drawn.notes[-1] == "No labels for 3 of 3 items, which are not among the images of demo:."
    assert drawn.frame()[["labelled", "iou"]].isna().all(axis=None)
    assert "Dashed" not in drawn.notes[0]


def test_a_unit_without_concept_is_shown_dimmed(run):
    without = run.table("dissection").query("concept == ''")["unit"]
    found = next(name for name in without if len(run.top_items(name, 1, "all")))  # active, but never above it
    drawn = unit_map(run, found, 2, "all")
    assert drawn.heading.startswith(f"Unit {found}: no concept, threshold")
    assert not drawn.masks.any()
    assert drawn.notes[-1] == "No labels: the unit has no concept."


def test_units_that_cannot_be_shown_say_why(run, make_run):
    plain = make_run({"conv5": np.ones((4, 2))}, [0, 1, 0, 1])
    with pytest.raises(UnitscopeError, match="has no dissection; run `unitscope dissect"):
        unit_map(plain, "conv5:0")
    frame = plain.units[["unit"]].assign(threshold=[0.5, np.nan], undefined=["", "its positions are not in rows"])
    columns = [Column("unit", "Unit", "", kind="text"), Column("threshold", "Threshold", "", kind="value")]
    plain.add_table("dissection", frame, [*columns, Column("undefined", "Undefined", "", kind="text")], {})
    with pytest.raises(UnitscopeError, match="unit conv5:0 is equally active to all items"):
        unit_map(plain, "conv5:0")
    with pytest.raises(UnitscopeError, match="conv5:1 has no threshold: its positions are not in rows; choose"):
        unit_map(plain, "conv5:1")
    with pytest.raises(UnitscopeError, match="no unit 999"):
        unit_map(run, "conv5:999")
