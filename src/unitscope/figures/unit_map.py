"""Where on its most active items a unit exceeds the threshold of its dissection, and what is labelled there."""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from ..data import LabelledItems
from ..dissection import DISSECTION
from ..errors import UnitscopeError
from ..models import LoadedModel
from ..run import Run
from ..run.lookup import unit_row
from .concept_labels import read_labels
from .dissection import dissection_table
from .examples import classes_of_item
from .seen_again import Seen, show_again
from .style import shorten

PER_ROW = 6
"""Number of pictures in a row."""

CAPTION = 0.26
"""Height of what is written below a picture, relative to its width."""

DIMMED = 0.3
"""Brightness outside the mask."""

ROUNDING = 1e-5
"""How much larger than the threshold, relative to it, an activation may be by rounding: batches change the last bits.

The threshold may be a unit's largest activation, which no item exceeds.
"""

MASK: dict[str, Any] = {"colors": "#F0E442", "linestyles": "solid", "linewidths": 1.3}
LABEL: dict[str, Any] = {"colors": "#56B4E9", "linestyles": "dashed", "linewidths": 1.1}
BELOW = withStroke(linewidth=2.6, foreground="#000000aa")
"""What makes lines visible on bright pictures."""


@dataclass(frozen=True, eq=False)
class UnitMap:
    """Where a unit is active on some items.

    Attributes
    ----------
    unit
        The unit's id.
    table
        One row per item, most active first: ``item_id``, ``class`` (readable), ``activation``, ``active`` (share of the
        picture that is above the threshold), ``labelled`` (share that shows the unit's concept; NaN where labels are
        not known), ``iou`` (of the two, in this item), and ``top``, ``left``, ``bottom``, ``right`` of what the unit
        sees where it is most active, in pixels; missing if `unitscope.find_features` has not looked at the item.
    pictures
        ``(items, height, width, 3)`` uint8, as the network sees them.
    masks
        ``(items, height, width)`` bool: above the threshold.
    labels
        ``(items, height, width)`` bool: what shows the concept; all false where labels are not known.
    heading, notes
        Lines above the pictures.

    See Also
    --------
    unit_map : Compute it.
    """

    unit: str
    table: pd.DataFrame
    pictures: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    heading: str
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the items shown, and how much of each is active."""
        return self.table

    @property
    def _high(self) -> float:
        """Height of a picture, relative to its width."""
        return self.pictures.shape[1] / self.pictures.shape[2]

    @property
    def _rows(self) -> int:
        return -(-len(self.table) // PER_ROW)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        columns = max(3, min(len(self.table), PER_ROW))
        return 1.6 * columns + 0.2, 1.6 * self._rows * (self._high + CAPTION) + 0.15 + 0.15 * len(self.lines)

    @property
    def lines(self) -> list[str]:
        """The heading and the notes, as long as the pictures are wide."""
        columns = max(3, min(len(self.table), PER_ROW))
        return [line for note in (self.heading, *self.notes) for line in textwrap.wrap(note, 24 * columns)]

    def draw(self, ax: Axes) -> Axes:
        """Draw the pictures in rows, dimmed where the unit is below its threshold."""
        ax.axis("off")
        columns = max(3, min(len(self.table), PER_ROW))
        ax.set(xlim=(0, columns), ylim=(self._rows * (self._high + CAPTION), 0), aspect="equal")
        ax.set_title("\n".join(self.lines), fontsize=8)
        ax.set_anchor("S")  # the layout makes room for the title above the axes' own place
        for place in range(len(self.table)):
            self._draw_item(ax, place, place % PER_ROW + 0.03, (place // PER_ROW) * (self._high + CAPTION))
        return ax

    def _draw_item(self, ax: Axes, place: int, left: float, top: float, side: float = 0.94) -> None:
        """Draw one picture, its outlines and what its receptive field is, with its class and activation below."""
        row, mask = self.table.iloc[place], self.masks[place]
        height, width = mask.shape
        shown = np.where(mask[..., None], self.pictures[place], self.pictures[place] * DIMMED).astype(np.uint8)
        step = side / width
        ax.imshow(shown, extent=(left, left + side, top + step * height, top), interpolation="nearest", zorder=1)
        for outlined, look in ((self.labels[place], LABEL), (mask, MASK)):
            if outlined.any():
                across, down = (np.arange(-1, pixels + 1) + 0.5 for pixels in (width, height))
                ax.contour(
                    left + across * step, top + down * step, np.pad(outlined, 1).astype(float), [0.5], **look
                ).set(path_effects=[BELOW])
        if pd.notna(row["top"]):
            corner = left + row["left"] * step, top + row["top"] * step
            size = (row["right"] - row["left"]) * step, (row["bottom"] - row["top"]) * step
            ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", lw=1.2, ls=":", zorder=3,
                                   path_effects=[BELOW]))  # fmt: skip
        said = f"{row['activation']:.4g}; {row['active']:.1%} active"
        said += f"\nIoU {row['iou']:.2f}" if pd.notna(row["iou"]) else ""
        ax.text(left, top + step * height + 0.02, f"{shorten(row['class'], 24)}\n{said}", fontsize=6, va="top",
                linespacing=1.1)  # fmt: skip


def unit_map(
    run: Run,
    unit: str,
    count: int = 6,
    items: str | None = None,
    *,
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
) -> UnitMap:
    """Show a unit's most active items to the network again, and find where the unit exceeds its threshold.

    The threshold is that of the run's dissection, and the unit's map is interpolated as there. Labels of the unit's
    concept are outlined in items that are images of the concepts as well: that have the same id and the same pixels.

    Parameters
    ----------
    run
        A run with a dissection.
    unit
        The unit's id.
    count
        How many of its most active items to show.
    items
        ``"correct"`` or ``"all"``; default: correctly classified ones where the run has predictions.
    network, data, trust
        Network and items, if they are not where the run says, and whether code that it names may run: see
        `unitscope.open_network` and `unitscope.data.open_items`.

    Returns
    -------
    UnitMap

    Raises
    ------
    UnitscopeError
        If there is no such unit, the run has no dissection, the unit has no threshold or is equally active to all
        items, or network or items cannot be opened.

    See Also
    --------
    unitscope.dissect : Finds thresholds and concepts.
    examples : Whole items, also of runs without a network.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import dissect, load_data, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> table = dissect(run, "demo:", n=32, workers=0)
    >>> unit_map(run, "conv5:6", 3).masks.shape
    (3, 64, 64)
    """
    dissection_table(run)
    row = unit_row(run, DISSECTION, unit)
    if pd.isna(row["threshold"]):
        raise UnitscopeError(f"unit {unit} has no threshold: {row['undefined']}; choose a unit of another layer")
    chosen = run.top_items(unit, count, items)
    if chosen.empty:
        raise UnitscopeError(f"unit {unit} is equally active to all items, so none is shown; choose another unit")
    seen = show_again(run, unit, chosen["item"].tolist(), network=network, data=data, trust=trust)
    masks = seen.maps > row["threshold"] + ROUNDING * abs(row["threshold"])
    labels, missing = read_labels(run, row, seen)
    known = np.array([label is not None for label in labels])
    drawn = np.stack([np.zeros_like(masks[0]) if label is None else label for label in labels])
    table = pd.DataFrame({
        "item_id": chosen["item_id"].astype(str),
        "class": [classes_of_item(run, int(item)) for item in chosen["item"]],
        "activation": chosen["activation"],
        "active": masks.mean((1, 2)),
        "labelled": np.where(known, drawn.mean((1, 2)), np.nan),
        "iou": np.where(known, overlaps(masks, drawn), np.nan),
        **{side: chosen[side] for side in ("top", "left", "bottom", "right")},
    })  # fmt: skip
    pictures = seen.pictures
    return UnitMap(unit, table, pictures, masks, drawn, heading(unit, row), notes_of(table, seen, missing))


def overlaps(masks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each mask and label, NaN where both are empty.

    Examples
    --------
    >>> overlaps(np.array([[[True, True, False]]]), np.array([[[False, True, True]]]))
    array([0.33333333])
    """
    both, either = ((masks & labels).sum((1, 2)), (masks | labels).sum((1, 2)))
    return np.divide(both, either, out=np.full(len(masks), np.nan), where=either > 0)


def heading(unit: str, row: pd.Series) -> str:
    """Return what the unit is, by its row of the dissection."""
    if not row["concept"]:
        return f"Unit {unit}: no concept, threshold {row['threshold']:.4g}"
    kind = "detector" if row["is_detector"] else "no detector"
    return (
        f"Unit {unit}: {row['concept']} ({row['category']}), IoU {row['iou']:.3f}, {kind}; threshold "
        f"{row['threshold']:.4g}"
    )


def notes_of(table: pd.DataFrame, seen: Seen, missing: str) -> tuple[str, ...]:
    """Return what is drawn, and why something is not."""
    drawn = "Bright, solid line: above the threshold."
    if table["labelled"].notna().any():
        drawn += " Dashed: the concept's label."
    if table["top"].notna().any():
        drawn += " Dotted: what the unit sees where it is most active."
        boxes = ""
    else:
        boxes = "No receptive fields: `unitscope features` has not looked at these items."
    return tuple(note for note in (drawn, boxes, missing) if note)
