"""``export --to h5ad``: AnnData, items x units, with labels in obs and the columns of all tables of units in var.

The file is written with h5py, following AnnData's file specification, so that X need not fit in memory.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..progress import Progress
from ..run import Run
from ..run.atomic import whole_file
from .contents import need
from .hdf5_file import create_hdf5
from .read_h5ad import MEASURED, NAMES
from .write_arrays import read_blocks


def write_h5ad(run: Run, path: Path, report: Progress) -> None:
    """Write an ``.h5ad`` file; X is written block by block."""
    h5py = need("h5py", path)
    measured = measured_columns(run)
    with whole_file(path) as temporary, create_hdf5(h5py, temporary) as (file, check):
        mark(file, "anndata", "0.1.0")
        for name in ("obsm", "layers", "obsp", "varm", "varp", "uns"):
            mark(file.create_group(name), "dict", "0.1.0")
        write_frame(h5py, file, "obs", describe_items(run), run.items["item_id"])
        units = pd.concat([run.units.drop(columns="unit"), measured], axis=1)
        write_frame(h5py, file, "var", units, run.units["unit"])
        write_frame(h5py, file, f"uns/{NAMES}", run.classes, run.classes["class"])
        write_text(h5py, file, f"uns/{MEASURED}", [str(name) for name in measured])
        if run.multi_label:
            mark(file.create_dataset("obsm/labels", data=run.memberships), "array", "0.2.0")
        x = file.create_dataset("X", (run.manifest.n_items, len(run.units)), run.manifest.dtype)
        mark(x, "array", "0.2.0")
        first = 0
        for layer in run.layers:
            for rows, values in read_blocks(run, layer.name, report):
                x[rows, first : first + layer.units] = values
                check()
            first += layer.units


def describe_items(run: Run) -> pd.DataFrame:
    """Return obs: classes as categories in the run's order, readable names in ``label_name``."""
    items = run.items.drop(columns=["item_id", "labels"], errors="ignore")
    ids, names = pd.Index(run.classes["class"], dtype=object), run.classes["name"].to_numpy(object)
    if not run.multi_label:
        items["label"] = pd.Categorical.from_codes(run.labels, categories=ids)
        items["label_name"] = names[run.labels]
    if run.manifest.predictions:
        items["predicted"] = pd.Categorical.from_codes(run.items["predicted"].to_numpy(np.int64), categories=ids)
    return items


def measured_columns(run: Run) -> pd.DataFrame:
    """Return the columns of all tables, with a row for each unit of the run and without columns of `run.units`.

    A name that an earlier table has too follows the name of its table and a dot.
    """
    found = pd.DataFrame(index=run.units["unit"])
    for name in run.tables:
        table = run.table(name).set_index("unit")
        table = table.drop(columns=[column for column in table if column in run.units])
        found = found.join(table.rename(columns={column: f"{name}.{column}" for column in found.columns}))
    return found.reset_index(drop=True)


def write_frame(h5py: Any, file: Any, name: str, frame: pd.DataFrame, index: pd.Series) -> None:
    """Write a data frame; text columns with missing values are written as categories."""
    group = file.create_group(name)
    mark(group, "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array([str(column) for column in frame], h5py.string_dtype())
    write_text(h5py, group, "_index", index.astype(str).tolist())
    for column, values in frame.items():
        array = values.to_numpy()
        if array.dtype.kind in "biuf" and not isinstance(values.dtype, pd.CategoricalDtype):
            mark(group.create_dataset(str(column), data=array), "array", "0.2.0")
        elif isinstance(values.dtype, pd.CategoricalDtype) or values.isna().any():
            write_categories(h5py, group, str(column), pd.Categorical(values))
        else:
            write_text(h5py, group, str(column), values.astype(str).tolist())


def write_categories(h5py: Any, file: Any, name: str, values: pd.Categorical) -> None:
    """Write a categorical column; -1 is missing."""
    group = file.create_group(name)
    mark(group, "categorical", "0.2.0")
    group.attrs["ordered"] = False
    mark(group.create_dataset("codes", data=values.codes), "array", "0.2.0")
    write_text(h5py, group, "categories", values.categories.astype(str).tolist())


def write_text(h5py: Any, file: Any, name: str, texts: list[str]) -> None:
    """Write a list of text."""
    mark(file.create_dataset(name, data=np.array(texts, h5py.string_dtype())), "string-array", "0.2.0")


def mark(node: Any, kind: str, version: str) -> None:
    """Mark a group or dataset with its AnnData encoding."""
    node.attrs["encoding-type"], node.attrs["encoding-version"] = kind, version
