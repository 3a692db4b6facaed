"""Make a run from a file of activations and labels."""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import UnitscopeError, UnitscopeWarning
from ..progress import Progress, no_progress
from ..run import BLOCK_ITEMS, Manifest, Run, create_run, layout, open_run
from ..run.lock import locked
from ..run.repair import remember_command
from ..specs import first_line
from . import read_arrays, read_csv, read_h5ad, read_paper
from .average import average
from .contents import ROWS, Choice, FileContents, Matrix, need, split_names
from .identity import describe_run
from .label_file import add_labels, has_column, possible_counts
from .prepare import PreparedImport, prepare

FORMATS = ".npz, .npy, CSV, .h5, .h5ad, and folders of the paper's .h5 files or of exported CSV tables"


def import_file(
    path: str | Path,
    directory: str | Path,
    *,
    activations: str | None = None,
    label: str | None = None,
    labels: str | Path | None = None,
    predicted: str | None = None,
    classes: str | Path | None = None,
    layer: str | None = None,
    rows: str | None = None,
    item_columns: str | None = None,
    average_over: str | None = None,
    block_items: int = BLOCK_ITEMS,
    command: str = "",
    progress: Progress | None = None,
) -> Run:
    """Make a run from activations that another program recorded, of any network or of real neurons.

    The format is detected from the file's content. Repeating the call continues an unfinished import, or returns the
    finished run. ``docs/import-export.md`` describes all formats.

    Parameters
    ----------
    path
        ``.npz``, ``.npy``, CSV, ``.h5``, ``.h5ad``, or a folder: of the paper's ``.h5`` files, or of tables that
        `export_run` wrote.
    directory
        The run directory to create or continue.
    activations
        Names or globs, separated by commas, of the matrices (in a table: of the columns) that are activations;
        default: all that fit.
    label
        Column, key or dataset of labels, in `labels` if that is given; default: ``label`` or ``labels``. Labels are
        class names or numbers, one per item, or a 0/1 table of items x classes.
    labels
        A file of labels, ``.npy`` or CSV; further columns of a CSV file become columns of the items.
    predicted
        Column, key or dataset of the network's predictions, class names or numbers; default: ``predicted``. It may be
        a column of `labels`.
    classes
        CSV file of readable class names: columns ``name`` and ``class`` or ``wnid``.
    layer
        Name of the layer, if there is only one; default: its name in the file, or ``units``.
    rows
        What the rows of a matrix are, ``"items"`` or ``"units"``; default: derived from the number of labels, items if
        that is unknown.
    item_columns
        Numeric columns of a table, separated by commas, that describe items rather than units.
    average_over
        Column of the items that names the stimulus; the trials of each stimulus are averaged into one item.
    block_items
        Items per block; blocks are read, written and resumed as a whole.
    command
        The command line that runs this import, with ``RUN`` for the directory; messages suggest it for repairs.
    progress
        Called with the progress.

    Returns
    -------
    Run

    Raises
    ------
    UnitscopeError
        If the file, an option or a value is invalid; nothing is then written.

    See Also
    --------
    export_run : Write a run to files.
    unitscope.open_run : Open the run again.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> rates = np.array([[5.0, -1.0], [4.0, 2.0], [1.0, 0.5]])
    >>> np.savez(folder / "rates.npz", V1=rates, labels=["face", "face", "house"])
    >>> run = import_file(folder / "rates.npz", folder / "run")
    >>> run.layers, run.classes["name"].tolist(), run.unit_activations("V1:1").tolist()
    ((Layer(name='V1', units=2, positions=(), reduction='none'),), ['face', 'house'], [-1.0, 2.0, 0.5])
    """
    report = progress or no_progress
    path, directory = Path(path).expanduser(), Path(directory)
    if rows not in (None, *ROWS):
        raise UnitscopeError(f"--rows must be 'items' or 'units', not {rows!r}")
    label_file = None if labels is None else Path(labels).expanduser()
    names = None if classes is None else Path(classes).expanduser()
    with invalid_files_named(path):
        counts = possible_counts(label_file, label) if label_file else None
        # Predictions are read from the file of labels if it has that column.
        predicted_there = predicted if label_file and predicted and has_column(label_file, predicted) else None
        choice = Choice(
            activations=activations,
            label=None if label_file else label,
            predicted=None if predicted_there else predicted,
            layer=layer,
            rows=rows,
            item_columns=tuple(split_names(item_columns)),
            average=average_over,
            counts=counts,
        )
        contents = read_file(path, choice)
        if label_file:
            contents = add_labels(contents, label_file, label, predicted_there)
        prepared = prepare(contents, path, names)
        if average_over is not None:
            prepared = average(prepared, average_over, report)
    options = {
        "activations": activations, "label": label, "predicted": predicted, "layer": layer, "rows": rows,
        "item_columns": item_columns, "average_over": average_over,
    }  # fmt: skip
    named = {"file": path, "labels": label_file, "classes": names}
    files = {what: file for what, file in named.items() if file is not None}
    chosen = {name: value for name, value in options.items() if value is not None}
    manifest = describe_run(files, prepared, chosen, block_items, report)
    manifest = replace(manifest, provenance=manifest.provenance | remember_command(command))
    if not (directory / layout.MANIFEST).exists():
        check_values(prepared, manifest, report)
    writer = create_run(directory, manifest, prepared.items, prepared.classes, unit_columns=prepared.unit_columns())
    with locked(directory, "importing"):
        for block in writer.blocks_to_do(contents=True):
            part = manifest.block(block)
            values = {matrix.layer.name: matrix.read(part).astype(np.float32).T for matrix in prepared.matrices}
            predictions = None if prepared.predictions is None else prepared.predictions.iloc[part]
            writer.write_block(block, values, predictions)
            report("importing", part.stop, manifest.n_items)
        writer.finish()
    return open_run(directory)


@contextlib.contextmanager
def invalid_files_named(path: Path) -> Iterator[None]:
    """Turn exceptions from reading an inconsistent file into an error that names the file."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, OSError) as error:
        raise UnitscopeError(
            f"{path} has unexpected contents ({first_line(error)}); docs/import-export.md describes each format"
        ) from error


def read_file(path: Path, choice: Choice) -> FileContents:
    """Read a file or folder; the format is detected from its content."""
    if path.is_dir():
        return (read_csv if read_csv.is_folder(path) else read_paper).read_folder(path, choice)
    if not path.is_file():
        raise UnitscopeError(f"there is no file {str(path)!r} to import; check the path")
    with path.open("rb") as file:
        start = file.read(8192)
    if start.startswith(b"\x93NUMPY"):
        return read_arrays.read_npy(path, choice)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return read_hdf5(path, choice)
    if start.startswith(b"PK") and read_arrays.is_npz(path):
        return read_arrays.read_npz(path, choice)
    if not start or b"\0" in start or start.startswith(b"PK"):
        raise UnitscopeError(f"{path} {'is empty' if not start else 'has an unknown format'}; import reads {FORMATS}")
    return read_csv.read_csv(path, choice)


def read_hdf5(path: Path, choice: Choice) -> FileContents:
    """Read an HDF5 file in one of three layouts."""
    h5py = need("h5py", path)
    try:
        with h5py.File(path, "r") as file:
            is_h5ad, is_paper = read_h5ad.is_h5ad(file), read_paper.is_paper(file)
    except OSError as error:
        raise UnitscopeError(f"{path} is a damaged HDF5 file ({error}); copy or create it again") from error
    if is_h5ad:
        return read_h5ad.read_h5ad(path, choice)
    return read_paper.read_paper(path, [path], choice) if is_paper else read_arrays.read_h5(path, choice)


def check_values(prepared: PreparedImport, manifest: Manifest, report: Progress) -> None:
    """Read all values before anything is written; raise if one is not finite, warn if float32 makes some equal."""
    ids = prepared.items["item_id"].tolist()
    ties = {matrix.layer.name: np.zeros(matrix.layer.units, np.int64) for matrix in prepared.matrices}
    for block in range(manifest.n_blocks):
        rows = manifest.block(block)
        for matrix in prepared.matrices:
            ties[matrix.layer.name] += count_new_ties(matrix.read_checked(rows, ids))
        report("checking", rows.stop, manifest.n_items)
    for matrix in prepared.matrices:
        warn_of_ties(ties[matrix.layer.name], matrix, manifest.n_blocks)


def count_new_ties(values: np.ndarray) -> np.ndarray:
    """Count the distinct values of each unit that become equal to another as float32.

    Parameters
    ----------
    values
        ``(items, units)``.

    Returns
    -------
    numpy.ndarray
        ``(units,)`` number of distinct values that float32 makes equal to a smaller one.

    Examples
    --------
    >>> count_new_ties(np.array([[1.0, 1.0], [1.0 + 1e-12, 1.0], [2.0, 3.0]])).tolist()
    [1, 0]
    """
    if np.can_cast(values.dtype, np.float32):
        return np.zeros(values.shape[1], np.int64)
    exact = np.sort(values.T, axis=1)
    rounded = exact.astype(np.float32)  # rounding keeps the order
    return ((exact[:, 1:] != exact[:, :-1]) & (rounded[:, 1:] == rounded[:, :-1])).sum(1)


def warn_of_ties(ties: np.ndarray, matrix: Matrix, blocks: int) -> None:
    """Warn of values that differ in the file but are equal as float32."""
    if ties.any():
        warnings.warn(
            f"{'at least ' if blocks > 1 else ''}{ties.sum():,} values of {np.count_nonzero(ties):,} units of "
            f"{matrix.layer.name} become equal to other values as float32; if such differences matter, subtract a "
            "baseline before importing, or measure the array with unitscope.measure",
            UnitscopeWarning,
            stacklevel=4,
        )
