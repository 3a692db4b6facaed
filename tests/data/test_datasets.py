import contextlib
import pickle

import numpy as np
import pytest
from PIL import Image

from torchvision_stub import torchvision
from unitscope.data import find_unreadable, load_data
from unitscope.errors import UnitscopeError
from unitscope.simulations import CLASSES, render

MINE = """
import numpy as np
from PIL import Image

class Data:
    def __init__(self, n, broken=None, shift=0):
        self.n, self.broken, self.shift = n, broken, shift
    def __len__(self):
        return self.n
    def __getitem__(self, index):
        if index == self.broken:
            raise ValueError("cannot be decoded")
        return Image.new("L", (4, 3), index + self.shift), index % 2

class Named(Data):
    classes = ["even", "odd", "never"]
    def __init__(self, n):
        super().__init__(n)
        self.targets = [index % 2 for index in range(n)]

class Liar(Data):
    labels = [0, 0, 0]

class Words(Data):
    def __getitem__(self, index):
        return np.full(3, index, np.float32), ["b", "a"][index % 2]

def not_data():
    return {1, 2}

def bare():
    return [np.zeros((2, 2, 3), np.uint8)] * 3
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return f"py:{tmp_path}/mine.py:"


def test_a_data_set_of_the_users_own(mine):
    data = load_data(f"{mine}Data", n=5)
    assert data.classes["class"].tolist() == ["0", "1"]
    assert data.items["label"].tolist() == [0, 1, 0, 1, 0]
    assert data.items["item_id"].tolist() == ["00000", "00001", "00002", "00003", "00004"]
    assert data.items["uri"].iloc[2] == f"{mine}Data#00002"
    assert data.load(3).mode == "RGB"
    assert data.load(3).getpixel((0, 0)) == (3, 3, 3)
    assert pickle.loads(pickle.dumps(data.load))(3).getpixel((0, 0)) == (3, 3, 3)


def test_kept_labels_and_names_are_used(mine):
    data = load_data(f"{mine}Named", n=3)
    assert data.classes["class"].tolist() == ["even", "odd", "never"]
    assert data.items["label"].tolist() == [0, 1, 0]


def test_kept_labels_that_disagree_with_the_pairs_are_not(mine):
    assert load_data(f"{mine}Liar", n=3).items["label"].tolist() == [0, 1, 0]


def test_labels_in_words_and_items_that_are_arrays(mine):
    data = load_data(f"{mine}Words", n=3)
    assert data.classes["class"].tolist() == ["a", "b"]
    assert data.items["label"].tolist() == [1, 0, 1]
    assert data.load(2).tolist() == [2, 2, 2]


def test_the_fingerprint_follows_contents_and_labels(mine):
    prints = [
        load_data(f"{mine}Data", **options).fingerprint
        for options in ({"n": 5}, {"n": 5}, {"n": 6}, {"n": 5, "shift": 1})
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_what_can_be_wrong_with_a_data_set_of_ones_own(mine):
    with pytest.raises(UnitscopeError, match="returned a set, which has no __getitem__"):
        load_data(f"{mine}not_data")
    with pytest.raises(UnitscopeError, match="has no items"):
        load_data(f"{mine}Data", n=0)
    with pytest.raises(UnitscopeError, match=r"reading the labels failed .cannot be decoded"):
        load_data(f"{mine}Data", n=5, broken=2)
    with pytest.raises(UnitscopeError, match=r"item 0 has the label array.* must be class names or whole numbers"):
        load_data(f"{mine}bare")


def test_an_unreadable_item_is_named_once(tmp_path):
    (tmp_path / "late.py").write_text(
        MINE + "\nclass Late(Named):\n    def __init__(self):\n        super().__init__(80)\n        self.broken = 41\n"
    )
    data = load_data(f"py:{tmp_path}/late.py:Late")
    assert find_unreadable(data) == {41: "cannot be decoded"}
    with pytest.raises(UnitscopeError, match=r"^py:.*late\.py:Late#41 cannot be read: cannot be decoded$"):
        data.load(41)


def test_demo():
    data = load_data("demo:", n=20, seed=3, split="train")
    assert data.classes["class"].tolist() == list(CLASSES)
    assert (np.asarray(data.load(17)) == render(17, seed=3, split="train").image).all()
    assert data.items["label"].tolist() == [render(index, seed=3, split="train").label for index in range(20)]
    assert data.items["split"].unique().tolist() == ["train"]
    assert find_unreadable(data) == {}
    assert len(load_data("demo:")) == 3000


def test_demo_fingerprint_is_its_settings():
    settings = [{}, {"n": 3001}, {"seed": 1}, {"split": "train"}]
    prints = [load_data("demo:", **options).fingerprint for options in settings]
    assert len(set(prints)) == 4
    assert prints[0] == load_data("demo:", n=3000, seed=0, split="test").fingerprint


@pytest.mark.parametrize(
    ("spec", "options", "reason"),
    [
        ("demo:scenes", {}, "has extra text"),
        ("demo:", {"n": 0}, "n=0 must be a whole number of at least 1"),
        ("demo:", {"seed": -1}, "at least 0"),
        ("demo:", {"split": "val"}, "has no split 'val'"),
        ("demo:", {"size": 3}, "takes no option 'size'"),
        ("demos:", {}, "there is no data scheme 'demos' .did you mean 'demo'"),
    ],
)
def test_what_can_be_wrong_with_demo(spec, options, reason):
    with pytest.raises(UnitscopeError, match=reason):
        load_data(spec, **options)


def write_cifar10(root):
    """Write a CIFAR-10 of 5 x 2 + 4 images in the layout of the original, and return the test images."""
    import hashlib

    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    sums = {}
    for name, n in [*((f"data_batch_{k}", 2) for k in range(1, 6)), ("test_batch", 4)]:
        pixels = random.integers(0, 256, (n, 3072), np.uint8)
        content = pickle.dumps({"data": pixels, "labels": [k % 10 for k in range(n)]})
        (folder / name).write_bytes(content)
        sums[name] = hashlib.md5(content).hexdigest()
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    meta = pickle.dumps({"label_names": names})
    (folder / "batches.meta").write_bytes(meta)
    return sums, hashlib.md5(meta).hexdigest(), pixels


def test_torchvision_by_its_own_loading_path(tmp_path, monkeypatch):
    sums, meta, pixels = write_cifar10(tmp_path)
    kind = torchvision.datasets.CIFAR10
    monkeypatch.setattr(kind, "train_list", [[name, sums[name]] for name in sums if name != "test_batch"])
    monkeypatch.setattr(kind, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": meta})
    data = load_data("torchvision:CIFAR10", root=str(tmp_path), split="test")
    assert len(data) == 4
    assert data.classes["class"].tolist()[:2] == ["airplane", "automobile"]
    assert data.items["label"].tolist() == [0, 1, 2, 3]
    assert (np.asarray(data.load(3)).transpose(2, 0, 1).ravel() == pixels[3]).all()
    assert pickle.loads(pickle.dumps(data.load))(3).size == (32, 32)
    assert len(load_data("torchvision:CIFAR10", root=str(tmp_path), train=True)) == 10


def test_what_can_be_wrong_with_torchvision(tmp_path):
    root = str(tmp_path)
    for spec, options, reason in [
        ("CIFAR9", {}, "has no data set 'CIFAR9' .did you mean 'CIFAR10'"),
        ("CIFAR10", {}, "give -D root=DIR"),
        ("CIFAR10", {"root": root}, "cannot be loaded: Dataset not found.*-D download=true"),
        ("CIFAR10", {"root": root, "split": "val"}, "choose train or test"),
        ("CIFAR10", {"root": root, "splitt": "val"}, "takes no option 'splitt'"),
        ("SVHN", {"root": root, "split": "val"}, "cannot be loaded"),
    ]:
        with pytest.raises(UnitscopeError, match=reason) as caught:
            load_data(f"torchvision:{spec}", **options)
        assert "\n" not in str(caught.value)


@pytest.fixture
def image_folder(tmp_path, monkeypatch):
    """A folder of images as ``datasets`` reads it, and a cache of its own."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    for split in ("train", "test"):
        for number, name in enumerate(["cat", "dog"]):
            (tmp_path / "pets" / split / name).mkdir(parents=True)
            for copy in range(2):
                Image.new("L", (5, 4), 10 * number + copy).save(tmp_path / "pets" / split / name / f"{copy}.png")
    return tmp_path / "pets"


def test_hf_by_its_own_loading_path(image_folder):
    data = load_data(f"hf:{image_folder}", split="test")
    assert data.classes["class"].tolist() == ["cat", "dog"]
    assert data.items["label"].tolist() == [0, 0, 1, 1]
    assert data.items["split"].tolist() == ["test"] * 4
    assert [data.load(index).getpixel((0, 0)) for index in (1, 2)] == [(1, 1, 1), (10, 10, 10)]
    assert pickle.loads(pickle.dumps(data.load))(1).mode == "RGB"
    assert find_unreadable(data) == {}
    assert data.fingerprint != load_data(f"hf:{image_folder}", split="train").fingerprint
    assert data.fingerprint == load_data(f"hf:{image_folder}", split="test").fingerprint


def test_what_can_be_wrong_with_hf(image_folder, tmp_path):
    for options, reason in [
        ({}, "several splits; choose one: -D split=train, -D split=test"),
        ({"split": "val"}, "cannot be loaded"),
        ({"split": "test", "image": "picture"}, "no column 'picture'; choose one: -D image=image, -D image=label"),
        ({"split": "test", "trust_remote_code": True}, "trust_remote_code and streaming are not supported"),
    ]:
        with pytest.raises(UnitscopeError, match=reason) as caught:
            load_data(f"hf:{image_folder}", **options)
        assert "\n" not in str(caught.value)
    with pytest.raises(UnitscopeError, match="cannot be loaded"):
        load_data(f"hf:{tmp_path}/nothing")


def test_hf_runs_no_scripts_and_reads_no_pickles(monkeypatch):
    import datasets

    asked = []
    monkeypatch.setattr(datasets, "load_dataset", lambda name, **options: asked.append(options) or {})
    with pytest.raises(UnitscopeError, match="hf:pandas reads pickles, which can run code"):
        load_data("hf:pandas", data_files="evil.pkl")
    with contextlib.suppress(StopIteration):
        load_data("hf:x")
    assert asked == [{"trust_remote_code": False}]


def test_hf_columns_are_found_or_asked_for(tmp_path, monkeypatch):
    import datasets

    picture = Image.new("RGB", (3, 3))
    monkeypatch.setattr(
        datasets,
        "load_dataset",
        lambda name, **options: datasets.Dataset.from_dict(
            {"img": [picture] * 2, "fine": [1, 0], "coarse": ["x", "y"]},
            features=datasets.Features(
                img=datasets.Image(), fine=datasets.ClassLabel(names=["a", "b"]), coarse=datasets.Value("string")
            ),
        ),
    )
    assert load_data("hf:x").items["label"].tolist() == [1, 0]
    assert load_data("hf:x", label="coarse").classes["class"].tolist() == ["x", "y"]
    with pytest.raises(UnitscopeError, match="item 0 has the label"):
        load_data("hf:x", label="img")
