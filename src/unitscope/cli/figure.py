"""``unitscope figure``: the paper's plots."""

from pathlib import Path
from typing import Annotated

import typer

from .options import Items, RunPath
from .show import OUT

figures = typer.Typer(no_args_is_help=True, help="Draw a figure of the paper as PNG, SVG or PDF.")


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(figures, name="figure")


@figures.callback()
def figure() -> None:
    """Draw a figure of the paper as PNG, SVG or PDF."""


@figures.command()
def jitter(
    run: RunPath,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="A unit, LAYER:INDEX.", show_default=False)],
    classes: Annotated[
        list[str], typer.Option("--class", help="Class to mark; repeatable.", default_factory=list, show_default=False)
    ],
    items: Items = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write.", show_default="RUN/images/jitter/UNIT.png"),
    ] = None,
) -> None:
    """Draw a unit's activation to every item, one class marked (Figure 3, left)."""
    from ..figures import jitter as compute
    from ..figures import save_figure
    from ..run import open_run

    opened = open_run(run)
    drawn = compute(opened, unit, classes=classes or None, items=items)
    path = output or run / "images" / "jitter" / f"{unit.replace('/', '_').replace(':', '_')}.png"
    save_figure(drawn, path)
    OUT.print(str(path), markup=False, soft_wrap=True)
