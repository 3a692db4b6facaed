"""What a reader finds in a file, whatever its format: matrices, labels, columns. Nothing is settled yet."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, near_names
from ..run import Layer

DEFAULT_LAYER = "units"
"""What a layer is called if the file has no name for it."""

STEP_BYTES = 64_000_000
"""How much of a file is read at a time, so that maps of many positions do not fill the memory."""

LABEL_NAMES = ("label", "labels", "y", "class")
"""What a column, key or dataset of labels is called where the user does not say."""

ID_NAMES = ("item_id", "item_ids")
OWN_COLUMNS = ("item_id", "uri", "label", "labels", "predicted", "correct", "probability")
"""Columns of ``items.parquet`` with a meaning of their own; others are kept as they are."""

UNIT_COLUMNS = ("unit", "layer", "index", "reduction", "map_height", "map_width")
"""Columns of ``units.parquet`` that follow from the layers."""


@dataclass(frozen=True)
class Choice:
    """Which parts of a file the user names; ``None`` leaves it to the file.

    Attributes
    ----------
    activations
        Names or globs, separated by commas, of the matrices (or, in a table, of the columns of units).
    label, predicted
        Name of the column, key or dataset of labels, of predictions.
    layer
        What the only layer is to be called.
    rows
        What the rows of a matrix are, ``"items"`` or ``"units"``.
    item_columns
        Columns of a table that describe items and are no units.
    average
        Column that names the stimulus; no unit either, wherever it is.
    counts
        How many items there may be, where labels come in a file of their own (which may or may not have a header).
    """

    activations: str | None = None
    label: str | None = None
    predicted: str | None = None
    layer: str | None = None
    rows: str | None = None
    item_columns: tuple[str, ...] = ()
    average: str | None = None
    counts: tuple[int, ...] | None = None

    @property
    def labels_apart(self) -> bool:
        """Whether labels come in a file of their own, so that this one needs none."""
        return self.counts is not None


@dataclass(frozen=True)
class Matrix:
    """One layer in a file.

    Attributes
    ----------
    layer
        Its name, number of units, size of the map behind each number.
    read
        Reads some items: ``read(slice) -> (items, units)``, in the file's own type of number.
    about
        What the file says of the units, one row for each: ``name``, and any more; ``None`` if nothing.
    """

    layer: Layer
    read: Callable[[slice], np.ndarray]
    about: pd.DataFrame | None = None

    def unit(self, index: int) -> str:
        """Say which unit this is, with its name in the file."""
        own = f"{self.layer.name}:{index}"
        return own if self.about is None or "name" not in self.about else f"{own} ({self.about['name'].iloc[index]})"


@dataclass(frozen=True)
class Found:
    """What a file holds.

    Attributes
    ----------
    format
        In words: ``"npz"``, ``"AnnData"`` ...
    n_items
        Number of items.
    matrices
        One for each layer.
    columns
        Further columns of the items, ``item_id`` among them if there is one; no rows if there are none.
    labels
        ``(N,)`` labels as they are, ``(N, C)`` 0 or 1 where an item may have several classes, or ``None``.
    classes
        ``class``, ``name`` in order, where the file says; then whole-number labels are places in it.
    predicted
        ``(N,)`` the network's answers, coded like the labels; ``None`` if there are none.
    probability
        ``(N,)`` probability of the label; ``None`` if not known.
    """

    format: str
    n_items: int
    matrices: list[Matrix]
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: np.ndarray | None = None
    classes: pd.DataFrame | None = None
    predicted: np.ndarray | None = None
    probability: np.ndarray | None = None


def make_matrix(
    name: str, shape: tuple[int, ...], itemsize: int, read: Callable[[slice], Any], about: pd.DataFrame | None = None
) -> Matrix:
    """Make a layer of an array ``(items, units)`` or ``(items, units, height, width)``; maps become their maximum.

    Examples
    --------
    >>> maps = np.arange(16.0).reshape(2, 2, 2, 2)
    >>> matrix = make_matrix("conv", maps.shape, 8, maps.__getitem__)
    >>> matrix.layer
    Layer(name='conv', units=2, positions=(2, 2), reduction='max')
    >>> matrix.read(slice(0, 2)).tolist()
    [[3.0, 7.0], [11.0, 15.0]]
    """
    if not name.strip("./ "):
        raise UnitscopeError(f"{name!r} is no name for a layer; give one with --layer")
    positions = tuple(map(int, shape[2:])) if np.prod(shape[2:]) > 1 else ()
    layer, about = describe_units(Layer(name, shape[1], positions, "max" if positions else "none"), about)
    step = max(1, STEP_BYTES // (int(np.prod(shape[1:])) * itemsize or 1))

    def read_rows(rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(shape[0])
        if len(shape) == 2:
            return np.asarray(read(slice(start, stop)))
        axes = tuple(range(2, len(shape)))
        parts = [np.asarray(read(slice(a, min(a + step, stop)))).max(axis=axes) for a in range(start, stop, step)]
        return np.concatenate(parts)

    return Matrix(layer, read_rows, about)


def describe_units(layer: Layer, about: pd.DataFrame | None) -> tuple[Layer, pd.DataFrame | None]:
    """Take from what a file says of units what is a layer's (an export's reduction and map); leave the rest.

    Examples
    --------
    >>> about = pd.DataFrame({"name": ["a", "b"], "reduction": "max", "map_height": 8, "map_width": 8})
    >>> layer, rest = describe_units(Layer("conv", 2), about)
    >>> layer.positions, layer.reduction, list(rest)
    ((8, 8), 'max', ['name'])
    """
    if about is None or not len(about.columns):
        return layer, None
    if len(about) != layer.units:
        raise UnitscopeError(
            f"there are {len(about)} names for the {layer.units} units of {layer.name}; give one for each"
        )
    if {"reduction", "map_height", "map_width"} <= set(about) and not layer.positions:
        reduction, *positions = about[["reduction", "map_height", "map_width"]].iloc[0]
        sizes = () if reduction == "none" else tuple(int(size) for size in positions)
        layer = Layer(layer.name, layer.units, sizes, str(reduction))
    rest = about.drop(columns=[name for name in UNIT_COLUMNS if name in about]).reset_index(drop=True)
    if "name" in rest:
        rest["name"] = np.array(as_text(rest["name"].to_numpy(object)), object)
    return layer, rest if len(rest.columns) else None


def as_text(values: Any) -> list[str]:
    """Write labels or names as text: bytes decoded, whole numbers without a point, what is missing as ``""``.

    Examples
    --------
    >>> as_text(np.array([1.0, 22.5, np.nan])), as_text([b"cat", "dog", None])
    (['1', '22.5', ''], ['cat', 'dog', ''])
    """
    array = np.asarray(values, None if hasattr(values, "dtype") else object)
    if array.dtype.kind in "mM":  # as a list, dates may become whole numbers, and a missing one a number like any
        array = np.where(np.isnat(array), "", array.astype(str))
    return [_text(value) for value in array.tolist()]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\0")
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def pick(known: Iterable[str], asked: str | None, usual: tuple[str, ...], what: str, where: str) -> str | None:
    """Choose a column, key or dataset: the one asked for, else the first of the usual names; ``None`` if absent."""
    known = list(known)
    if asked is None:
        return next((name for name in usual if name in known), None)
    if asked in known:
        return asked
    listed = ", ".join(known[:20]) + (" ..." if len(known) > 20 else "")
    raise UnitscopeError(f"{where} has no {what} {asked!r}{near_names(asked, known)}; it has: {listed}")


def single(layers: Sequence[object], choice: Choice) -> str | None:
    """Return the name for the only layer that the user gives; refuse one name for several layers."""
    if choice.layer is not None and len(layers) > 1:
        raise UnitscopeError(
            f"--layer {choice.layer} names one layer, but the file has {len(layers)}; choose one with --activations"
        )
    return choice.layer


def need(library: str, path: Path) -> Any:
    """Import h5py or anndata, or say how to install it."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise UnitscopeError(
            f"{path} needs {library.split('.')[0]}, which is not installed; pip install 'unitscope[h5]'"
        ) from error


def split_names(text: str | None) -> Iterator[str]:
    """Split names at commas."""
    return (name.strip() for name in (text or "").split(",") if name.strip())
