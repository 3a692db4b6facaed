import pickle

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from unitscope.data import find_unreadable, load_data, without
from unitscope.errors import UnitscopeError, UnitscopeWarning


def picture(path, colour=(10, 20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 5), colour).save(path)


@pytest.fixture
def pets(tmp_path):
    for name in ("dog/b.png", "dog/a.JPG", "dog/deep/er/c.jpeg", "cat/z.png", "cat/y.webp", "ant/only.bmp"):
        picture(tmp_path / "pets" / name)
    return tmp_path / "pets"


def test_classes_and_items_are_sorted_and_recursive(pets):
    data = load_data(f"folder:{pets}")
    assert data.classes["class"].tolist() == ["ant", "cat", "dog"]
    assert data.items["item_id"].tolist() == [
        "ant/only.bmp", "cat/y.webp", "cat/z.png", "dog/a.JPG", "dog/b.png", "dog/deep/er/c.jpeg",
    ]  # fmt: skip
    assert data.items["label"].tolist() == [0, 1, 1, 2, 2, 2]
    assert data.items["label"].dtype == np.int64
    assert data.items["uri"].iloc[3] == str(pets / "dog" / "a.JPG")
    assert data.load(4).getpixel((0, 0)) == (10, 20, 30)
    assert len(data) == 6


def test_postscript_is_not_run_whatever_the_file_is_called(pets, tmp_path, monkeypatch):
    from PIL import EpsImagePlugin

    Image.new("RGB", (4, 4)).save(tmp_path / "drawing.eps")
    (tmp_path / "drawing.eps").rename(pets / "dog" / "b.png")
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started"))
    data = load_data(f"folder:{pets}")
    assert find_unreadable(data) == {4: "it is not an image, or its start is damaged"}


def test_a_pipe_is_not_waited_for(pets):
    import os

    (pets / "dog" / "b.png").unlink()
    os.mkfifo(pets / "dog" / "b.png")
    assert find_unreadable(load_data(f"folder:{pets}")) == {4: "it is not a file"}


def test_hidden_and_other_files_are_ignored(pets):
    picture(pets / ".hidden" / "a.png")
    picture(pets / "dog" / ".hidden" / "a.png")
    picture(pets / "dog" / ".thumb.png")
    (pets / "dog" / "notes.txt").write_text("x")
    assert len(load_data(f"folder:{pets}")) == 6


def test_links_are_followed(pets, tmp_path):
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "hund").symlink_to(pets / "dog")
    assert load_data(f"folder:{tmp_path / 'linked'}").items["item_id"].tolist()[0] == "hund/a.JPG"


def test_images_outside_classes_and_empty_classes_are_warned_of(pets):
    picture(pets / "stray.png")
    with pytest.warns(UnitscopeWarning, match="1 images lie outside any class folder"):
        load_data(f"folder:{pets}")
    (pets / "stray.png").unlink()
    (pets / "bee").mkdir()
    with pytest.warns(UnitscopeWarning, match="the class 'bee' has no images"):
        data = load_data(f"folder:{pets}")
    assert data.classes["class"].tolist() == ["ant", "bee", "cat", "dog"]
    assert data.items["label"].max() == 3


def test_what_can_be_wrong_with_a_folder(tmp_path):
    for rest in ("", f"{tmp_path}/absent"):
        with pytest.raises(UnitscopeError, match="there is no directory"):
            load_data(f"folder:{rest}")
    with pytest.raises(UnitscopeError, match="has no images in sub-folders"):
        load_data(f"folder:{tmp_path}")
    picture(tmp_path / "flat.png")
    with pytest.raises(UnitscopeError, match="put each image into a folder named after its class"):
        load_data(f"folder:{tmp_path}")
    with pytest.raises(UnitscopeError, match=r"takes no option 'limt' .did you mean 'limit'"):
        load_data(f"folder:{tmp_path}", limt=3)


def test_limit_is_per_class(pets):
    data = load_data(f"folder:{pets}", limit=1)
    assert data.items["item_id"].tolist() == ["ant/only.bmp", "cat/y.webp", "dog/a.JPG"]
    assert data.load(2).size == (6, 5)
    assert data.fingerprint != load_data(f"folder:{pets}").fingerprint


def test_readable_names(pets, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("wnid,name\ndog,Hund\ncat,Katze\nant,Ameise\nbee,Biene\n")
    classes = load_data(f"folder:{pets}", classes=str(names)).classes
    assert classes.to_dict("list") == {
        "class": ["ant", "cat", "dog"], "name": ["Ameise", "Katze", "Hund"], "wnid": ["ant", "cat", "dog"],
    }  # fmt: skip
    for text, reason in [
        ("wnid,name\ndog,Hund\ncats,Katzen\n", "no row for the class 'ant'"),
        ("id,name\ndog,Hund\n", "must have the columns name and either class or wnid"),
        ("class,name\ndog,Hund\ndog,Köter\n", "lists 'dog' more than once"),
        ("class,name\n", "has no rows below its header"),
        ("", "cannot be read as CSV"),
    ]:
        names.write_text(text)
        with pytest.raises(UnitscopeError, match=reason):
            load_data(f"folder:{pets}", classes=str(names))


def test_the_fingerprint_follows_names_classes_and_sizes(pets, tmp_path):
    before = load_data(f"folder:{pets}").fingerprint
    assert load_data(f"folder:{pets}").fingerprint == before
    copied = tmp_path / "elsewhere"
    pets.rename(copied)
    assert load_data(f"folder:{copied}").fingerprint == before
    size = (copied / "dog/b.png").stat().st_size
    (copied / "dog/b.png").write_bytes(bytes(size + 1))
    changed = load_data(f"folder:{copied}").fingerprint
    assert changed != before
    (copied / "dog/b.png").rename(copied / "cat/b.png")
    assert load_data(f"folder:{copied}").fingerprint not in (before, changed)


def test_unreadable_items_are_found_with_their_reasons(pets):
    (pets / "cat/z.png").write_bytes(b"")
    (pets / "dog/a.JPG").write_text("no image")
    whole = (pets / "dog/deep/er/c.jpeg").read_bytes()
    (pets / "dog/deep/er/c.jpeg").write_bytes(whole[:-40])
    done = []
    data = load_data(f"folder:{pets}")
    reasons = find_unreadable(data, done.append)
    assert list(reasons) == [2, 3, 5]
    assert reasons[2] == "the file is empty"
    assert "not an image" in reasons[3]
    assert "truncated" in reasons[5].lower()
    assert done == [6]
    with pytest.raises(UnitscopeError, match=r"dog/a\.JPG cannot be read: it is not an image") as caught:
        data.load(3)
    assert "\n" not in str(caught.value)
    left = without(data, list(reasons))
    assert left.items["item_id"].tolist() == ["ant/only.bmp", "cat/y.webp", "dog/b.png"]
    assert [left.load(index).size for index in range(3)] == [(6, 5)] * 3
    assert find_unreadable(left) == {}
    assert left.fingerprint != data.fingerprint


def test_without(pets):
    data = load_data(f"folder:{pets}")
    assert without(data, []) is data
    twice = without(without(data, [0]), [0])
    assert twice.items["item_id"].tolist() == data.items["item_id"].tolist()[2:]
    assert twice.items.index.tolist() == [0, 1, 2, 3]
    assert twice.load.name(0).endswith("cat/z.png")
    assert len(twice.classes) == 3
    assert without(data, [0]).fingerprint != without(data, [1]).fingerprint


def test_an_item_that_vanishes_later_is_named(pets):
    data = load_data(f"folder:{pets}")
    (pets / "cat/z.png").unlink()
    with pytest.raises(UnitscopeError, match=r"cat/z\.png cannot be read: the file does not exist"):
        data.load(2)
    assert find_unreadable(data) == {2: "the file does not exist"}


def test_loaders_can_be_pickled(pets):
    data = without(load_data(f"folder:{pets}"), [1])
    assert pickle.loads(pickle.dumps(data.load))(1).size == (6, 5)


@pytest.fixture
def listed(tmp_path):
    for number in range(4):
        picture(tmp_path / "images" / f"{number}.png", (number, 0, 0))
    (tmp_path / "list.csv").write_text(
        "path,label,split,file,wnid\n"
        "images/2.png,10,val,2.png,b\nimages/0.png,9,val,0.png,a\nimages/1.png,9,train,1.png,a\nimages/3.png,100,val,3.png,c\n"
    )
    return tmp_path / "list.csv"


def test_a_list_keeps_its_order_and_numbers_sort_as_numbers(listed):
    data = load_data(f"csv:{listed}")
    assert data.items["item_id"].tolist() == ["images/2.png", "images/0.png", "images/1.png", "images/3.png"]
    assert data.classes["class"].tolist() == ["9", "10", "100"]
    assert data.items["label"].tolist() == [1, 0, 0, 2]
    assert data.items["split"].tolist() == ["val", "val", "train", "val"]
    assert [data.load(index).getpixel((0, 0))[0] for index in range(4)] == [2, 0, 1, 3]


def test_columns_root_and_split_can_be_chosen(listed, tmp_path):
    options = {"path": "file", "label": "wnid", "root": str(tmp_path / "images"), "split": "train"}
    data = load_data(f"csv:{listed}", **options)
    assert data.items["item_id"].tolist() == ["1.png"]
    assert data.classes["class"].tolist() == ["a", "b", "c"]
    assert data.items["label"].tolist() == [0]
    assert data.load(0).getpixel((0, 0)) == (1, 0, 0)
    assert data.options == options


def test_what_can_be_wrong_with_a_list(listed, tmp_path):
    def refused(reason, **options):
        with pytest.raises(UnitscopeError, match=reason):
            load_data(f"csv:{listed}", **options)

    refused(r"has no column 'labl' .did you mean 'label'.* \(select one with -D label=NAME\)", label="labl")
    refused("has no split 'test'; it has 'train', 'val'", split="test")
    listed.write_text("path,label\na.png,x\nb.png,\n")
    refused("line 3 has no label")
    listed.write_text("path,label\na.png,x\na.png,y\n")
    refused("lists 'a.png' more than once")
    listed.write_text("path,label\n")
    refused("no rows below its header")
    listed.write_text("path,label\na.png,x\n")
    assert find_unreadable(load_data(f"csv:{listed}")) == {0: "the file does not exist"}
    refused("has no column 'split'", split="val")
    listed.write_bytes(b"\xff\xfe\x00path")
    refused("cannot be read as CSV")
    with pytest.raises(UnitscopeError, match="there is no file"):
        load_data(f"csv:{tmp_path}/none.csv")


def test_words_that_pandas_takes_for_missing_are_labels(listed):
    listed.write_text("path,label\na.png,NA\nb.png,nan\nc.png,None\n")
    assert load_data(f"csv:{listed}").classes["class"].tolist() == ["NA", "None", "nan"]


@pytest.mark.real
def test_real_folders(real):
    cifar = load_data(f"folder:{real}/cifar10-test")
    assert (len(cifar), cifar.classes["class"].tolist()[3]) == (10_000, "cat")
    assert np.bincount(cifar.items["label"]).tolist() == [1000] * 10
    assert cifar.load(9_999).size == (32, 32)
    photos = load_data(f"folder:{real}/imagenet-samples", classes=f"{real}/imagenet-classes.csv")
    assert photos.classes.iloc[1].to_dict() == {"class": "n01443537", "name": "goldfish", "wnid": "n01443537"}
    assert find_unreadable(photos) == {}
    assert isinstance(photos.items, pd.DataFrame)
