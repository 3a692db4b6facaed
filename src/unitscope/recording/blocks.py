"""The recording itself: from items through the network into the blocks of a run."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..models import class_scores, cut_batches, reduce_positions, run_batches
from ..progress import Progress
from ..run import Manifest, RunWriter
from .plan import Plan
from .predictions import predict
from .writer import BackgroundWriter

if TYPE_CHECKING:
    import torch


def write_blocks(plan: Plan, writer: RunWriter, blocks: list[int], progress: Progress) -> None:
    """Record some blocks and write them, each while the network computes the next."""
    with BackgroundWriter(writer) as background:
        for block, activations, guesses in record_blocks(plan, blocks, progress):
            background.write(block, activations, guesses)


def record_blocks(
    plan: Plan, blocks: list[int], progress: Progress
) -> Iterator[tuple[int, dict[str, np.ndarray], pd.DataFrame | None]]:
    """Run the network over blocks of items; yield each block's number, activations and predictions."""
    manifest, settings = plan.manifest, plan.settings
    todo = block_batches(manifest, blocks, settings.batch_size)
    done = manifest.n_items - sum(len(items) for _, items in todo)
    progress("recording", done, manifest.n_items)
    passes = run_batches(
        plan.model,
        plan.data,
        [items for _, items in todo],
        plan.layers,
        take=functools.partial(reduce_positions, reduction=settings.reduction),
        device=settings.device,
        precision=settings.precision,
        workers=settings.workers,
    )
    activations: dict[str, np.ndarray] = {}
    scores: list[torch.Tensor] = []
    with contextlib.closing(passes):
        for (block, items), batch in zip(todo, passes, strict=True):
            whole = manifest.block(block)
            if items[0] == whole.start:
                activations = {
                    layer.name: np.empty((layer.units, whole.stop - whole.start), manifest.dtype)
                    for layer in plan.layers
                }
                scores = []
            columns = slice(items[0] - whole.start, items[-1] + 1 - whole.start)
            for name, values in batch.taken.items():
                store(values.t().cpu().numpy(), activations[name][:, columns], name)
            if plan.class_outputs is not None:
                scores.append(class_scores(batch.output))
            done += len(items)
            progress("recording", done, manifest.n_items)
            if items[-1] == whole.stop - 1:
                yield block, activations, predict_block(plan, whole, scores)


def block_batches(manifest: Manifest, blocks: list[int], batch_size: int) -> list[tuple[int, Sequence[int]]]:
    """Cut blocks into batches that never cross a block's edge, so that resuming repeats the very same batches.

    Examples
    --------
    >>> manifest = Manifest(identity={}, layers=(), n_items=10, block_items=4)
    >>> block_batches(manifest, [1, 2], 3)
    [(1, range(4, 7)), (1, range(7, 8)), (2, range(8, 10))]
    """
    return [
        (block, batch)
        for block in blocks
        for rows in [manifest.block(block)]
        for batch in cut_batches(range(rows.start, rows.stop), batch_size)
    ]


def predict_block(plan: Plan, rows: slice, scores: "list[torch.Tensor]") -> pd.DataFrame | None:
    """Compare the class scores of a block's items with their labels; None without predictions."""
    import torch

    if plan.class_outputs is None:
        return None
    items = plan.data.items.iloc[rows]
    return predict(
        torch.cat(scores),
        items["label"].to_numpy(),
        plan.class_outputs,
        plan.probabilities,
        [str(name) for name in items["item_id"]],
    )


def store(values: np.ndarray, place: np.ndarray, layer: str) -> None:
    """Copy values into a block's array; refuse values that float16 cannot hold."""
    with np.errstate(over="ignore"):
        place[...] = values
    if place.dtype == np.float16 and not np.isfinite(place).all():
        raise UnitscopeError(f"layer {layer} has values beyond 65,504, the largest of float16; use --dtype float32")
