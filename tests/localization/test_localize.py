"""Localizations against the definitions, with sets of pixels; however they are computed; and what is refused."""

import os
import pickle
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from coloured_network import BIAS, WEIGHTS
from PIL import Image
from test_boxes import box_of, flood
from typer.testing import CliRunner

import unitscope.analysis.work as work
from unitscope import import_file, load_data, localize, open_run, record
from unitscope.cli import main
from unitscope.data import load_concepts
from unitscope.errors import UnitscopeError
from unitscope.localization import NO_BOX, find_head, read_summary
from unitscope.localization.analysis import LocalizationAnalysis
from unitscope.localization.settings import Settings
from unitscope.localization.true_boxes import find_masks, read_boxes
from unitscope.measures.classes import Classes
from unitscope.measures.halves import Halves
from unitscope.models import example_batch, open_network
from unitscope.run import read_status
from unitscope.testing import check_analysis

CODE = Path(__file__).with_name("coloured_network.py")
CLASSES = ("blue", "green", "red")
COLOURS = {"blue": (20, 60, 220), "green": (60, 200, 40), "red": (230, 40, 30)}
N, HEIGHT, WIDTH, SIDE = 21, 40, 56, 16
ORDER = sorted(range(N), key=lambda index: (CLASSES[index % 3], index))
"""The pictures in the order of the run."""

OUTPUTS = (2, 1, 0)
"""The network's scores are of red, green and blue; classes are in the order of their names."""


def draw(index):
    """A rectangle of the class's colour, and one of another colour, on noise: class, pixels, box and mask."""
    rng = np.random.default_rng([3, index])
    name = CLASSES[index % 3]
    pixels = rng.integers(0, 70, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    top, left = 4 * rng.integers(0, 6), 4 * rng.integers(2, 8)
    bottom, right = top + 4 * rng.integers(2, 5), left + 4 * rng.integers(2, 7)
    if index == 7:  # most of what the network sees
        top, left, bottom, right = 4, 20, HEIGHT, WIDTH
    if index % 4 == 3 and index != 7:  # there is more of the colour elsewhere
        top, left, bottom, right = 8, 16, 20, 24
        pixels[20:36, 32:44] = COLOURS[name]
    row, column = 4 * rng.integers(0, 8), 4 * rng.integers(2, 9)
    pixels[row : row + 8, column : column + 12] = COLOURS[CLASSES[(index + 1) % 3]]
    pixels[top:bottom, left:right] = COLOURS[name]
    mask[top:bottom, left:right] = 1 + CLASSES.index(name)
    return name, pixels, (left, top, min(right, WIDTH), min(bottom, HEIGHT)), mask


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Images by class, masks of them, and a file of boxes; one item has no box, another has two."""
    top = tmp_path_factory.mktemp("localize")
    rows = []
    for index in range(N):
        name, pixels, box, mask = draw(index)
        for folder, values in (("images", pixels), ("masks/object", mask)):
            path = top / "pets" / folder / name / f"{index:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(path)
        rows.append((f"{name}/{index:02d}.png", name, *box))
    rows.append((rows[4][0], "green", 2, 3, 9, 11))
    rows.append((rows[5][0], "blue", 0, 0, 56, 40))  # of another class: does not count
    table = pd.DataFrame(rows, columns=["item", "class", "x0", "y0", "x1", "y1"])
    table.drop(2).to_csv(top / "boxes.csv", index=False)
    pd.DataFrame({"number": [1, 2, 3], "name": CLASSES, "category": "object"}).to_csv(
        top / "pets" / "labels.csv", index=False
    )
    pd.DataFrame({"output": [2, 1, 0], "class": CLASSES}).to_csv(top / "map.csv", index=False)
    return top


def record_with(network, place, name, layers="colour"):
    """Record the images at half their size, of which the network sees the 16 x 16 pixels in the middle."""
    from unitscope import load_model

    model = load_model(f"py:{CODE}:{network}", resize=HEIGHT // 2, crop=SIDE)
    data = load_data(f"folder:{place / 'pets' / 'images'}")
    return record(model, data, place / name, layers=layers, workers=0, label_map=place / "map.csv")


@pytest.fixture(scope="module")
def recorded(place):
    return record_with("Net", place, "recorded", "colour,linear")


@pytest.fixture(scope="module")
def localized(recorded, place):
    """A run with a localization that no test changes."""
    run = open_run(shutil.copytree(recorded.directory, place / "localized"))
    localize(run, boxes=place / "boxes.csv", maps=5, workers=0, batch_size=4)
    return open_run(run.directory)


@pytest.fixture
def make(recorded, tmp_path):
    """Return a function that copies the recording."""
    return lambda name="run": open_run(shutil.copytree(recorded.directory, tmp_path / name))


def unitscope(*arguments, status=0):
    done = CliRunner(env={"COLUMNS": "200"}).invoke(main.app, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


# The definitions, from pixels


def seen(pixels):
    """What the network sees of an image, ``(3, 16, 16)``: half of each side, then rows 2 to 17 and columns 6 to 21."""
    small = np.asarray(Image.fromarray(pixels).resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BILINEAR))
    return small[2:18, 6:22].transpose(2, 0, 1).astype(float)


def units_of(pixels):
    """Maps of the four units, ``(4, 8, 8)``, by adding up blocks of pixels."""
    blocks = seen(pixels).reshape(3, 8, 2, 8, 2).mean((2, 4)) / 16
    return np.concatenate([blocks, blocks.sum(0, keepdims=True)])


def wide_maps(pixels):
    """Class maps as large as the input, ``(3, 16, 16)``, by PyTorch, and scores."""
    units = units_of(pixels)
    maps = np.einsum("cu,uij->cij", np.array(WEIGHTS, float), units) / 64
    scores = maps.sum((1, 2)) + BIAS
    wide = torch.nn.functional.interpolate(torch.from_numpy(maps)[None], size=(SIDE, SIDE), mode="bilinear")
    return wide[0].numpy(), scores


def pixels_of(box):
    """Pixels of a box, in quarters of pixels, since boxes at half their size end between pixels."""
    top, left, bottom, right = np.rint(np.array(box) * 4).astype(int)
    return {(row, column) for row in range(top, bottom) for column in range(left, right)}


def overlap(one, other):
    first, second = pixels_of(one), pixels_of(other)
    return len(first & second) / len(first | second) if first | second else 0.0


def boxes_above(mask):
    """Boxes of all connected parts of a mask, with their sizes, by filling them pixel by pixel."""
    return [(len(part), box_of(part)) for part in flood(mask)]


def box_of_map(scores):
    """The box around the first of the largest parts above 20 % of the maximum."""
    parts = boxes_above(scores > 0.2 * scores.max()) if scores.max() > 0 else []
    return max(parts, key=lambda part: part[0])[1] if parts else NO_BOX


def true_boxes(index):
    """Boxes on the input by hand; none of item 2, and two of item 4."""
    listed = [draw(index)[2]] * (index != 2) + [(2, 3, 9, 11)] * (index == 4)
    found = []
    for left, top, right, bottom in listed:
        box = np.clip([top / 2 - 2, left / 2 - 6, bottom / 2 - 2, right / 2 - 6], 0, SIDE)
        found += [box] if box[2] > box[0] and box[3] > box[1] else []
    return found


def numbers_by_definition():
    """Errors and accuracies of all items, and the box of each item's best class."""
    hits, boxes, known_right, whole_right, accurate = [], [], [], [], []
    for index in ORDER:
        name, pixels, *_ = draw(index)
        maps, scores = wide_maps(pixels)
        order = np.argsort(-scores, kind="stable")
        label = OUTPUTS[CLASSES.index(name)]
        boxes.append(box_of_map(maps[order[0]]))
        true = true_boxes(index)
        if not true:
            continue
        right = [max(overlap(box_of_map(maps[each]), box) for box in true) >= 0.5 for each in range(3)]
        hits.append([order[0] == label and right[label], right[label], order[0] == label])
        known_right.append(right[label])
        whole_right.append(max(overlap((0, 0, SIDE, SIDE), box) for box in true) >= 0.5)
        own = (maps[label] - maps[label].min()) / np.ptp(maps[label])
        accurate.append(np.zeros((2, 1000)))
        levels = np.searchsorted(np.arange(1000) / 1000, own)  # thresholds below each value; nothing changes in between
        for first, last in pairwise(np.unique([0, *levels.ravel()])):
            parts = boxes_above(levels > first)
            overlaps = [max(overlap(box, other) for other in true) for _, box in parts]
            largest = max(range(len(parts)), key=lambda part: parts[part][0])
            accurate[-1][:, first:last] = [[overlaps[largest]], [max(overlaps)]]
    first, any_of_five, correct = 1 - np.mean(hits, axis=0)
    largest, best = np.moveaxis(np.array(accurate), 1, 0)
    return {
        "n_items": len(hits),
        "top_1_error": first,
        "top_5_error": any_of_five,
        "known_class_error": 1 - np.mean(known_right),
        "top_1_class_error": correct,
        "top_5_class_error": 0,
        "whole_image_error": 1 - np.mean(whole_right),
        "max_box_acc": (largest >= 0.5).mean(0).max(),
        "max_box_acc_threshold": (largest >= 0.5).mean(0).argmax() / 1000,
        "max_box_acc_v2": np.mean([(best >= least).mean(0).max() for least in (0.3, 0.5, 0.7)]),
    }, boxes


def test_numbers_are_those_of_the_definitions(localized):
    expected, boxes = numbers_by_definition()
    found = read_summary(localized)
    assert localized.array("localization", "box").tolist() == [[*map(int, box)] for box in boxes]
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-9), name
    assert 0 < expected["top_5_error"] < expected["top_1_error"] < 1
    assert expected["max_box_acc"] > 1 - expected["known_class_error"]  # the threshold matters
    assert 0 < expected["whole_image_error"] < 1


def test_intervals_are_wilson_s(localized):
    found = read_summary(localized)
    n, p, z = found["n_items"], found["top_1_error"], 1.959963984540054
    middle, half = p + z**2 / 2 / n, z * np.sqrt(p * (1 - p) / n + z**2 / 4 / n**2)
    ends = found[["top_1_error_low", "top_1_error_high"]]
    np.testing.assert_allclose(ends, [(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)])


def test_evidence_is_weight_times_mean(localized):
    means = np.array([units_of(draw(index)[1]).mean((1, 2)) for index in ORDER])
    labels, half = localized.labels, Halves.draw(Classes.of_labels(localized.labels, 3)).half

    def evidence(items):
        return np.array([np.array(WEIGHTS)[OUTPUTS[each]] * means[items & (labels == each)].mean(0)
                         for each in range(3)]).T  # fmt: skip

    both = evidence(np.ones(N, bool))
    np.testing.assert_allclose(localized.array("localization", "evidence")[:4], both, rtol=1e-6)
    assert np.isnan(localized.array("localization", "evidence")[4:]).all()  # of the layer linear
    table = localized.table("localization")
    best = both.argmax(1)
    assert table["evidence_class"].tolist()[:4] == [CLASSES[each] for each in best]
    np.testing.assert_allclose(table["evidence"][:4], both.max(1), rtol=1e-6)
    np.testing.assert_allclose(table["evidence_share"][:4], both.max(1) / both.sum(0)[best], rtol=1e-6)
    parts = [evidence(half == each) for each in (0, 1)]
    held_out = [parts[1 - each][range(4), parts[each].argmax(1)] for each in (0, 1)]
    np.testing.assert_allclose(table["evidence_held_out"][:4], np.mean(held_out, axis=0), rtol=1e-6)
    assert table["undefined"].tolist()[3:] == [""] + 3 * [
        "evidence is of the units of colour, whose maps the network averages"
    ]
    # All units together give the mean score of a class for its own items, without the bias.
    scores = [wide_maps(draw(index)[1])[1][OUTPUTS[index % 3]] for index in ORDER]
    expected = [np.mean([scores[i] for i in range(N) if labels[i] == each]) - BIAS[OUTPUTS[each]] for each in range(3)]
    np.testing.assert_allclose(both.sum(0), expected)


def test_masks_give_the_same_numbers_as_boxes_around_them(make, place):
    run = make()
    rows = [(f"{name}/{index:02d}.png", *box) for index in ORDER for name, _, box, _ in [draw(index)]]
    pd.DataFrame(rows, columns=["item", "x0", "y0", "x1", "y1"]).to_csv(place / "all.csv", index=False)
    localize(run, boxes=place / "all.csv", workers=0)
    listed = read_summary(run)
    localize(run, concepts=f"masks:{place / 'pets'}", workers=0)
    pd.testing.assert_series_equal(read_summary(run), listed)  # edges are even numbers of pixels, so masks end there


# However it is computed


def test_it_is_the_same_in_two_processes_and_resumed(make, place):
    run = make()
    network = open_network(run)
    head = find_head(network, example_batch(network, load_data(f"folder:{place / 'pets' / 'images'}")))
    boxes = read_boxes(place / "boxes.csv", run)
    check_analysis(LocalizationAnalysis(Settings(boxes, maps=4, workers=0, batch_size=2), head), run)
    masks = find_masks(load_concepts(f"masks:{place / 'pets'}"), run)
    assert pickle.loads(pickle.dumps(masks)).sha256 == masks.sha256  # they travel to other processes, too


def assert_same(run, other):
    pd.testing.assert_frame_equal(run.table("localization"), other.table("localization"), check_exact=True)
    for name in ("evidence", "summary", "box"):
        np.testing.assert_array_equal(run.array("localization", name), other.array("localization", name))
    images = [sorted((of.directory / "images" / "localization").glob("*.png")) for of in (run, other)]
    assert [path.name for path in images[0]] == [path.name for path in images[1]]
    assert [path.read_bytes() for path in images[0]] == [path.read_bytes() for path in images[1]]


def test_a_killed_localization_goes_on(make, place, localized, tmp_path):
    run = make()
    code = f"""
import unitscope, unitscope.analysis.work as work
work.PATIENCE = 0
unitscope.localize(unitscope.open_run({str(run.directory)!r}), boxes={str(place / "boxes.csv")!r}, maps=5, workers=0,
                   batch_size=1, trust=True)
"""
    environment = {**os.environ, "DIE_AFTER": f"1:9:{tmp_path / 'died'}"}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert killed.returncode == -9
    assert [found.done for found in read_status(run.directory).unfinished] == [9]
    calls = []
    localize(run, boxes=place / "boxes.csv", maps=5, workers=0, progress=lambda *call: calls.append(call))
    assert calls[0] == ("localizing", 9, N)
    assert_same(open_run(run.directory), localized)


def test_batches_do_not_matter(make, place, localized):
    run = make()
    localize(run, boxes=place / "boxes.csv", maps=5, workers=0, batch_size=7)
    assert_same(run, localized)


def test_other_boxes_are_another_analysis(make, place, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0)
    run = make()

    def stop(doing, done, total):
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        localize(run, boxes=place / "boxes.csv", workers=0, progress=stop)
    calls = []
    localize(run, workers=0, progress=lambda *call: calls.append(call))
    assert calls[0] == ("localizing", 0, N)
    assert np.isnan(read_summary(run)["top_1_error"])


# Images


def test_images_show_map_and_boxes(localized):
    paths = sorted((localized.directory / "images" / "localization").glob("*.png"))
    assert [path.name for path in paths] == [
        f"{place:06d}-{Path(localized.items['item_id'][place]).stem}.png" for place in (2, 6, 10, 14, 18)
    ]
    index = int(Path(localized.items["item_id"][2]).stem)
    shown = np.asarray(Image.open(paths[0]).convert("RGB"))
    assert shown.shape == (192, 2 * 192 + 4, 3)  # 16 pixels, enlarged 12 times
    picture, laid = shown[:, :192], shown[:, 196:]
    white = (picture == 255).all(-1).nonzero()
    top, left, bottom, right = true_boxes(index)[0] * 12
    assert (white[0].min() - 1, white[1].min() - 1) == (top, left)
    assert (white[0].max() + 2, white[1].max() + 2) == (bottom, right)
    green = (laid == (0x56, 0xFF, 0x5A)).all(-1).nonzero()
    box = localized.array("localization", "box")[2] * 12
    assert [green[0].min() - 1, green[1].min() - 1, green[0].max() + 2, green[1].max() + 2] == box.tolist()


def test_files_of_the_user_are_never_replaced(make):
    run = make()
    name = "000010-" + Path(run.items["item_id"][10]).stem + ".png"
    own = run.directory / "images" / "localization" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(UnitscopeError, match=rf"{name} was not written by Unitscope.*move it elsewhere"):
        localize(run, maps=1, workers=0)
    assert own.read_text() == "mine"
    own.rename(own.with_name("mine.txt"))
    localize(run, maps=1, workers=0)
    localize(run, workers=0)  # no images now
    assert [path.name for path in own.parent.iterdir() if not path.name.startswith(".")] == ["mine.txt"]


# Grad-CAM, centres, one item


def test_other_networks_are_said_to_have_grad_cam(place):
    run = record_with("Dense", place, "dense")
    done = unitscope("localize", run.directory, "--boxes", place / "boxes.csv", "--workers", 0)
    assert "Grad-CAM of colour: class scores are not proven to be sums" in done.stdout
    table = open_run(run.directory).table("localization")
    assert table["undefined"].str.contains("made by Grad-CAM").all()
    assert table["evidence"].isna().all()
    assert read_summary(open_run(run.directory))["n_items"] > 15


def test_a_layer_that_was_named_makes_grad_cam(make):
    run = make()
    localize(run, layer="whole", workers=0)
    assert run.parameters("localization")["method"] == "grad-cam"
    assert run.parameters("localization")["layer"] == "whole"


def test_centres_of_fields(make, localized, place):
    run = make()
    localize(run, boxes=place / "boxes.csv", maps=5, centred=True, workers=0, batch_size=4)
    assert_same(run, localized)  # fields of 2 x 2 pixels side by side: the map is stretched


def test_one_item(place, tmp_path):
    folder = tmp_path / "images" / "red"
    folder.mkdir(parents=True)
    shutil.copy(place / "pets" / "images" / "red" / "02.png", folder)
    (tmp_path / "boxes.csv").write_text("item,x0,y0,x1,y1\nred/02.png,12,4,40,30\n")
    (tmp_path / "map.csv").write_text("output,class\n0,red\n")
    from unitscope import load_model

    model = load_model(f"py:{CODE}:Net", resize=20, crop=16)
    run = record(model, load_data(f"folder:{tmp_path / 'images'}"), tmp_path / "run", layers="colour", workers=0,
                 label_map=tmp_path / "map.csv")  # fmt: skip
    localize(run, boxes=tmp_path / "boxes.csv", workers=0)
    found = read_summary(run)
    assert found["n_items"] == 1
    assert found["top_1_error"] in (0, 1)
    assert run.table("localization")["undefined"].tolist() == ["", "", "it adds nothing to any score", ""]
    assert run.table("localization")["evidence_held_out"].isna().all()


# Bad input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("item,x0,y0,x1\nred/02.png,1,2,3\n", "has no column 'y1' (did you mean"),
        ("name,x0,y0,x1,y1\nred/02.png,1,2,3,4\n", "has no column 'item'; boxes need the columns item, x0, y0, x1, y1"),
        ("item,x0,y0,x1,y1\nred/21.png,1,2,3,4\n", "line 2 has the item 'red/21.png', which is not in"),
        ("item,x0,y0,x1,y1\nred/02.png,1,2,3,4\nred/02.png,5,2,3,4\n", "line 3 has no box: x0 must be a number below"),
        ("item,x0,y0,x1,y1\nred/02.png,1,2,,4\n", "line 2 has no box"),
        ("item,x0,y0,x1,y1\nred/02.png,1,2,three,4\n", "line 2 has no box"),
        ("item,x0,y0,x1,y1\nred/02.png,1,2,inf,4\n", "line 2 has no box"),
        ("item,class,x0,y0,x1,y1\nred/02.png,rde,1,2,3,4\n", "line 2 has the class 'rde', which is not in"),
        ("item,class,x0,y0,x1,y1\nred/02.png,blue,1,2,3,4\n", "is of the class of its item; give boxes of the items'"),
        ("item,x0,y0,x1,y1\nred/02.png,1,2,57,4\n", "whose image has 56 x 40 pixels; give boxes in pixels of the orig"),
        ("item,x0,y0,x1,y1\n", "has no rows below its header"),
        (None, "there is no file"),
    ],
)
def test_boxes_that_cannot_be_used(make, tmp_path, content, message):
    run = make()
    if content:
        (tmp_path / "boxes.csv").write_text(content)
    done = unitscope("localize", run.directory, "--boxes", tmp_path / "boxes.csv", "--workers", 0, status=2)
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
    assert not run.tables


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--boxes", "boxes.csv", "--concepts", "demo:"], "both boxes and concepts are given; leave one of them out"),
        (["-C", "n=3"], "n would be options of a spec of concepts, which is not given"),
        (["--concepts", "nowhere:x"], "no concept scheme 'nowhere'"),
        (["--concepts", "demo:", "-C", "n=32"], "has the id of an image of demo:, such as '00000'; give masks of"),
        (["--layer", "colours"], "has no layer 'colours' with a map (did you mean 'colour'"),
        (["--device", "tpu"], "tpu"),
        (["--network", f"py:{CODE}:Flat"], "is not the network that"),
    ],
)
def test_mistakes_are_one_sentence(make, arguments, message):
    done = unitscope("localize", make().directory, "--workers", 0, *arguments, status=2)
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.output


def copy_masks(place, tmp_path):
    return shutil.copytree(place / "pets", tmp_path / "pets")


def test_masks_of_other_proportions(make, place, tmp_path):
    pets = copy_masks(place, tmp_path)
    for path in (pets / "masks").rglob("*.png"):  # half as high only
        Image.fromarray(np.asarray(Image.open(path))[::2]).save(path)
    with pytest.raises(UnitscopeError, match=r"mask of blue/00.png in masks:.* has 56 x 20 pixels, but .* 56 x 40"):
        localize(make(), concepts=f"masks:{pets}", workers=0)


def test_masks_of_another_resolution_are_the_same(make, place, tmp_path):
    pets = copy_masks(place, tmp_path)
    for path in (pets / "masks").rglob("*.png"):
        Image.fromarray(np.asarray(Image.open(path))[::2, ::2]).save(path)
    run, other = make(), make("other")
    localize(run, concepts=f"masks:{place / 'pets'}", workers=0)
    localize(other, concepts=f"masks:{pets}", workers=0)
    pd.testing.assert_series_equal(read_summary(run), read_summary(other))


def test_masks_of_other_pictures(make, place, tmp_path):
    pets = copy_masks(place, tmp_path)
    Image.new("RGB", (WIDTH, HEIGHT)).save(pets / "images" / "red" / "05.png")
    with pytest.raises(UnitscopeError, match=r"red/05.png is another picture in the run than in masks:"):
        localize(make(), concepts=f"masks:{pets}", workers=0)


def test_masks_of_other_items(make, place, tmp_path):
    pets = copy_masks(place, tmp_path)
    for folder in ("images", "masks/object"):
        (pets / folder / "red").rename(pets / folder / "rouge")
        shutil.rmtree(pets / folder / "blue")
        shutil.rmtree(pets / folder / "green")
    with pytest.raises(UnitscopeError, match=r"no item of .* has the id of an image of masks:.*, such as 'rouge/02"):
        localize(make(), concepts=f"masks:{pets}", workers=0)


def test_runs_that_cannot_be_localized(place, tmp_path, make):
    with pytest.raises(UnitscopeError, match=r"no layer of py:.*has a map; class maps need a convolutional network"):
        localize(record_with("Flat", place, "flat", "dense"), workers=0)
    data = load_data(f"folder:{place / 'pets' / 'images'}")
    from unitscope import load_model

    model = load_model(f"py:{CODE}:Net", resize=20, crop=16)
    without = record(model, data, tmp_path / "without", layers="colour", workers=0, predictions=False)
    with pytest.raises(UnitscopeError, match=r"has no predictions, .*; record it again, with predictions"):
        localize(without, workers=0)
    np.savez(tmp_path / "rates.npz", V1=np.random.default_rng(0).random((6, 3)), labels=list("aabbcc"))
    done = unitscope("localize", import_file(tmp_path / "rates.npz", tmp_path / "rates").directory, status=2)
    assert "has no predictions" in done.stderr
    moved = make()
    text = (moved.directory / "run.json").read_text()
    (moved.directory / "run.json").write_text(text.replace(str(CODE), "/nowhere/network.py"))
    with pytest.raises(UnitscopeError, match="network"):
        localize(open_run(moved.directory), workers=0)
    with pytest.raises(UnitscopeError, match="has no localization; run `unitscope localize"):
        read_summary(make("plain"))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"batch_size": 0}, "batch size 0"), ({"maps": -1}, "-1 maps"), ({"workers": -1}, "-1 workers")],
)
def test_options_out_of_range(recorded, options, message):
    with pytest.raises(UnitscopeError, match=message):
        localize(recorded, **options)
