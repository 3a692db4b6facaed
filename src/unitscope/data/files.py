"""Load images from files: ``folder:`` and ``csv:``."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd
from PIL import Image

from ..errors import UnitscopeError, UnitscopeWarning, near_names
from ..specs import refuse_unknown, whole_number
from .encoding import encode_labels
from .items import LabelledItems, Loader, class_table, hash_rows
from .pictures import SUFFIXES, check_picture, picture_size, read_picture
from .wordnet import are_wnids, usual_words


@dataclass(frozen=True)
class ImageFiles(Loader):
    """Image files."""

    paths: tuple[str, ...]

    def read(self, index: int) -> Image.Image:
        """Read a file."""
        return read_picture(self.paths[index])

    def name(self, index: int) -> str:
        """Return a file's path."""
        return self.paths[index]

    def check(self, index: int) -> None:
        """Decode a file without keeping its pixels."""
        check_picture(self.paths[index])

    def size(self, index: int) -> tuple[int, int]:
        """Return height and width of an image, of which only the header is read."""
        try:
            return picture_size(self.paths[index])
        except UnitscopeError as error:
            raise UnitscopeError(f"{self.paths[index]} cannot be read: {error}") from error


def load_folder(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load images whose classes are the sub-folders of a directory, ``folder:DIR``.

    Classes are the sub-folders in sorted order, images are all image files below them, sorted by path. Hidden files
    and folders are ignored. A class without images is kept, with a warning.

    Options: ``classes`` (CSV file of readable names, see `name_classes`), ``limit`` (maximum number of items per
    class).
    """
    spec = f"folder:{rest}"
    refuse_unknown(options, ("classes", "limit"), spec)
    top = Path(rest).expanduser().absolute()
    if not rest or not top.is_dir():
        raise UnitscopeError(f"{spec}: there is no directory {rest!r}; give one with a sub-folder for each class")
    folders = sorted(entry.name for entry in os.scandir(top) if entry.is_dir() and not entry.name.startswith("."))
    found = [(f"{folder}/{path}", row) for row, folder in enumerate(folders) for path in images_below(top / folder)]
    loose = sum(is_image(entry.name) for entry in os.scandir(top))
    if not found:
        raise UnitscopeError(f"{spec} has no images in sub-folders; put each image into a folder named after its class")
    if loose:
        warn(f"{spec}: {loose} images lie outside any class folder and are ignored", UnitscopeWarning, stacklevel=4)
    labels = np.array([row for _, row in found], np.int64)
    for row in set(range(len(folders))) - set(labels.tolist()):
        warn(f"{spec}: the class {folders[row]!r} has no images", UnitscopeWarning, stacklevel=4)
    items = pd.DataFrame({"item_id": [path for path, _ in found], "label": labels})
    classes = name_classes(folders, options.get("classes"), spec)
    return _from_files(spec, options, items, classes, [top / path for path, _ in found])


def images_below(folder: Path) -> list[str]:
    """Return the sorted paths of all image files below a folder, relative to it."""
    found = []
    for where, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [(Path(where) / name).relative_to(folder).as_posix() for name in files if is_image(name)]
    return sorted(found)


def is_image(name: str) -> bool:
    """Return whether a file name is that of an image."""
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES


def load_csv(rest: str, options: dict[str, Any]) -> LabelledItems:
    """Load images listed in a CSV file with a header, ``csv:FILE``.

    Paths are relative to the folder of the CSV file. All labels in the file are classes, whichever split is selected,
    in sorted order (by value if all are numbers).

    Options: ``path``, ``label`` (names of these columns), ``root`` (base directory of the paths), ``split`` (select
    rows by their column ``split``), ``classes`` and ``limit`` as for ``folder:``.
    """
    spec = f"csv:{rest}"
    refuse_unknown(options, ("path", "label", "root", "split", "classes", "limit"), spec)
    file = Path(rest).expanduser().absolute()
    table = read_table(file, spec)
    columns = {key: str(options.get(key, key)) for key in ("path", "label")}
    if "split" in options:
        columns["split"] = "split"
    for key, column in columns.items():
        if column not in table.columns:
            raise UnitscopeError(
                f"{file} has no column {column!r}{near_names(column, table.columns)}; its columns are "
                f"{', '.join(table.columns)}" + ("" if key == "split" else f" (select one with -D {key}=NAME)")
            )
    raw = table[columns["label"]].tolist()
    if "" in raw:
        raise UnitscopeError(f"{file}, line {raw.index('') + 2} has no label; add one or remove the line")
    labels, names = encode_labels(raw, None, spec)
    items = pd.DataFrame({"item_id": table[columns["path"]], "label": labels})
    if "split" in table.columns:
        items["split"] = table["split"]
    if "split" in options:
        wanted = str(options["split"])
        if wanted not in set(items["split"]):
            known = sorted(set(items["split"]))
            raise UnitscopeError(f"{file} has no split {wanted!r}; it has {', '.join(map(repr, known))}")
        items = items[items["split"] == wanted].reset_index(drop=True)
    twice = items["item_id"][items["item_id"].duplicated()]
    if len(twice):
        raise UnitscopeError(f"{file} lists {twice.iloc[0]!r} more than once; list each item once")
    root = Path(str(options["root"])).expanduser().absolute() if "root" in options else file.parent
    return _from_files(
        spec,
        options,
        items,
        name_classes(names, options.get("classes"), spec),
        [root / path for path in items["item_id"]],
    )


def _from_files(
    spec: str, options: dict[str, Any], items: pd.DataFrame, classes: pd.DataFrame, paths: list[Path]
) -> LabelledItems:
    """Apply the limit and return the labelled items."""
    limit = whole_number(options, "limit", at_least=1)
    if limit is not None:
        kept = np.flatnonzero(items.groupby("label").cumcount() < limit)
        items = items.iloc[kept].reset_index(drop=True)
        paths = [paths[index] for index in kept]
    items.insert(1, "uri", [str(path) for path in paths])
    names = classes["class"].to_numpy()[items["label"]]
    sizes = [_size(path) for path in paths]
    fingerprint = hash_rows(zip(items["item_id"], names, sizes, strict=True))
    return LabelledItems(spec, dict(options), items, classes, fingerprint, ImageFiles(tuple(items["uri"])))


def _size(path: Path) -> int:
    """Return the size of a file in bytes, or -1 if it is missing, which `find_unreadable` reports."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def read_table(file: Path, spec: str) -> pd.DataFrame:
    """Read a CSV file with all values as text; raise if it is missing or malformed."""
    if not file.is_file():
        raise UnitscopeError(f"{spec}: there is no file {str(file)!r}; check the path")
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (ValueError, pd.errors.ParserError, OSError) as error:
        raise UnitscopeError(f"{file} cannot be read as CSV: {str(error).strip()}") from error
    if not len(table):
        raise UnitscopeError(f"{file} has no rows below its header; add at least one")
    return table


def name_classes(names: list[str], file: object, spec: str) -> pd.DataFrame:
    """Return the table of classes, with readable names from a CSV file if one is given.

    Parameters
    ----------
    names
        The classes in the data.
    file
        A CSV file with the columns ``name`` and either ``class`` or ``wnid``, or ``None``.
    spec
        For messages.

    Returns
    -------
    pandas.DataFrame
        ``class``, ``name``, and ``wnid`` if the file has that column. Without a file, if all classes are WordNet IDs,
        as in ImageNet, names are the most common words for these nouns.

    Raises
    ------
    UnitscopeError
        If a column or a class is missing from the file, or a class is listed twice.
    """
    if file is None:
        return class_table(names, usual_words(names)).assign(wnid=names) if are_wnids(names) else class_table(names)
    path = Path(str(file)).expanduser()
    table = read_table(path, spec)
    key = "class" if "class" in table.columns else "wnid"
    if key not in table.columns or "name" not in table.columns:
        raise UnitscopeError(f"{path} must have the columns name and either class or wnid")
    twice = [name for name, count in Counter(table[key]).items() if count > 1]
    if twice:
        raise UnitscopeError(f"{path} lists {twice[0]!r} more than once; keep one row")
    rows = table.set_index(key)
    for name in names:
        if name not in rows.index:
            raise UnitscopeError(f"{path} has no row for the class {name!r} of {spec}{near_names(name, rows.index)}")
    classes = class_table(names, rows.loc[names, "name"].tolist())
    if key == "wnid":
        classes["wnid"] = names
    elif "wnid" in rows.columns:
        classes["wnid"] = rows.loc[names, "wnid"].tolist()
    return classes
