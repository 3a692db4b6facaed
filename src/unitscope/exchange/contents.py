"""What a reader finds in a file, whatever its format: matrices, labels, columns. Nothing is prepared yet."""

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
"""Name of a layer that has no name in the file."""

STEP_BYTES = 64_000_000
"""Bytes read at a time, so that maps of many positions do not fill the memory."""

LARGEST = float(np.finfo(np.float32).max)

ROWS = ("items", "units")
"""What the rows of a matrix can be."""

LABEL_NAMES = ("label", "labels", "y", "class")
"""Default names of the column, key or dataset of labels."""

ID_NAMES = ("item_id", "item_ids")
OWN_COLUMNS = ("item_id", "uri", "label", "labels", "predicted", "correct", "probability")
"""Columns of ``items.parquet`` with a fixed meaning; other columns are copied unchanged."""

UNIT_COLUMNS = ("unit", "layer", "index", "reduction", "map_height", "map_width")
"""Columns of ``units.parquet`` that are derived from the layers."""


@dataclass(frozen=True)
class Choice:
    """The parts of a file that the user selects; ``None`` selects the default.

    Attributes
    ----------
    activations
        Names or globs, separated by commas, of the matrices (in a table: of the columns) that are activations.
    label, predicted
        Name of the column, key or dataset of labels, of predictions.
    layer
        Name of the layer, if the file has only one.
    rows
        What the rows of a matrix are, ``"items"`` or ``"units"``.
    item_columns
        Columns of a table that describe items rather than units.
    average
        Column that names the stimulus; it describes items too.
    counts
        Possible numbers of items, if labels are in a separate file (which may or may not have a header).
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
    def has_label_file(self) -> bool:
        """Whether labels are in a separate file, so that the file of activations needs none."""
        return self.counts is not None

    def rows_are_items(self, shape: tuple[int, ...], counts: tuple[int, ...] | None, name: str) -> bool:
        """Return whether the rows of a matrix are items, from the user's choice or the number of labels.

        Parameters
        ----------
        shape
            Shape of the matrix.
        counts
            Possible numbers of items, according to the labels; ``None`` if unknown.
        name
            Name of the matrix, for messages.

        Raises
        ------
        UnitscopeError
            If both rows and columns can be items.

        Examples
        --------
        >>> Choice().rows_are_items((200, 3), (200,), "V1"), Choice().rows_are_items((3, 200), (200,), "V1")
        (True, False)
        """
        if self.rows is not None:
            return self.rows == "items"
        if counts is None or len(shape) != 2:
            return True
        first, second = (size in counts for size in shape)
        if first and second:
            raise UnitscopeError(
                f"{name} is {shape[0]} x {shape[1]}, so the number of labels does not show whether its rows are items "
                "or units; give --rows items or --rows units"
            )
        return first or not second

    def refuse_rows(self, path: Path) -> None:
        """Raise if the user gave `rows` for a format that defines what rows are."""
        if self.rows is not None:
            raise UnitscopeError(f"the format of {path} defines which axis is items; remove --rows")

    def select_layers(self, layers: Iterable[str], path: Path) -> list[str]:
        """Return the names of the layers that the user selected; default: all."""
        layers = list(layers)
        selected = layers if self.activations is None else list(split_names(self.activations))
        for layer in selected:
            if layer not in layers:
                raise UnitscopeError(f"{path} has no layer {layer} (--activations); it has: {', '.join(layers)}")
        return selected

    def layer_name(self, layers: Sequence[object]) -> str | None:
        """Return the user's name for the only layer; raise if there are several layers."""
        if self.layer is not None and len(layers) > 1:
            raise UnitscopeError(
                f"--layer {self.layer} names one layer, but the file has {len(layers)}; select one with --activations"
            )
        return self.layer


@dataclass(frozen=True)
class Matrix:
    """One layer in a file.

    Attributes
    ----------
    layer
        Its name, number of units, and the size of the map that each value was computed from.
    read
        Reads some items: ``read(slice) -> (items, units)``, in the file's number type.
    about
        Description of the units, one row each: ``name`` and further columns; ``None`` if the file has none.
    """

    layer: Layer
    read: Callable[[slice], np.ndarray]
    about: pd.DataFrame | None = None

    def unit(self, index: int) -> str:
        """Return a unit's ID, followed by its name in the file if it has one."""
        unit = f"{self.layer.name}:{index}"
        return unit if self.about is None or "name" not in self.about else f"{unit} ({self.about['name'].iloc[index]})"

    def read_checked(self, rows: slice, ids: Sequence[str]) -> np.ndarray:
        """Read some items; raise if a value is not a finite float32 number, naming unit and item.

        Parameters
        ----------
        rows
            The items to read.
        ids
            IDs of all items.
        """
        values = self.read(rows)
        if values.dtype.kind not in "biuf":
            raise UnitscopeError(
                f"the values of {self.layer.name} are {values.dtype}, not real numbers; convert them to float32"
            )
        bad = ~np.isfinite(values)
        if not np.can_cast(values.dtype, np.float32):
            bad |= np.abs(values) > LARGEST
        if not bad.any():
            return values
        row, unit = np.argwhere(bad)[0]
        name, item, value = self.unit(int(unit)), ids[rows][row], values[row, unit]
        if np.isnan(value):
            raise UnitscopeError(
                f"unit {name} has no value (NaN) for item {item}; remove such items or units, or fill in the values"
            )
        raise UnitscopeError(
            f"unit {name} has the value {value} for item {item}, out of range for float32; scale the values"
        )


@dataclass(frozen=True)
class FileContents:
    """The contents of a file, or of a folder of files.

    Attributes
    ----------
    format
        Name of the format: ``"npz"``, ``"AnnData"`` ...
    n_items
        Number of items.
    matrices
        One for each layer.
    columns
        Further columns of the items, ``item_id`` among them if there is one; empty if there are none.
    labels
        ``(N,)`` labels as stored, ``(N, C)`` 0 or 1 if an item may have several classes, or ``None``.
    classes
        ``class`` and ``name`` in order, if the file lists them; whole-number labels are then rows of this table.
    predicted
        ``(N,)`` the network's predictions, coded like the labels; ``None`` if there are none.
    probability
        ``(N,)`` probability of the label; ``None`` if unknown.
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
    """Return a layer from an array ``(items, units)`` or ``(items, units, height, width)``; maps are reduced by max.

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
        raise UnitscopeError(f"{name!r} cannot be the name of a layer; give another with --layer")
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
    """Move reduction and map size, which an export stores per unit, from the description of units to the layer.

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
    """Return labels or names as text: bytes decoded, whole numbers without a point, missing values as ``""``.

    Examples
    --------
    >>> as_text(np.array([1.0, 22.5, np.nan])), as_text([b"cat", "dog", None])
    (['1', '22.5', ''], ['cat', 'dog', ''])
    """
    array = np.asarray(values, None if hasattr(values, "dtype") else object)
    if array.dtype.kind in "mM":  # `tolist` may return dates, and missing dates, as whole numbers
        array = np.where(np.isnat(array), "", array.astype(str))
    return [_text(value) for value in array.tolist()]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").rstrip("\0")
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def pick(known: Iterable[str], asked: str | None, defaults: tuple[str, ...], what: str, where: str) -> str | None:
    """Return the requested column, key or dataset, or the first default that exists; ``None`` if none does."""
    known = list(known)
    if asked is None:
        return next((name for name in defaults if name in known), None)
    if asked in known:
        return asked
    listed = ", ".join(known[:20]) + (" ..." if len(known) > 20 else "")
    raise UnitscopeError(f"{where} has no {what} {asked!r}{near_names(asked, known)}; it has: {listed}")


def need(library: str, path: Path) -> Any:
    """Import h5py or anndata; if it is missing, raise an error that says how to install it."""
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise UnitscopeError(
            f"{path} needs {library.split('.')[0]}, which is not installed; pip install 'unitscope[h5]'"
        ) from error


def split_names(text: str | None) -> Iterator[str]:
    """Split names at commas."""
    return (name.strip() for name in (text or "").split(",") if name.strip())
