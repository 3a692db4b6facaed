"""Folders of masks: labels worked by hand, kinds of PNG images, and what can be wrong."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unitscope.data import load_concepts, write_broden
from unitscope.errors import UnitscopeError, UnitscopeWarning

LABELS = "number,name,category\n1,dog,object\n7,cat,object\n1,tail,part\n300,paw,part\n"

MASKS = {
    "object/pets/rex.png": [[1, 1], [7, 0], [7, 0]],
    "part/pets/rex.png": [[1, 0], [300, 0], [0, 0]],
    "part/tom.png": [[0, 300, 1]],  # no mask of objects
}


def write_mask(path, numbers):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(numbers, np.uint16)).save(path)


@pytest.fixture
def pets(tmp_path):
    """A folder of two images with masks."""
    top = tmp_path / "pets"
    (top / "images" / "pets").mkdir(parents=True)
    for place, name in enumerate(("pets/rex.jpg", "tom.png")):
        Image.new("RGB", (40, 60), (0, 90 * place, 0)).save(top / "images" / name)
    for name, numbers in MASKS.items():
        write_mask(top / "masks" / name, numbers)
    (top / "labels.csv").write_text(LABELS)
    return top


def assert_refused(directory, message, **options):
    """Check that loading, or reading the labels of all images, is refused in one line."""
    with pytest.raises(UnitscopeError, match=re.escape(message)) as caught:
        read_all(load_concepts(f"masks:{directory}", **options))
    assert "\n" not in str(caught.value)


def read_all(concepts):
    return [concepts.labels(index) for index in range(len(concepts.items))]


def test_labels_are_those_worked_by_hand(pets):
    concepts = load_concepts(f"masks:{pets}")
    assert concepts.categories == ("object", "part")
    assert concepts.table.to_dict("list") == {
        "number": [1, 2, 3, 4],
        "concept": ["dog", "cat", "tail", "paw"],
        "category": ["object", "object", "part", "part"],
    }
    assert concepts.items.items["item_id"].tolist() == ["pets/rex.jpg", "tom.png"]
    assert concepts.items.load(1).getpixel((0, 0)) == (0, 90, 0)
    first, second = concepts.labels(0), concepts.labels(1)
    assert first.maps.tolist() == [[[1, 1], [2, 0], [2, 0]], [[3, 0], [4, 0], [0, 0]]]
    assert second.maps.tolist() == [[[0, 4, 3]]]
    assert first.maps.dtype == second.whole.dtype == np.uint16
    assert first.whole.tolist() == second.whole.tolist() == []


def test_masks_of_every_kind_hold_the_same_numbers(pets):
    numbers = np.array([[1, 1], [7, 0], [7, 0]], np.uint8)
    path = pets / "masks/object/pets/rex.png"
    expected = load_concepts(f"masks:{pets}").labels(0).maps
    palette = Image.fromarray(numbers, "P")
    palette.putpalette([colour for number in range(256) for colour in (255 - number, number, 9)])
    for image, options in [
        (Image.fromarray(numbers), {}),
        (Image.fromarray(numbers.astype(np.uint16)), {}),
        (palette, {}),
        (palette, {"bits": 4}),
        (palette, {"transparency": 0}),
    ]:
        image.save(path, **options)
        assert np.array_equal(load_concepts(f"masks:{pets}").labels(0).maps, expected), (image.mode, options)
    Image.fromarray(numbers == 1).save(path)  # black and white: 0 and 1
    assert load_concepts(f"masks:{pets}").labels(0).maps[0].tolist() == [[1, 1], [0, 0], [0, 0]]


def save_grey_of_4_bits(path):
    """Write a PNG image of 2 x 1 grey values of 4 bits, 1 and 7, which Pillow itself cannot write."""
    import struct
    import zlib

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 1, 4, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\x17")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def test_images_whose_values_are_not_clearly_numbers_are_refused(pets):
    path = pets / "masks/part/tom.png"
    for mode in ("RGB", "RGBA", "LA"):
        Image.new(mode, (3, 1)).save(path)
        assert_refused(pets, f"the mask {path} is a PNG image of mode {mode} with 8 bits, whose values are not clearly")
    save_grey_of_4_bits(path)
    assert np.asarray(Image.open(path)).tolist() == [[17, 119]]  # stretched, not 1 and 7
    assert_refused(pets, f"the mask {path} is a PNG image of mode L with 4 bits")
    path.write_text("no image")
    assert_refused(
        pets, f"the label map {path} cannot be read: it is not a PNG image, or its start is damaged; replace"
    )
    Image.new("L", (3, 1)).save(path, format="JPEG")
    assert_refused(pets, f"the label map {path} cannot be read: it is not a PNG image")
    path.rename(path.with_suffix(".jpg"))
    assert_refused(pets, "masks/part/tom.jpg is not a PNG file; convert it, without loss of values")


def test_numbers_without_a_name_are_named(pets):
    path = pets / "masks/object/pets/rex.png"
    for number in (2, 8, 65535, 300):  # 300 is a part, not an object
        write_mask(path, [[0, number], [0, 0], [0, 0]])
        assert_refused(pets, f"the label map {path} has the number {number}, which labels.csv for object does not list")


def test_masks_of_one_image_have_one_size(pets):
    path = pets / "masks/part/pets/rex.png"
    write_mask(path, [[1, 1], [1, 1]])
    assert_refused(pets, f"the label map {path} has 2 x 2 pixels, but {pets}/masks/object/pets/rex.png has 3 x 2; give")


def test_masks_and_images_must_fit(pets):
    stray = pets / "masks/part/tim.png"
    write_mask(stray, [[1]])
    assert_refused(pets, f"the mask {stray} has no image (did you mean 'tom'")
    stray.unlink()
    Image.new("RGB", (4, 4)).save(pets / "images/tom.jpg")
    assert_refused(pets, "images/tom.jpg and images/tom.png would share masks; give them different names")
    (pets / "images/tom.jpg").rename(pets / "images/lassie.jpg")
    with pytest.warns(UnitscopeWarning, match="1 images have no mask and are left out, such as 'lassie.jpg'") as caught:
        concepts = load_concepts(f"masks:{pets}")
    assert caught[0].filename == __file__
    assert concepts.items.items["item_id"].tolist() == ["pets/rex.jpg", "tom.png"]


def test_categories_and_folders_must_fit(pets):
    (pets / "masks" / "parts").mkdir()
    assert_refused(pets, "masks/parts is no category of labels.csv (did you mean 'part'")
    (pets / "masks" / "parts").rename(pets / "masks" / ".parts")  # hidden
    with (pets / "labels.csv").open("a") as file:
        file.write("1,red,colour\n")
    with pytest.warns(UnitscopeWarning, match="the category 'colour' has no images") as caught:
        concepts = load_concepts(f"masks:{pets}")
    assert caught[0].filename == __file__
    assert concepts.categories == ("object", "part", "colour")
    assert len(concepts.table) == 5
    (pets / "masks" / "colour").mkdir()
    with pytest.warns(UnitscopeWarning, match="the category 'colour' has no images"):
        load_concepts(f"masks:{pets}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "number,",
            "code,",
            "labels.csv has no column 'number' (did you mean 'name'?); its columns are code, name, category",
        ),
        ("7,cat", "0,cat", "labels.csv, line 3 has the number '0'; it must be a whole number from 1 to 65535"),
        ("7,cat", "65536,cat", "labels.csv, line 3 has the number '65536'; it must be a whole number from 1 to 65535"),
        ("7,cat", "1,cat", "labels.csv, line 3 repeats a number or a name of the category 'object'"),
        ("7,cat", "7,dog", "labels.csv, line 3 repeats a number or a name of the category 'object'"),
        ("7,cat", "7,", "labels.csv, line 3 has no name or no category; give both"),
        (LABELS[21:], "", "labels.csv has no rows below its header"),
    ],
)
def test_what_can_be_wrong_with_labels(pets, old, new, message):
    assert old in LABELS
    (pets / "labels.csv").write_text(LABELS.replace(old, new))
    assert_refused(pets, message)


def test_what_can_be_wrong_with_the_folder(pets, tmp_path):
    assert_refused(tmp_path / "absent", "there is no directory")
    assert_refused(tmp_path, f"there is no file '{tmp_path / 'labels.csv'}'")
    assert_refused(pets, "takes no option 'split'; leave it out", split="val")
    (pets / "masks").rename(pets / "mask")
    with pytest.warns(UnitscopeWarning, match="has no images"):
        assert_refused(pets, "has no masks; put them at masks/CATEGORY/NAME.png for images/NAME.jpg")
    (pets / "images").rename(pets / "image")
    assert_refused(pets, f"has no images; put them into {pets / 'images'}")


def test_the_fingerprint_follows_masks_and_labels(pets, tmp_path):
    seen = [load_concepts(f"masks:{pets}").fingerprint]
    pets.rename(tmp_path / "moved")
    assert load_concepts(f"masks:{tmp_path / 'moved'}").fingerprint == seen[0]
    write_mask(tmp_path / "moved/masks/part/tom.png", [[0, 1, 300]])
    seen.append(load_concepts(f"masks:{tmp_path / 'moved'}").fingerprint)
    (tmp_path / "moved/labels.csv").write_text(LABELS.replace("paw", "foot"))
    seen.append(load_concepts(f"masks:{tmp_path / 'moved'}").fingerprint)
    assert len(set(seen)) == 3


def test_masks_can_be_published_and_loaders_pickled(pets, tmp_path):
    concepts = load_concepts(f"masks:{pets}")
    write_broden(concepts, tmp_path / "published")
    again = load_concepts(f"broden:{tmp_path / 'published'}")
    pd.testing.assert_frame_equal(again.table, concepts.table)
    assert again.items.items["item_id"].tolist() == ["pets/rex.jpg", "masks/tom.png"]
    for index in range(2):
        assert np.array_equal(again.labels(index).maps, concepts.labels(index).maps)
        assert np.array_equal(pickle.loads(pickle.dumps(concepts.labels))(index).maps, concepts.labels(index).maps)
