"""Find damage in files that the ledger does not list: tables, and descriptions of arrays."""

from pathlib import Path

from ..errors import UnitscopeError
from . import layout
from .activations import try_array
from .files import read_parquet, read_schema
from .manifest import Manifest
from .repair import make_again
from .tables import read_description, table_names, table_path


def find_damaged_files(directory: Path, manifest: Manifest, contents: bool) -> list[str]:
    """Return the faults in the tables and array descriptions of the recording.

    Parameters
    ----------
    directory, manifest
        The run.
    contents
        Also read all rows of the tables.
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
    """Return the faults in the results of analyses, by table name."""
    faults = {name: fault_of_result(directory, name, contents) for name in table_names(directory)}
    return {name: fault for name, fault in faults.items() if fault}


def fault_of_result(directory: Path, name: str, contents: bool) -> str:
    """Return the fault in a table or its arrays; empty if there is none."""
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
    """Return the fault in a Parquet file as a list; empty if there is none."""
    try:
        (read_parquet if contents else read_schema)(path, "")
    except UnitscopeError as error:
        return [str(error).removesuffix("; ")]
    return []


def is_gathered(directory: Path, manifest: Manifest) -> bool:
    """Return whether the table of items is readable and contains the predictions, if the run has any."""
    try:
        return not manifest.predictions or "predicted" in read_schema(directory / layout.ITEMS, "").names
    except (UnitscopeError, FileNotFoundError):
        return False
