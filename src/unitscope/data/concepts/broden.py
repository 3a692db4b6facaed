"""Load concepts in the format of Broden, the data set of Network Dissection: ``broden:DIR``."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from warnings import warn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import UnitscopeError, UnitscopeWarning, near_names
from ...specs import refuse_unknown
from ..items import hash_rows
from .broden_tables import (
    INDEX_COLUMNS,
    choose_categories,
    read_categories,
    read_columns,
    read_concepts,
    read_wholes,
)
from .concepts import Concepts, LabelLoader, Labels
from .image_files import find_directory, image_items
from .label_maps import hash_file, lookup, read_colours, renumber, stack


class BrodenRow(NamedTuple):
    """One image: paths of it and its label maps, numbers (of the table) of the whole image, shape of the labels."""

    image: str
    maps: tuple[str, ...]
    whole: tuple[int, ...]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class BrodenLabels(LabelLoader):
    """Labels in the format of Broden."""

    images: Path
    rows: tuple[BrodenRow, ...]
    numbers: NDArray[np.int32]

    def read(self, index: int) -> Labels:
        """Decode the label maps of an image, each once even if several categories name it."""
        row = self.rows[index]
        paths = [self.images / name for name in row.maps]
        source = "label.csv (or c_*.csv of the chosen categories)"
        maps = {path: renumber(read_colours(path), self.numbers, path, source) for path in paths}
        return Labels(stack(maps, row.shape, "index.csv says"), np.array(row.whole, np.uint16))


def load_broden(rest: str, options: dict[str, Any]) -> Concepts:
    """Load concepts in the format of Broden, ``broden:DIR``, of any size.

    Images that have no label of any chosen category are left out. The number 0 is no label, nor is it if it stands
    for a whole image. A concept that is in several categories counts in the one, of those chosen, in which it covers
    most. If a pixel has a concept twice, it counts once (see `LabelLoader`).

    Options: ``categories`` (such as ``object+part``, default all), ``split`` (``train`` or ``val``, default all).

    See Also
    --------
    write_broden : Write this format.
    """
    spec = f"broden:{rest}"
    refuse_unknown(options, ("categories", "split"), spec)
    top = find_directory(rest, spec)
    known = read_categories(top, spec)
    categories = choose_categories(options.get("categories"), known, spec)
    table, numbers = read_concepts(top, categories, spec)
    index = read_index(top / "index.csv", known, options.get("split"), spec)
    rows = read_rows(top / "index.csv", index, categories, numbers)
    if not rows:
        raise UnitscopeError(f"{spec}: no image has a label of {', '.join(categories)}; choose other categories")
    warn_of_empty(index, categories, spec)
    paths = [row.image for row in rows]
    splits = index.set_index("image")["split"].loc[paths].tolist()
    items = image_items(spec, options, paths, top / "images", splits)
    labels = BrodenLabels(top / "images", tuple(rows), lookup(numbers))
    return Concepts(spec, table, categories, items, labels, partial(hash_labels, table, labels))


def hash_labels(table: pd.DataFrame, labels: BrodenLabels) -> str:
    """Return a hash of concepts, order of the images and contents of the label maps."""
    content = ((*row, *(hash_file(labels.images / name) for name in row.maps)) for row in labels.rows)
    return hash_rows([*table.itertuples(index=False), *content])


def read_index(file: Path, categories: tuple[str, ...], split: object, spec: str) -> pd.DataFrame:
    """Read index.csv and select a split; adds ``line``, and ``shape``, the rows and columns of the labels."""
    index = read_columns(file, (*INDEX_COLUMNS, *categories), spec)
    for column in index.columns:
        if column not in (*INDEX_COLUMNS, *categories):
            raise UnitscopeError(
                f"{file} has the column {column!r}, which category.csv does not list as a category"
                f"{near_names(column, categories)}; list it there with its c_{column}.csv, or remove the column"
            )
    twice = [image for image, count in Counter(index["image"]).items() if count > 1]
    if twice:
        raise UnitscopeError(f"{file} lists the image {twice[0]!r} more than once; keep one row")
    heights, widths = (read_wholes(index, column, file, low=1) for column in ("sh", "sw"))
    index = index.assign(line=range(2, len(index) + 2), shape=pd.Series(zip(heights, widths, strict=True)))
    if split is None:
        return index
    if str(split) not in set(index["split"]):
        raise UnitscopeError(
            f"{file} has no split {str(split)!r}; it has {', '.join(map(repr, sorted(set(index['split']))))}"
        )
    return index[index["split"] == str(split)]


def read_rows(file: Path, index: pd.DataFrame, categories: tuple[str, ...], numbers: dict[int, int]) -> list[BrodenRow]:
    """Return the images that have a label of some categories."""
    rows = []
    cells = zip(*(index[category] for category in categories), strict=True)
    for image, line, shape, of_image in zip(index["image"], index["line"], index["shape"], cells, strict=True):
        where = f"{file}, line {line}"
        listed = [label for cell in of_image for label in labels_of(cell)]
        if not listed:
            continue
        maps = tuple(dict.fromkeys(label for label in listed if not label.isdecimal()))
        whole = [int(label) for label in listed if label.isdecimal()]
        for number in whole:
            if number not in numbers:
                raise UnitscopeError(
                    f"{where} has the label {number} of the whole image, which label.csv (or c_*.csv of the chosen "
                    "categories) does not list; add it there, or correct the label"
                )
        for name in (image, *maps):
            check_inside(name, where)
            if not (file.parent / "images" / name).is_file():
                raise UnitscopeError(f"{where} names images/{name}, which does not exist; restore it or remove the row")
        rows.append(BrodenRow(image, maps, tuple(numbers[number] for number in whole), shape))
    return rows


def labels_of(cell: str) -> list[str]:
    """Return the labels in a cell of index.csv: numbers and paths of label maps; without 0, which is no label.

    Examples
    --------
    >>> labels_of("dtd/a_object_1.png;0;314"), labels_of("")
    (['dtd/a_object_1.png', '314'], [])
    """
    return [label for label in cell.split(";") if label.strip("0")]


def check_inside(name: str, where: str) -> None:
    """Raise if a path leads out of the directory of images."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise UnitscopeError(f"{where} names {name!r}, which is not a path below images/; correct it")


def warn_of_empty(index: pd.DataFrame, categories: tuple[str, ...], spec: str) -> None:
    """Warn of categories that no image has a label of."""
    for category in categories:
        if not any(map(labels_of, index[category])):
            warn(f"{spec}: the category {category!r} has no images", UnitscopeWarning, stacklevel=4)
