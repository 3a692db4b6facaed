"""The recording itself: from items through the network into the blocks of a run."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import LabelledItems, find_unreadable, load_data, without
from ..errors import UnitscopeError
from ..models import LoadedModel, load_model
from ..run import BLOCK_ITEMS, Manifest, Run, create_run, layout, open_run
from .batches import Inputs, batch_slices, load_batches
from .hooks import Taps, check_values
from .plan import Plan, check_disk, plan_recording
from .predictions import find_outputs, predict
from .writer import BackgroundWriter

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many items are done, and how many there are."""


def record(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    *,
    layers: str,
    reduction: str = "max",
    batch_size: int = 64,
    device: str = "auto",
    precision: str = "float32",
    dtype: str = "float32",
    predictions: bool = True,
    label_map: str | None = None,
    skip_unreadable: bool = False,
    workers: int | None = None,
    block_items: int = BLOCK_ITEMS,
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Record the activations of a network's units over labelled items.

    Every item is recorded, with the network's prediction. The same call again goes on with an unfinished run
    and ends up with the same bits as an uninterrupted one; a finished run is returned as it is.

    Parameters
    ----------
    model, data
        A loaded model and data, or their specs, e.g. ``"torchvision:alexnet"`` and ``"folder:images"``.
    directory
        The run directory to make or to go on with.
    layers
        Names or globs, separated by commas: ``"features.*,classifier.1"``.
    reduction
        How a map becomes one number per item: ``"max"``, ``"mean"`` or ``"centre"``.
    batch_size
        Items per forward pass.
    device
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    precision
        ``"float32"`` throughout, or ``"tf32"`` to let CUDA multiply with fewer bits.
    dtype
        How values are stored: ``"float32"``, or ``"float16"``, which makes many values tie.
    predictions
        Compare the network's outputs with the labels.
    label_map
        CSV with columns ``class`` and ``output``, where names and order do not tell.
    skip_unreadable
        Leave out items that cannot be read and list them in the run, instead of refusing to start.
    workers
        Processes that load items; default: one per core, at most 8.
    block_items
        Items per block, the unit of resuming.
    on_plan
        Called with the plan before anything is written.
    progress
        Called as the work goes on.

    Returns
    -------
    Run

    Raises
    ------
    UnitscopeError
        If the input is at fault. Blocks that were finished stay.
    """
    model = load_model(model) if isinstance(model, str) else model
    data = load_data(data) if isinstance(data, str) else data
    directory = Path(directory)
    if len(data) == 0:
        raise UnitscopeError(f"{data.spec} has no items; choose data with at least one")
    report = progress or (lambda doing, done, total: None)
    skipped = check_items(data, directory, skip_unreadable, report)
    readable = without(data, list(skipped)) if skipped else data
    plan = plan_recording(
        model,
        readable,
        layers=layers,
        reduction=reduction,
        batch_size=batch_size,
        device=device,
        precision=precision,
        dtype=dtype,
        predictions=predictions,
        label_map=label_map,
        block_items=block_items,
    )
    if on_plan:
        on_plan(plan)
    if not (directory / layout.MANIFEST).exists():
        check_disk(directory, plan, plan.manifest.n_blocks)
    left_out = data.items.iloc[list(skipped)][["item_id", "uri"]].assign(reason=list(skipped.values()))
    writer = create_run(directory, plan.manifest, readable.items, readable.classes, left_out)
    blocks = writer.blocks_to_do()
    check_disk(directory, plan, len(blocks))
    with BackgroundWriter(writer) as background:
        for block, activations, guesses in record_blocks(plan, blocks, workers, report):
            background.write(block, activations, guesses)
    writer.finish()
    return open_run(directory)


def check_items(data: LabelledItems, directory: Path, skip: bool, progress: Progress) -> dict[int, str]:
    """Find the items that cannot be read before anything is written; refuse them unless they may be skipped.

    A run that exists already was checked when it was made; what it skipped is read from it.
    """
    if (directory / layout.MANIFEST).exists():
        run = Run(directory, Manifest.read(directory))
        reasons = dict(zip(run.skipped["item_id"], run.skipped["reason"], strict=True))
        return {i: reasons[name] for i, name in enumerate(data.items["item_id"]) if name in reasons}
    unreadable = find_unreadable(data, lambda done: progress("checking items", done, len(data)))
    if unreadable and not skip:
        first, reason = next(iter(unreadable.items()))
        more = f" ({len(unreadable)} items cannot be read)" if len(unreadable) > 1 else ""
        raise UnitscopeError(
            f"{data.items['uri'].iloc[first]} cannot be read: {reason}{more}; mend or remove it, or record with "
            "--skip-unreadable"
        )
    return unreadable


def record_blocks(
    plan: Plan, blocks: list[int], workers: int | None, progress: Progress
) -> Iterator[tuple[int, dict[str, np.ndarray], pd.DataFrame | None]]:
    """Run the network over blocks of items; yield each block's number, activations and predictions."""
    import torch

    manifest = plan.manifest
    todo = batch_slices(manifest, blocks, plan.batch_size)
    labels = plan.data.items["label"].to_numpy()
    item_ids = plan.data.items["item_id"].to_numpy()
    done = manifest.n_items - sum(rows.stop - rows.start for _, rows in todo)
    progress("recording", done, manifest.n_items)
    loaded = load_batches(
        Inputs(plan.data, plan.model.preprocess),
        [rows for _, rows in todo],
        default_workers() if workers is None else workers,
        pin=plan.device == "cuda",
    )
    module = plan.model.module.to(plan.device)
    with torch.inference_mode(), exact_arithmetic(manifest), Taps(module, plan.layers, plan.reduction) as taps:
        activations: dict[str, np.ndarray] = {}
        scores: list[torch.Tensor] = []
        for (block, rows), batch in zip(todo, loaded, strict=True):
            whole = manifest.block(block)
            if rows.start == whole.start:
                activations = {
                    layer.name: np.empty((layer.units, whole.stop - whole.start), manifest.dtype)
                    for layer in plan.layers
                }
                scores = []
            names = [str(name) for name in item_ids[rows]]
            output = module(batch.to(plan.device, non_blocking=True))
            check_values(taps, plan.layers, names)
            columns = slice(rows.start - whole.start, rows.stop - whole.start)
            for layer in plan.layers:
                store(taps.values[layer.name].t().cpu().numpy(), activations[layer.name][:, columns], layer.name)
            if plan.class_outputs is not None:
                scores.append(find_outputs(output))
            done += rows.stop - rows.start
            progress("recording", done, manifest.n_items)
            if rows.stop == whole.stop:
                guesses = None
                if plan.class_outputs is not None:
                    ids = [str(name) for name in item_ids[whole]]
                    outputs = torch.cat(scores)
                    guesses = predict(outputs, labels[whole], plan.class_outputs, plan.probabilities, ids)
                yield block, activations, guesses


def store(values: np.ndarray, place: np.ndarray, layer: str) -> None:
    """Copy values into a block's array; refuse values that float16 cannot hold."""
    with np.errstate(over="ignore"):
        place[...] = values
    if place.dtype == np.float16 and not np.isfinite(place).all():
        raise UnitscopeError(f"layer {layer} has values beyond 65,504, the largest of float16; use --dtype float32")


@contextlib.contextmanager
def exact_arithmetic(manifest: Manifest) -> Iterator[None]:
    """Full float32 and repeatable kernels while recording, unless the run says TF32; settings are put back."""
    import torch

    tf32 = manifest.identity["computation"]["precision"] == "tf32"
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = (cudnn.allow_tf32, matmul.allow_tf32, cudnn.deterministic, cudnn.benchmark)
    cudnn.allow_tf32 = matmul.allow_tf32 = tf32
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        with torch.autocast("cuda", enabled=False), torch.autocast("cpu", enabled=False):
            yield
    finally:
        cudnn.allow_tf32, matmul.allow_tf32, cudnn.deterministic, cudnn.benchmark = before


def default_workers() -> int:
    """Choose how many processes load items: one per core that we may use, at most 8."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8)
