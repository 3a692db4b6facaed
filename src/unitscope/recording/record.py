"""Recording all of a run, or one share of it."""

import warnings
from collections.abc import Callable
from pathlib import Path

from ..compute import Pool, find_shard
from ..data import LabelledItems
from ..errors import UnitscopeError, UnitscopeWarning
from ..models import LoadedModel
from ..progress import Progress, no_progress
from ..run import BLOCK_ITEMS, Run, Status, open_run, read_status
from .blocks import write_blocks
from .histograms import count_histograms
from .plan import Plan
from .settings import RecordingSettings
from .start import start_recording
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
        The command line that does this, ``unitscope record ... RUN ...`` with the word ``RUN`` for the directory; it is
        kept in the run's provenance, and `unitscope status` and errors tell users to run it again.
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
        If the input is at fault, another process records some of the blocks, or workers died. Blocks that were
        finished stay.
    """
    settings = RecordingSettings(
        layers=layers,
        reduction=reduction,
        batch_size=batch_size,
        device=device,
        precision=precision,
        dtype=dtype,
        predictions=predictions,
        label_map=label_map,
        skip_unreadable=skip_unreadable,
        workers=workers,
        block_items=block_items,
        store=store,
        bins_per_octave=bins_per_octave,
        items=items,
        memory=memory,
    )
    return record_run(model, data, directory, settings, on=on, command=command, on_plan=on_plan, progress=progress)


def record_run(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    settings: RecordingSettings,
    *,
    on: str | Pool | None = None,
    command: str = "",
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Record a run; like `record`, with the options as one object."""
    if not settings.store and on is not None:
        raise UnitscopeError(
            "--no-store counts in one process; leave --on out, or count shares of the items into runs of their own "
            "and add them up (unitscope.recording.add_runs)"
        )
    report = progress or no_progress
    plan, writer = start_recording(
        model,
        data,
        directory,
        settings,
        elsewhere=on is not None,
        command=command,
        on_plan=on_plan,
        progress=report,
    )
    if not settings.store:
        count_histograms(plan, writer, command, report)
    elif on is None:
        with writer.claim_blocks(progress=report) as blocks:
            write_blocks(plan, writer, blocks, report)
    else:
        record_elsewhere(describe_job(plan, writer.directory), writer, on, report)
    if not writer.finish():
        writer.refuse_unfinished()
    return open_run(directory)


def record_shard(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    shard: str,
    settings: RecordingSettings,
    *,
    command: str = "",
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress | None = None,
) -> Status:
    """Record one share of a run; processes that record other shares may run at the same time, anywhere.

    Whichever process comes first makes the run, and whichever comes last finishes it.

    Parameters
    ----------
    model, data, directory, command, on_plan, progress
        As for `record`.
    shard
        ``"3/16"``, counted from 1, or ``"auto"``; see `unitscope.compute.find_shard`.
    settings
        The options of `record`.

    Returns
    -------
    Status
        How far the whole run is.

    Raises
    ------
    UnitscopeError
        If the input is at fault, or another process records blocks of this share. Blocks that were finished stay.
    """
    if not settings.store:
        raise UnitscopeError(
            "--shard and --no-store exclude each other; count shares of the items into runs of their own and add them "
            "up (unitscope.recording.add_runs)"
        )
    share = find_shard(shard)
    report = progress or no_progress
    plan, writer = start_recording(model, data, directory, settings, command=command, on_plan=on_plan, progress=report)
    own = share.blocks(plan.manifest.n_blocks)
    if not own:
        warnings.warn(
            f"shard {share} has nothing to do: the run has {plan.manifest.n_blocks} blocks of "
            f"{plan.manifest.block_items:,} items, and a shard takes whole blocks",
            UnitscopeWarning,
            stacklevel=2,
        )
    with writer.claim_blocks(own, report) as blocks:
        write_blocks(plan, writer, blocks, report)
    if not writer.finish():
        writer.refuse_unfinished(own)
    return read_status(directory)
