"""The ``unitscope`` command: the groups of commands, and errors in one sentence."""

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import typer

from ..errors import UnitscopeError, UnitscopeWarning
from ..version import __version__
from . import (
    ablate,
    analyse,
    compare,
    demo,
    dissect,
    exchange,
    features,
    figure,
    layers,
    measure,
    record,
    report,
    reproduce,
    simulate,
    status,
)
from .show import ERRORS


class Commands(analyse.Analyses):
    """The commands; bad input is one sentence and exit status 2, Ctrl-C is exit status 130."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep the words of the command line, for commands that advise to run it again."""
        ctx.meta["unitscope.words"] = list(args)
        with one_sentence():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with one_sentence():
            return super().invoke(ctx)


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """Print errors as one sentence and exit: with status 2, or 130 after Ctrl-C."""
    try:
        yield
    except UnitscopeError as error:
        stop(str(error), 2)
    except FileNotFoundError as error:  # commands check their input first, so it was removed since
        if error.filename is None:
            raise
        stop(f"{error.filename} was removed while this command ran; restore it, or run the same command again", 2)
    except KeyboardInterrupt:
        stop("stopped; finished blocks are kept, and the same command continues from there", 130)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="How selective are the single units of a neural network? Every measure the literature uses, side by side.",
)
for group in (
    demo,
    layers,
    record,
    simulate,
    exchange,
    status,
    measure,
    features,
    dissect,
    ablate,
    compare,
    figure,
    report,
    reproduce,
):
    group.add_to(app)


@app.callback(invoke_without_command=True)
def version(show: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    """How selective are the single units of a neural network? Every measure, side by side."""
    if show:
        print(__version__)
        raise typer.Exit


def run() -> None:
    """Run the command line."""
    warnings.simplefilter("always", UnitscopeWarning)
    warnings.showwarning = show_warning
    app()


def stop(message: str, status: int) -> None:
    """Print a message to standard error and end with a status."""
    ERRORS.print(f"unitscope: {message}", style="red" if status == 2 else "yellow", soft_wrap=True)
    sys.exit(status)


def show_warning(message: Warning | str, category: type[Warning], *rest: object, **more: object) -> None:
    """Print warnings of Unitscope as one line; hide those of other libraries."""
    if issubclass(category, UnitscopeWarning):
        ERRORS.print(f"warning: {message}", style="yellow", soft_wrap=True)
