"""Whether selectivity predicts importance: the question on which Morcos et al. (2018) and Zhou et al. (2018) differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..ablation import ABLATION
from ..ablation.describe import own_name
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import TableColumn, find_columns, list_columns, unit_frame
from ..run.repair import make_first
from .style import thousands

NORMAL_QUANTILE = 1.959963984540054

FEWEST = 10
"""Layers with fewer units do not count."""

IMPORTANCE = {
    "accuracy": "drop in accuracy over all items",
    "log-probability": "drop in log-probability over all items",
    "class": "drop in accuracy over the class that the measure picks",
}
"""What selectivity is compared with."""


@dataclass(frozen=True)
class AblationByMeasure:
    """Rank correlations between measures and what is lost without a unit.

    Attributes
    ----------
    table
        One row per measure and kind of importance: ``measure``, ``title``, ``importance``, ``spearman``, ``low``,
        ``high``, ``n_units``, ``n_layers``.
    where
        The layer, or how many there are.

    See Also
    --------
    ablation_by_measure : Compute them.
    """

    table: pd.DataFrame
    where: str

    def frame(self) -> pd.DataFrame:
        """Return the numbers drawn."""
        return self.table

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 7.5, 1.6 + 0.36 * self.table["measure"].nunique()

    def draw(self, ax: Axes) -> Axes:
        """Draw each correlation with its interval, one line per measure."""
        titles = [*self.table["title"].unique()]
        for place, (importance, label) in enumerate(IMPORTANCE.items()):
            rows = self.table[self.table["importance"] == importance]
            heights = rows["title"].map(titles.index).to_numpy(float) + (place - 1) * 0.22
            values = rows["spearman"].to_numpy()
            ends = np.abs(rows[["low", "high"]].to_numpy().T - values)
            ax.errorbar(
                values, heights, xerr=ends, fmt="o", markersize=4, linewidth=1.2, color=f"C{place}", label=label
            )
        ax.axvline(0, color="#888888", linewidth=0.8)
        ax.set_yticks(range(len(titles)), titles, fontsize=8)
        ax.invert_yaxis()
        ax.set(xlabel="Spearman's correlation over units, 95 % interval", xlim=(-1, 1))
        counts = self.table["n_units"]
        ax.set_title(f"Does selectivity predict importance? {self.where}, up to {thousands(int(counts.max()))} units")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.6 / self.size[1]), fontsize=8)
        return ax


def ablation_by_measure(run: Run, measures: Sequence[str] | None = None, layer: str | None = None) -> AblationByMeasure:
    """Compute how well each measure predicts what is lost without a unit.

    Spearman's correlation is computed within each layer, so that differences between layers have no part in it, and
    combined over layers by Fisher's transformation, each with the weight of its number of units minus 3. The variance
    is that of Bonett & Wright (2000).

    Parameters
    ----------
    run
        A run that was measured, and then ablated.
    measures
        Names of columns, ``"auc"`` or ``"dissection.iou"``; default: all measures of other tables.
    layer
        The layer; default: all that have at least ten units.

    Returns
    -------
    AblationByMeasure
        Measures that vary in no layer are left out.

    Raises
    ------
    UnitscopeError
        If the run was not ablated, or there is no measure or layer to compare.

    See Also
    --------
    unitscope.ablate : Silence every unit.
    correlations : Correlations between measures.
    """
    if ABLATION not in run.tables:
        raise UnitscopeError(f"the run {run.directory} was not ablated; {make_first(run.directory, ABLATION)}")
    found = find_columns(run, measures) if measures else [
        column for column in list_columns(run) if column.table.name != ABLATION
    ]  # fmt: skip
    frame = unit_frame(run, found)
    frame = frame.merge(run.table(ABLATION).drop(columns="layer"), on="unit", suffixes=("", "_ablated"))
    if layer is not None:
        frame = frame[frame["layer"] == run.layer(layer).name]
    rows = [row for column in found for row in rows_of(frame, column)]
    if not rows:
        raise UnitscopeError(
            f"no measure of {run.directory} varies over {FEWEST} units of a layer that was ablated; "
            f"{make_first(run.directory, 'selectivity')}"
        )
    table = pd.DataFrame(rows)
    return AblationByMeasure(table, f"layer {layer}" if layer else f"{table['n_layers'].max()} layers")


def rows_of(frame: pd.DataFrame, measure: TableColumn) -> list[dict[str, object]]:
    """Return the correlations of a measure with every kind of importance."""
    importances = {
        "accuracy": "accuracy_drop",
        "log-probability": "log_probability_drop",
        "class": own_name(str(measure.by_unit.name)),
    }
    rows: list[dict[str, object]] = []
    for importance, column in importances.items():
        if column not in frame or (importance == "class" and measure.linked("class") is None):
            continue
        pairs = [
            (of[measure.name].to_numpy(float), of[column].to_numpy(float))
            for _, of in frame.groupby("layer", sort=False)
        ]
        combined = combine([*filter(None, (rank_correlation(*pair) for pair in pairs))])
        if combined is not None:
            names = {"measure": measure.name, "title": measure.title, "importance": importance}
            rows.append({**names, **combined})
    return rows


def rank_correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, int] | None:
    """Return Spearman's correlation and the number of units that have both values; ``None`` if it is undefined.

    Examples
    --------
    >>> rank_correlation(np.arange(10.0), np.arange(10.0) ** 3), rank_correlation(np.ones(10), np.arange(10.0))
    ((1.0, 10), None)
    """
    from scipy import stats  # takes a second to import, and most figures do not need it

    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < FEWEST or np.ptp(x[both]) == 0 or np.ptp(y[both]) == 0:
        return None
    ranks = (stats.rankdata(values[both]) for values in (x, y))
    return float(np.corrcoef(*ranks)[0, 1].round(12)), int(both.sum())


def combine(found: Sequence[tuple[float, int]]) -> dict[str, float] | None:
    """Return one correlation of several layers, each with its number of units, with its 95 % interval.

    Examples
    --------
    >>> combine([(0.5, 53)])
    {'spearman': 0.5, 'low': 0.249905061444, 'high': 0.687553397868, 'n_units': 53, 'n_layers': 1}
    """
    if not found:
        return None
    r, n = np.array(found, float).T
    z = np.arctanh(np.clip(r, -1 + 1e-9, 1 - 1e-9))
    weights = (n - 3) / (n - 3).sum()
    centre = weights @ z
    error = np.sqrt((weights**2) @ ((1 + r**2 / 2) / (n - 3)))
    low, middle, high = (float(np.tanh(centre + step * NORMAL_QUANTILE * error).round(12)) for step in (-1, 0, 1))
    return {"spearman": middle, "low": low, "high": high, "n_units": int(n.sum()), "n_layers": len(n)}
