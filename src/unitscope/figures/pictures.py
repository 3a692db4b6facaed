"""Small pictures of a run's items, or the reason why there are none."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from ..errors import UnitscopeError
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
    data: Any = None
    places: dict[str, int] = field(default_factory=dict)
    made: dict[str, Image.Image | None] = field(default_factory=dict)

    def of(self, item_id: str) -> Image.Image | None:
        """Return an item's picture, small; ``None`` if it has none."""
        if self.missing or item_id not in self.places:
            return None
        if item_id not in self.made:
            try:
                image = as_image(self.data.load(self.places[item_id]))
                image.thumbnail((SIDE, SIDE))
                self.made[item_id] = image
            except UnitscopeError:
                self.made[item_id] = None
        return self.made[item_id]


def open_pictures(run: Run) -> Pictures:
    """Open the data that a run was recorded from, if they are still there and still the same."""
    source = run.manifest.provenance.get("data")
    if not source:
        return Pictures("the run does not say where its items are")
    from ..data import load_data, without

    try:
        data = load_data(source["spec"], **source["options"])
        gone = data.items["item_id"].isin(run.skipped["item_id"])
        data = without(data, gone.to_numpy().nonzero()[0].tolist()) if gone.any() else data
    except UnitscopeError as error:
        return Pictures(f"the items cannot be opened: {error}")
    if data.fingerprint != run.manifest.identity["data"]["fingerprint"]:
        return Pictures(f"the data at {source['spec']} have changed since they were recorded")
    return Pictures("", data, {item: place for place, item in enumerate(data.items["item_id"])})


def as_image(item: Any) -> Image.Image:
    """Turn an item into an image: images and bytes as they are, numbers stretched to the range of grey."""
    if isinstance(item, Image.Image):
        return item.convert("RGB")
    values = np.asarray(item)
    if values.ndim == 3 and values.shape[0] in (1, 3):
        values = values.transpose(1, 2, 0)
    if values.ndim not in (2, 3):
        raise UnitscopeError(f"an item of shape {values.shape} is no picture")
    if values.dtype != np.uint8:
        low, high = float(values.min()), float(values.max())
        values = ((values - low) / ((high - low) or 1) * 255).astype(np.uint8)
    return Image.fromarray(values.squeeze()).convert("RGB")
