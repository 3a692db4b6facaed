"""The recording itself: from items through the network into the blocks of a run."""

import contextlib
import os
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..errors import UnitscopeError
from ..measures.threads import n_cores
from ..run import Manifest, RunWriter
from .batches import Inputs, batch_slices, load_batches
from .begin import Progress
from .histogram_writer import HistogramWriter
from .hooks import Taps, check_values
from .plan import Plan
from .predictions import find_outputs, predict
from .writer import BackgroundWriter


def write_blocks(
    plan: Plan, writer: RunWriter | HistogramWriter, blocks: list[int], workers: int | None, progress: Progress
) -> None:
    """Record some blocks and write them, each while the network computes the next."""
    with BackgroundWriter(writer) as background:
        for block, activations, guesses in record_blocks(plan, blocks, workers, progress):
            background.write(block, activations, guesses)


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
    if plan.device == "cuda" and "LOCAL_RANK" in os.environ:  # several processes of a machine, each its own card
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
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
    return min(n_cores(), 8)


def check_workers(workers: int | None) -> None:
    """Refuse a number of processes that there cannot be."""
    if workers is not None and workers < 0:
        raise UnitscopeError(f"{workers} workers can load nothing; give at least 0, which loads items in this process")
