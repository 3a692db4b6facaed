"""Neuron features of a layer's units on one sheet, sorted by any column (Rafegas et al. 2020)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import UnitscopeError
from ..features import FEATURES
from ..features.crops import shrink
from ..features.pictures import enlarged, stretched
from ..run import Run, find_column
from ..run.repair import make_first
from .style import thousands

PER_ROW = 16
"""Number of units in a row."""


@dataclass(frozen=True)
class NeuronFeatures:
    """Neuron features of units of a layer.

    Attributes
    ----------
    layer
        The layer.
    table
        One row for each unit shown: ``unit``, and the column that they are sorted by.
    sorted_by
        Title of that column; empty where they are in the network's order.
    images
        For each unit ``(height, width, 3)`` uint8, stretched for display; ``None`` where it has no top items.
    n_units
        Number of the layer's units.
    n_top
        Number of top items of each unit.
    field
        Height and width of the largest receptive field.

    See Also
    --------
    neuron_features : Read them.
    """

    layer: str
    table: pd.DataFrame
    sorted_by: str
    images: tuple[np.ndarray | None, ...]
    n_units: int
    n_top: int
    field: tuple[int, int]

    def frame(self) -> pd.DataFrame:
        """Return the units shown, and the column that they are sorted by."""
        return self.table

    @property
    def _rows(self) -> int:
        return -(-len(self.images) // PER_ROW)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 9.6, 0.72 * self._rows + 0.7

    def draw(self, ax: Axes) -> Axes:
        """Draw the features in rows, each with the number of its unit and the value that it is sorted by."""
        ax.axis("off")
        ax.set(xlim=(0, PER_ROW), ylim=(self._rows * 1.24, 0), aspect="equal")
        values = self.table.iloc[:, 1] if self.table.shape[1] > 1 else [None] * len(self.table)
        for place, (unit, value, image) in enumerate(zip(self.table["unit"], values, self.images, strict=True)):
            left, top = place % PER_ROW + 0.04, (place // PER_ROW) * 1.24
            shown = np.full((1, 1, 3), 128, np.uint8) if image is None else image
            ax.imshow(shown, extent=(left, left + 0.92, top + 0.92, top), interpolation="nearest")
            number = unit.rpartition(":")[2]
            text = number if value is None or pd.isna(value) else f"{number}: {short(value)}"
            ax.text(left + 0.46, top + 0.96, text, fontsize=6, ha="center", va="top")
        order = f", sorted by {self.sorted_by.lower()}" if self.sorted_by else ""
        count = thousands(self.n_units)
        units = count if len(self.images) == self.n_units else f"{len(self.images)} of {count}"
        height, width = self.field
        ax.set_title(
            f"Layer {self.layer}: neuron features of {units} units{order}\nWeighted mean of what each unit sees of its "
            f"{self.n_top} top items; fields of up to {height} x {width} pixels; each stretched to full contrast"
        )
        return ax


def short(value: float) -> str:
    """Return a number in a few characters.

    Examples
    --------
    >>> short(0.98765), short(26.6), short(1234.5)
    ('0.99', '27', '1234')
    """
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def neuron_features(run: Run, layer: str, sort: str | None = None, count: int = 256) -> NeuronFeatures:
    """Read the neuron features of a layer's units.

    Parameters
    ----------
    run
        A run with features.
    layer
        Name of the layer.
    sort
        Name of a column of any table, such as ``"colour_index"``, ``"hue"`` or ``"max_informedness"``: units come from
        its highest value to its lowest, and those without a value last. Default: the network's order.
    count
        Largest number of units.

    Returns
    -------
    NeuronFeatures

    Raises
    ------
    UnitscopeError
        If the layer or the column does not exist, or the run has no features.

    See Also
    --------
    unitscope.find_features : Makes them.
    indexes : Colour and class selectivity per layer.
    """
    found = run.layer(layer)
    table = features_table(run)
    of_layer = table[table["layer"] == found.name]
    shown = of_layer[["unit"]]
    title = ""
    if sort is not None:
        column = find_column(run, sort)
        title = column.title
        shown = shown.assign(**{column.name: column.by_unit.reindex(shown["unit"]).to_numpy()})
        shown = shown.sort_values(column.name, ascending=False, kind="stable")
    shown = shown.head(count)
    field = int(of_layer["field_height"].max()), int(of_layer["field_width"].max())
    images = tuple(feature_image(run, unit) for unit in shown["unit"])
    return NeuronFeatures(
        found.name, shown.reset_index(drop=True), title, images, found.units, run.parameters(FEATURES)["count"], field
    )


def features_table(run: Run) -> pd.DataFrame:
    """Return the table of features.

    Raises
    ------
    UnitscopeError
        If the run has none.
    """
    if FEATURES not in run.tables:
        raise UnitscopeError(f"the run {run.directory} has no features; {make_first(run.directory, FEATURES)}")
    return run.stored_table(FEATURES).frame


def feature_image(run: Run, unit: str) -> np.ndarray | None:
    """Return the neuron feature of a unit for display, ``(height, width, 3)`` uint8; ``None`` if it has none."""
    if FEATURES not in run.tables:
        return None
    table = features_table(run)
    row = table[table["unit"] == unit].iloc[0]
    if row["n_top"] == 0:
        return None
    rows, columns = shrink(np.array([[row["field_height"], row["field_width"]]]))[0]
    feature, coverage = (run.unit_array(FEATURES, name, unit) for name in ("neuron_feature", "coverage"))
    return enlarged(stretched(feature[:rows, :columns], coverage[:rows, :columns]))
