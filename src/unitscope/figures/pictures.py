"""Thumbnails of a run's items."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from ..data import LabelledItems, open_items
from ..errors import UnitscopeError, UnitscopeWarning
from ..run import Run

SIDE = 144
"""Longest side of a thumbnail, in pixels."""


@dataclass
class ItemPictures:
    """Thumbnails of items by item id, each loaded once.

    Attributes
    ----------
    missing
        Why there are no pictures; empty if there are.
    data
        The items.
    places
        Position of each item in the data, by item id.
    made
        The thumbnails loaded so far.
    """

    missing: str
    data: LabelledItems | None = None
    places: dict[str, int] = field(default_factory=dict)
    made: dict[str, Image.Image | None] = field(default_factory=dict)

    def of(self, item_id: str) -> Image.Image | None:
        """Return the thumbnail of an item; ``None`` if it has none."""
        if self.data is None or item_id not in self.places:
            return None
        if item_id not in self.made:
            try:
                image = as_image(self.data.load(self.places[item_id]))
                image.thumbnail((SIDE, SIDE))
                self.made[item_id] = image
            except UnitscopeError:
                self.made[item_id] = None
        return self.made[item_id]


def open_pictures(run: Run, *, data: LabelledItems | str | None = None, trust: bool = False) -> ItemPictures:
    """Return the pictures of a run's items; if these cannot be opened, none and the reason.

    Parameters
    ----------
    run, data, trust
        See `unitscope.data.open_items`.

    Returns
    -------
    ItemPictures

    Raises
    ------
    UnitscopeError
        If `data` was given and does not hold the run's items.

    Warns
    -----
    UnitscopeWarning
        If the run names items that cannot be opened, or may not be opened without trust.

    See Also
    --------
    examples : Draws them.

    Examples
    --------
    >>> open_pictures(run).of("item00000") is None
    True
    """
    try:
        items = open_items(run, data=data, trust=trust)
    except UnitscopeError as error:
        if data is not None:
            raise
        if "data" in run.manifest.provenance:
            warnings.warn(f"there are no pictures of items: {error}", UnitscopeWarning, stacklevel=2)
        return ItemPictures(str(error))
    return ItemPictures("", items, {item: place for place, item in enumerate(items.items["item_id"])})


def as_image(item: Any) -> Image.Image:
    """Return an item as an image: images and arrays of bytes as they are, other numbers scaled to 0 to 255.

    Raises
    ------
    UnitscopeError
        If it is neither an image nor an array of the shape of one.
    """
    if isinstance(item, Image.Image):
        return item.convert("RGB")
    values = np.asarray(item)
    if values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
    if values.ndim not in (2, 3) or not values.size:
        raise UnitscopeError(f"an item of shape {values.shape} cannot be shown as a picture")
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = ((values - low) / ((high - low) or 1) * 255).astype(np.uint8)
    try:
        return Image.fromarray(values.squeeze()).convert("RGB")
    except (TypeError, ValueError) as error:
        raise UnitscopeError(f"an item of shape {values.shape} cannot be shown as a picture") from error
