"""Where the object of an item is: boxes from a CSV file, or around the pixels of masks, on the network's input."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from PIL import Image

from ..data import Concepts
from ..data.files import read_table
from ..data.items import hash_rows
from ..errors import UnitscopeError, near_names
from ..models.placement import Placement
from ..run import Run
from ..run.classes import class_place

SIDES = ("x0", "y0", "x1", "y1")
"""Columns of a file of boxes: left, top, right, bottom."""


class TrueBoxes(Protocol):
    """Boxes of the objects that items are labelled with."""

    @property
    def source(self) -> str:
        """Where they are from, for people."""
        ...

    @property
    def sha256(self) -> str:
        """SHA-256 of all that they depend on."""
        ...

    def has(self, item: int) -> bool:
        """Return whether an item, by its number, may have any."""
        ...

    def on_input(self, item: int, picture: Any, placement: Placement) -> np.ndarray:
        """Return the boxes of an item on the network's input, ``(boxes, 4)`` as `box_iou` takes them.

        Parameters
        ----------
        item
            Its number.
        picture
            The item as the data give it.
        placement
            Where it lies on the network's input.
        """
        ...


@dataclass(frozen=True, eq=False)
class ListedBoxes:
    """Boxes from a file.

    Attributes
    ----------
    source, sha256
        The file, and a hash of the boxes.
    boxes
        ``(boxes, 4)`` top, left, bottom, right in pixels of the original image, by the number of the item.
    """

    source: str
    sha256: str
    boxes: Mapping[int, np.ndarray]

    def has(self, item: int) -> bool:
        """Return whether an item has any."""
        return item in self.boxes

    def on_input(self, item: int, picture: Any, placement: Placement) -> np.ndarray:
        """Return the boxes of an item on the network's input, without those of which the network sees nothing."""
        height, width = placement.image
        boxes = self.boxes[item]
        outside = ((boxes < 0) | (boxes > (height, width, height, width))).any(1)
        if outside.any():
            top, left, bottom, right = boxes[outside][0]
            raise UnitscopeError(
                f"{self.source} has a box of x {left:g} to {right:g}, y {top:g} to {bottom:g} for item {item} of the "
                f"run, whose image has {width} x {height} pixels; give boxes in pixels of the original image"
            )
        seen = placement.boxes(boxes)
        return seen[(seen[:, 2:] > seen[:, :2]).all(1)]


@dataclass(frozen=True, eq=False)
class MaskBoxes:
    """Boxes around all pixels that show the concept of an item's class.

    Attributes
    ----------
    concepts
        Images and what their pixels show.
    images
        Number of the image of each item, by the number of the item; of items whose class is a concept.
    numbers
        Number of the concept of each item's class, by the number of the item.
    """

    concepts: Concepts
    images: Mapping[int, int]
    numbers: Mapping[int, int]

    @property
    def source(self) -> str:
        """The spec of the concepts."""
        return self.concepts.spec

    @property
    def sha256(self) -> str:
        """Hash of the concepts and the images."""
        return hash_rows([(self.concepts.fingerprint, self.concepts.items.fingerprint)])

    def has(self, item: int) -> bool:
        """Return whether an item has a mask, and its class is a concept."""
        return item in self.images

    def on_input(self, item: int, picture: Any, placement: Placement) -> np.ndarray:
        """Return the box around all pixels of the network's input that show the class; none where there are none."""
        image, number = self.images[item], self.numbers[item]
        name = self.concepts.items.items["item_id"].iloc[image]
        if not np.array_equal(np.asarray(picture), np.asarray(self.concepts.items.load(image))):
            raise UnitscopeError(
                f"{name} is another picture in the run than in {self.source}; give the masks of the run's own items, "
                "or give boxes with --boxes (boxes=)"
            )
        maps, whole = self.concepts.labels(image)
        check_proportions(maps.shape[1:], placement.image, f"{name} in {self.source}")
        shown = (maps == number).any(axis=0) | (number in whole)
        rows, columns = np.nonzero(placement.labels(shown))
        if not len(rows):
            return np.empty((0, 4))
        return np.array([[rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]], float)


def check_proportions(mask: tuple[int, ...], image: tuple[int, int], what: str) -> None:
    """Raise if a mask, of any resolution, has not the proportions of its image, up to rounding."""
    (rows, columns), (height, width) = mask, image
    if abs(rows * width - columns * height) > width + height:
        raise UnitscopeError(
            f"the mask of {what} has {columns} x {rows} pixels, but the image has {width} x {height}, which are other "
            "proportions; give a mask of the whole image"
        )


def read_boxes(path: str | Path, run: Run) -> ListedBoxes:
    """Read boxes from a CSV file with the columns ``item, x0, y0, x1, y1``, and ``class`` if there are others' boxes.

    Parameters
    ----------
    path
        The file. ``item`` is the id of an item, x and y count pixels of the original image from its upper left corner,
        and x1 and y1 are the first pixels outside. An item may have several rows. If there is a column ``class``, only
        boxes of the item's label count.
    run
        The run whose items they are of.

    Raises
    ------
    UnitscopeError
        If a column, an item or a class is not known, a box has no area, or no box counts.
    """
    path = Path(path)
    table = read_table(path, "the boxes")
    for column in ("item", *SIDES):
        if column not in table.columns:
            raise UnitscopeError(
                f"{path} has no column {column!r}{near_names(column, table.columns)}; boxes need the columns "
                f"{', '.join(('item', *SIDES))}, and class if they are of several classes"
            )
    places = {name: place for place, name in enumerate(run.items["item_id"].astype(str))}
    sides = np.column_stack([pd.to_numeric(table[side], errors="coerce") for side in SIDES])
    found: dict[int, list[np.ndarray]] = {}
    labels = run.labels
    for line, (name, (left, top, right, bottom)) in enumerate(zip(table["item"], sides, strict=True), start=2):
        where = f"{path}, line {line}"
        if name not in places:
            raise UnitscopeError(
                f"{where} has the item {name!r}, which is not in {run.directory}{near_names(name, places)}; correct "
                "it, or remove the line"
            )
        if not (left < right < np.inf and top < bottom < np.inf and min(left, top) > -np.inf):
            raise UnitscopeError(f"{where} has no box: x0 must be a number below x1, and y0 below y1; correct it")
        item = places[name]
        if "class" not in table.columns or place_of_class(table["class"][line - 2], run, where) == labels[item]:
            found.setdefault(item, []).append(np.array([top, left, bottom, right]))
    if not found:
        raise UnitscopeError(f"no box in {path} is of the class of its item; give boxes of the items' labels")
    boxes = {item: np.stack(rows) for item, rows in sorted(found.items())}
    digest = hash_rows((item, *of.ravel().tolist()) for item, of in boxes.items())
    return ListedBoxes(str(path), digest, boxes)


def place_of_class(name: str, run: Run, where: str) -> int:
    """Return the number of a class, by its id or name; raise if there is none."""
    place = class_place(name, run.classes)
    if place is None:
        known = [*run.classes["class"], *run.classes["name"]]
        raise UnitscopeError(
            f"{where} has the class {name!r}, which is not in {run.directory}{near_names(name, known)}; correct it, or "
            "remove the line"
        )
    return place


def find_masks(concepts: Concepts, run: Run) -> MaskBoxes:
    """Return the masks of a run's items: of images with the same id, for classes with the name of a concept.

    Of several concepts with the same name, the first one counts.

    Raises
    ------
    UnitscopeError
        If no class is a concept, or no item is an image of the concepts.
    """
    numbers = dict(reversed([*zip(concepts.table["concept"], concepts.table["number"], strict=True)]))
    of_class = [
        numbers.get(name, numbers.get(readable, 0))
        for name, readable in zip(run.classes["class"], run.classes["name"], strict=True)
    ]
    if not any(of_class):
        raise UnitscopeError(
            f"no class of {run.directory} is a concept of {concepts.spec}; give concepts with the names of classes, "
            f"such as {run.classes['name'].iloc[0]!r}"
        )
    names = {name: image for image, name in enumerate(concepts.items.items["item_id"].astype(str))}
    images = {item: names[name] for item, name in enumerate(run.items["item_id"].astype(str)) if name in names}
    if not images:
        raise UnitscopeError(
            f"no item of {run.directory} has the id of an image of {concepts.spec}, such as {next(iter(names))!r}; "
            "give masks of the run's own items, or give boxes with --boxes (boxes=)"
        )
    labels = run.labels
    own = {item: int(of_class[labels[item]]) for item in images if of_class[labels[item]]}
    return MaskBoxes(concepts, {item: images[item] for item in own}, own)


def size_of(picture: Any) -> tuple[int, int]:
    """Return height and width of an item as the data give it: an image, or an array or tensor of the input itself.

    Examples
    --------
    >>> size_of(Image.new("RGB", (4, 3))), size_of(np.zeros((3, 5, 6), np.float32))
    ((3, 4), (5, 6))
    """
    if isinstance(picture, Image.Image):
        return picture.height, picture.width
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8:  # becomes an image
        return picture.shape[0], picture.shape[1]
    return int(picture.shape[-2]), int(picture.shape[-1])
