"""Recording all of a run, or one share of it."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..compute import Pool, find_shard
from ..data import LabelledItems
from ..errors import UnitscopeError, UnitscopeWarning
from ..models import LoadedModel
from ..run import BLOCK_ITEMS, Manifest, Run, Status, layout, open_run, read_status
from ..run.lock import alone
from .begin import Progress, begin
from .blocks import check_workers, write_blocks
from .histogram_writer import HistogramWriter
from .memory import plan_histograms
from .plan import Plan
from .tasks import describe_job, record_elsewhere


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
    store: bool = True,
    bins_per_octave: int | None = None,
    items: str | None = None,
    memory: float | None = None,
    on: str | Pool | None = None,
    command: str = "",
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Record the activations of a network's units over labelled items.

    Every item is recorded, with the network's prediction. The same call again goes on with an unfinished run
    and, on the same machine, ends with the same bits as an uninterrupted one; a finished run is returned as it is.

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
    store
        Store the activations; otherwise they are counted into histograms, from which every measure follows within
        a bound that it states (``docs/streaming.md``).
    bins_per_octave, items, memory
        Without storing: bins for each doubling of the value, 128, 32 or 8 (default: the most that fit into
        memory); which items are counted, ``"correct"`` or ``"all"`` (default: correct ones where there are
        predictions); and how many bytes of memory may be taken (default: 80 % of what is free).
    on
        Where to record: ``None`` for this process; see `unitscope.compute.open_pool`. Model and data are then loaded
        by their specs where the tasks run. With ``device="auto"`` that is this machine's kind of device.
    command
        What to tell users to run again if the recording is stopped; kept in the run's provenance.
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
        If the input is at fault, or workers died. Blocks that were finished stay.
    """
    check_workers(workers)
    report = progress or (lambda doing, done, total: None)
    refine = None
    if not store:
        if on is not None:
            raise UnitscopeError(
                "--no-store counts in one process; leave --on out, or count shares of the items into runs of their own "
                "and add them up (unitscope.recording.add_runs)"
            )
        bins = bins_per_octave or bins_of(Path(directory))
        refine = functools.partial(plan_histograms, bins_per_octave=bins, items=items, memory=memory)
    elif (bins_per_octave, items, memory) != (None, None, None):
        raise UnitscopeError(
            "--bins-per-octave, --items and --memory are about histograms; give them with --no-store, or leave them out"
        )
    settings = {
        "layers": layers,
        "reduction": reduction,
        "batch_size": batch_size,
        "device": device,
        "precision": precision,
        "dtype": dtype,
        "predictions": predictions,
        "label_map": label_map,
        "block_items": block_items,
    }
    plan, writer = begin(
        model,
        data,
        directory,
        settings,
        skip_unreadable=skip_unreadable,
        elsewhere=on is not None,
        command=command,
        refine=refine,
        on_plan=on_plan,
        progress=report,
    )
    if not store:
        with alone(writer.directory, "counts into"):
            counter = HistogramWriter(writer, plan)
            write_blocks(plan, counter, counter.blocks_to_do(), workers, report)
    elif on is None:
        write_blocks(plan, writer, writer.blocks_to_do(), workers, report)
    else:
        record_elsewhere(describe_job(plan, writer.directory, settings, workers), writer, on, report)
    writer.finish()
    return open_run(directory)


def bins_of(directory: Path) -> int | None:
    """Return the bins per octave of the histograms that are in a directory, so that a recording goes on with them."""
    if not (directory / layout.MANIFEST).exists():
        return None
    return (Manifest.read(directory).histograms or {}).get("bins_per_octave")


def record_shard(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    shard: str,
    *,
    skip_unreadable: bool = False,
    workers: int | None = None,
    command: str = "",
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Status:
    """Record one share of a run; processes that record other shares may run at the same time, anywhere.

    Whichever process comes first makes the run, and whichever comes last finishes it.

    Parameters
    ----------
    model, data, directory, skip_unreadable, workers, command, on_plan, progress
        As for `record`.
    shard
        ``"3/16"``, counted from 1, or ``"auto"``; see `unitscope.compute.find_shard`.
    **settings
        The other parameters of `record`: ``layers`` and so on.

    Returns
    -------
    Status
        How far the whole run is.

    Raises
    ------
    UnitscopeError
        If the input is at fault. Blocks that were finished stay.
    """
    check_workers(workers)
    report = progress or (lambda doing, done, total: None)
    share = find_shard(shard)
    plan, writer = begin(
        model,
        data,
        directory,
        settings,
        skip_unreadable=skip_unreadable,
        command=command,
        on_plan=on_plan,
        progress=report,
    )
    own = share.blocks(plan.manifest.n_blocks)
    if not own:
        warnings.warn(
            f"shard {share} has nothing to do: the run has {plan.manifest.n_blocks} blocks of "
            f"{plan.manifest.block_items:,} items, and a shard takes whole blocks",
            UnitscopeWarning,
            stacklevel=2,
        )
    write_blocks(plan, writer, [block for block in writer.blocks_to_do() if block in own], workers, report)
    writer.finish()
    return read_status(directory)
