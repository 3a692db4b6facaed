"""Read ``.h5ad`` files (AnnData): observations are items, variables are units. X is read in blocks, also if sparse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..run import Layer
from .contents import (
    DEFAULT_LAYER,
    LABEL_NAMES,
    OWN_COLUMNS,
    Choice,
    FileContents,
    Matrix,
    as_text,
    describe_units,
    need,
    pick,
)
from .sparse import sparse_reader

NAMES = "classes"
"""Entry of ``uns`` in which an export stores all classes."""

MEASURED = "measured"
"""Entry of ``uns`` in which an export lists the columns of var that are measures; an import ignores these columns."""


def is_h5ad(file: Any) -> bool:
    """Return whether an open HDF5 file is an AnnData file."""
    return {"obs", "var"} <= set(file) and all(hasattr(file[name], "keys") for name in ("obs", "var"))


def read_h5ad(path: Path, choice: Choice) -> FileContents:
    """Read an ``.h5ad`` file. Labels are a column of obs, or a 0/1 table in obsm."""
    choice.refuse_rows(path)
    h5py, anndata = need("h5py", path), need("anndata.io", path)
    with h5py.File(path, "r") as file:
        if "X" not in file or "shape" not in (file["X"].attrs if hasattr(file["X"], "keys") else {"shape"}):
            raise UnitscopeError(f"{path} has no X; store the activations there, items x units")
        obs, var = (anndata.read_elem(file[name]) for name in ("obs", "var"))
        listed = anndata.read_elem(file[f"uns/{NAMES}"]) if f"uns/{NAMES}" in file else None
        measured = as_text(anndata.read_elem(file[f"uns/{MEASURED}"])) if f"uns/{MEASURED}" in file else []
        obsm = {name: anndata.read_elem(file[f"obsm/{name}"]) for name in file["obsm"]} if "obsm" in file else {}
    defaults = () if choice.has_label_file else LABEL_NAMES
    label = pick([*obs, *obsm], choice.label, defaults, "column of obs", str(path))
    predicted = pick(obs, choice.predicted, ("predicted",), "column of obs", str(path))
    classes = listed if isinstance(listed, pd.DataFrame) and {"class", "name"} <= set(listed) else None
    labels = None
    if label is not None and label in obs:
        labels = np.array(as_text(obs[label].to_numpy(object)), object)
        if classes is None and isinstance(obs[label].dtype, pd.CategoricalDtype):
            ids = as_text(obs[label].cat.categories.to_numpy())
            classes = pd.DataFrame({"class": ids, "name": ids}, dtype=object)
    elif label is not None:
        members = obsm[label]
        if isinstance(members, pd.DataFrame) and classes is None:
            classes = pd.DataFrame({"class": members.columns, "name": members.columns}, dtype=object)
        labels = np.asarray(members.toarray() if hasattr(members, "toarray") else members)
    drop = {label, predicted, *(() if listed is None else ("label_name",)), *OWN_COLUMNS} - {"uri"}
    columns = obs.drop(columns=[name for name in obs if name in drop])
    var = var.drop(columns=[name for name in measured if name in var])
    return FileContents(
        "AnnData",
        len(obs),
        split_layers(path, h5py, var, choice),
        columns=columns.reset_index(drop=True).assign(item_id=obs.index.astype(str)),
        labels=labels,
        classes=None if classes is None else classes.reset_index(drop=True).astype(object),
        predicted=None if predicted is None else np.array(as_text(obs[predicted].to_numpy(object)), object),
        probability=obs["probability"].to_numpy(float) if "probability" in obs else None,
    )


def split_layers(path: Path, h5py: Any, var: pd.DataFrame, choice: Choice) -> list[Matrix]:
    """Return the layers: one for each value of ``var["layer"]``, or a single one."""
    if choice.layer is None and "layer" in var:
        of = np.array(as_text(var["layer"].to_numpy(object)), object)
    else:
        of = np.full(len(var), choice.layer or DEFAULT_LAYER, object)
    read = x_reader(h5py, path)
    matrices = []
    for layer in choice.select_layers(dict.fromkeys(of), path):
        columns = np.flatnonzero(of == layer)
        about = var.iloc[columns]
        names = as_text(about.index.to_numpy(object))
        if "name" not in about and names not in ([f"{layer}:{i}" for i in range(len(names))], list(map(str, columns))):
            about = about.assign(name=names)
        about = about.astype(dict.fromkeys(about.select_dtypes("category"), object))
        described, rest = describe_units(Layer(layer, len(columns)), about)
        matrices.append(Matrix(described, choose_columns(read, columns), rest))
    return matrices


def x_reader(h5py: Any, path: Path) -> Callable[[slice, slice], np.ndarray]:
    """Return a function that reads rows and columns of X, dense or sparse."""
    with h5py.File(path, "r") as file:
        sparse = hasattr(file["X"], "keys")
    if sparse:
        rows_of = sparse_reader(h5py, path, "X")
        return lambda rows, columns: rows_of(rows)[:, columns]

    def read(rows: slice, columns: slice) -> np.ndarray:
        with h5py.File(path, "r") as file:
            return file["X"][rows, columns]

    return read


def choose_columns(read: Callable[[slice, slice], np.ndarray], columns: np.ndarray) -> Callable[[slice], np.ndarray]:
    """Return a function that reads some items of the layer in these columns of X."""
    first, last = int(columns[0]), int(columns[-1]) + 1
    if last - first == len(columns):
        return lambda rows: read(rows, slice(first, last))
    return lambda rows: read(rows, slice(first, last))[:, columns - first]
