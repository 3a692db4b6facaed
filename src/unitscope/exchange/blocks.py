"""A run's activations, block by block of items, for those who write them into files."""

from collections.abc import Iterator

import numpy as np

from ..progress import Progress
from ..run import Run


def item_blocks(run: Run, layer: str, report: Progress) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of items of a layer: which items, and their values ``(items, units)``."""
    for number in range(run.manifest.n_blocks):
        rows = run.manifest.block(number)
        yield rows, run.item_activations(layer, rows)
        report(f"exporting {layer}", rows.stop, run.manifest.n_items)
