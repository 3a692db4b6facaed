"""Exponential-type and normal-type curves fitted to the activations (Gale et al. 2020, Figure 11)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..errors import UnitscopeError
from ..run import Run
from .style import CROWD, LINES, MARKS, count_items, shorten
from .unit_data import read_unit

KINDS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("exponential", "exponential type", "expon", {"floc": 0}),
    ("Weibull", "exponential type", "weibull_min", {"floc": 0}),
    ("gamma", "exponential type", "gamma", {"floc": 0}),
    ("normal", "normal type", "norm", {}),
    ("half-normal", "normal type", "halfnorm", {"floc": 0}),
    ("log-normal", "normal type", "lognorm", {"floc": 0}),
)
"""Name, type, name in SciPy, and fixed parameters; all distributions but the normal start at 0."""

LEAST = 20
"""Smallest number of activations that are fitted."""


@dataclass(frozen=True)
class Fits:
    """Fits to some activations, sorted by AIC.

    Attributes
    ----------
    label
        Title: which activations these are.
    values
        The non-zero activations.
    table
        One row per fit: ``fit``, ``type``, ``parameters`` (as SciPy has them), ``n``, ``log_likelihood``, ``aic``
        (2 k - 2 log L with k free parameters), ``ks`` (the largest distance between the two cumulative curves).

    See Also
    --------
    UnitFits : Those of all items and of a class.
    """

    label: str
    values: np.ndarray
    table: pd.DataFrame

    size = (4.6, 4.4)

    @property
    def n_bins(self) -> int:
        """Number of bins: twice the square root of the number of values, from 10 to 60."""
        return int(np.clip(2 * np.sqrt(len(self.values)), 10, 60))

    def draw(self, ax: Axes) -> Axes:
        """Draw the density of the values and the fitted curves, each with a line style of its own."""
        from scipy import stats  # takes a second to import, and most figures do not need it

        density = len(self.table) > 0
        ax.hist(
            self.values,
            bins=self.n_bins if density else 1,
            density=density,
            color=CROWD,
            alpha=0.55,
            label="activations",
        )
        ceiling = ax.get_ylim()[1]
        x = np.linspace(self.values.min(initial=0), self.values.max(initial=0), 400)
        looks = {name: (MARKS[place][0], LINES[place]) for place, (name, *_) in enumerate(KINDS)}
        best = self.table["aic"].min() if len(self.table) else np.nan
        for row in self.table.to_dict("records"):
            colour, style = looks[row["fit"]]
            family = getattr(stats, next(found for name, _, found, _ in KINDS if name == row["fit"]))
            mark = "best" if row["aic"] == best else f"AIC +{row['aic'] - best:,.0f}"
            with np.errstate(divide="ignore"):  # some have no finite density at 0
                density_at = family.pdf(x, *row["parameters"])
            ax.plot(x, density_at, color=colour, ls=style, lw=1.5,
                    label=f"{row['fit']} ({row['type']}): {mark}, KS {row['ks']:.3f}")  # fmt: skip
        if not len(self.table):
            ax.text(0.5, 0.5, "too few or all equal: no fits", ha="center", transform=ax.transAxes)
        ax.set_ylim(0, ceiling * 1.1)
        ax.set(xlabel="activation, zeros left out", ylabel="density" if density else "items")
        ax.set_title(self.label)
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=5.2, fontsize=7)
        return ax


@dataclass(frozen=True)
class UnitFits:
    """Fits to the non-zero activations of a unit: of all items, and of a class.

    Attributes
    ----------
    unit, name
        The unit's id, and the readable name of the class.
    everything, in_class
        The fits.

    See Also
    --------
    fits : Compute them.
    """

    unit: str
    name: str
    everything: Fits
    in_class: Fits

    size = (9.2, 4.8)
    rows = ((0, 1),)

    @property
    def title(self) -> str:
        """Title above both panels."""
        return f"Unit {self.unit}: fits by maximum likelihood, the best first by AIC; KS: Kolmogorov-Smirnov distance"

    @property
    def panels(self) -> tuple[Fits, Fits]:
        """All items, and those of the class."""
        return self.everything, self.in_class

    def frame(self) -> pd.DataFrame:
        """Return the fits of both, one row each."""
        parts = [self.everything.table.assign(of="all"), self.in_class.table.assign(of=self.name)]
        frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        frame["parameters"] = [" ".join(f"{value:.6g}" for value in found) for found in frame["parameters"]]
        return frame[["of", "fit", "type", "parameters", "n", "log_likelihood", "aic", "ks"]]


def fits(run: Run, unit: str, name: str | None = None, items: str | None = None) -> UnitFits:
    """Fit distributions to a unit's non-zero activations, of all items and of a class.

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

    Returns
    -------
    UnitFits

    Raises
    ------
    UnitscopeError
        If there is no such unit or class, or fewer than 20 activations are not 0.

    See Also
    --------
    histogram : The activations without fits.

    Examples
    --------
    >>> fits(run, "fc6:0").frame()[["of", "fit", "n"]].head(1)
        of          fit   n
    0  all  exponential  51
    """
    data = read_unit(run, unit, name, items)
    values, members = data.activations.astype(float), data.members
    active, ours = values[values != 0], values[members & (values != 0)]
    if len(active) < LEAST:
        raise UnitscopeError(
            f"unit {unit} has {len(active)} activations that are not 0; a fit needs {LEAST}, so choose another unit"
        )
    return UnitFits(
        unit,
        data.title,
        Fits(f"All: {len(active):,} of {count_items(len(values), data.items)}", active, fit_all(active)),
        Fits(f"{shorten(data.title, 30)}: {len(ours):,} of {members.sum():,} items", ours, fit_all(ours)),
    )


def fit_all(values: np.ndarray) -> pd.DataFrame:
    """Fit every kind of distribution that can have these values; none to fewer than 20, or to equal values.

    Parameters
    ----------
    values
        ``(n,)`` non-zero activations. Where some are negative, only the normal distribution fits.

    Returns
    -------
    pandas.DataFrame
        As in `Fits`, sorted by AIC.
    """
    from scipy import stats

    rows: list[dict[str, Any]] = []
    for name, kind, scipy_name, fixed in KINDS:
        family = getattr(stats, scipy_name)
        if len(values) < LEAST or values.min() == values.max() or (values.min() < 0 and name != "normal"):
            continue
        try:
            parameters = family.fit(values, **fixed)
        except (ValueError, RuntimeError, stats.FitError):  # no parameters fit values that are all but equal
            continue
        likelihood = float(family.logpdf(values, *parameters).sum())
        rows.append(
            {
                "fit": name,
                "type": kind,
                "parameters": tuple(float(value) for value in parameters),
                "n": len(values),
                "log_likelihood": likelihood,
                "aic": 2 * (len(parameters) - len(fixed)) - 2 * likelihood,
                "ks": float(stats.ks_1samp(values, family.cdf, args=parameters, method="asymp").statistic),
            }
        )
    columns = ["fit", "type", "parameters", "n", "log_likelihood", "aic", "ks"]
    return pd.DataFrame(rows, columns=columns).sort_values("aic", kind="stable").reset_index(drop=True)
