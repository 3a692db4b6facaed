"""Broden's format: a small directory with labels worked by hand, what can be wrong with one, and writing it."""

import csv
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unitscope.data import Concepts, LabelLoader, Labels, concept_table, load_concepts, load_data, write_broden
from unitscope.data.concepts.write_broden import shares_of, split_of
from unitscope.errors import UnitscopeError, UnitscopeWarning

TABLES = {
    "category.csv": (
        "name,first,last,count,frequency\ncolour,1,1,1,1\nobject,2,300,3,5\npart,3,300,3,4\ntexture,5,6,2,3\n"
    ),
    "label.csv": (
        "number,name,category,frequency,coverage,syns\n"
        "1,red-c,colour(1),1,1.0,\n"
        "2,dog,object(2),2,1.5,hound\n"
        "3,tail,part(2),2,0.5,\n"
        "4,leg,object(1);part(1),2,1.0,\n"  # as much of both: the later one, part
        "5,striped,texture(2),2,2.0,\n"
        "6,dotted,texture(1),1,1.0,\n"
        "300,wheel,object(2);part(1),3,1.1,\n"  # mostly an object
    ),
    "c_colour.csv": "code,number,name,frequency,coverage\n1,1,red-c,1,1.0\n",
    "c_object.csv": "code,number,name,frequency,coverage\n1,2,dog,2,1.5\n2,300,wheel,2,1.0\n3,4,leg,1,0.5\n",
    "c_part.csv": "code,number,name,frequency,coverage\n1,3,tail,2,0.5\n2,4,leg,1,0.5\n3,300,wheel,1,1e-01\n",
    "c_texture.csv": "code,number,name,frequency,coverage\n1,5,striped,2,2.0\n2,6,dotted,1,1.0\n",
    "index.csv": (
        "image,split,ih,iw,sh,sw,colour,object,part,texture\n"
        "a/1.jpg,train,4,6,2,3,a/1_colour.png,a/1_object.png,a/1_part_1.png;a/1_part_2.png,\n"
        "a/2.jpg,val,4,6,2,3,0,,,5;6\n"
        "a/3.jpg,train,4,6,2,3,,0,,00\n"  # no label: left out
        "b/4.jpg,val,4,6,1,2,,b/4_object.png,b/4_object.png;b/4_part.png,0;5\n"
    ),
}

MAPS = {
    "a/1_colour.png": [[1, 1, 1], [1, 1, 1]],
    "a/1_object.png": [[2, 2, 0], [300, 4, 0]],
    "a/1_part_1.png": [[3, 0, 0], [300, 4, 3]],  # 300 and 4 are where the layer of objects has them
    "a/1_part_2.png": [[4, 0, 0], [0, 3, 3]],  # the last 3 is there already
    "b/4_object.png": [[2, 5]],  # 5 is a label of the whole image as well
    "b/4_part.png": [[3, 0]],
}

NAMES = ["red-c", "dog", "tail", "leg", "striped", "dotted", "wheel"]  # numbers 1 to 6, and 300 becomes 7


def write_png(path, numbers):
    numbers = np.array(numbers)
    pixels = np.stack([numbers % 256, numbers // 256, np.full_like(numbers, 9)], axis=-1)  # blue is not used
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def tiny(tmp_path):
    """A directory of four images in Broden's format."""
    for folder in ("a", "b"):
        (tmp_path / "tiny" / "images" / folder).mkdir(parents=True)
    for name, text in TABLES.items():
        (tmp_path / "tiny" / name).write_text(text)
    for name, numbers in MAPS.items():
        write_png(tmp_path / "tiny" / "images" / name, numbers)
    for number, name in enumerate(("a/1", "a/2", "a/3", "b/4")):
        Image.new("RGB", (6, 4), (60 * number, 0, 0)).save(tmp_path / "tiny" / "images" / f"{name}.jpg", quality=100)
    return tmp_path / "tiny"


def change(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def assert_refused(directory, message, **options):
    """Check that loading, or reading the labels of all images, is refused in one line."""
    with pytest.raises(UnitscopeError, match=re.escape(message)) as caught:
        read_all(load_concepts(f"broden:{directory}", **options))
    assert "\n" not in str(caught.value)


def read_all(concepts):
    return [concepts.labels(index) for index in range(len(concepts.items))]


def test_labels_are_those_worked_by_hand(tiny):
    concepts = load_concepts(f"broden:{tiny}")
    assert concepts.categories == ("colour", "object", "part", "texture")
    assert concepts.table.to_dict("list") == {
        "number": [1, 2, 3, 4, 5, 6, 7],
        "concept": NAMES,
        "category": ["colour", "object", "part", "part", "texture", "texture", "object"],
    }
    assert concepts.table["number"].dtype == np.int64
    first, second, third = read_all(concepts)
    assert first.maps.tolist() == [
        [[1, 1, 1], [1, 1, 1]],
        [[2, 2, 0], [7, 4, 0]],
        [[3, 0, 0], [0, 0, 3]],
        [[4, 0, 0], [0, 3, 0]],
    ]
    assert first.whole.tolist() == []
    assert (second.maps.shape, second.whole.tolist()) == ((0, 2, 3), [5, 6])
    assert (third.maps.tolist(), third.whole.tolist()) == ([[[2, 0]], [[3, 0]]], [5])
    for labels in (first, second, third):
        assert labels.maps.dtype == labels.whole.dtype == np.uint16


def test_images_are_items(tiny):
    items = load_concepts(f"broden:{tiny}").items
    assert items.items["item_id"].tolist() == ["a/1.jpg", "a/2.jpg", "b/4.jpg"]
    assert items.items["split"].tolist() == ["train", "val", "val"]
    assert items.items["uri"].iloc[2] == str(tiny / "images" / "b" / "4.jpg")
    assert items.items["label"].tolist() == [0, 0, 0]
    assert items.classes["class"].tolist() == ["image"]
    assert items.load(2).size == (6, 4)
    assert abs(items.load(2).getpixel((0, 0))[0] - 180) < 3


def test_a_category_is_chosen_among_those_selected(tiny):
    concepts = load_concepts(f"broden:{tiny}", categories="part+colour")
    assert concepts.categories == ("colour", "part")  # in Broden's order
    assert concepts.table.to_dict("list") == {
        "number": [1, 2, 3, 4],
        "concept": ["red-c", "tail", "leg", "wheel"],
        "category": ["colour", "part", "part", "part"],
    }
    assert concepts.items.items["item_id"].tolist() == ["a/1.jpg", "b/4.jpg"]
    assert concepts.labels(0).maps.tolist() == [
        [[1, 1, 1], [1, 1, 1]],
        [[2, 0, 0], [4, 3, 2]],
        [[3, 0, 0], [0, 2, 0]],
    ]


def test_a_split_is_selected(tiny):
    concepts = load_concepts(f"broden:{tiny}", split="val", categories="object+part+texture")
    assert concepts.items.items["item_id"].tolist() == ["a/2.jpg", "b/4.jpg"]
    assert concepts.items.options == {"split": "val", "categories": "object+part+texture"}
    assert concepts.labels(1).whole.tolist() == [concepts.table["concept"].tolist().index("striped") + 1]
    assert_refused(tiny, "index.csv has no split 'test'; it has 'train', 'val'", split="test")


def test_a_category_without_images_is_warned_of(tiny):
    with pytest.warns(UnitscopeWarning, match=r"broden:.*tiny: the category 'colour' has no images") as caught:
        load_concepts(f"broden:{tiny}", split="val")
    assert caught[0].filename == __file__


def test_each_map_is_decoded_once(tiny, monkeypatch):
    from unitscope.data.concepts import broden

    decoded, read = [], broden.read_colours
    monkeypatch.setattr(broden, "read_colours", lambda path: decoded.append(path.name) or read(path))
    concepts = load_concepts(f"broden:{tiny}")
    assert decoded == []
    concepts.labels(2)
    assert decoded == ["4_object.png", "4_part.png"]  # two categories name the first


def test_loaders_can_be_pickled(tiny):
    concepts = load_concepts(f"broden:{tiny}")
    again = pickle.loads(pickle.dumps(concepts.labels))
    assert again(0).maps.tolist() == concepts.labels(0).maps.tolist()


def test_the_fingerprint_follows_labels_and_not_places(tiny, tmp_path):
    before = load_concepts(f"broden:{tiny}").fingerprint
    tiny.rename(tmp_path / "moved")
    moved = tmp_path / "moved"
    assert load_concepts(f"broden:{moved}").fingerprint == before
    seen = {before, load_concepts(f"broden:{moved}", categories="object+texture").fingerprint}
    size = (moved / "images/b/4_part.png").stat().st_size
    write_png(moved / "images/b/4_part.png", [[4, 0]])
    assert (moved / "images/b/4_part.png").stat().st_size == size  # another label, the same number of bytes
    seen.add(load_concepts(f"broden:{moved}").fingerprint)
    change(moved / "index.csv", "0;5", "0;6")
    seen.add(load_concepts(f"broden:{moved}").fingerprint)
    change(moved / "label.csv", "dotted", "spotted")
    seen.add(load_concepts(f"broden:{moved}").fingerprint)
    assert len(seen) == 5


def test_what_can_be_wrong_with_specs_and_options(tiny):
    with pytest.raises(UnitscopeError, match="did you mean 'broden:tiny' or 'masks:tiny'"):
        load_concepts("tiny")
    with pytest.raises(UnitscopeError, match=r"no concept scheme 'brodn'.*'broden'.*broden:, masks:, demo:"):
        load_concepts("brodn:tiny")
    with pytest.raises(UnitscopeError, match="there is no directory 'absent'"):
        load_concepts("broden:absent")
    assert_refused(tiny, "takes no option 'splt' (did you mean 'split'?)", splt="val")
    assert_refused(tiny, "has no category 'objects' (did you mean 'object'?); its categories are", categories="objects")
    assert_refused(tiny, "has no category ''", categories="part+")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("index.csv", TABLES["index.csv"].split("\n", 1)[1], "", "index.csv has no rows below its header"),
        ("index.csv", "object,part", "objct,part", "index.csv has no column 'object' (did you mean 'objct'?)"),
        ("index.csv", "iw,", "width,", "index.csv has no column 'iw'"),
        ("category.csv", "object,2,300,3,5\n", "", "column 'object', which category.csv does not list as a category"),
        ("category.csv", "object,", "part,", "category.csv lists 'part' more than once"),
        ("category.csv", "name,", "category,", "category.csv has no column 'name'"),
        ("index.csv", "a/2.jpg", "a/1.jpg", "index.csv lists the image 'a/1.jpg' more than once; keep one row"),
        ("index.csv", "a/2.jpg", "a/5.jpg", "line 3 names images/a/5.jpg, which does not exist; restore it"),
        ("index.csv", "b/4_part.png", "b/5_part.png", "line 5 names images/b/5_part.png, which does not exist"),
        ("index.csv", "b/4_part.png", "../4_part.png", "line 5 names '../4_part.png', which is not a path below"),
        ("index.csv", "5;6", "5;7", "line 3 has the label 7 of the whole image, which label.csv"),
        ("index.csv", "5;6", "99999", "line 3 has the label 99999 of the whole image, which label.csv"),
        ("index.csv", "4,6,1,2", "4,6,1,x", "index.csv, line 5 has the sw 'x'; it must be a whole number from 1"),
        ("index.csv", "4,6,1,2", "4,6,0,2", "index.csv, line 5 has the sh '0'; it must be a whole number from 1"),
        ("index.csv", "4,6,1,2", "4,6,2,2", "4_object.png has 1 x 2 pixels, but index.csv says 2 x 2"),
        ("label.csv", "300,wheel", "301,wheel", "c_object.csv has the number 300, which label.csv does not list"),
        ("label.csv", "6,dotted", "5,dotted", "label.csv lists the number 5 more than once"),
        (
            "label.csv",
            "300,wheel",
            "-3,wheel",
            "label.csv, line 8 has the number '-3'; it must be a whole number from 0",
        ),
        ("label.csv", "300,wheel", "65536,wheel", "label.csv, line 8 has the number '65536'; it must be"),
        ("c_part.csv", "1e-01", "much", "c_part.csv has the coverage 'much' for 300; it must be a number from 0"),
        ("c_part.csv", "1e-01", "nan", "c_part.csv has the coverage 'nan' for 300"),
    ],
)
def test_what_can_be_wrong_with_tables(tiny, file, old, new, message):
    change(tiny / file, old, new)
    assert_refused(tiny, message)


@pytest.mark.parametrize("name", ["index.csv", "category.csv", "label.csv", "c_part.csv"])
def test_a_table_may_be_missing_or_no_table(tiny, name):
    (tiny / name).write_bytes(b"")
    assert_refused(tiny, f"{name} cannot be read as CSV")
    (tiny / name).unlink()
    assert_refused(tiny, f"there is no file '{tiny / name}'")


def test_what_can_be_wrong_with_label_maps(tiny):
    path = tiny / "images" / "b" / "4_part.png"
    write_png(path, [[3, 299]])
    assert_refused(
        tiny, f"the label map {path} has the number 299, which label.csv (or c_*.csv of the chosen categorie"
    )
    write_png(path, [[3, 65535]])
    assert_refused(tiny, f"the label map {path} has the number 65535, which label.csv")
    Image.new("L", (2, 1), 3).save(path)
    assert_refused(tiny, f"the label map {path} has pixels of mode L, but Broden's are RGB")
    Image.new("RGB", (2, 1)).save(path, format="BMP")
    assert_refused(tiny, f"the label map {path} cannot be read: it is not a PNG image, or its start is damaged")
    path.write_bytes(b"")
    assert_refused(tiny, f"the label map {path} cannot be read: the file is empty; replace it by a PNG image")
    concepts = load_concepts(f"broden:{tiny}")
    path.unlink()
    with pytest.raises(UnitscopeError, match=r"4_part\.png cannot be read: the file does not exist"):
        concepts.labels(2)


def test_a_label_of_no_chosen_category_is_refused(tiny):
    assert_refused(tiny, "4_object.png has the number 5, which label.csv (or c_*.csv of", categories="object")
    assert_refused(tiny / "absent", "there is no directory")


def test_files_that_are_not_needed_may_be_missing(tiny):
    (tiny / "images/a/3.jpg").unlink()  # it has no label
    (tiny / "images/a/1_colour.png").unlink()
    assert len(load_concepts(f"broden:{tiny}", categories="object+part+texture").items) == 3
    assert_refused(tiny, "line 2 names images/a/1_colour.png, which does not exist; restore it or remove the row")


def test_no_image_may_be_left(tiny):
    change(tiny / "index.csv", "a/1_colour.png", "")
    assert_refused(tiny, "no image has a label of colour; choose other categories", categories="colour")


def test_zero_may_be_listed_and_is_no_concept(tiny):
    before = load_concepts(f"broden:{tiny}").fingerprint
    change(tiny / "label.csv", "1,red-c", "0,-,,0,0,\n1,red-c")
    assert load_concepts(f"broden:{tiny}").fingerprint == before


def as_sets(concepts):
    """Return the names of the concepts of every pixel of every image: the definition that layers stand for."""
    names = ["", *concepts.table["concept"]]
    return [
        [
            {names[number] for number in [*labels.maps[:, row, column], *labels.whole]} - {""}
            for row in range(labels.maps.shape[1])
            for column in range(labels.maps.shape[2])
        ]
        for labels in read_all(concepts)
    ]


def test_the_demo_is_read_back_as_it_was(tmp_path):
    demo = load_concepts("demo:", n=20, seed=3)
    seen = []
    write_broden(demo, tmp_path / "scenes", progress=lambda *step: seen.append(step))
    assert seen == [("writing", done, 20) for done in range(1, 21)]
    again = load_concepts(f"broden:{tmp_path / 'scenes'}")
    pd.testing.assert_frame_equal(again.table, demo.table)
    assert again.categories == demo.categories
    for index in range(20):
        assert np.array_equal(again.items.load(index), demo.items.load(index))
        layers = [layer for layer in demo.labels(index).maps if layer.any()]  # some scenes show no texture
        assert np.array_equal(again.labels(index).maps, layers)
    assert again.items.items["item_id"].iloc[7] == "demo/00007.png"
    assert set(again.items.items["split"]) == {"train", "val"}


def test_what_is_read_can_be_written(tiny, tmp_path):
    concepts = load_concepts(f"broden:{tiny}")
    write_broden(concepts, tmp_path / "copy")
    again = load_concepts(f"broden:{tmp_path / 'copy'}")
    pd.testing.assert_frame_equal(again.table, concepts.table)
    assert as_sets(again) == as_sets(concepts)
    assert again.items.items[["item_id", "split"]].equals(concepts.items.items[["item_id", "split"]])
    assert (tmp_path / "copy/images/a/1.jpg").read_bytes() == (tiny / "images/a/1.jpg").read_bytes()


def test_the_tables_are_those_of_the_format(tiny, tmp_path):
    write_broden(load_concepts(f"broden:{tiny}"), tmp_path / "copy")
    written = {path.name: path.read_text() for path in (tmp_path / "copy").glob("*.csv")}
    assert written == {
        "category.csv": (
            "name,first,last,count,frequency\ncolour,1,1,1,1\nobject,2,7,2,3\npart,3,4,2,3\ntexture,5,6,2,3\n"
        ),
        "label.csv": (
            "number,name,category,frequency,coverage,syns\n"
            "1,red-c,colour(1),1,1.000000,\n"
            "2,dog,object(2),2,0.833333,\n"  # 2 of 6 pixels, and 1 of 2
            "3,tail,part(2),2,1.000000,\n"  # 3 of 6, and 1 of 2
            "4,leg,part(1),1,0.333333,\n"
            "5,striped,texture(2),2,2.000000,\n"
            "6,dotted,texture(1),1,1.000000,\n"
            "7,wheel,object(1),1,0.166667,\n"
        ),
        "c_colour.csv": "code,number,name,frequency,coverage\n1,1,red-c,1,1.000000000000\n",
        "c_object.csv": ("code,number,name,frequency,coverage\n1,2,dog,2,0.833333333333\n2,7,wheel,1,0.166666666667\n"),
        "c_part.csv": "code,number,name,frequency,coverage\n1,3,tail,2,1.000000000000\n2,4,leg,1,0.333333333333\n",
        "c_texture.csv": (
            "code,number,name,frequency,coverage\n1,5,striped,2,2.000000000000\n2,6,dotted,1,1.000000000000\n"
        ),
        "index.csv": (
            "image,split,ih,iw,sh,sw,colour,object,part,texture\n"
            "a/1.jpg,train,4,6,2,3,a/1_colour.png,a/1_object.png,"
            "a/1_part_1.png;a/1_part_2.png;a/1_part_3.png,\n"  # the leg among objects is a part
            "a/2.jpg,val,4,6,2,3,,,,5;6\n"
            "b/4.jpg,val,4,6,1,2,,b/4_object.png,b/4_part.png,5\n"
        ),
    }
    with Image.open(tmp_path / "copy/images/a/1_object.png") as image:
        assert image.mode == "RGB"
        assert np.asarray(image).tolist() == [[[2, 0, 0], [2, 0, 0], [0, 0, 0]], [[7, 0, 0], [0, 0, 0], [0, 0, 0]]]


class Uniform(LabelLoader):
    """Labels of the same number at every pixel, and of the next one for the whole image."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def read(self, index):
        number = self.numbers[index]
        return Labels(np.full((1, 3, 5), number, np.uint16), np.array([number + 1 if number else 0], np.uint16))


def test_numbers_above_a_byte_are_written(tmp_path):
    table = concept_table([f"c{number}" for number in range(1, 1001)], ["thing"] * 1000)
    items = load_data("demo:", n=3)
    concepts = Concepts("own:", table, ("thing", "unused"), items, Uniform(999, 256, 0), "0")
    write_broden(concepts, tmp_path / "many")
    with (tmp_path / "many/index.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["thing"] for row in rows] == ["own/00000_thing.png;1000", "own/00001_thing.png;257", ""]
    assert "unused" not in rows[0]
    with Image.open(tmp_path / "many/images/own/00000_thing.png") as image:
        assert image.getpixel((4, 2)) == (999 - 3 * 256, 3, 0)
    again = load_concepts(f"broden:{tmp_path / 'many'}")
    assert len(again.items) == 2  # the last has no label
    assert again.labels(0).maps.tolist() == [[[999] * 5] * 3]
    assert again.labels(1).whole.tolist() == [257]
    pd.testing.assert_frame_equal(again.table, table)


def test_seven_of_ten_images_are_for_training():
    splits = [split_of(f"demo/{index:05d}.png") for index in range(3000)]
    assert set(splits) == {"train", "val"}
    assert splits.count("train") / 3000 == pytest.approx(0.7, abs=0.03)  # 3.6 standard errors
    empty_path = int("d41d8cd98f00b204", 16) / 2**64  # MD5 of nothing starts like this
    assert split_of("") == ("train" if empty_path <= 0.7 else "val") == "val"


def test_shares_agree_with_their_definition():
    random = np.random.default_rng(0)
    for _ in range(20):
        maps = random.integers(0, 4, (1, 4, 5)).astype(np.uint16)
        whole = random.integers(5, 7, 1).astype(np.uint16)
        shares = shares_of(Labels(maps, whole), 6)
        expected = [0, *(float(np.mean(maps == number)) if number not in whole else 1.0 for number in range(1, 7))]
        assert shares == pytest.approx(expected)


def test_a_concept_counts_once_at_a_pixel():
    class Random(LabelLoader):
        def read(self, index):
            random = np.random.default_rng(index)
            return Labels(
                random.integers(0, 5, (4, 3, 6)).astype(np.uint16), random.integers(0, 5, 2).astype(np.uint16)
            )

    for index in range(50):
        raw, labels = Random().read(index), Random()(index)
        assert labels.maps.shape == raw.maps.shape
        assert (labels.whole > 0).all()
        for row in range(3):
            for column in range(6):
                shown = [*labels.maps[:, row, column], *labels.whole]
                assert sorted(number for number in shown if number) == sorted(
                    {*raw.maps[:, row, column], *raw.whole} - {0}
                )


def test_nothing_is_overwritten_and_nothing_half_written(tiny, tmp_path, monkeypatch):
    concepts = load_concepts("demo:", n=3)
    for place in (tiny, tiny / "index.csv"):
        with pytest.raises(UnitscopeError, match="exists and is not an empty directory; choose another path"):
            write_broden(concepts, place)
    (tmp_path / "out" / "empty").mkdir(parents=True)

    def stop(doing, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_broden(concepts, tmp_path / "out" / "empty", progress=stop)
    assert list((tmp_path / "out").rglob("*")) == [tmp_path / "out" / "empty"]
    monkeypatch.chdir(tmp_path / "out")
    write_broden(concepts, "empty")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["empty"]
    assert len(load_concepts("broden:empty").items) == 3


def test_names_that_do_not_fit_the_format_are_refused(tmp_path):
    items = load_data("demo:", n=1)

    def write(names, categories, **changed):
        own = items.items.assign(**changed)
        shown = type(items)(items.spec, {}, own, items.classes, "0", items.load)
        table = concept_table(names, categories)
        write_broden(
            Concepts("own:", table, tuple(dict.fromkeys(categories)), shown, Uniform(1), "0"), tmp_path / "out"
        )

    with pytest.raises(UnitscopeError, match="two concepts of own: are named 'x', but names are unique in Broden"):
        write(["x", "x"], ["a", "b"])
    for category in ("split", "a/b", "a;b", "a(b)"):
        with pytest.raises(
            UnitscopeError, match=rf"the category '{re.escape(category)}' cannot be written as a column"
        ):
            write(["x", "y"], [category, category])
    with pytest.raises(UnitscopeError, match=r"own: names '../x', which is not a path below images/"):
        write(["x", "y"], ["a", "a"], item_id="../x")
    with pytest.raises(UnitscopeError, match="the image 'x;y' has a semicolon"):
        write(["x", "y"], ["a", "a"], item_id="x;y")
    assert not (tmp_path / "out").exists()


def test_images_that_would_share_a_file_are_refused(tmp_path):
    for name in ("a.png", "a.jpg"):
        (tmp_path / "images/x").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 3)).save(tmp_path / "images/x" / name)
    items = load_data(f"folder:{tmp_path / 'images'}")
    table = concept_table(["p", "q"], ["thing", "thing"])
    concepts = Concepts("own:", table, ("thing",), items, Uniform(1, 1), "0")
    with pytest.raises(UnitscopeError, match=r"an image and a label map, would both be a_thing\.png; rename an image"):
        write_broden(concepts, tmp_path / "out")
