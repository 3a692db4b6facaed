"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.", show_default=False)]
ModelSpec = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="torchvision:NAME, timm:NAME, hf:OWNER/NAME, py:FILE.py:FUNCTION (runs that code), or demo:",
        show_default=False,
    ),
]
ModelOptions = Annotated[
    list[str],
    typer.Option(
        "-M",
        metavar="KEY=VALUE",
        help="Model option, e.g. resize=256, crop=224, weights=none; repeatable.",
        default_factory=list,
        show_default=False,
    ),
]
DataOptions = Annotated[
    list[str],
    typer.Option(
        "-D",
        metavar="KEY=VALUE",
        help="Data option, e.g. limit=100, classes=names.csv; repeatable.",
        default_factory=list,
        show_default=False,
    ),
]
Items = Annotated[
    str | None,
    typer.Option(
        metavar="correct|all",
        help="Use correctly classified items or all; default: correct where the run has predictions.",
        show_default=False,
    ),
]
