"""What is wrong with the files of a run that the ledger does not list: tables, and descriptions of arrays."""

from pathlib import Path

from ..errors import UnitscopeError
from . import layout
from .activations import try_array
from .files import read_parquet, read_schema
from .manifest import Manifest
from .repair import make_again
from .tables import read_description, table_names, table_path


def find_damaged_files(directory: Path, manifest: Manifest, contents: bool) -> list[str]:
    """Describe what is wrong with files of the recording itself.

    Parameters
    ----------
    directory, manifest
        The run.
    contents
        Read all rows of the tables, not only their descriptions.
    """
    faults = []
    for name in (layout.ITEMS, layout.CLASSES, layout.UNITS):
        if not (directory / name).is_file():
            faults.append(f"{directory / name} is missing")
    for name in (layout.ITEMS, layout.CLASSES, layout.UNITS, layout.SKIPPED):
        if (directory / name).is_file():
            faults += fault_of_table(directory / name, contents)
    for layer in manifest.layers if manifest.histograms is None else ():
        fault = try_array(directory, manifest, layer)[1]
        if fault:
            faults.append(fault)
    return faults


def find_damaged_tables(directory: Path, contents: bool) -> dict[str, str]:
    """Describe what is wrong with the results of analyses, by the names of their tables."""
    faults = {name: fault_of_result(directory, name, contents) for name in table_names(directory)}
    return {name: fault for name, fault in faults.items() if fault}


def fault_of_result(directory: Path, name: str, contents: bool) -> str:
    """Describe what is wrong with a table or the arrays that belong to it; empty if nothing is."""
    found = fault_of_table(table_path(directory, name), contents)
    if found:
        return found[0]
    try:
        described = read_description(directory, name)
        for array in described.array_names if contents else ():
            described.array(array)
    except UnitscopeError as error:
        return str(error).removesuffix(f"; {make_again(directory, name)}")
    return ""


def fault_of_table(path: Path, contents: bool) -> list[str]:
    """Describe what is wrong with a Parquet file; nothing if it can be read."""
    try:
        (read_parquet if contents else read_schema)(path, "")
    except UnitscopeError as error:
        return [str(error).removesuffix("; ")]
    return []


def is_gathered(directory: Path, manifest: Manifest) -> bool:
    """Return whether the predictions are in the table of items, as far as it can be read; true if there are none."""
    try:
        return not manifest.predictions or "predicted" in read_schema(directory / layout.ITEMS, "").names
    except (UnitscopeError, FileNotFoundError):
        return False
