"""``unitscope ablate``: what the network can no longer do without each unit."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .analysis import run_analysis
from .options import DataOptions, Device, ItemsFrom, Network, On, RunPath, Threads, Trust, Workers, items_from

if TYPE_CHECKING:
    from ..run import Run


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(ablate)


def ablate(
    context: typer.Context,
    run: RunPath,
    data_options: DataOptions,
    layers: Annotated[
        str | None,
        typer.Option(metavar="PATTERNS", help="Layers of the run, as names or globs, by commas.", show_default="all"),
    ] = None,
    value: Annotated[
        str,
        typer.Option(
            metavar="zero|mean|resample",
            help="What a silenced unit gives: zero, its mean, or its map for another item.",
        ),
    ] = "zero",
    orders: Annotated[
        int,
        typer.Option(
            min=0,
            help="Random orders in which units are also removed one after the other; if any, by every measure, too.",
        ),
    ] = 0,
    network: Network = None,
    source: ItemsFrom = None,
    trust: Trust = False,
    device: Device = "auto",
    batch_size: Annotated[int, typer.Option(min=2, help="Items that the network sees at a time.")] = 64,
    workers: Workers = None,
    threads: Threads = None,
    on: On = None,
) -> None:
    """Silence every unit and measure what the network can no longer do; writes tables/ablation.parquet."""
    from ..ablation import ABLATION
    from ..ablation import ablate as silence

    def analyse(opened: "Run", **shared: Any) -> None:
        silence(
            opened,
            layers=layers,
            value=value,
            orders=orders,
            network=network,
            data=items_from(source, data_options),
            trust=trust,
            device=device,
            batch_size=batch_size,
            workers=workers,
            threads=threads,
            on=on,
            **shared,
        )

    run_analysis(context, run, ABLATION, analyse)
