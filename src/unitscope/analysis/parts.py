"""Finished blocks of an unfinished analysis, kept in the run until all are finished.

Parts are in ``tables/.TABLE-DIGEST/``, where DIGEST is a hash of the parameters, so that parts of analyses with other
parameters are never mixed. A part is ``NAME.parquet`` (rows of the table; its metadata say which process
computed how many units or items), written last, and ``NAME.npz`` (arrays); its images are in ``images/``.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import UnitscopeError
from ..run import ItemBlock, Run, UnitBlock
from ..run.files import explain_errors, whole_file, write_json, write_npz, write_parquet
from ..run.layout import TABLES
from ..run.ledger import this_worker
from ..run.repair import remember_command
from ..run.tables import digest_of
from .analysis import Part, StoredPart
from .images import replace_images

SETTINGS = "parameters.json"


class Parts:
    """The parts of one analysis of one run.

    Parameters
    ----------
    run
        The run.
    table
        The table that the analysis makes.
    parameters
        Its parameters.
    """

    def __init__(self, run: Run, table: str, parameters: dict[str, Any]):
        self.run = run
        self.table = table
        self.parameters = parameters
        self.directory = run.directory / TABLES / f".{table}-{digest_of(parameters)}"

    def prepare(self, command: str, blocks: Sequence[UnitBlock | ItemBlock]) -> None:
        """Keep the parts of an unfinished analysis with these parameters; remove those of any other.

        `command`, which continues the analysis, and the kind of its blocks are kept beside them for
        ``unitscope status``.
        """
        for other in self.directory.parent.glob(f".{self.table}-*"):
            if other != self.directory:
                shutil.rmtree(other, ignore_errors=True)
        if not (self.directory / SETTINGS).exists():
            kind = {"blocks": "items" if isinstance(blocks[0], ItemBlock) else "units"}
            write_json(self.directory / SETTINGS, self.parameters | kind | remember_command(command))

    def missing(self, blocks: Sequence[UnitBlock | ItemBlock]) -> list[UnitBlock | ItemBlock]:
        """Return the blocks that no part covers."""
        written = list(self.directory.glob("[0-9]*.parquet"))
        done = {path.stem for path in written if path.with_suffix(".npz").exists()}
        sums = [ItemBlock.from_name(name) for name in done if "-" in name]
        return [
            block
            for block in blocks
            if (block.name not in done if isinstance(block, UnitBlock) else not any(of.covers(block) for of in sums))
        ]

    def write(self, block: UnitBlock | ItemBlock, part: Part) -> None:
        """Write a part; a sum of item blocks replaces smaller sums of the same blocks."""
        path = self.directory / f"{block.name}.parquet"
        worker = json.dumps({**this_worker(), "size": block.size})
        try:
            (self.directory / SETTINGS).stat()  # a task may outlive the command that submitted it
            with explain_errors(self.run.directory):
                write_npz(path.with_suffix(".npz"), dict(part.arrays))
                for name, content in part.images.items():
                    with whole_file(self.directory / "images" / name) as temporary:
                        temporary.write_bytes(content)
                write_parquet(path, part.frame, metadata={"unitscope": worker})
                if isinstance(block, ItemBlock):
                    self._largest_sums()
        except FileNotFoundError as error:
            raise UnitscopeError(
                f"another process finished or removed this analysis of {self.run.directory}; see "
                f"`unitscope status {self.run.directory}`"
            ) from error

    def read(self, blocks: Sequence[UnitBlock | ItemBlock]) -> list[StoredPart]:
        """Return the parts that cover all blocks, in order."""
        if blocks and isinstance(blocks[0], ItemBlock):
            return self._largest_sums()
        return [StoredPart(block, self.directory / f"{block.name}.parquet") for block in blocks]

    def _largest_sums(self) -> list[StoredPart]:
        """Return the sums over items, in order; those that a larger one covers too are removed."""
        # A process may have been killed between writing a larger sum and removing the smaller ones.
        sums = sorted(
            (ItemBlock.from_name(path.stem) for path in self.directory.glob("[0-9]*-[0-9]*.parquet")),
            key=lambda block: block.first,
        )
        kept = [block for block in sums if not any(other != block and other.covers(block) for other in sums)]
        for block in {*sums} - {*kept}:
            for suffix in (".parquet", ".npz"):
                (self.directory / f"{block.name}{suffix}").unlink(missing_ok=True)
        return [StoredPart(block, self.directory / f"{block.name}.parquet") for block in kept]

    def ending_at(self, item: int) -> StoredPart | None:
        """Return the sum over the items right before an item, if there is one."""
        return next((part for part in self._largest_sums() if part.block.last == item), None)

    def add_images(self, images: Iterable[tuple[str, bytes]]) -> None:
        """Add images to the run, with those of the parts; if that is stopped, all are written again."""
        for name, content in images:
            path = self.directory / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        replace_images(self.directory / "images", self.run.directory / "images" / self.table)

    def remove(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self.directory)
