"""Read files of named arrays: ``.npz``, ``.npy`` and plain ``.h5``."""

import fnmatch
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from .contents import (
    DEFAULT_LAYER,
    ID_NAMES,
    LABEL_NAMES,
    OWN_COLUMNS,
    Choice,
    FileContents,
    Matrix,
    as_text,
    make_matrix,
    need,
    pick,
    split_names,
)

PREFIX = "activations/"
"""Prefix of arrays that are layers, items x units. If any array has it, arrays without it are not layers."""

ITEMS = "items/"
"""Prefix of arrays that are columns of the items."""

UNITS = "units."
"""``units.COLUMN/LAYER`` is a column that describes the units of a layer; ``units/LAYER`` holds their names."""

ABOUT = ("classes", "class_names", "wnids", "units", "probability")
"""Arrays that describe classes, units or predictions."""


def escape_parents(name: str) -> str:
    """Return a name for an archive member that cannot be unpacked outside of the target folder.

    Examples
    --------
    >>> escape_parents("activations/../../x"), escape_parents("activations/block..2/x")
    ('activations/%2E%2E/%2E%2E/x', 'activations/block..2/x')
    """
    return re.sub(r"(?<![^/\\])\.\.(?![^/\\])", "%2E%2E", name)


def unescape_parents(name: str) -> str:
    """Return the name of the array in an archive member; reverses `escape_parents`."""
    return name.replace("%2E%2E", "..")


@dataclass(frozen=True)
class FileArray:
    """An array in a file, read in parts; `transposed` if its rows are units."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    get: Callable[[Any], Any]
    transposed: bool = False

    @property
    def described(self) -> str:
        """Name and shape, for messages."""
        return f"{self.name} ({' x '.join(map(str, self.shape))})"

    @property
    def is_matrix(self) -> bool:
        """Whether this can be a layer: numbers, items x units (x height x width)."""
        return len(self.shape) in (2, 4) and self.dtype.kind in "biuf" and 0 not in self.shape

    @property
    def items_shape(self) -> tuple[int, ...]:
        """Shape with the items first."""
        return self.shape[::-1] if self.transposed else self.shape

    def read(self, rows: slice) -> np.ndarray:
        """Read some items."""
        return np.asarray(self.get((slice(None), rows))).T if self.transposed else np.asarray(self.get(rows))

    def values(self) -> np.ndarray:
        """Read the whole array; a single row or column becomes one-dimensional."""
        whole = np.asarray(self.get(slice(None)))
        return whole.ravel() if self.is_list else whole

    @property
    def is_list(self) -> bool:
        """Whether it has one dimension, or two of which one has size 1 (booleans: a table of a single class)."""
        return len(self.shape) == 1 or (len(self.shape) == 2 and 1 in self.shape and self.dtype.kind != "b")

    def __len__(self) -> int:
        return int(np.prod(self.shape)) if self.is_list else self.shape[0]


def read_npy(path: Path, choice: Choice) -> FileContents:
    """Read one matrix, memory-mapped; its labels are in a separate file."""
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise UnitscopeError(f"{path} cannot be read ({error}); store a numeric matrix, items x units") from error
    array = FileArray(str(path), values.shape, values.dtype, values.__getitem__)
    if not array.is_matrix:
        raise UnitscopeError(
            f"{path} contains {values.dtype} values of shape {values.shape}; store a numeric matrix, items x units"
        )
    array = replace(array, transposed=not choice.rows_are_items(array.shape, choice.counts, str(path)))
    shape = array.items_shape
    matrix = make_matrix(choice.layer or DEFAULT_LAYER, shape, array.dtype.itemsize, array.read)
    return FileContents("npy", shape[0], [matrix])


def read_npz(path: Path, choice: Choice) -> FileContents:
    """Read the arrays of an ``.npz`` into memory."""
    arrays = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            try:
                values = file[name]
            except ValueError as error:
                raise UnitscopeError(
                    f"{name} in {path} cannot be read ({error}); store text as np.array(names, dtype=str)"
                ) from error
            if values.ndim:
                name = unescape_parents(name)
                arrays[name] = FileArray(name, values.shape, values.dtype, values.__getitem__)
    return from_arrays("npz", path, arrays, choice)


def read_h5(path: Path, choice: Choice) -> FileContents:
    """Read the datasets of an HDF5 file; matrices are read later, block by block."""
    h5py = need("h5py", path)
    arrays: dict[str, FileArray] = {}

    def reader(name: str) -> Callable[[Any], Any]:
        def read(key: Any) -> Any:
            with h5py.File(path, "r") as file:
                return file[name][key]

        return read

    def add(name: str, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset) and thing.ndim:
            arrays[name] = FileArray(name, thing.shape, thing.dtype, reader(name))

    with h5py.File(path, "r") as file:
        file.visititems(add)
        if isinstance(order := file.attrs.get("layers"), np.ndarray):  # HDF5 lists names in alphabetical order
            first = [PREFIX + name for name in as_text(order) if PREFIX + name in arrays]
            arrays = {name: arrays[name] for name in dict.fromkeys([*first, *arrays])}
    return from_arrays("h5", path, arrays, choice)


def is_npz(path: Path) -> bool:
    """Return whether a file is an archive of ``.npy`` arrays."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(".npy") for name in archive.namelist())


def from_arrays(kind: str, path: Path, arrays: dict[str, FileArray], choice: Choice) -> FileContents:
    """Return the contents of a file from its named arrays."""
    label = pick(arrays, choice.label, () if choice.has_label_file else LABEL_NAMES, "array", str(path))
    predicted = pick(arrays, choice.predicted, ("predicted",), "array", str(path))
    item_id = pick(arrays, None, ID_NAMES, "array", str(path))
    taken = {label, predicted, item_id, *ABOUT}
    free = [
        array for array in arrays.values()
        if array.name not in taken and not array.name.startswith(("units/", UNITS))
    ]  # fmt: skip
    counts = choice.counts if label is None else (len(arrays[label]),)
    chosen = choose_matrices(path, free, counts, choice, arrays)
    n_items = chosen[0].items_shape[0]
    name = choice.layer_name(chosen)
    columns = {
        array.name.removeprefix(ITEMS): array.values()
        for array in free
        if array.is_list and len(array) == n_items and array not in chosen and array.name not in OWN_COLUMNS[2:]
    }
    if item_id:
        columns["item_id"] = arrays[item_id].values()
    read = lambda name: arrays[name].values() if name in arrays else None  # noqa: E731
    # Numeric labels are rows of a list of names, but if the classes are numbers, they are class IDs.
    by_value = "classes" in arrays and arrays["classes"].dtype.kind in "iuf"
    labels, predictions = (None if name is None else arrays[name].values() for name in (label, predicted))
    return FileContents(
        kind,
        n_items,
        [to_matrix(array, arrays, single=len(chosen) == 1, name=name) for array in chosen],
        columns=pd.DataFrame({name: _column(values) for name, values in columns.items()}),
        labels=np.array(as_text(labels), object) if by_value and labels is not None and labels.ndim == 1 else labels,
        classes=read_classes(read),
        predicted=np.array(as_text(predictions), object) if by_value and predictions is not None else predictions,
        probability=read("probability"),
    )


def choose_matrices(
    path: Path, free: list[FileArray], counts: tuple[int, ...] | None, choice: Choice, arrays: dict[str, FileArray]
) -> list[FileArray]:
    """Return the arrays that are layers: those requested, those below ``activations/``, or all matrices."""
    listed = ", ".join(array.described for array in arrays.values()) or "nothing"
    if choice.activations is not None:
        chosen = []
        for pattern in split_names(choice.activations):
            hits = [a for a in free if fnmatch.fnmatchcase(a.name.removeprefix(PREFIX), pattern) or a.name == pattern]
            if not hits:
                raise UnitscopeError(f"{path} has no matrix {pattern!r} (--activations); it has: {listed}")
            chosen += [array for array in hits if array not in chosen]
        for array in chosen:
            if not array.is_matrix:
                raise UnitscopeError(
                    f"{array.described} in {path} is not a numeric matrix; select others with --activations"
                )
    else:
        chosen = [array for array in free if array.is_matrix]
        chosen = [array for array in chosen if array.name.startswith(PREFIX)] or chosen
        if counts is not None:
            chosen = [array for array in chosen if set(array.shape[:2]) & set(counts)] or chosen
    if not chosen:
        raise UnitscopeError(f"{path} has no numeric matrix, items x units; it has: {listed}")
    fixed = replace(choice, rows=choice.rows or "items")
    chosen = [
        replace(
            array,
            transposed=len(array.shape) == 2
            and not (fixed if array.name.startswith(PREFIX) else choice).rows_are_items(
                array.shape, counts, f"{array.name} in {path}"
            ),
        )
        for array in chosen
    ]
    known = (chosen[0].items_shape[0],) if counts is None else counts
    for array in chosen:
        if array.items_shape[0] not in known:
            other = chosen[0].described if counts is None else f"{counts[0]} labels"
            raise UnitscopeError(
                f"{array.described} in {path} has a different number of items than {other}; select the arrays that "
                "belong together with --activations"
            )
    return chosen


def to_matrix(array: FileArray, arrays: dict[str, FileArray], *, single: bool, name: str | None) -> Matrix:
    """Return a layer, with its units' names from ``units/LAYER``, or from ``units`` if there is only one layer."""
    layer = array.name.removeprefix(PREFIX)
    about: dict[str, Any] = {}
    names = arrays.get(f"units/{layer}") or (arrays.get("units") if single else None)
    if names is not None and names.is_list:
        about["name"] = as_text(names.values())
    for known, more in arrays.items():
        if known.startswith(UNITS) and known.endswith(f"/{layer}") and more.is_list:
            about[known.removeprefix(UNITS).removesuffix(f"/{layer}")] = _column(more.values())
    frame = pd.DataFrame(about) if about else None
    return make_matrix(name or layer, array.items_shape, array.dtype.itemsize, array.read, frame)


def read_classes(read: Callable[[str], np.ndarray | None]) -> pd.DataFrame | None:
    """Read ``classes`` (IDs) and ``class_names`` (readable names); if one is missing, the other is used for both."""
    ids, names, wnids = (read(name) for name in ("classes", "class_names", "wnids"))
    if ids is None and names is None:
        return None
    ids = names if ids is None else ids
    classes = pd.DataFrame({"class": as_text(ids), "name": as_text(ids if names is None else names)}, dtype=object)
    return classes if wnids is None else classes.assign(wnid=as_text(wnids))


def _column(values: np.ndarray) -> Any:
    """Return an array as a column: numbers unchanged, everything else as text."""
    return values if values.dtype.kind in "biuf" else np.array(as_text(values), object)
