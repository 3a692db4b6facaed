"""In which orders the units of a layer are removed one after the other: at random, and by measures."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..run import Run

STEPS = 10
"""Accuracy is measured after each tenth of a layer's units."""

SEED = 1806_02891
"""Random seed of the random orders."""

TABLES = ("selectivity", "dissection")
"""Tables whose measures order units."""


@dataclass(frozen=True, eq=False)
class Orders:
    """Orders of the units of a layer.

    Attributes
    ----------
    names
        ``"random 1"`` and so on; of measures ``"selectivity.auc, highest first"`` and ``"..., lowest first"``.
    units
        ``(orders, units)``: which unit is removed first, second and so on.
    """

    names: tuple[str, ...]
    units: np.ndarray

    def masks(self) -> np.ndarray:
        """Return which units are removed at each step of each order, ``(orders * STEPS, units)`` bool."""
        n = self.units.shape[1]
        place = np.argsort(self.units, axis=1)
        return (place[:, None, :] < steps_of(n)[1:, None]).reshape(-1, n)


def steps_of(n: int) -> np.ndarray:
    """Return how many of n units are removed at each step, from none to all, ``(STEPS + 1,)``.

    Examples
    --------
    >>> steps_of(16).tolist()
    [0, 2, 3, 5, 6, 8, 10, 11, 13, 14, 16]
    """
    return np.rint(np.arange(STEPS + 1) * n / STEPS).astype(int)


def measures_of(run: Run) -> dict[str, np.ndarray]:
    """Return the values of every measure that orders units, by table and name, in the order of the run's units."""
    found = {}
    for table in (name for name in TABLES if name in run.tables):
        stored = run.stored_table(table)
        frame = stored.frame.set_index("unit").reindex(run.units["unit"])
        for name, column in stored.columns.items():
            if column.kind == "measure" and name in frame and frame[name].notna().any():
                found[f"{table}.{name}"] = frame[name].to_numpy(float)
    return found


def orders_of(run: Run, count: int) -> dict[int, Orders]:
    """Return the orders of each layer's units, by the number of the layer; the names are the same for all layers.

    Parameters
    ----------
    run
        An open run.
    count
        Number of random orders; none means no orders at all.
    """
    if not count:
        return {}
    measures = measures_of(run)
    names = tuple(f"random {place + 1}" for place in range(count)) + tuple(
        f"{name}, {which} first" for name in measures for which in ("highest", "lowest")
    )
    orders, row = {}, 0
    for number, layer in enumerate(run.layers):
        rows = slice(row, row := row + layer.units)
        random = np.random.default_rng([SEED, number])
        drawn = [random.permutation(layer.units) for _ in range(count)]
        ranked = [order for values in measures.values() for order in by_values(values[rows])]
        orders[number] = Orders(names, np.array([*drawn, *ranked]))
    return orders


def by_values(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the order of units from highest to lowest value and back; units without a value come last in both.

    Examples
    --------
    >>> [order.tolist() for order in by_values(np.array([2.0, np.nan, 3.0, 2.0]))]
    [[2, 0, 3, 1], [0, 3, 2, 1]]
    """
    return np.argsort(-values, kind="stable"), np.argsort(values, kind="stable")


def digest_of(orders: Mapping[int, Orders]) -> str:
    """Return a hash of orders, which depend on the tables of the run."""
    whole = hashlib.sha256()
    for number, of_layer in orders.items():
        whole.update(f"{number} {of_layer.names}".encode() + of_layer.units.astype("<i8").tobytes())
    return whole.hexdigest()
