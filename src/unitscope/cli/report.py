"""``unitscope report``: one HTML file about a run."""

from pathlib import Path
from typing import Annotated

import typer

from .options import DataOptions, ItemsFrom, Overwrite, RunPath, Trust, items_from
from .show import OUT, progress_bar


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(report)


def report(
    run: RunPath,
    data_options: DataOptions,
    source: ItemsFrom = None,
    trust: Trust = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write.", show_default="RUN/report.html")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write one self-contained HTML file: what was recorded, every measure, units to look at."""
    from ..report import write_report
    from ..run import open_run

    with progress_bar() as progress:
        path = write_report(
            open_run(run),
            output,
            data=items_from(source, data_options),
            trust=trust,
            overwrite=overwrite,
            progress=lambda done, total: progress("drawing", done, total),
        )
    OUT.print(f"report: {path}", soft_wrap=True)
