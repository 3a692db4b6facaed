"""``unitscope record``: record the units of a network."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UnitscopeError
from .options import DataOptions, ModelOptions, ModelSpec, On, command_of, given_words
from .show import OUT, in_bytes, print_next, progress_bar, table
from .status import print_status


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(record)


def record(
    context: typer.Context,
    model: ModelSpec,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="folder:DIR, csv:FILE, torchvision:NAME, hf:NAME, py:FILE.py:FUNCTION (runs that code), or demo:",
            show_default=False,
        ),
    ],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory to make or to go on with.")],
    layers: Annotated[
        str,
        typer.Option(
            help="Layers by name or glob, separated by commas: 'features.*,classifier.1'.", show_default=False
        ),
    ],
    model_options: ModelOptions,
    data_options: DataOptions,
    reduction: Annotated[str, typer.Option(help="How a map becomes one number: max, mean or centre.")] = "max",
    batch_size: Annotated[int, typer.Option(help="Items per forward pass.")] = 64,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32, or tf32 to let CUDA multiply with fewer bits.")] = "float32",
    dtype: Annotated[str, typer.Option(help="Stored as float32, or float16 (half the size; values tie).")] = "float32",
    predictions: Annotated[bool, typer.Option(help="Compare the network's outputs with the labels.")] = True,
    label_map: Annotated[
        Path | None, typer.Option(help="CSV with columns class and output, where names and order do not tell.")
    ] = None,
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Leave out items that cannot be read; they are listed in the run.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that load items.", show_default="one per core")
    ] = None,
    store: Annotated[
        bool,
        typer.Option(
            "--store/--no-store",
            help="Store the activations, or count them into histograms that the measures follow from within a bound.",
        ),
    ] = True,
    bins_per_octave: Annotated[
        int | None,
        typer.Option(
            help="With --no-store: bins for each doubling of the value, 128, 32 or 8.",
            show_default="what fits into memory",
        ),
    ] = None,
    items: Annotated[
        str | None,
        typer.Option(
            metavar="correct|all",
            help="With --no-store: which items to count.",
            show_default="correct where there are predictions",
        ),
    ] = None,
    memory: Annotated[
        float | None,
        typer.Option(help="With --no-store: GB of memory that may be taken.", show_default="80 % of what is free"),
    ] = None,
    on: On = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N|auto",
            help="Record only this share of the blocks: 1/16 to 16/16; auto reads SLURM_ARRAY_TASK_ID, or RANK and "
            "WORLD_SIZE.",
            show_default="all",
        ),
    ] = None,
    print_slurm: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Print an sbatch script that does this in N shards, and stop."),
    ] = None,
) -> None:
    """Record a network's activations over labelled items. The same command again goes on where it stopped."""
    from ..compute import batch_script

    if print_slurm is not None:
        words = given_words(context, "--on", "--shard", "--print-slurm")
        print(batch_script(words, f"unitscope-{run.resolve().name}", print_slurm), end="")
        return
    from ..data import load_data
    from ..models import load_model
    from ..recording import RecordingSettings, record_run, record_shard
    from ..specs import parse_options

    if on is not None and shard is not None:
        raise UnitscopeError("--on and --shard exclude each other; use --on, or --shard in every job of an array")
    # Options are named as the settings are.
    names = [field.name for field in fields(RecordingSettings)]
    given = {name: value for name, value in context.params.items() if name in names}
    given["label_map"] = None if label_map is None else str(label_map)
    given["memory"] = None if memory is None else memory * 1e9
    settings = RecordingSettings(**given)
    command = command_of(context, run, "--on", "--shard", "--print-slurm")
    with progress_bar() as progress:
        loaded = load_model(model, **parse_options(model_options)), load_data(data, **parse_options(data_options))
        if shard is not None:
            status = record_shard(*loaded, run, shard, settings, command=command, on_plan=print_plan, progress=progress)
        else:
            made = record_run(*loaded, run, settings, on=on, command=command, on_plan=print_plan, progress=progress)
    if shard is not None:
        print_status(status)
        return
    OUT.print(f"recorded {made.manifest.n_items:,} items in {made.directory}")
    if len(made.skipped):
        OUT.print(
            f"left out {len(made.skipped)} unreadable item{'s' * (len(made.skipped) != 1)}; skipped.parquet lists them",
            style="yellow",
        )
    if made.manifest.predictions:
        correct = made.items["correct"]
        OUT.print(f"correctly classified: {correct.sum():,} ({correct.mean():.4f})")
    print_next(made.directory)


def print_plan(plan: "Plan") -> None:  # type: ignore[name-defined]  # noqa: F821 (importing it would load PyTorch)
    """Print what will be written."""
    manifest = plan.manifest
    rows = [
        [layer.name, f"{layer.units:,}", "x".join(map(str, layer.positions)) or "-", in_bytes(plan.layer_bytes(layer))]
        for layer in plan.layers
    ]
    OUT.print(table(["layer", "units", "map", "memory" if manifest.histograms else "at most"], rows, numbers=(1, 3)))
    if manifest.histograms:
        space = (
            f"{manifest.histograms['items']} items are counted in {manifest.histograms['bins_per_octave']} bins per "
            f"octave, not stored: about {in_bytes(plan.total_bytes)} of memory"
        )
    else:
        space = f"at most {in_bytes(plan.total_bytes)} of {manifest.dtype} before compression"
    OUT.print(
        f"{manifest.n_items:,} items in {manifest.n_blocks} block{'s' * (manifest.n_blocks != 1)} "
        f"of {manifest.block_items:,}; {space}; on {plan.settings.device}",
        soft_wrap=True,
    )
    OUT.print(f"preprocessing: {manifest.identity['preprocessing']}", soft_wrap=True)
    OUT.print(f"labels: {plan.matched}")
