"""``import``: a run from a file of activations and labels."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..progress import Progress, no_progress
from ..run import BLOCK_ITEMS, Manifest, Run, create_run, layout, open_run
from ..run.lock import alone
from ..run.repair import remember_command
from ..specs import first_line
from . import annotated, named, paper, tables
from .average import average
from .check import check_block, count_new_ties, warn_of_ties
from .found import Choice, Found, need, split_names
from .identity import describe_run
from .labels import add_labels, has_column, possible_counts
from .orient import ROWS
from .settle import Settled, settle

FORMATS = ".npz, .npy, CSV, .h5, .h5ad, and folders of the paper's .h5 files or of an export's tables"


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
    """Make a run of activations that were recorded elsewhere: of any network, or of real neurons.

    The format is told by the file's content. The same call again goes on with an unfinished import; a finished
    one is returned as it is. ``docs/import-export.md`` lists what each format may hold.

    Parameters
    ----------
    path
        ``.npz``, ``.npy``, CSV, ``.h5``, ``.h5ad``, or a folder: of the paper's ``.h5`` files, or of tables that
        `export_run` wrote.
    directory
        The run directory to make or to go on with.
    activations
        Names or globs, separated by commas, of the matrices (in a table: of the columns) that are activations;
        default: all that can be.
    label
        Column, key or dataset of labels, if not ``label`` or ``labels``; of `labels` if that is given. Labels are
        class names or numbers, one per item, or a table of items x classes of 0 and 1.
    labels
        A file of labels, ``.npy`` or CSV; further columns of a CSV are kept as columns of the items.
    predicted
        Column, key or dataset of the network's answers, if not ``predicted``: classes, or their numbers. It may be
        a column of `labels`.
    classes
        CSV that gives classes readable names: columns ``name`` and ``class`` or ``wnid``.
    layer
        What the only layer is called; default: as in the file, or ``units``.
    rows
        What the rows of a matrix are, ``"items"`` or ``"units"``; default: as the number of labels tells, and items
        where there are none to tell.
    item_columns
        Numeric columns of a table, separated by commas, that describe items and are no units.
    average_over
        Column of the items that names the stimulus; the trials of each become one item, their mean.
    block_items
        Items per block, the unit of reading, writing and resuming.
    command
        The command line that does this, with the word ``RUN`` for the directory; errors tell users to run it again.
    progress
        Called as the work goes on.

    Returns
    -------
    Run

    Raises
    ------
    UnitscopeError
        If the file, an option or a value is at fault; nothing is then written.

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
        raise UnitscopeError(f"the rows of a matrix are no {rows!r}; say --rows items or --rows units")
    apart = None if labels is None else Path(labels).expanduser()
    names = None if classes is None else Path(classes).expanduser()
    with understood(path):
        counts = possible_counts(apart, label) if apart else None
        # Answers stand in the file of labels if it has such a column.
        beside = predicted if apart and predicted and has_column(apart, predicted) else None
        choice = Choice(
            activations=activations,
            label=None if apart else label,
            predicted=None if beside else predicted,
            layer=layer,
            rows=rows,
            item_columns=tuple(split_names(item_columns)),
            average=average_over,
            counts=counts,
        )
        found = read_file(path, choice)
        if apart:
            found = add_labels(found, apart, label, beside)
        settled = settle(found, path, names)
        if average_over is not None:
            settled = average(settled, average_over, report)
    options = {
        "activations": activations, "label": label, "predicted": predicted, "layer": layer, "rows": rows,
        "item_columns": item_columns, "average_over": average_over,
    }  # fmt: skip
    files = {what: file for what, file in (("file", path), ("labels", apart), ("classes", names)) if file is not None}
    chosen = {name: value for name, value in options.items() if value is not None}
    manifest = describe_run(files, settled, chosen, block_items, report)
    manifest = replace(manifest, provenance=manifest.provenance | remember_command(command))
    if not (directory / layout.MANIFEST).exists():
        check(settled, manifest, report)
    writer = create_run(directory, manifest, settled.items, settled.classes, unit_columns=about_units(settled))
    with alone(directory, "importing"):
        for block in writer.blocks_to_do(contents=True):
            part = manifest.block(block)
            values = {matrix.layer.name: matrix.read(part).astype(np.float32).T for matrix in settled.matrices}
            guesses = None if settled.predictions is None else settled.predictions.iloc[part]
            writer.write_block(block, values, guesses)
            report("importing", part.stop, manifest.n_items)
        writer.finish()
    return open_run(directory)


@contextlib.contextmanager
def understood(path: Path) -> Iterator[None]:
    """Say of a file whose parts do not fit together that it is at fault, with what was noticed first."""
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, OSError) as error:
        raise UnitscopeError(
            f"{path} does not hold what it seems to ({first_line(error)}); docs/import-export.md says what each format "
            "may hold"
        ) from error


def read_file(path: Path, choice: Choice) -> Found:
    """Read what a file holds; its content tells its format."""
    if path.is_dir():
        return (tables if tables.is_folder(path) else paper).read_folder(path, choice)
    if not path.is_file():
        raise UnitscopeError(f"there is no file {str(path)!r} to import; check the path")
    with path.open("rb") as file:
        start = file.read(8192)
    if start.startswith(b"\x93NUMPY"):
        return named.read_npy(path, choice)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return read_hdf5(path, choice)
    if start.startswith(b"PK") and named.is_npz(path):
        return named.read_npz(path, choice)
    if not start or b"\0" in start or start.startswith(b"PK"):
        raise UnitscopeError(f"{path} is {'empty' if not start else 'of no known format'}; import reads {FORMATS}")
    return tables.read_csv(path, choice)


def read_hdf5(path: Path, choice: Choice) -> Found:
    """Tell the three layouts of HDF5 files apart."""
    h5py = need("h5py", path)
    try:
        with h5py.File(path, "r") as file:
            is_h5ad, is_paper = annotated.is_h5ad(file), paper.is_paper(file)
    except OSError as error:
        raise UnitscopeError(f"{path} is a damaged HDF5 file ({error}); copy or make it again") from error
    if is_h5ad:
        return annotated.read_h5ad(path, choice)
    return paper.read_paper(path, [path], choice) if is_paper else named.read_h5(path, choice)


def check(settled: Settled, manifest: Manifest, report: Progress) -> None:
    """Read everything once before anything is written: missing values, values that float32 cannot hold or part."""
    ids = settled.items["item_id"].tolist()
    ties = {matrix.layer.name: np.zeros(matrix.layer.units, np.int64) for matrix in settled.matrices}
    for block in range(manifest.n_blocks):
        rows = manifest.block(block)
        for matrix in settled.matrices:
            values = matrix.read(rows)
            check_block(values, matrix, ids[rows])
            ties[matrix.layer.name] += count_new_ties(values)
        report("checking", rows.stop, manifest.n_items)
    for matrix in settled.matrices:
        warn_of_ties(ties[matrix.layer.name], matrix, manifest.n_blocks)


def about_units(settled: Settled) -> pd.DataFrame | None:
    """Gather what the file says of units; a layer without names lends its units their ids."""
    if all(matrix.about is None for matrix in settled.matrices):
        return None
    parts = []
    for matrix in settled.matrices:
        part = pd.DataFrame(index=range(matrix.layer.units)) if matrix.about is None else matrix.about
        parts.append(part.assign(unit=[f"{matrix.layer.name}:{index}" for index in range(matrix.layer.units)]))
    about = pd.concat(parts, ignore_index=True)
    if "name" in about:
        about["name"] = about["name"].fillna(about["unit"])
    for name in about.select_dtypes(exclude=["number", "bool"]):  # of units of some layers the file may say nothing
        truths = all(isinstance(value, bool) for value in about[name].dropna().tolist())
        about[name] = about[name].astype(float) if truths else about[name].fillna("").astype(str)
    return about.drop(columns="unit")
