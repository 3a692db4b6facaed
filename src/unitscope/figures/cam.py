"""Class maps of one item: where the network sees the classes of the highest scores, or classes of choice."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from ..data import LabelledItems, open_items
from ..errors import UnitscopeError, near_names
from ..localization import Head, class_maps, find_box, find_head, upsample
from ..localization.describe import SIDES
from ..localization.maps import class_number
from ..localization.overlay import FOUND, overlay
from ..localization.settings import SHARE, class_outputs
from ..localization.worker import choose_best, find_centres
from ..models import Inputs, LoadedModel, example_batch, load_batches, open_network
from ..models.pixels import find_pixels
from ..run import Run
from ..run.classes import class_place
from .examples import classes_of_item
from .seen_again import as_bytes
from .style import shorten

CAPTION = 0.24
"""Height of what is written below a picture, relative to its width."""

BELOW = withStroke(linewidth=3.2, foreground="black")
"""What makes boxes visible on bright pictures."""


@dataclass(frozen=True, eq=False)
class Cam:
    """Class maps of an item.

    Attributes
    ----------
    table
        One row per class: ``class`` (readable), ``output`` (number of the score), ``score``, ``map_sum``, ``bias`` (the
        score is the sum of both; NaN for Grad-CAM), and ``top``, ``left``, ``bottom``, ``right`` of the map's box, in
        pixels of the network's input; -1 if the map is nowhere above 0.
    picture
        ``(height, width, 3)`` uint8, the item as the network sees it.
    maps
        ``(classes, height, width)`` float32, interpolated to this size.
    heading, note
        Lines above the pictures.

    See Also
    --------
    cam : Compute it.
    """

    table: pd.DataFrame
    picture: np.ndarray
    maps: np.ndarray
    heading: str
    note: str

    def frame(self) -> pd.DataFrame:
        """Return the classes shown, their scores and the boxes of their maps."""
        return self.table

    @property
    def _high(self) -> float:
        """Height of a picture, relative to its width."""
        return self.picture.shape[0] / self.picture.shape[1]

    @property
    def _columns(self) -> int:
        """Number of pictures, and of places for them."""
        return max(3, 1 + len(self.maps))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 1.9 * self._columns + 0.2, 1.9 * (self._high + CAPTION) + 0.15 + 0.15 * len(self.lines)

    @property
    def lines(self) -> list[str]:
        """The heading and the note, as long as the pictures are wide."""
        return [line for text in (self.heading, self.note) for line in textwrap.wrap(text, 29 * self._columns)]

    def draw(self, ax: Axes) -> Axes:
        """Draw the item, and beside it the map of each class with its box."""
        ax.axis("off")
        ax.set(xlim=(0, self._columns), ylim=(self._high + CAPTION, 0), aspect="equal")
        ax.set_title("\n".join(self.lines), fontsize=8)
        ax.set_anchor("S")  # the layout makes room for the title above the axes' own place
        self._draw_picture(ax, 0, self.picture, "as the network sees it")
        for place, scores in enumerate(self.maps):
            row = self.table.iloc[place]
            said = f"score {row['score']:.4g}"
            if pd.notna(row["map_sum"]):
                said += f"\n= sum of the map {row['map_sum']:.4g}" + (
                    f" + bias {row['bias']:.3g}" if row["bias"] else ""
                )
            self._draw_picture(ax, place + 1, overlay(self.picture, scores), f"{shorten(row['class'], 30)}\n{said}")
            if row["top"] >= 0:
                self._draw_box(ax, place + 1, row)
        return ax

    def _draw_picture(self, ax: Axes, place: int, picture: np.ndarray, said: str, side: float = 0.94) -> None:
        """Draw a picture with a caption."""
        left, bottom = place + 0.03, side * self._high
        ax.imshow(picture, extent=(left, left + side, bottom, 0), interpolation="nearest", zorder=1)
        ax.text(left, bottom + 0.02, said, fontsize=6.5, va="top", linespacing=1.15)

    def _draw_box(self, ax: Axes, place: int, row: pd.Series, side: float = 0.94) -> None:
        """Draw the box of a map."""
        step = side / self.picture.shape[1]
        corner = place + 0.03 + row["left"] * step, row["top"] * step
        size = (row["right"] - row["left"]) * step, (row["bottom"] - row["top"]) * step
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=FOUND, lw=1.6, zorder=3, path_effects=[BELOW]))


def cam(
    run: Run,
    item: str | int,
    classes: Sequence[str] | None = None,
    count: int = 3,
    *,
    layer: str | None = None,
    centred: bool = False,
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
) -> Cam:
    """Show an item to the run's network again, and find where it sees classes.

    Maps are class activation maps where class scores are proven to be their sums, else Grad-CAM. Their boxes are around
    the largest connected part above 20 % of the maximum.

    Parameters
    ----------
    run
        A run of images.
    item
        The id of an item, or its number in the run.
    classes
        Classes, by id or name, or by the number of the network's score; default: those of the highest scores.
    count
        How many classes are shown by default.
    layer
        Make Grad-CAM from this layer; default: see `unitscope.localization.find_head`.
    centred
        Place the points of maps at the centres of their receptive fields, instead of stretching maps over the image.
    network, data, trust
        Network and items, if they are not where the run says, and whether code that it names may run: see
        `unitscope.open_network` and `unitscope.data.open_items`.

    Returns
    -------
    Cam

    Raises
    ------
    UnitscopeError
        If there is no such item or class, network or items cannot be opened, the network has no layer with a map, or
        centres are not known.

    See Also
    --------
    unitscope.localize : Boxes and errors of all items.

    References
    ----------
    Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for discriminative localization. CVPR.
    Selvaraju et al. (2017), Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> cam(run, 5, ["car"]).table["class"].tolist()
    ['car']
    """
    place = find_item(run, item)
    if count < 1:
        raise UnitscopeError(f"{count} classes cannot be shown; give at least 1")
    items = open_items(run, data=data, trust=trust)
    opened = open_network(run, network=network, trust=trust)
    pixels = find_pixels(opened.preprocess)
    head = find_head(opened, example_batch(opened, items), layer, prefer=[recorded.name for recorded in run.layers])
    centres = find_centres(opened, head, items) if centred else None
    batch = next(load_batches(Inputs(items, opened.preprocess), [[place]], workers=0))
    chosen = [find_class(run, opened, head, name) for name in classes] if classes else None
    found = class_maps(opened, head, batch, chosen or choose_best(count))
    maps = upsample(found.maps[0], (int(batch.shape[2]), int(batch.shape[3])), centres)
    names, numbers = class_names(run, opened, head.classes), found.classes[0]
    boxes = np.stack([find_box(each, SHARE) for each in maps])
    is_sum = head.linear is not None
    table = pd.DataFrame({
        "class": [names[number] for number in numbers],
        "output": numbers,
        "score": found.scores[0, numbers],
        "map_sum": found.maps[0].sum((1, 2), dtype=np.float64) if is_sum else np.nan,
        "bias": head.linear.bias.cpu().numpy()[numbers] if head.linear is not None else np.nan,
        **dict(zip(SIDES, boxes.T, strict=True)),
    })  # fmt: skip
    name = str(run.items["item_id"].iloc[place])
    heading = f"Item {name}: {classes_of_item(run, place)}"
    return Cam(table, as_bytes(pixels, batch)[0], maps, heading, about(head))


def about(head: Head) -> str:
    """Return what the maps are."""
    if head.linear is not None:
        return (
            f"Class activation maps of {head.layer.name}, whose sums are the scores. Boxes: above 20 % of the maximum."
        )
    return f"Grad-CAM of {head.layer.name}; scores are not proven to be sums. Boxes: above 20 % of the maximum."


def find_item(run: Run, item: str | int) -> int:
    """Return the number of an item, given by its id or number."""
    names = run.items["item_id"].astype(str)
    if isinstance(item, str) and (names == item).any():
        return int((names == item).to_numpy().argmax())
    if (isinstance(item, int) or item.isdecimal()) and 0 <= int(item) < len(names):
        return int(item)
    raise UnitscopeError(
        f"the run {run.directory} has no item {item}{near_names(str(item), names)}; give the id of an item, such as "
        f"{names.iloc[0]!r}, or its number, 0 to {len(names) - 1}"
    )


def find_class(run: Run, network: LoadedModel, head: Head, name: str) -> int:
    """Return the number of the score of a class: of the run, else of the network, else by its number."""
    place = class_place(name, run.classes) if has_outputs(run) else None
    if place is not None:
        return int(class_outputs(run)[place])
    wanted: Any = int(name) if name.isdecimal() else name
    return class_number(network, head, wanted)


def class_names(run: Run, network: LoadedModel, count: int) -> list[str]:
    """Return a readable name for each score: that of the run's class, else that of the network, else its number."""
    names = [*(network.classes or map(str, range(count)))]
    if has_outputs(run):
        for output, name in zip(class_outputs(run), run.classes["class"], strict=True):
            names[output] = run.class_title(str(name))
    return names


def has_outputs(run: Run) -> bool:
    """Return whether it is known which score belongs to which class."""
    return "predictions" in run.manifest.identity
