"""Items to which a unit responds, and items of its class to which it does not (Gale et al. 2020, Figure 3, right)."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from ..data import LabelledItems
from ..run import Run
from ..run.top_items import first_items
from .neuron_features import feature_image
from .pictures import ItemPictures, open_pictures
from .style import count_items, shorten
from .unit_data import read_unit

ROWS = {
    "top": "Most active items",
    "mean": "Items of the class around its mean",
    "zero": "Items of the class with activation 0",
    "false_alarms": "Highest items of other classes: false alarms",
}
"""Keys and titles of the rows."""


@dataclass(frozen=True)
class Examples:
    """Items of a unit in four rows.

    Attributes
    ----------
    unit, name
        The unit's id, and the readable name of the class.
    table
        One row per item: ``row`` (a key of `ROWS`), ``item_id``, ``class`` (readable), ``member`` (of the class in
        question), ``activation``.
    pictures
        A picture for each item, or ``None``.
    titles
        Titles of the rows, with counts.
    missing
        Why there are no pictures; empty if there are.
    heading
        Title above all rows.
    feature
        The unit's neuron feature for display, ``(height, width, 3)``; ``None`` where the run has no features.

    See Also
    --------
    examples : Compute it.
    """

    unit: str
    name: str
    table: pd.DataFrame
    pictures: tuple[Image.Image | None, ...]
    titles: dict[str, str]
    missing: str
    heading: str
    feature: np.ndarray | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return max(6.0, self._width * 0.98 + 0.2), 0.98 * self._tops[-1] + 0.6

    @property
    def _width(self) -> float:
        """Width of all rows, and of the neuron feature beside them, in pictures."""
        return self._per_row + (0.0 if self.feature is None else 1.2)

    @property
    def _per_row(self) -> int:
        return max(1, int(self.table["row"].value_counts().max()))

    @property
    def _tops(self) -> list[float]:
        """Top of each row, and the bottom of the last; an empty row is lower."""
        tops = [0.0]
        for key in ROWS:
            tops.append(tops[-1] + (1.5 if (self.table["row"] == key).any() else 0.6))
        return tops

    def frame(self) -> pd.DataFrame:
        """Return the items shown."""
        return self.table

    def draw(self, ax: Axes) -> Axes:
        """Draw the pictures in rows; members have a black frame and a diamond before their name."""
        ax.axis("off")
        ax.set(xlim=(0, self._width), ylim=(self._tops[-1], 0), aspect="equal")
        why = f"no pictures: {self.missing}" if self.missing else ""
        why = textwrap.fill(why, 90, break_long_words=False, break_on_hyphens=False)
        ax.set_title(f"{self.heading}\n{why}".rstrip())
        for key, start in zip(ROWS, self._tops, strict=False):
            top = start + 0.24
            ax.text(0.02, top - 0.04, self.titles[key], fontsize=8, weight="bold", va="bottom")
            found = np.flatnonzero((self.table["row"] == key).to_numpy())
            if not len(found):
                ax.text(0.02, top + 0.12, "none", fontsize=8, color="#555555")
            for place, item in enumerate(found):
                self._draw_item(ax, int(item), place + 0.02, top)
        if self.feature is not None:
            left = self._per_row + 0.22
            ax.text(left, 0.2, "Neuron feature", fontsize=8, weight="bold", va="bottom")
            ax.imshow(self.feature, extent=(left, left + 0.94, 1.18, 0.24), zorder=1)
        return ax

    def _draw_item(self, ax: Axes, item: int, left: float, top: float, side: float = 0.94) -> None:
        """Draw one picture with its class and activation below."""
        row, picture = self.table.iloc[item], self.pictures[item]
        if picture is None:
            ax.text(left + side / 2, top + side / 2, shorten(str(row["item_id"]), 16), fontsize=5, ha="center")
        else:
            ax.imshow(np.asarray(picture.resize((144, 144))), extent=(left, left + side, top + side, top), zorder=1)
        colour, width = ("black", 2.0) if row["member"] else ("#bbbbbb", 0.6)
        ax.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=colour, linewidth=width, zorder=2))
        name = ("◆ " if row["member"] else "") + shorten(row["class"], 14)
        ax.text(left, top + side + 0.03, f"{name}\n{row['activation']:.4g}", fontsize=6, va="top", linespacing=1.1)


def examples(
    run: Run,
    unit: str,
    name: str | None = None,
    items: str | None = None,
    *,
    count: int = 8,
    pictures: ItemPictures | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
) -> Examples:
    """Choose a unit's most active items, members around the mean, members with activation 0, and false alarms.

    Parameters
    ----------
    run
        A run that was measured.
    unit
        The unit's id.
    name
        A class or class set; default: the class of maximum informedness.
    items
        ``"correct"`` or ``"all"``; default: those that were measured.
    count
        Items in each row.
    pictures
        The run's pictures, if they are open already.
    data, trust
        Where the items are, if not where the run says, and whether code that it names may run: see
        `unitscope.data.open_items`.

    Returns
    -------
    chosen : Examples
        Of equally active items the first in item order.

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or no class was named for a unit that has none.

    See Also
    --------
    jitter : The activations to all items.
    unitscope.Run.top_items : The most active items without pictures, also of runs that keep histograms.

    Examples
    --------
    >>> figure = examples(run, "fc6:0", count=2)
    >>> figure.frame().query("row == 'top'")[["item_id", "class", "activation"]]
      item_id class  activation
    0   00007   cat        6.18
    1   00043   emu        5.98
    """
    found = read_unit(run, unit, name, items)
    values, members, positions = found.activations, found.members, found.positions
    ours = values[members]
    mean = float(ours.mean(dtype=float)) if len(ours) else np.nan
    zero = members & (values == 0)
    above = values > values.min(initial=np.inf)  # items that are least active are neither top nor false alarms
    chosen = {
        "top": np.searchsorted(positions, run.top_items(unit, count, found.items)["item"]),
        "mean": first_items(members, np.abs(values - mean), count),
        "zero": np.flatnonzero(zero)[:count],
        "false_alarms": first_items(above & ~members, -values, count),
    }
    table = pd.DataFrame(
        [
            {
                "row": row,
                "item_id": str(run.items["item_id"].iloc[positions[item]]),
                "class": classes_of_item(run, int(positions[item])),
                "member": bool(members[item]),
                "activation": float(values[item]),
            }
            for row, places in chosen.items()
            for item in places
        ],
        columns=["row", "item_id", "class", "member", "activation"],
    )
    titles = ROWS | {
        "mean": f"{ROWS['mean']}, {mean:.4g}",
        "zero": f"{ROWS['zero']}: {zero.sum():,} of {members.sum():,}",
        "false_alarms": f"Highest of the {(~members).sum():,} items of other classes: false alarms"
        + (f"; {(above & ~members).sum():,} are above 0" if values.min(initial=np.inf) == 0 else ""),
    }
    shown = pictures if pictures is not None else open_pictures(run, data=data, trust=trust)
    heading = f"Unit {unit}, {shorten(found.title, 40)} (◆, black frames); {count_items(len(values), found.items)}"
    images = tuple(shown.of(item) for item in table["item_id"])
    return Examples(unit, found.title, table, images, titles, shown.missing, heading, feature_image(run, unit))


def classes_of_item(run: Run, place: int) -> str:
    """Return the readable name of an item's class, or of its classes."""
    item = run.items.iloc[place]
    labels = item["labels"] if run.multi_label else [item["label"]]
    return ", ".join(str(run.classes["name"].iloc[int(label)]) for label in labels) or "no class"
