"""A finished run, open for reading: items, classes, units, activations, tables."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..columns import Column
from ..errors import UnitscopeError, near_names
from . import classwise, layout, tables
from .activations import read_items, read_units
from .classes import check_class_sets, class_place, read_class_sets, write_class_sets
from .files import explained, present, read_parquet
from .ledger import check_blocks, in_words
from .manifest import Layer, Manifest
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
    check = check_blocks(directory, manifest)
    if check.damaged:
        fault = next(iter(check.damaged.values()))
        raise UnitscopeError(f"{fault}; run the same record command again: it writes damaged blocks anew")
    if check.missing:
        raise UnitscopeError(
            f"the run {directory} is not finished (missing blocks of {manifest.n_blocks}: {in_words(check.missing)}); "
            "run the same record command again to go on with it"
        )
    if manifest.predictions and "predicted" not in Run(directory, manifest).items:
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

    def __repr__(self) -> str:
        layers = ", ".join(layer.name for layer in self.manifest.layers)
        return f"Run({str(self.directory)!r}: {self.manifest.n_items} items, layers {layers})"

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.directory.resolve().name

    def _own(self, name: str) -> pd.DataFrame:
        """Read a table that every run has."""
        return read_parquet(present(self.directory / name)).to_pandas()

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
        return read_parquet(path).to_pandas() if path.exists() else pd.DataFrame(columns=["item_id", "uri", "reason"])

    @property
    def multi_label(self) -> bool:
        """Whether an item may belong to several classes, or to none."""
        return "labels" in self.items

    @property
    def labels(self) -> np.ndarray:
        """The items' labels, ``(N,)`` int64, indices into `classes`; only where every item has one class."""
        if self.multi_label:
            raise UnitscopeError(f"items of the run {self.directory} have several classes each, not one label")
        return self.items["label"].to_numpy(np.int64)

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
        """Class sets, name to the ids of the classes that it unites."""
        return read_class_sets(self.directory)

    def set_class_sets(self, sets: Mapping[str, Sequence[str]]) -> None:
        """Write the run's class sets, in place of any that were there; members by class id or name."""
        write_class_sets(self.directory, check_class_sets(sets, self.classes))

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
        return self.items["correct"].to_numpy(bool)

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
        return read_items(self.directory, found, items)

    # Tables and class-wise arrays

    @property
    def tables(self) -> list[str]:
        """Names of the tables that analyses have added."""
        return tables.table_names(self.directory)

    def table(self, name: str) -> pd.DataFrame:
        """Read a table, one row per unit."""
        return tables.read_table(self.directory, name)

    def columns(self, name: str) -> dict[str, Column]:
        """Read what the columns of a table mean."""
        return tables.read_columns(self.directory, name)

    def parameters(self, name: str) -> dict[str, Any]:
        """Read with which parameters a table was made, e.g. ``{"items": "correct"}``."""
        return tables.read_parameters(self.directory, name)

    def add_table(self, name: str, frame: pd.DataFrame, columns: Iterable[Column], parameters: dict[str, Any]) -> None:
        """Add a table, or put a new one in its place.

        Parameters
        ----------
        name
            The table's name: the analysis, e.g. ``"selectivity"``.
        frame
            One row per unit; its first column is ``unit``.
        columns
            What the columns mean.
        parameters
            With what the analysis was made; must go into JSON.
        """
        with explained(self.directory):
            tables.write_table(self.directory, name, frame, columns, parameters)

    def classwise(self, name: str) -> np.ndarray:
        """Read a class-wise array, ``(units, classes)``, rows in the order of `units`."""
        return classwise.read_classwise(self.directory, name, self.parameters("selectivity"))

    def unit_classwise(self, name: str, unit: str) -> np.ndarray:
        """Read one unit's row of a class-wise array, ``(classes,)``."""
        self.find_unit(unit)
        row = int(np.flatnonzero((self.units["unit"] == unit).to_numpy())[0])
        return classwise.read_classwise(self.directory, name, self.parameters("selectivity"), slice(row, row + 1))[0]
