"""A finished run, open for reading: items, classes, units, activations, tables."""

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
from .ledger import check_blocks, in_words
from .manifest import Layer, Manifest
from .repair import continue_step, repair_step
from .tables import StoredTable, read_stored_table, table_names, write_table
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
        If there is no run, if blocks are missing, or if a file is lost or truncated; the message names it.

    Examples
    --------
    >>> open_run("nowhere")
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: nowhere is not a run: it has no run.json; record or import one first
    """
    directory = Path(directory)
    manifest = Manifest.read(directory)
    check_links(directory, leave_out=(layout.ACTIVATIONS,))  # these are only read, and may be kept on another disk
    check = check_blocks(directory, manifest)
    if check.damaged:
        fault = next(iter(check.damaged.values()))
        raise UnitscopeError(f"{fault}; {repair_step(directory, manifest)}")
    if check.missing:
        raise UnitscopeError(
            f"the run {directory} is not finished (missing blocks of {manifest.n_blocks}: {in_words(check.missing)}); "
            f"{continue_step(directory, manifest)}"
        )
    if manifest.predictions and not Run(directory, manifest).has_item_column("predicted"):
        # The process that wrote the last block was stopped before this, or did not see another's last block yet.
        gather_predictions(directory, manifest)
    return Run(directory, manifest)


class Run:
    """The activations of one network on one set of items, and the tables derived from them.

    Attributes
    ----------
    directory
        The run directory.
    manifest
        Identity, layers and provenance.
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
        """One row per item: ``item_id``, ``uri``, ``label`` (or ``labels``, a list, where items may have several
        classes); with predictions also ``predicted`` (class, -1 for an
        output that is no class here), ``correct``, ``probability`` of the label.
        """
        return self._own(layout.ITEMS)

    @functools.cached_property
    def classes(self) -> pd.DataFrame:
        """One row per class, in label order: ``class``, ``name``, perhaps ``wnid``."""
        return self._own(layout.CLASSES)

    @functools.cached_property
    def skipped(self) -> pd.DataFrame:
        """Items left out of the recording because they could not be read: ``item_id``, ``uri``, ``reason``."""
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
        """Whether an item may belong to several classes, or to none."""
        return self.has_item_column("labels")

    @property
    def labels(self) -> np.ndarray:
        """The items' labels, ``(N,)`` int64, indices into `classes`; only where every item has one class."""
        if self.multi_label:
            raise UnitscopeError(f"items of the run {self.directory} have several classes each, not one label")
        return self.item_column("label").to_numpy(np.int64)

    @property
    def memberships(self) -> np.ndarray:
        """Which item belongs to which class, ``(N, C)`` bool."""
        members = np.zeros((self.manifest.n_items, len(self.classes)), bool)
        if not self.multi_label:
            members[np.arange(len(members)), self.labels] = True
            return members
        counts = self.items["labels"].str.len().to_numpy(np.int64)
        members[np.repeat(np.arange(len(members)), counts), np.concatenate([[], *self.items["labels"]]).astype(int)] = 1
        return members

    @property
    def class_sets(self) -> dict[str, tuple[str, ...]]:
        """Class sets that the tables were made with, name to the ids of the classes that it unites."""
        found = [self.parameters(table).get("class_sets", {}) for table in self.tables]
        return {name: tuple(members) for sets in found for name, members in sets.items()}

    def members(self, name: str) -> np.ndarray:
        """Say which items belong to a class or class set.

        Parameters
        ----------
        name
            A class by id or name, or a class set.

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
            raise UnitscopeError(f"the run {self.directory} has no class {name}{near_names(name, known)}")
        if self.multi_label:
            return np.fromiter((place in labels for labels in self.items["labels"]), bool, len(self.items))
        return self.labels == place

    def class_title(self, name: str) -> str:
        """Say a class's or class set's name for people, given its id; with the id where two have one name."""
        place = class_place(name, self.classes)
        if place is None:
            return name
        title = str(self.classes["name"].iloc[place])
        unique = (self.classes["name"] == title).sum() == 1
        return title if unique else f"{title} ({self.classes['class'].iloc[place]})"

    @property
    def default_items(self) -> str:
        """The items that analyses use unless told otherwise, ``"correct"`` or ``"all"``."""
        if self.manifest.histograms is not None:
            return str(self.manifest.histograms["items"])
        return "correct" if self.manifest.predictions else "all"

    def choose_items(self, items: str | None = None) -> np.ndarray:
        """Choose the items that an analysis uses.

        Parameters
        ----------
        items
            ``"correct"``: those whose top-1 prediction is their label, as in Gale et al.; ``"all"``; ``None``:
            correct ones where there are predictions, else all; without stored activations those that were counted.

        Returns
        -------
        numpy.ndarray
            ``(N,)`` bool.
        """
        items = items or self.default_items
        if items not in ("correct", "all"):
            raise UnitscopeError(f"there is no choice of items {items!r}; choose 'correct' or 'all'")
        if self.manifest.histograms is not None and items != self.default_items:
            raise UnitscopeError(
                f"the run {self.directory} keeps histograms of {self.default_items} items only; record it into another "
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
        what an imported file says of its units, as their ``name``.
        """
        return self._own(layout.UNITS)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The recorded layers, in the network's order."""
        return self.manifest.layers

    def layer(self, name: str) -> Layer:
        """Find a layer by name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise UnitscopeError(
            f"the run {self.directory} has no layer {name}{near_names(name, names)}; it has: {', '.join(names)}"
        )

    def find_unit(self, unit: str) -> tuple[Layer, int]:
        """Find a unit by its id, e.g. ``"fc6:1199"``."""
        name, colon, index = unit.rpartition(":")
        if not colon or not index.isdigit():
            raise UnitscopeError(f"{unit!r} is not a unit; write LAYER:INDEX, for instance {self.layers[0].name}:0")
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
        """Read one unit's activations to all items, ``(N,)``."""
        layer, index = self.find_unit(unit)
        self.check_stored(unit)
        return read_units(self.directory, self.manifest, layer, index, index + 1)[0]

    def check_stored(self, wanted: str) -> None:
        """Refuse what needs the activation of every item where only histograms were kept."""
        if self.manifest.histograms is not None:
            raise UnitscopeError(
                f"the run {self.directory} keeps histograms, not the activations of {wanted} to each item; record the "
                "layers that are wanted into another directory without --no-store"
            )

    def item_activations(self, layer: str, items: slice) -> np.ndarray:
        """Read the activations of all units of a layer to some items, ``(items, units)``; blocks are read fastest."""
        found = self.layer(layer)
        self.check_stored(layer)
        return read_items(self.directory, self.manifest, found, items)

    # Tables and their arrays

    @property
    def tables(self) -> list[str]:
        """Names of the tables that analyses have added."""
        return table_names(self.directory)

    def stored_table(self, name: str) -> StoredTable:
        """Return a table with all that belongs to it: columns, parameters, arrays.

        It is read once, so that whatever this object says of an analysis belongs together; open the run again to see
        what other processes have written since.
        """
        if name not in self._tables:
            self._tables[name] = read_stored_table(self.directory, name)
        return self._tables[name]

    def table(self, name: str) -> pd.DataFrame:
        """Return a table, one row per unit."""
        return self.stored_table(name).frame.copy()

    def columns(self, name: str) -> dict[str, Column]:
        """Return what the columns of a table mean."""
        return self.stored_table(name).columns

    def parameters(self, name: str) -> dict[str, Any]:
        """Return the settings of the analysis that made a table, e.g. ``{"items": "correct"}``."""
        return self.stored_table(name).parameters

    def array(self, table: str, name: str) -> np.ndarray:
        """Return an array of a table; where its first axis is ``unit``, rows are in the order of `units`."""
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
        """Add a table, or replace the one of its name.

        Parameters
        ----------
        name
            The table's name: the analysis, e.g. ``"selectivity"``.
        frame
            One row per unit; its first column is ``unit``.
        columns
            What the columns mean.
        parameters
            The settings of the analysis; must be JSON.
        arrays
            Its arrays, if it has any; see `unitscope.run.arrays.create_table_arrays`.
        """
        write_table(self.directory, name, frame, columns, parameters, arrays)
        self._tables.pop(name, None)
