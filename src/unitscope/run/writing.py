"""Create a run, write it block by block, and finish it."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from . import layout
from .activations import create_arrays, open_array, restore_arrays, shard_path
from .atomic import whole_directory
from .files import explain_errors, read_parquet, write_parquet
from .inside import check_links
from .ledger import check_blocks, enter_block, entry_path, format_ranges
from .lock import claim
from .manifest import Layer, Manifest
from .repair import repair_step


def create_run(
    directory: str | Path,
    manifest: Manifest,
    items: pd.DataFrame,
    classes: pd.DataFrame,
    skipped: pd.DataFrame | None = None,
    unit_columns: pd.DataFrame | None = None,
) -> "RunWriter":
    """Create a run, or continue an existing one if it is the same run.

    Missing or damaged files of an existing run, other than blocks, are written again.

    Parameters
    ----------
    directory
        The run directory; it must not exist, be empty, or hold a run of equal identity.
    manifest
        What will be recorded.
    items
        One row per item in item order: ``item_id``, ``uri``, ``label`` (index into `classes`), and any more.
    classes
        One row per class: ``class``, ``name``, and any more.
    skipped
        Items that could not be read: ``item_id``, ``uri``, ``reason``.
    unit_columns
        Further columns of ``units.parquet``, such as ``name``, in the order of layers and units.

    Returns
    -------
    RunWriter

    Raises
    ------
    UnitscopeError
        If `directory` holds something else; nothing in it is changed.

    See Also
    --------
    open_run : Open the finished run.

    Examples
    --------
    >>> import tempfile
    >>> manifest = Manifest({"model": "made up"}, (Layer("fc", 2),), n_items=3, predictions=False)
    >>> items = pd.DataFrame({"item_id": ["a", "b", "c"], "uri": "", "label": [0, 0, 1]})
    >>> classes = pd.DataFrame({"class": ["cat", "dog"], "name": ["cat", "dog"]})
    >>> writer = create_run(Path(tempfile.mkdtemp()) / "run", manifest, items, classes)
    >>> writer.write_block(0, {"fc": np.array([[1, 2, 3], [0, 0, 4]])})
    >>> writer.finish()
    True
    >>> from unitscope.run import open_run
    >>> open_run(writer.directory).unit_activations("fc:1").tolist()
    [0.0, 0.0, 4.0]
    """
    directory = Path(directory)
    tables = {
        layout.ITEMS: items,
        layout.CLASSES: classes,
        layout.UNITS: pd.concat([list_units(manifest.layers), unit_columns], axis=1),
    }
    if skipped is not None and not skipped.empty:
        tables[layout.SKIPPED] = skipped
    if is_free(directory):
        with explain_errors(directory):
            create(directory, manifest, tables)
    existing = Manifest.read(directory)
    check_links(directory)
    differences = existing.differences(manifest)
    if differences:
        raise UnitscopeError(
            f"{directory} holds another run ({'; '.join(differences[:4])}); choose another directory or delete this one"
        )
    with explain_errors(directory):
        restore(directory, existing, tables)
    return RunWriter(directory, existing)


def is_free(directory: Path) -> bool:
    """Return whether a run can be created here; false if there already is one.

    Raises
    ------
    UnitscopeError
        If the directory contains something else.
    """
    if (directory / layout.MANIFEST).exists():
        return False
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return True
    if (directory / layout.MANIFEST).exists():  # another process of the same recording has just created it
        return False
    raise UnitscopeError(f"{directory} is neither a run nor empty; choose another directory for the run")


def create(directory: Path, manifest: Manifest, tables: dict[str, pd.DataFrame]) -> None:
    """Create the run directory with its tables and empty arrays, under a temporary name until it is complete."""
    try:
        with whole_directory(directory) as temporary:
            for name, frame in tables.items():
                write_parquet(temporary / name, frame)
            if manifest.histograms is None:
                create_arrays(temporary, manifest)
            (temporary / layout.LEDGER).mkdir()
            manifest.write(temporary)
    except OSError:
        # Another process may have created the run first; the caller compares it.
        if not (directory / layout.MANIFEST).exists():
            raise


def restore(directory: Path, manifest: Manifest, tables: dict[str, pd.DataFrame]) -> None:
    """Write missing or damaged tables and array descriptions of a run again."""
    for name, frame in tables.items():
        try:
            read_parquet(directory / name, "")
        except (UnitscopeError, FileNotFoundError):
            write_parquet(directory / name, frame)
    (directory / layout.LEDGER).mkdir(exist_ok=True)
    if manifest.histograms is None:
        restore_arrays(directory, manifest)


def list_units(layers: tuple[Layer, ...]) -> pd.DataFrame:
    """Return the table of units: ID, layer, index, reduction, and the size of the map that was reduced."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "unit": [f"{layer.name}:{index}" for index in range(layer.units)],
                    "layer": layer.name,
                    "index": np.arange(layer.units),
                    "reduction": layer.reduction,
                    "map_height": layer.positions[0] if layer.positions else 1,
                    "map_width": int(np.prod(layer.positions[1:])),
                }
            )
            for layer in layers
        ],
        ignore_index=True,
    )


class RunWriter:
    """Writes the blocks of one run. Several processes may write different blocks of one run.

    Attributes
    ----------
    directory
        The run directory.
    manifest
        Its manifest.

    See Also
    --------
    create_run : Creates the run and returns this; its example shows both.
    """

    def __init__(self, directory: Path, manifest: Manifest):
        self.directory = directory
        self.manifest = manifest
        self._since = time.perf_counter()

    def blocks_to_do(self, contents: bool = False) -> list[int]:
        """Return the missing and damaged blocks; `contents` also compares the digests of their files."""
        return check_blocks(self.directory, self.manifest, contents=contents).to_do

    @contextlib.contextmanager
    def claim_blocks(
        self, blocks: Iterable[int] | None = None, progress: Callable[[str, int, int], None] | None = None
    ) -> Iterator[list[int]]:
        """Claim blocks for this process and yield the missing and damaged ones among them.

        Parameters
        ----------
        blocks
            The blocks to claim; default: all. Blocks that another process has claimed are skipped.
        progress
            Called while existing blocks are verified, with a description, the number of blocks done, and their total.
        """
        with claim(self.directory / layout.CLAIMS, range(self.manifest.n_blocks) if blocks is None else blocks) as own:
            written = [block for block in own if entry_path(self.directory, block).exists()]

            def count(done: int) -> None:
                if progress:
                    progress("verifying blocks", done, len(written))

            damaged = check_blocks(self.directory, self.manifest, contents=True, blocks=written, progress=count).to_do
            yield sorted({*own} - {*written} | {*damaged})

    def refuse_unfinished(self, blocks: Iterable[int] | None = None) -> None:
        """Raise if blocks are unfinished because another process is recording them."""
        left = check_blocks(self.directory, self.manifest, blocks=blocks).to_do
        with claim(self.directory / layout.CLAIMS, left) as free:
            claimed = sorted({*left} - {*free})
        if claimed:
            raise UnitscopeError(
                f"another process is recording block{'s' * (len(claimed) > 1)} {format_ranges(claimed)} of "
                f"{self.directory}; wait until it is done or stop it (see: unitscope status {self.directory}), "
                "then run the same command again"
            )

    def write_block(
        self, block: int, activations: dict[str, np.ndarray], predictions: pd.DataFrame | None = None
    ) -> None:
        """Write one block of items and enter it in the ledger.

        Parameters
        ----------
        block
            The block's number.
        activations
            For every layer the values as (units, items of the block).
        predictions
            ``predicted``, ``correct``, ``probability`` of the block's items; required if the manifest has predictions.
        """
        self._check_identity()
        with explain_errors(self.directory):
            try:
                # A block that is written again is not finished while it is being written.
                entry_path(self.directory, block).unlink(missing_ok=True)
                files = [self.write_shard(layer, block, activations[layer.name]) for layer in self.manifest.layers]
                files += self.write_predictions(block, predictions)
                enter_block(self.directory, block, files, time.perf_counter() - self._since)
            except FileNotFoundError as error:
                raise UnitscopeError(
                    f"another process is writing block {block} of {self.directory}; "
                    "stop one of them and run the same command again"
                ) from error
        self._since = time.perf_counter()

    def write_shard(self, layer: Layer, block: int, activations: np.ndarray) -> Path:
        """Write one block of a layer's activations, ``(units, items of the block)``; return the file."""
        path = shard_path(self.directory, layer, block)
        # A damaged shard must not be read back into the new one; a process that was killed leaves parts of one.
        for old in path.parent.glob("*"):
            old.unlink(missing_ok=True)
        open_array(self.directory, self.manifest, layer, "r+")[self.manifest.block(block)] = activations.T
        return path

    def write_predictions(self, block: int, predictions: pd.DataFrame | None) -> list[Path]:
        """Write one block's predictions, if the manifest has predictions; return the files."""
        if not self.manifest.predictions:
            return []
        if predictions is None:
            raise ValueError("this run needs predictions")
        path = predictions_path(self.directory, block)
        with explain_errors(self.directory):
            write_parquet(path, predictions)
        return [path]

    def finish(self) -> bool:
        """Add the predictions to ``items.parquet`` if all blocks are finished; return whether they are."""
        if self.blocks_to_do():
            return False
        if self.manifest.predictions:
            gather_predictions(self.directory, self.manifest)
        return True

    def _check_identity(self) -> None:
        """Raise if the directory holds another run by now: a task may outlive its command."""
        differences = Manifest.read(self.directory).differences(self.manifest)
        if differences:
            raise UnitscopeError(
                f"{self.directory} holds another run since this recording began ({differences[0]}); "
                "record into another directory"
            )


def predictions_path(directory: Path, block: int) -> Path:
    """Return the file of a block's predictions."""
    return directory / layout.PREDICTIONS / f"{block:06d}.parquet"


def gather_predictions(directory: Path, manifest: Manifest) -> None:
    """Add the predictions of all blocks to ``items.parquet``; several processes may do so at the same time."""
    path, remedy = directory / layout.ITEMS, repair_step(directory, manifest)
    items = read_parquet(path, remedy).to_pandas()
    files = [predictions_path(directory, block) for block in range(manifest.n_blocks)]
    parts = [read_parquet(file, remedy).to_pandas() for file in files]
    predictions = pd.concat(parts, ignore_index=True)
    with explain_errors(directory):
        write_parquet(path, items.assign(**{name: predictions[name] for name in predictions}))
