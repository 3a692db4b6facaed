"""Small pictures of a run's items, or the reason why there are none."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from ..data import LabelledItems, open_items
from ..errors import UnitscopeError, UnitscopeWarning
from ..run import Run

SIDE = 144
"""Longest side of a picture, in pixels."""


@dataclass
class Pictures:
    """Pictures of items by item id, each made once.

    Attributes
    ----------
    missing
        Why there are no pictures; empty where there are.
    """

    missing: str
    data: LabelledItems | None = None
    places: dict[str, int] = field(default_factory=dict)
    made: dict[str, Image.Image | None] = field(default_factory=dict)

    def of(self, item_id: str) -> Image.Image | None:
        """Return an item's picture, small; ``None`` if it has none."""
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


def open_pictures(run: Run, *, data: LabelledItems | str | None = None, trust: bool = False) -> Pictures:
    """Open the items of a run for pictures of them; where they cannot be opened, the reason takes their place.

    Parameters
    ----------
    run, data, trust
        See `unitscope.data.open_items`.

    Raises
    ------
    UnitscopeError
        If `data` was given and is not the run's.

    Warns
    -----
    UnitscopeWarning
        If the run names items that cannot be opened, or must not be without trust.
    """
    try:
        items = open_items(run, data=data, trust=trust)
    except UnitscopeError as error:
        if data is not None:
            raise
        if "data" in run.manifest.provenance:
            warnings.warn(f"there are no pictures of items: {error}", UnitscopeWarning, stacklevel=2)
        return Pictures(str(error))
    return Pictures("", items, {item: place for place, item in enumerate(items.items["item_id"])})


def as_image(item: Any) -> Image.Image:
    """Turn an item into an image: images and bytes as they are, numbers stretched to the range of grey."""
    if isinstance(item, Image.Image):
        return item.convert("RGB")
    values = np.asarray(item)
    if values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
    if values.ndim not in (2, 3) or not values.size:
        raise UnitscopeError(f"an item of shape {values.shape} is no picture")
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = ((values - low) / ((high - low) or 1) * 255).astype(np.uint8)
    try:
        return Image.fromarray(values.squeeze()).convert("RGB")
    except (TypeError, ValueError) as error:
        raise UnitscopeError(f"an item of shape {values.shape} is no picture") from error
