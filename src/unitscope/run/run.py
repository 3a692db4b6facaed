"""Read a finished run: items, classes, units, activations, tables."""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, near_names
from . import layout
from .activations import read_items, read_units
from .arrays import StoredArrays
from .classes import class_place
from .files import read_parquet, read_schema
from .inside import check_links
from .ledger import check_blocks, format_ranges
from .manifest import Layer, Manifest
from .repair import continue_step, repair_step
from .tables import StoredTable, read_stored_table, table_names, write_table
from .top_items import top_items
from .writing import gather_predictions


def open_run(directory: str | Path) -> "Run":
    """Open a finished run.

    Parameters
    ----------
    directory
        The run directory.

    Returns
    -------
    Run

    Raises
    ------
    UnitscopeError
        If there is no run, blocks are missing, or a file is lost or truncated; the message names the file.

    See Also
    --------
    read_status : Check a run that is not finished.
    unitscope.record : Record a run.
    unitscope.import_file : Make a run from a file.

    Examples
    --------
    >>> open_run("nowhere")
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: nowhere is not a run: it has no run.json; record or import one first
    """
    directory = Path(directory)
    manifest = Manifest.read(directory)
    check_links(directory, leave_out=(layout.ACTIVATIONS,))  # only read, and may be on another disk
    check = check_blocks(directory, manifest)
    if check.damaged:
        fault = next(iter(check.damaged.values()))
        raise UnitscopeError(f"{fault}; {repair_step(directory, manifest)}")
    if check.missing:
        raise UnitscopeError(
            f"the run {directory} is not finished (missing blocks of {manifest.n_blocks}: "
            f"{format_ranges(check.missing)}); {continue_step(directory, manifest)}"
        )
    if manifest.predictions and not Run(directory, manifest).has_item_column("predicted"):
        # The process that wrote the last block was stopped, or did not see the last block of another process yet.
        gather_predictions(directory, manifest)
    return Run(directory, manifest)


class Run:
    """The activations of one network for one set of items, and the tables derived from them.

    Attributes
    ----------
    directory
        The run directory.
    manifest
        Identity, layers and provenance.

    See Also
    --------
    open_run : Opens a run and returns this.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import import_file
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.savez(folder / "rates.npz", V1=[[5.0, 1.0, 3.0], [0.0, 2.0, 3.0]], labels=["face", "house"])
    >>> _ = import_file(folder / "rates.npz", folder / "run")
    >>> run = open_run(folder / "run")
    >>> run.activations("V1").tolist(), run.members("house").tolist()
    ([[5.0, 0.0], [1.0, 2.0], [3.0, 3.0]], [False, True])
    """

    def __init__(self, directory: Path, manifest: Manifest):
        self.directory = directory
        self.manifest = manifest
        self._tables: dict[str, StoredTable] = {}

    def __repr__(self) -> str:
        layers = ", ".join(layer.name for layer in self.manifest.layers)
        return f"Run({str(self.directory)!r}: {self.manifest.n_items} items, layers {layers})"

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.directory.resolve().name

    def _own_path(self, name: str) -> Path:
        """Return the path of a table that every run has."""
        path = self.directory / name
        if not path.is_file():
            raise UnitscopeError(f"{path} is missing; {repair_step(self.directory, self.manifest)}")
        return path

    def _own(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """Read a table that every run has, or only some of its columns."""
        return read_parquet(self._own_path(name), repair_step(self.directory, self.manifest), columns).to_pandas()

    # Items and classes

    @functools.cached_property
    def items(self) -> pd.DataFrame:
        """One row per item: ``item_id``, ``uri``, and ``label``, or a list ``labels`` if items may have several
        classes. With predictions also ``predicted`` (class, -1 for an output that is not among the classes),
        ``correct``, and ``probability`` of the label.
        """
        return self._own(layout.ITEMS)

    @functools.cached_property
    def classes(self) -> pd.DataFrame:
        """One row per class, in label order: ``class``, ``name``, perhaps ``wnid``."""
        return self._own(layout.CLASSES)

    @functools.cached_property
    def skipped(self) -> pd.DataFrame:
        """Items that the recording skipped because they could not be read: ``item_id``, ``uri``, ``reason``."""
        path = self.directory / layout.SKIPPED
        return self._own(layout.SKIPPED) if path.exists() else pd.DataFrame(columns=["item_id", "uri", "reason"])

    def has_item_column(self, name: str) -> bool:
        """Return whether `items` has a column, without reading it."""
        return name in read_schema(self._own_path(layout.ITEMS), repair_step(self.directory, self.manifest)).names

    def item_column(self, name: str) -> pd.Series:
        """Return one column of `items`; the others, whose texts take much memory, are not read for it."""
        return self.items[name] if "items" in vars(self) else self._own(layout.ITEMS, [name])[name]

    @functools.cached_property
    def multi_label(self) -> bool:
        """Whether an item may have several classes, or none."""
        return self.has_item_column("labels")

    @property
    def labels(self) -> np.ndarray:
        """Class of each item, ``(N,)`` int64, rows of `classes`; raises if items may have several classes."""
        if self.multi_label:
            raise UnitscopeError(f"the items of {self.directory} may have several classes; use memberships, not labels")
        return self.item_column("label").to_numpy(np.int64)

    @property
    def memberships(self) -> np.ndarray:
        """Whether each item belongs to each class, ``(N, C)`` bool."""
        members = np.zeros((self.manifest.n_items, len(self.classes)), bool)
        if not self.multi_label:
            members[np.arange(len(members)), self.labels] = True
            return members
        counts = self.items["labels"].str.len().to_numpy(np.int64)
        members[np.repeat(np.arange(len(members)), counts), np.concatenate([[], *self.items["labels"]]).astype(int)] = 1
        return members

    @property
    def class_sets(self) -> dict[str, tuple[str, ...]]:
        """Class sets of all tables: name to the IDs of its classes."""
        found = [self.parameters(table).get("class_sets", {}) for table in self.tables]
        return {name: tuple(members) for sets in found for name, members in sets.items()}

    def members(self, name: str) -> np.ndarray:
        """Return which items belong to a class or class set.

        Parameters
        ----------
        name
            ID or name of a class, or a class set.

        Returns
        -------
        numpy.ndarray
            ``(N,)`` bool.
        """
        sets = self.class_sets
        if name in sets:
            return np.logical_or.reduce([self.members(member) for member in sets[name]])
        place = class_place(name, self.classes)
        if place is None:
            known = list(dict.fromkeys([*self.classes["class"], *self.classes["name"], *sets]))
            raise UnitscopeError(
                f"the run {self.directory} has no class {name}{near_names(name, known)}; "
                f"its {len(self.classes):,} classes are in {self.directory / layout.CLASSES}, for instance {known[0]!r}"
            )
        if self.multi_label:
            return np.fromiter((place in labels for labels in self.items["labels"]), bool, len(self.items))
        return self.labels == place

    def class_title(self, name: str) -> str:
        """Return the readable name of a class or class set, given its ID; with the ID if the name is not unique."""
        place = class_place(name, self.classes)
        if place is None:
            return name
        title = str(self.classes["name"].iloc[place])
        unique = (self.classes["name"] == title).sum() == 1
        return title if unique else f"{title} ({self.classes['class'].iloc[place]})"

    @property
    def default_items(self) -> str:
        """The items that analyses use by default, ``"correct"`` or ``"all"``."""
        if self.manifest.histograms is not None:
            return str(self.manifest.histograms["items"])
        return "correct" if self.manifest.predictions else "all"

    def choose_items(self, items: str | None = None) -> np.ndarray:
        """Return which items an analysis uses.

        Parameters
        ----------
        items
            ``"correct"``: those whose top-1 prediction is their label, as in Gale et al.; ``"all"``; ``None``:
            correct items if there are predictions, else all; without stored activations, the items that were counted.

        Returns
        -------
        numpy.ndarray
            ``(N,)`` bool.
        """
        items = items or self.default_items
        if items not in ("correct", "all"):
            raise UnitscopeError(f"items must be 'correct' or 'all', not {items!r}")
        if self.manifest.histograms is not None and items != self.default_items:
            raise UnitscopeError(
                f"the run {self.directory} has histograms of {self.default_items} items only; record it into another "
                f"directory with --no-store --items {items}"
            )
        if items == "all":
            return np.ones(self.manifest.n_items, bool)
        if not self.manifest.predictions:
            raise UnitscopeError(f"the run {self.directory} has no predictions; use all items (--items all)")
        return self.item_column("correct").to_numpy(bool)

    # Units and activations

    @functools.cached_property
    def units(self) -> pd.DataFrame:
        """One row per unit: ``unit``, ``layer``, ``index``, ``reduction``, ``map_height``, ``map_width``, and
        further columns of an imported file, such as ``name``.
        """
        return self._own(layout.UNITS)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The recorded layers, in the network's order."""
        return self.manifest.layers

    def layer(self, name: str) -> Layer:
        """Return the layer of a name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise UnitscopeError(
            f"the run {self.directory} has no layer {name}{near_names(name, names)}; it has: {', '.join(names)}"
        )

    def find_unit(self, unit: str) -> tuple[Layer, int]:
        """Return layer and index of a unit, given its ID such as ``"fc6:1199"``."""
        name, colon, index = unit.rpartition(":")
        if not colon or not index.isdigit():
            raise UnitscopeError(f"{unit!r} is not a unit; write LAYER:INDEX, such as {self.layers[0].name}:0")
        layer = self.layer(name)
        if int(index) >= layer.units:
            raise UnitscopeError(f"layer {name} has no unit {index}; its units are 0 to {layer.units - 1}")
        return layer, int(index)

    def activations(self, layer: str, first: int = 0, last: int | None = None) -> np.ndarray:
        """Read the activations of a layer's units `first` to ``last - 1``, ``(units, N)``, unit-major."""
        found = self.layer(layer)
        self.check_stored(layer)
        return read_units(self.directory, self.manifest, found, first, found.units if last is None else last)

    def unit_activations(self, unit: str) -> np.ndarray:
        """Read the activations of one unit for all items, ``(N,)``."""
        layer, index = self.find_unit(unit)
        self.check_stored(unit)
        return read_units(self.directory, self.manifest, layer, index, index + 1)[0]

    def check_stored(self, wanted: str) -> None:
        """Raise if the run has histograms instead of activations."""
        if self.manifest.histograms is not None:
            raise UnitscopeError(
                f"the run {self.directory} has histograms instead of the activations of {wanted}; record the "
                "layers that you need into another directory without --no-store"
            )

    def top_items(self, unit: str, count: int = 10, items: str | None = None) -> pd.DataFrame:
        """Return the most active items of a unit.

        Parameters
        ----------
        unit
            The unit's ID, such as ``"fc6:1199"``.
        count
            How many items.
        items
            ``"correct"`` or ``"all"``; default: correct ones where there are predictions. See `choose_items`.

        Returns
        -------
        pandas.DataFrame
            ``item`` (position in the run), ``item_id`` and ``activation``, most active first; of equally active items
            the first in item order. Items at the unit's smallest activation are left out. A run of histograms has at
            most 100 items of each unit, and fewer where the last of them tie.

            ``row`` and ``column`` of the maximum in the unit's map, and ``top``, ``left``, ``bottom``, ``right`` of
            what the unit sees there, in pixels of the network's input; missing for items that
            `unitscope.find_features` has not looked at.

        See Also
        --------
        Run.unit_activations : The activations to all items.
        unitscope.find_features : Finds the positions.
        unitscope.figures.examples : Pictures of the most active items, and of others.

        Examples
        --------
        >>> import tempfile
        >>> from unitscope import import_file
        >>> folder = Path(tempfile.mkdtemp())
        >>> np.savez(folder / "rates.npz", V1=[[5.0, 1.0, 3.0], [0.0, 2.0, 3.0]], labels=["face", "house"])
        >>> run = import_file(folder / "rates.npz", folder / "run")
        >>> run.top_items("V1:2", 2)[["item", "activation"]].values.tolist()
        []
        >>> run.top_items("V1:0", 2)[["item", "activation"]].values.tolist()
        [[0.0, 5.0]]
        """
        return top_items(self, unit, count, items)

    def item_activations(self, layer: str, items: slice) -> np.ndarray:
        """Read the activations of all units of a layer for some items, ``(items, units)``; blocks are read fastest."""
        found = self.layer(layer)
        self.check_stored(layer)
        return read_items(self.directory, self.manifest, found, items)

    # Tables and their arrays

    @property
    def tables(self) -> list[str]:
        """Names of the tables that analyses have added."""
        return table_names(self.directory)

    def stored_table(self, name: str) -> StoredTable:
        """Return a table with its columns, parameters and arrays.

        A table is read once, so that all its parts are from the same analysis. Open the run again to see what other
        processes have written since.
        """
        if name not in self._tables:
            self._tables[name] = read_stored_table(self.directory, name)
        return self._tables[name]

    def table(self, name: str) -> pd.DataFrame:
        """Return a table, one row per unit."""
        return self.stored_table(name).frame.copy()

    def columns(self, name: str) -> dict[str, Column]:
        """Return the descriptions of a table's columns."""
        return self.stored_table(name).columns

    def parameters(self, name: str) -> dict[str, Any]:
        """Return the settings of the analysis that made a table, such as ``{"items": "correct"}``."""
        return self.stored_table(name).parameters

    def array(self, table: str, name: str) -> np.ndarray:
        """Return an array of a table; if its first axis is ``unit``, rows are in the order of `units`."""
        return self.stored_table(table).array(name)

    def unit_array(self, table: str, name: str, unit: str) -> np.ndarray:
        """Return one unit's row of an array of a table."""
        self.find_unit(unit)
        row = int(np.flatnonzero((self.units["unit"] == unit).to_numpy())[0])
        return self.stored_table(table).array(name, slice(row, row + 1))[0]

    def add_table(
        self,
        name: str,
        frame: pd.DataFrame,
        columns: Iterable[Column],
        parameters: Mapping[str, Any],
        arrays: StoredArrays | None = None,
    ) -> None:
        """Add a table, or replace the table of the same name.

        Parameters
        ----------
        name
            The table's name, such as ``"selectivity"``.
        frame
            One row per unit; its first column is ``unit``.
        columns
            Descriptions of the columns.
        parameters
            The settings of the analysis; they must be JSON-serializable.
        arrays
            Its arrays, if it has any; see `unitscope.run.arrays.create_table_arrays`.
        """
        write_table(self.directory, name, frame, columns, parameters, arrays)
        self._tables.pop(name, None)
