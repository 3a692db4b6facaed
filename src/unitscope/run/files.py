"""Read and write JSON, Parquet, CSV and NPZ, verify checksums, and explain what cannot be read or written.

Parquet and NPZ files contain checksums: a changed byte raises an error instead of returning a wrong number.
"""

import contextlib
import errno
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import UnitscopeError
from .atomic import whole_file
from .own_files import refuse_foreign


@contextlib.contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Turn failures to write below `path` (full disk, no permission) into an error of one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UnitscopeError(
                f"the disk that holds {path} is full; free some space and run the same command again: "
                "finished work is kept"
            ) from error
        if isinstance(error, FileNotFoundError):  # a file was removed
            raise
        raise UnitscopeError(f"{path} cannot be written to ({error.strerror or error}); choose another path") from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically; the order of keys is kept."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """Read a JSON file; if it is damaged, raise an error that names it and ends with `remedy`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnitscopeError(f"{path} is damaged ({error}); {remedy}") from error
    if not isinstance(content, dict):
        raise UnitscopeError(f"{path} is damaged (it is not a JSON object); {remedy}")
    return content


SCHEMA_DIGEST = b"unitscope.schema"
"""Metadata key of a digest of names, types and metadata; page checksums cover only the values."""


def write_parquet(
    path: Path, frame: pd.DataFrame, notes: dict[str, str] | None = None, metadata: dict[str, str] | None = None
) -> None:
    """Write a data frame as Parquet, atomically.

    Parameters
    ----------
    path
        The file.
    frame
        The data.
    notes
        Metadata of columns, by column.
    metadata
        Metadata of the file, by key.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if metadata:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata})
    for name, text in (notes or {}).items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place).with_metadata({"unitscope": text})
        table = table.cast(table.schema.set(place, field))
    digest = schema_digest(table.schema)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), SCHEMA_DIGEST: digest})
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def schema_digest(schema: pa.Schema) -> bytes:
    """Return the sha256 of a schema's names, types and metadata, excluding the digest itself."""
    fields = [(field.name, field.type.id, sorted((field.metadata or {}).items())) for field in schema]
    metadata = sorted(item for item in (schema.metadata or {}).items() if item[0] != SCHEMA_DIGEST)
    return hashlib.sha256(repr((fields, metadata)).encode()).hexdigest().encode()


def write_csv(path: Path, frame: pd.DataFrame, overwrite: bool = False) -> None:
    """Write a data frame as CSV, atomically; replace an existing file only if it has the same columns."""
    refuse_foreign(path, overwrite, header_of(frame))
    with explain_errors(path), whole_file(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")


def header_of(frame: pd.DataFrame) -> str:
    """Return the header line of a data frame as CSV."""
    return frame.head(0).to_csv(index=False, lineterminator="\n").rstrip("\n")


def read_parquet(path: Path, remedy: str, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file, or only some of its columns, and verify its checksums.

    Errors name the file and end with `remedy`.
    """
    with undamaged(path, remedy):
        if columns is not None:
            check_schema(pq.read_schema(path))
            return pq.read_table(path, columns=columns, page_checksum_verification=True)
        return check_schema(pq.read_table(path, page_checksum_verification=True))


def read_schema(path: Path, remedy: str) -> pa.Schema:
    """Read the columns and metadata of a Parquet file, without its rows."""
    with undamaged(path, remedy):
        return check_schema(pq.read_schema(path))


def check_schema(read: Any) -> Any:
    """Return a table or schema unchanged; raise if its names, types or metadata do not match the digest."""
    schema = read.schema if isinstance(read, pa.Table) else read
    written = (schema.metadata or {}).get(SCHEMA_DIGEST)
    if written is not None and written != schema_digest(schema):  # files of earlier versions have no digest
        raise OSError("the description of its columns has changed")
    return read


def write_npz(path: Path, arrays: dict[str, np.ndarray], compress: bool = False) -> None:
    """Write named arrays as NPZ, atomically; ZIP files have a checksum for each array."""
    save: Any = np.savez_compressed if compress else np.savez
    with whole_file(path) as temporary:
        with temporary.open("wb") as file:
            save(file, **arrays)
        with zipfile.ZipFile(temporary, "a") as stored:
            stored.comment = listed(stored)


def listed(stored: zipfile.ZipFile) -> bytes:
    """Return the names of an archive's members as bytes."""
    return "\n".join(stored.namelist()).encode()


def read_npz(path: Path, remedy: str, prefix: str = "") -> dict[str, np.ndarray]:
    """Read the named arrays of an NPZ file and verify their checksums.

    With `prefix`, only arrays whose names begin with it are read; it is not part of the names returned.
    """
    with undamaged(path, remedy), zipfile.ZipFile(path) as stored:
        # A damaged archive directory can hide arrays. Files of earlier versions have no comment.
        if stored.comment not in (b"", listed(stored)):
            raise ValueError("its list of arrays has changed")
        # `zipfile` verifies a checksum only when the member is read to its end.
        names = [name for name in stored.namelist() if name.startswith(prefix)]
        members = {name: io.BytesIO(stored.read(name)) for name in names}
        return {
            name.removeprefix(prefix).removesuffix(".npy"): np.lib.format.read_array(content, allow_pickle=False)
            for name, content in members.items()
        }


BROKEN = (
    pa.ArrowException, OSError, UnicodeDecodeError,  # Parquet
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, KeyError, NotImplementedError, RuntimeError,  # NPZ
)  # fmt: skip
"""Exceptions that reading a damaged file can raise."""


@contextlib.contextmanager
def undamaged(path: Path, remedy: str) -> Iterator[None]:
    """Turn read errors into an error that names the file and ends with `remedy`."""
    try:
        yield
    except BROKEN as error:
        if not path.exists():
            raise
        raise UnitscopeError(f"{path} is damaged ({one_line(error)}); {remedy}") from error


def one_line(error: BaseException) -> str:
    """Return the first line of an error message, or the name of the exception if it has no message."""
    return next(iter(str(error).splitlines()), type(error).__name__)
