"""Reading and writing JSON, Parquet and CSV, and what is said when a file cannot be read or written."""

import contextlib
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UnitscopeError
from .atomic import replacing


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say in one sentence why nothing could be written below `path`: a full disk, no permission, no folder."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UnitscopeError(
                f"the disk that holds {path} is full; free some space and run the same command again: "
                "what was finished is kept"
            ) from error
        if isinstance(error, FileNotFoundError):  # something that was there has gone
            raise
        raise UnitscopeError(
            f"{path} cannot be written to ({error.strerror or error}); choose another place"
        ) from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically, keys in the order given."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that `write_json` wrote; a damaged one is named."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object")
        return content
    except ValueError as error:  # bytes that are not UTF-8, or text that is not JSON, too
        raise UnitscopeError(f"{path} is damaged ({error}); delete it and run the same command again") from error


def write_parquet(path: Path, frame: pd.DataFrame, notes: dict[str, str] | None = None, note: str = "") -> None:
    """Write a data frame as Parquet, atomically; `notes` holds texts of metadata for columns, `note` one for all."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if note:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"unitscope": note.encode()})
    for name, text in (notes or {}).items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place).with_metadata({"unitscope": text})
        table = table.cast(table.schema.set(place, field))
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a data frame as CSV for people's own use, atomically; say in one sentence if it cannot be."""
    with explained(path), replacing(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def present(path: Path) -> Path:
    """Return the path of a file that every run has; raise if it is missing."""
    if not path.is_file():
        raise UnitscopeError(f"{path} is missing; the run is damaged: record or import it again, in a new directory")
    return path


def read_parquet(path: Path) -> pa.Table:
    """Read a Parquet file; a damaged one is named."""
    with undamaged(path):
        return pq.read_table(path)


def read_schema(path: Path) -> pa.Schema:
    """Read the columns of a Parquet file and what it says of itself, not its rows; a damaged one is named."""
    with undamaged(path):
        return pq.read_schema(path)


@contextlib.contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Name a Parquet file that cannot be read."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        if not path.exists():
            raise
        raise UnitscopeError(
            f"{path} is damaged ({error}); delete it and run the command that made it again"
        ) from error
