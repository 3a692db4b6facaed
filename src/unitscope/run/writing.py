"""Making a run: create its directory in one move, write it block by block, finish it."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from . import layout
from .activations import create_arrays, open_array, restore_arrays, shard_path
from .atomic import creating
from .files import explained, read_parquet, write_parquet
from .inside import check_links
from .ledger import check_blocks, enter_block, entry_path, in_words
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
    """Create a run, or go on with the one that is there if it is the same run.

    Files of a run that is there are written again if they are missing or damaged.

    Parameters
    ----------
    directory
        Where the run is to stand; absent, empty, or a run of equal identity.
    manifest
        What will be recorded.
    items
        One row per item in item order: ``item_id``, ``uri``, ``label`` (index into `classes`), and any more.
    classes
        One row per class: ``class``, ``name``, and any more.
    skipped
        Items left out because they could not be read: ``item_id``, ``uri``, ``reason``.
    unit_columns
        What else is known of the units, in the order of layers and units: further columns of ``units.parquet``, as
        ``name``, what people call them.

    Returns
    -------
    RunWriter

    Raises
    ------
    UnitscopeError
        If `directory` holds something else; it is left as it was.
    """
    directory = Path(directory)
    if is_free(directory):
        with explained(directory):
            make_directory(directory, manifest, items, classes, skipped, unit_columns)
    existing = Manifest.read(directory)
    check_links(directory)
    differences = existing.differences(manifest)
    if differences:
        raise UnitscopeError(
            f"{directory} holds another run ({'; '.join(differences[:4])}); choose another directory or delete this one"
        )
    with explained(directory):
        restore(directory, existing, items, classes, skipped, unit_columns)
    return RunWriter(directory, existing)


def is_free(directory: Path) -> bool:
    """Say whether a run can be made here: false where there is one already.

    Raises
    ------
    UnitscopeError
        If something else is here.
    """
    if (directory / layout.MANIFEST).exists():
        return False
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return True
    if (directory / layout.MANIFEST).exists():  # another process of the same recording made it since we looked
        return False
    raise UnitscopeError(f"{directory} is neither a run nor empty; choose another place for the run")


def make_directory(
    directory: Path,
    manifest: Manifest,
    items: pd.DataFrame,
    classes: pd.DataFrame,
    skipped: pd.DataFrame | None,
    unit_columns: pd.DataFrame | None,
) -> None:
    """Make the whole directory beside its place and move it there, so that a crash leaves no half of a run."""
    try:
        with creating(directory) as making:
            for name, frame in own_tables(manifest, items, classes, skipped, unit_columns).items():
                write_parquet(making / name, frame)
            if manifest.histograms is None:
                create_arrays(making, manifest)
            (making / layout.LEDGER).mkdir()
            manifest.write(making)
    except OSError:
        # Another process of the same recording was first; whether it is the same run is checked next.
        if not (directory / layout.MANIFEST).exists():
            raise


def own_tables(
    manifest: Manifest,
    items: pd.DataFrame,
    classes: pd.DataFrame,
    skipped: pd.DataFrame | None,
    unit_columns: pd.DataFrame | None,
) -> dict[str, pd.DataFrame]:
    """Return the tables that a run has from its beginning, by the names of their files."""
    made = {
        layout.ITEMS: items,
        layout.CLASSES: classes,
        layout.UNITS: pd.concat([list_units(manifest.layers), unit_columns], axis=1),
    }
    return made if skipped is None or skipped.empty else {**made, layout.SKIPPED: skipped}


def restore(
    directory: Path,
    manifest: Manifest,
    items: pd.DataFrame,
    classes: pd.DataFrame,
    skipped: pd.DataFrame | None,
    unit_columns: pd.DataFrame | None,
) -> None:
    """Write again what is missing or damaged of a run besides its blocks; all of it follows from the arguments."""
    for name, frame in own_tables(manifest, items, classes, skipped, unit_columns).items():
        try:
            read_parquet(directory / name, "")
        except (UnitscopeError, FileNotFoundError):
            write_parquet(directory / name, frame)
    (directory / layout.LEDGER).mkdir(exist_ok=True)
    if manifest.histograms is None:
        restore_arrays(directory, manifest)


def list_units(layers: tuple[Layer, ...]) -> pd.DataFrame:
    """List the units of layers: id, layer, index, reduction and the size of the map behind the number."""
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
    """Writes the blocks of one run. Several processes may write one run, each its own blocks.

    Attributes
    ----------
    directory
        The run directory.
    manifest
        Its manifest.
    """

    def __init__(self, directory: Path, manifest: Manifest):
        self.directory = directory
        self.manifest = manifest
        self._since = time.perf_counter()

    def blocks_to_do(self, contents: bool = False) -> list[int]:
        """List the blocks that are missing or damaged; `contents` also compares the digests of their files."""
        return check_blocks(self.directory, self.manifest, contents=contents).to_do

    @contextlib.contextmanager
    def claim_blocks(
        self, blocks: Iterable[int] | None = None, progress: Callable[[str, int, int], None] | None = None
    ) -> Iterator[list[int]]:
        """Claim blocks for this process and yield those of them that are missing or damaged.

        Parameters
        ----------
        blocks
            The blocks to claim; default: all. Blocks that another process has claimed are left to it.
        progress
            Called while the blocks that are there are verified, with what is done, blocks done, and blocks in all.
        """
        with claim(self.directory / layout.CLAIMS, range(self.manifest.n_blocks) if blocks is None else blocks) as own:
            written = [block for block in own if entry_path(self.directory, block).exists()]

            def count(done: int) -> None:
                if progress:
                    progress("verifying blocks", done, len(written))

            damaged = check_blocks(self.directory, self.manifest, contents=True, blocks=written, progress=count).to_do
            yield sorted({*own} - {*written} | {*damaged})

    def refuse_unfinished(self, blocks: Iterable[int] | None = None) -> None:
        """Raise if blocks are not finished because another process records them now."""
        left = check_blocks(self.directory, self.manifest, blocks=blocks).to_do
        with claim(self.directory / layout.CLAIMS, left) as free:
            claimed = sorted({*left} - {*free})
        if claimed:
            raise UnitscopeError(
                f"another process records the block{'s' * (len(claimed) > 1)} {in_words(claimed)} of {self.directory} "
                f"now; wait until it is done or stop it (see: unitscope status {self.directory}), then run the same "
                "command again"
            )

    def write_block(
        self, block: int, activations: dict[str, np.ndarray], predictions: pd.DataFrame | None = None
    ) -> None:
        """Write one block of items, whole, and enter it in the ledger.

        Parameters
        ----------
        block
            The block's number.
        activations
            For every layer the values as (units, items of the block).
        predictions
            ``predicted``, ``correct``, ``probability`` of the block's items; needed if the manifest says so.
        """
        self._check_still_there()
        with explained(self.directory):
            try:
                # A block that is written again is not finished while it is being written.
                entry_path(self.directory, block).unlink(missing_ok=True)
                files = [self.write_shard(layer, block, activations[layer.name]) for layer in self.manifest.layers]
                files += self.write_predictions(block, predictions)
                enter_block(self.directory, block, files, time.perf_counter() - self._since)
            except FileNotFoundError as error:
                raise UnitscopeError(
                    f"another process is writing block {block} of {self.directory} at the same time; "
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
        """Write one block's predictions, if the manifest wants them; return the files."""
        if not self.manifest.predictions:
            return []
        if predictions is None:
            raise ValueError("this run wants predictions")
        path = predictions_path(self.directory, block)
        with explained(self.directory):
            write_parquet(path, predictions)
        return [path]

    def finish(self) -> bool:
        """Bring the predictions into ``items.parquet`` once every block is there; say whether it was so."""
        if self.blocks_to_do():
            return False
        if self.manifest.predictions:
            gather_predictions(self.directory, self.manifest)
        return True

    def _check_still_there(self) -> None:
        """Refuse to write into another run that was made in this place since: a task may outlive its command."""
        differences = Manifest.read(self.directory).differences(self.manifest)
        if differences:
            raise UnitscopeError(f"{self.directory} holds another run since this recording began ({differences[0]})")


def predictions_path(directory: Path, block: int) -> Path:
    """Return where a block's predictions stand."""
    return directory / layout.PREDICTIONS / f"{block:06d}.parquet"


def gather_predictions(directory: Path, manifest: Manifest) -> None:
    """Bring the predictions of all blocks into ``items.parquet``; several processes may do so at once."""
    path, remedy = directory / layout.ITEMS, repair_step(directory, manifest)
    items = read_parquet(path, remedy).to_pandas()
    files = [predictions_path(directory, block) for block in range(manifest.n_blocks)]
    parts = [read_parquet(file, remedy).to_pandas() for file in files]
    predictions = pd.concat(parts, ignore_index=True)
    with explained(directory):
        write_parquet(path, items.assign(**{name: predictions[name] for name in predictions}))
