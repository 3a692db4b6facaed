"""``unitscope features``: what every unit looks at."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .analysis import run_analysis
from .options import DataOptions, Device, Items, ItemsFrom, Network, On, RunPath, Threads, Trust, Workers, items_from
from .show import OUT

if TYPE_CHECKING:
    from ..run import Run


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(features)


def features(
    context: typer.Context,
    run: RunPath,
    data_options: DataOptions,
    items: Items = None,
    count: Annotated[int, typer.Option(min=1, help="Number of most active items of each unit.")] = 100,
    grey: Annotated[
        str,
        typer.Option(
            metavar="pca|pca-crop|luma601|luma709",
            help="How items lose their colour: along the main axis of their colours; along that of what each unit sees "
            "(a pass for each unit and item); or to brightness.",
        ),
    ] = "pca",
    turned: Annotated[
        int,
        typer.Option(
            min=0,
            help="Number of these to show rotated and mirrored, for orientation and symmetry: 27 more passes for each "
            "unit and item.",
        ),
    ] = 0,
    network: Network = None,
    source: ItemsFrom = None,
    trust: Trust = False,
    device: Device = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Items that the network sees at a time.")] = 32,
    workers: Workers = None,
    threads: Threads = None,
    on: On = None,
) -> None:
    """Find what every unit looks at: top items, neuron features, colour; writes tables/features.parquet and images."""
    from ..features import FEATURES, find_features

    def analyse(opened: "Run", **shared: Any) -> None:
        find_features(
            opened,
            items=items,
            count=count,
            grey=grey,
            network=network,
            data=items_from(source, data_options),
            trust=trust,
            device=device,
            batch_size=batch_size,
            workers=workers,
            turned=turned,
            threads=threads,
            on=on,
            **shared,
        )

    note = f"a sheet of each layer and an image of each unit are in {run / 'images' / FEATURES}"
    run_analysis(context, run, FEATURES, analyse, show=lambda: OUT.print(note, soft_wrap=True))
