"""``unitscope reproduce``: the paper's figures, tables and claims on a run."""

from pathlib import Path
from typing import Annotated

import typer

from .options import DataOptions, ItemsFrom, Overwrite, RunPath, Trust, items_from
from .show import OUT, progress_bar


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(reproduce)


def reproduce(
    run: RunPath,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write.", show_default=False)],
    data_options: DataOptions,
    others: Annotated[
        list[Path],
        typer.Option(
            "--with",
            metavar="RUN",
            help="A run of `unitscope simulate superposition`, for the claims on recurrent networks; repeatable.",
            default_factory=list,
            show_default=False,
        ),
    ],
    source: ItemsFrom = None,
    trust: Trust = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw every figure and table of the paper from a run, and list which of its claims hold in it."""
    from ..report import reproduce as write
    from ..run import open_run

    with progress_bar() as progress:
        counts = write(
            open_run(run),
            directory,
            data=items_from(source, data_options),
            trust=trust,
            overwrite=overwrite,
            others=[open_run(other) for other in others],
            progress=lambda done, total: progress("drawing", done, total),
        )
    for word, count in counts.items():
        OUT.print(f"{word}: {count}")
    OUT.print(f"page: {directory / 'index.html'} (and index.md)", soft_wrap=True)
