"""The images of concepts that are kept in files, as labelled items of one class."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import UnitscopeError
from ..files import ImageFiles
from ..items import LabelledItems, class_table, hash_rows


def find_directory(rest: str, spec: str) -> Path:
    """Return the directory that a spec names; raise if there is none."""
    top = Path(rest).expanduser().absolute()
    if not rest or not top.is_dir():
        raise UnitscopeError(f"{spec}: there is no directory {rest!r}; give the one that holds images/")
    return top


def image_items(
    spec: str, options: dict[str, Any], paths: Sequence[str], root: Path, splits: Sequence[str] | None = None
) -> LabelledItems:
    """Return images as items of the one class ``image``.

    Parameters
    ----------
    spec, options
        Of the concepts.
    paths
        Paths of the images relative to `root`, which become their ids.
    root
        The directory of the images.
    splits
        The split of each image.
    """
    files = [root / path for path in paths]
    items = pd.DataFrame({"item_id": list(paths), "uri": [str(file) for file in files], "label": 0})
    if splits is not None:
        items["split"] = list(splits)
    fingerprint = hash_rows((path, file.stat().st_size) for path, file in zip(paths, files, strict=True))
    return LabelledItems(
        spec, dict(options), items, class_table(["image"]), fingerprint, ImageFiles(tuple(items["uri"]))
    )
