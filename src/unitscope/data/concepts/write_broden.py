"""Write concepts in the format of Broden, for other programs and for others' work."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from ...errors import UnitscopeError
from ...progress import Progress, no_progress
from .broden import check_inside
from .broden_tables import INDEX_COLUMNS
from .concepts import Concepts, Labels, Numbers


def write_broden(concepts: Concepts, directory: str | Path, *, progress: Progress | None = None) -> None:
    """Write concepts in the format of Broden, which programs for Network Dissection read.

    Images that are files are copied as they are, others are written as PNG. Concepts keep their numbers, and images
    their order; an image's split is kept if it is ``train`` or ``val``, otherwise it is given by a hash of the image's
    path, as in Broden: ``train`` for .7 of the images. Each concept is written under its one category. Images without
    any label have a row that readers of Broden leave out. The directory appears when it is complete.

    Parameters
    ----------
    concepts
        The concepts.
    directory
        A new or empty directory.
    progress
        Called with the number of images done so far.

    Raises
    ------
    UnitscopeError
        If the directory is not empty, an image or label map cannot be read, or a name does not fit the format.

    See Also
    --------
    load_concepts : Load what was written, as ``broden:DIR``.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope.data import load_concepts
    >>> directory = Path(tempfile.mkdtemp()) / "scenes"
    >>> write_broden(load_concepts("demo:", n=16), directory)
    >>> sorted(path.name for path in directory.iterdir())[-4:]
    ['category.csv', 'images', 'index.csv', 'label.csv']
    >>> len(load_concepts(f"broden:{directory}").items)
    16
    """
    directory = Path(directory).expanduser().absolute()
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise UnitscopeError(f"{directory} exists and is not an empty directory; choose another path")
    check_names(concepts)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}.", dir=directory.parent) as temporary:
        top = Path(temporary) / "broden"
        write_files(concepts, top, progress or no_progress)
        if directory.exists():
            directory.rmdir()  # Windows does not rename over an empty directory
        top.rename(directory)


def check_names(concepts: Concepts) -> None:
    """Raise if a name cannot be written: Broden's concepts have unique names, and some characters separate names."""
    names = concepts.table["concept"]
    twice = names[names.duplicated()]
    if len(twice):
        raise UnitscopeError(
            f"two concepts of {concepts.spec} are named {twice.iloc[0]!r}, but names are unique in Broden; rename one"
        )
    for category in concepts.categories:
        if category in INDEX_COLUMNS or set(category) & set("/\\;("):
            raise UnitscopeError(f"the category {category!r} cannot be written as a column of index.csv; rename it")
    for image in concepts.items.items["item_id"]:
        check_inside(image, concepts.spec)
        if ";" in image:
            raise UnitscopeError(f"the image {image!r} has a semicolon, which separates paths in Broden; rename it")


def write_files(concepts: Concepts, top: Path, progress: Progress) -> None:
    """Write all files, label maps in one pass over the images."""
    n = len(concepts.items)
    frequency = np.zeros(len(concepts.table) + 1, np.int64)
    coverage = np.zeros(len(concepts.table) + 1)
    rows = []
    for index in range(n):
        labels = concepts.labels(index)
        shares = shares_of(labels, len(concepts.table))
        frequency += shares > 0
        coverage += shares
        rows.append(write_image(concepts, index, labels, top / "images"))
        progress("writing", index + 1, n)
    table = concepts.table.assign(frequency=frequency[1:], coverage=coverage[1:])
    categories = [category for category in concepts.categories if (table["category"] == category).any()]
    write_tables(table, categories, top)
    pd.DataFrame(rows, columns=[*INDEX_COLUMNS, *categories]).to_csv(top / "index.csv", index=False)


def shares_of(labels: Labels, concepts: int) -> NDArray[np.float64]:
    """Return the share of an image that each concept covers, by number.

    Examples
    --------
    >>> shares_of(Labels(np.array([[[1, 0], [3, 3]]], np.uint16), np.array([4], np.uint16)), 5).tolist()
    [0.0, 0.25, 0.0, 0.5, 1.0, 0.0]
    """
    _, rows, columns = labels.maps.shape
    shares = np.bincount(labels.maps.ravel(), minlength=concepts + 1) / (rows * columns)
    shares[labels.whole] = 1
    shares[0] = 0
    return shares


def write_image(concepts: Concepts, index: int, labels: Labels, images: Path) -> dict[str, object]:
    """Write one image and its label maps; return its row of index.csv."""
    item = concepts.items.items.iloc[index]
    image = concepts.items.load(index)
    name = item["item_id"] if "/" in item["item_id"] else f"{concepts.spec.partition(':')[0]}/{item['item_id']}"
    if Path(item["uri"]).is_file():
        shutil.copyfile(item["uri"], free(images / name))
    else:
        name += ".png"
        image.save(free(images / name))
    split = item.get("split")
    size = image.height, image.width, *labels.maps.shape[1:]
    row = (name, split if split in ("train", "val") else split_of(name), *size)
    return dict(zip(INDEX_COLUMNS, row, strict=True)) | write_labels(concepts, labels, images, name)


def write_labels(concepts: Concepts, labels: Labels, images: Path, name: str) -> dict[str, str]:
    """Write the label maps of one image, each category apart; return its cells of index.csv."""
    categories = np.array(["", *concepts.table["category"]])
    cells = {}
    for category in concepts.categories:
        belongs = categories == category  # by number of the concept
        layers = [np.where(belongs[layer], layer, 0) for layer in labels.maps if belongs[layer].any()]
        stem = f"{PurePosixPath(name).with_suffix('')}_{category}"
        paths = [f"{stem}_{number}.png" if len(layers) > 1 else f"{stem}.png" for number in range(1, len(layers) + 1)]
        for path, layer in zip(paths, layers, strict=True):
            write_map(layer, free(images / path))
        cells[category] = ";".join([*paths, *map(str, labels.whole[belongs[labels.whole]])])
    return cells


def free(path: Path) -> Path:
    """Return a path where nothing is yet, and make its folder."""
    if path.exists():
        raise UnitscopeError(f"two images, or an image and a label map, would both be {path.name}; rename an image")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_map(layer: Numbers, path: Path) -> None:
    """Write a label map: red is the number's lower byte, green its higher one."""
    Image.fromarray(np.stack([layer & 255, layer >> 8, np.zeros_like(layer)], axis=-1).astype(np.uint8)).save(path)


def split_of(image: str) -> str:
    """Return the split of an image: a hash of its path is below .7 for ``train``.

    Examples
    --------
    >>> split_of("demo/00000.png"), split_of("demo/00001.png")
    ('train', 'val')
    """
    number = int.from_bytes(hashlib.md5(image.encode(), usedforsecurity=False).digest()[:8], "big")
    return "train" if number / 2**64 <= 0.7 else "val"


def write_tables(table: pd.DataFrame, categories: Iterable[str], top: Path) -> None:
    """Write label.csv, category.csv and the table of each category, in which concepts have codes by frequency."""
    summary = []
    for category in categories:
        of = table[table["category"] == category]
        summary.append((category, of["number"].min(), of["number"].max(), len(of), of["frequency"].sum()))
        ranked = of.sort_values(["frequency", "coverage"], ascending=False, kind="stable")
        codes = ranked.assign(code=range(1, len(of) + 1), name=ranked["concept"])
        columns = ["code", "number", "name", "frequency", "coverage"]
        codes[columns].to_csv(top / f"c_{category}.csv", index=False, float_format="%.12f")
    names = ["name", "first", "last", "count", "frequency"]
    pd.DataFrame(summary, columns=names).to_csv(top / "category.csv", index=False)
    labels = table.assign(
        name=table["concept"],
        category=[f"{row.category}({row.frequency})" for row in table.itertuples()],
        syns="",
    )
    columns = ["number", "name", "category", "frequency", "coverage", "syns"]
    labels[columns].to_csv(top / "label.csv", index=False, float_format="%.6f")
