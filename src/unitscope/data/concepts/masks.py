"""Load concepts from a folder of images and masks: ``masks:DIR``."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...errors import UnitscopeError, UnitscopeWarning, near_names
from ...specs import refuse_unknown
from ..files import images_below
from ..items import hash_rows
from .broden_tables import read_columns, read_wholes
from .concepts import Concepts, LabelLoader, Labels, concept_table
from .image_files import find_directory, image_items
from .label_maps import hash_file, lookup, read_numbers, renumber, stack


@dataclass(frozen=True, eq=False)
class MaskLabels(LabelLoader):
    """Labels in masks: for each image the masks by category, and for each category its numbers in the table."""

    masks: tuple[dict[str, Path], ...]
    numbers: dict[str, NDArray[np.int32]]

    def read(self, index: int) -> Labels:
        """Decode the masks of an image."""
        maps = {
            path: renumber(read_numbers(path), self.numbers[category], path, f"labels.csv for {category}")
            for category, path in self.masks[index].items()
        }
        first = next(iter(maps))
        return Labels(stack(maps, maps[first].shape, f"{first} has"), np.zeros(0, np.uint16))


def load_masks(rest: str, options: dict[str, Any]) -> Concepts:
    """Load concepts from a folder of images and masks, ``masks:DIR``.

    - ``images/`` has the images, in folders or not.
    - ``masks/CATEGORY/`` has one PNG image for each image, at the same relative path: ``masks/part/a/dog.png`` for
      ``images/a/dog.jpg``. Its grey values (8 or 16 bits) or palette indexes are numbers of concepts, 0 for none. A
      category may leave images out.
    - ``labels.csv`` has the columns ``number``, ``name`` and ``category``. Numbers count within their category.

    A mask covers the whole image, whatever its number of pixels; all masks of one image have the same size, which
    is the resolution of the labels. Images without any mask are left out, with a warning. There are no options.
    """
    spec = f"masks:{rest}"
    refuse_unknown(options, (), spec)
    top = find_directory(rest, spec)
    table, numbers = read_labels(top / "labels.csv", spec)
    images = find_images(top / "images", spec)
    masks: dict[str, dict[str, Path]] = {image: {} for image in images.values()}
    for category in find_categories(top / "masks", tuple(numbers), spec):
        for stem, path in find_masks(top / "masks" / category, spec).items():
            if stem not in images:
                raise UnitscopeError(
                    f"{spec}: the mask {path} has no image{near_names(stem, images)}; name it like its image"
                )
            masks[images[stem]][category] = path
    found = {image: of for image, of in masks.items() if of}
    if not found:
        raise UnitscopeError(f"{spec} has no masks; put them at masks/CATEGORY/NAME.png for images/NAME.jpg")
    if len(found) < len(masks):
        left_out = next(image for image, of in masks.items() if not of)
        warn(
            f"{spec}: {len(masks) - len(found)} images have no mask and are left out, such as {left_out!r}",
            UnitscopeWarning,
            stacklevel=3,
        )
    return Concepts(
        spec,
        table,
        tuple(numbers),
        image_items(spec, options, list(found), top / "images"),
        MaskLabels(tuple(found.values()), {category: lookup(own) for category, own in numbers.items()}),
        partial(hash_masks, table, found),
    )


def hash_masks(table: pd.DataFrame, masks: dict[str, dict[str, Path]]) -> str:
    """Return a hash of concepts, order of the images and contents of the masks."""
    content = [(image, *((name, hash_file(path)) for name, path in of.items())) for image, of in masks.items()]
    return hash_rows([*table.itertuples(index=False), *content])


def read_labels(file: Path, spec: str) -> tuple[pd.DataFrame, dict[str, dict[int, int]]]:
    """Return the table of concepts, and for each category the number in the table by number in masks."""
    labels = read_columns(file, ("number", "name", "category"), spec)
    numbers: dict[str, dict[int, int]] = {}
    listed = zip(read_wholes(labels, "number", file, low=1), labels["name"], labels["category"], strict=True)
    seen = set()
    for row, (number, name, category) in enumerate(listed, start=1):
        own = numbers.setdefault(category, {})
        if not name or not category:
            raise UnitscopeError(f"{file}, line {row + 1} has no name or no category; give both")
        if number in own or (name, category) in seen:
            raise UnitscopeError(
                f"{file}, line {row + 1} repeats a number or a name of the category {category!r}; list each once"
            )
        own[number] = row
        seen.add((name, category))
    return concept_table(list(labels["name"]), list(labels["category"])), numbers


def find_images(folder: Path, spec: str) -> dict[str, str]:
    """Return the images in sorted order: the path of each by the same without its suffix."""
    images: dict[str, str] = {}
    for path in images_below(folder):
        stem = str(PurePosixPath(path).with_suffix(""))
        if stem in images:
            raise UnitscopeError(
                f"{spec}: images/{images[stem]} and images/{path} would share masks; give them different names"
            )
        images[stem] = path
    if not images:
        raise UnitscopeError(f"{spec} has no images; put them into {folder}")
    return images


def find_categories(folder: Path, categories: tuple[str, ...], spec: str) -> list[str]:
    """Return the categories that have a folder of masks; warn of the others, and refuse folders of no category."""
    folders = [path.name for path in folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
    for name in sorted(folders):
        if name not in categories:
            raise UnitscopeError(
                f"{spec}: masks/{name} is no category of labels.csv{near_names(name, categories)}; list its concepts "
                "there, or move the folder away"
            )
    for category in categories:
        if category not in folders or not images_below(folder / category):
            warn(f"{spec}: the category {category!r} has no images", UnitscopeWarning, stacklevel=4)
    return [category for category in categories if category in folders]


def find_masks(folder: Path, spec: str) -> dict[str, Path]:
    """Return the masks of a category by their paths without suffix."""
    paths = {str(PurePosixPath(path).with_suffix("")): folder / path for path in images_below(folder)}
    for path in paths.values():
        if path.suffix.lower() != ".png":
            raise UnitscopeError(f"{spec}: the mask {path} is not a PNG file; convert it, without loss of values")
    return paths
