"""Read CSV: a table with one row per item, a matrix without labels, or the folder of tables that an export writes."""

import csv
import fnmatch
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data.encoding import is_number
from ..errors import UnitscopeError
from ..run import Layer
from .contents import (
    DEFAULT_LAYER,
    LABEL_NAMES,
    OWN_COLUMNS,
    Choice,
    FileContents,
    Matrix,
    describe_units,
    pick,
    split_names,
)

EXACT = {"low_memory": False} | ({"float_precision": "round_trip"} if pd.__version__ < "3" else {})
"""Options for exact numbers; pandas 3 reads them exactly by default."""

TEXTS = ("label", "labels", "class", "predicted", "item_id", "uri")
"""Columns that are always text: 007 stays 007, and NA is a name."""

MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
"""Missing values in columns that are not text."""


def read_csv(path: Path, choice: Choice, units: pd.DataFrame | None = None) -> FileContents:
    """Read a table (header, a label column, units) or, with a file of labels, a matrix with or without a header.

    Units are the columns that `choice` selects; default: all numeric columns without another meaning. `units`
    describes them, indexed by unit ID. The whole table is read into memory.
    """
    header = has_header(path)
    table = load(path, 0 if header else None, choice.label, choice.predicted)
    defaults = () if choice.has_label_file else LABEL_NAMES
    label = pick(table.columns, choice.label, defaults, "column", str(path))
    if label is None and not choice.has_label_file:
        raise UnitscopeError(
            f"{path} has no column of labels (label); select one with --label, or give --labels FILE; its columns "
            f"are: {_some(list(table.columns))}"
        )
    predicted = pick(table.columns, choice.predicted, ("predicted",), "column", str(path))
    for column in choice.item_columns:
        pick(table.columns, column, (), "column", str(path))
    kept = {label, predicted, *OWN_COLUMNS, *choice.item_columns, choice.average}
    chosen = choose_units(path, table, [name for name in table.columns if name not in kept], choice.activations)
    others = table.drop(columns=[*chosen, *(name for name in (label, predicted) if name)])
    if label is not None:
        choice.refuse_rows(path)
    elif not choice.rows_are_items((len(table), len(chosen)), choice.counts, str(path)):
        return from_unit_rows(table[chosen], others, choice, header)
    return FileContents(
        "CSV",
        len(table),
        split_layers(table[chosen], choice.layer, units),
        columns=others.drop(columns=[name for name in OWN_COLUMNS[2:] if name in others]),
        labels=None if label is None else plain_labels(table[label], label),
        predicted=None if predicted is None else table[predicted].to_numpy(object),
        probability=table["probability"].to_numpy(float) if "probability" in table else None,
    )


def from_unit_rows(values: pd.DataFrame, about: pd.DataFrame, choice: Choice, header: bool) -> FileContents:
    """Read a matrix whose rows are units: other columns describe units, the header contains item IDs."""
    texts = [name for name in about if not pd.api.types.is_numeric_dtype(about[name])]
    if texts and "name" not in about:
        about = about.rename(columns={texts[0]: "name"})
    name = choice.layer or DEFAULT_LAYER
    layer, rest = describe_units(Layer(name, len(values)), about)
    columns = pd.DataFrame({"item_id": list(values.columns)} if header else {})
    return FileContents("CSV", values.shape[1], [Matrix(layer, values.to_numpy().T.__getitem__, rest)], columns=columns)


def read_folder(path: Path, choice: Choice) -> FileContents:
    """Read the folder of tables that an export writes."""
    for option, value in (("label", choice.label), ("predicted", choice.predicted), ("rows", choice.rows)):
        if value is not None:
            raise UnitscopeError(f"{path} is an export, in which this is already defined; remove --{option}")
    items = load(path / "items.csv", 0)
    units = load(path / "units.csv", 0).set_index("unit")
    classes = pd.read_csv(path / "classes.csv", dtype=object, keep_default_na=False)
    counts = choice.counts or (len(items),)
    contents = read_csv(path / "activations.csv", replace(choice, counts=counts, rows="items"), units)
    if contents.n_items != len(items):
        raise UnitscopeError(
            f"{path} has {contents.n_items} rows of activations, but {len(items)} items; export the run again"
        )
    members = None
    if (path / "labels.csv").is_file():
        members = pd.read_csv(path / "labels.csv").to_numpy(bool)
    return replace(
        contents,
        format="CSV folder",
        columns=items.drop(columns=[name for name in (*OWN_COLUMNS[2:], "label_name") if name in items]),
        labels=items["label"].to_numpy(object) if members is None else members,
        classes=classes,
        predicted=items["predicted"].to_numpy(object) if "predicted" in items else None,
        probability=items["probability"].to_numpy(float) if "probability" in items else None,
    )


def is_folder(path: Path) -> bool:
    """Return whether a folder is an export."""
    return all((path / f"{name}.csv").is_file() for name in ("activations", "items", "classes", "units"))


def load(path: Path, header: int | None, *texts: str | int | None) -> pd.DataFrame:
    """Read a CSV file, with exact numbers; columns of labels and those in `texts` are text without missing values."""
    words = first_line(path)
    raw = {name for name in (*TEXTS, *texts) if name is not None}
    others = dict.fromkeys((name for name in (words if header == 0 else range(len(words))) if name not in raw), MISSING)
    options: dict[str, Any] = {"dtype": dict.fromkeys(raw, str), "keep_default_na": False, "na_values": others, **EXACT}
    try:
        table: pd.DataFrame = pd.read_csv(path, header=header, **options)
    except (ValueError, pd.errors.ParserError, OSError) as error:
        raise UnitscopeError(f"{path} cannot be read as CSV: {str(error).strip()}") from error
    if table.empty:
        raise UnitscopeError(f"{path} has no rows; give a file with one row per item")
    table.columns = [str(name) for name in table.columns]
    # A first column without a name is the index that pandas and R write.
    first = str(table.columns[0])
    if header == 0 and first.startswith("Unnamed: ") and "item_id" not in table and table[first].is_unique:
        table = table.rename(columns={first: "item_id"}).astype({"item_id": str})
    return table


def plain_labels(labels: pd.Series, name: str) -> np.ndarray:
    """Return labels as text; in a column with a name not in `TEXTS`, numbers are parsed, so that 90.0 is 90."""
    texts = labels.to_numpy(object)
    numbers = name not in TEXTS and all(isinstance(text, str) and is_number(text) for text in texts)
    return texts.astype(float) if numbers else texts


def first_line(path: Path) -> list[str]:
    """Read the first line of a CSV file."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [""])


def has_header(path: Path) -> bool:
    """Return whether the first line of a CSV file is a header: it contains text, or it is 0, 1, 2 ..."""
    words = first_line(path)
    counts = len(words) > 2 and words == [str(place) for place in range(len(words))]
    return counts or not all(is_number(word) for word in words)


def choose_units(path: Path, table: pd.DataFrame, free: list[str], asked: str | None) -> list[str]:
    """Return the columns that are units: those matching the names or globs; default: all numeric columns."""
    numeric = [name for name in free if pd.api.types.is_numeric_dtype(table[name])]
    if asked is None:
        if not numeric:
            raise UnitscopeError(f"{path} has no numeric columns other than the label; its columns are: {_some(free)}")
        return numeric
    chosen: list[str] = []
    for pattern in split_names(asked):
        hits = [name for name in free if fnmatch.fnmatchcase(name, pattern)]
        if not hits:
            raise UnitscopeError(f"{path} has no column {pattern!r} (--activations); its columns are: {_some(free)}")
        chosen += [name for name in hits if name not in chosen]
    for name in chosen:
        if name not in numeric:
            raise UnitscopeError(f"the column {name} of {path} is not numeric; select units with --activations")
    return chosen


def split_layers(values: pd.DataFrame, layer: str | None, units: pd.DataFrame | None) -> list[Matrix]:
    """Return the layers in the columns: one, unless columns are named ``layer:0, layer:1, ...`` by an export."""
    names = list(values.columns)
    layers = list(dict.fromkeys(name.rpartition(":")[0] for name in names))
    groups = {name: [unit for unit in names if unit.rpartition(":")[0] == name] for name in layers}
    numbered = names == [f"{name}:{index}" for name in layers for index in range(len(groups[name]))]
    if layer is not None or "" in layers or not numbered:
        groups = {layer or DEFAULT_LAYER: names}
    matrices = []
    for name, columns in groups.items():
        about = None if units is None else units.reindex(columns)
        if about is None and not numbered and not all(unit.isdecimal() for unit in columns):
            about = pd.DataFrame({"name": columns}, dtype=object)
        described, rest = describe_units(Layer(name, len(columns)), about)
        matrices.append(Matrix(described, values[columns].to_numpy().__getitem__, rest))
    return matrices


def _some(names: list[str]) -> str:
    return ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
