"""Arguments and options that several commands share."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UnitscopeError

if TYPE_CHECKING:
    from ..data import LabelledItems

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
        help="Data option, e.g. limit=100 (items of each class), classes=names.csv; repeatable.",
        default_factory=list,
        show_default=False,
    ),
]
ConceptOptions = Annotated[
    list[str],
    typer.Option(
        "-C",
        metavar="KEY=VALUE",
        help="Option of the concepts, e.g. categories=object+part; repeatable.",
        default_factory=list,
        show_default=False,
    ),
]
Network = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="The network, if not where the run says; a py: spec given here runs that code.",
        show_default="as recorded",
    ),
]
ItemsFrom = Annotated[
    str | None,
    typer.Option(
        "--items-from",
        metavar="DATA",
        help="Where the run's items are, if not where it says; a py: spec given here runs that code.",
        show_default="as recorded",
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Open the run's network and items even if that can run code which you have not recorded with on this "
        "machine.",
    ),
]
Centred = Annotated[
    bool,
    typer.Option(
        "--centred",
        help="Place the points of maps at the centres of their receptive fields, instead of stretching the maps.",
    ),
]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where the network runs.")]
Workers = Annotated[
    int | None, typer.Option(min=0, help="Processes that load items.", show_default="one per core, at most 8")
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use.", show_default="one per core")]
On = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE",
        help="Where to run: local:4 (processes), dask:tcp://HOST:8786, slurm or slurm:jobs=8,partition=NAME,time=120.",
        show_default="this process",
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


Overwrite = Annotated[bool, typer.Option("--overwrite", help="Also replace files that Unitscope did not write.")]
Measures = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...", help="Columns of tables: auc, or dissection.iou.", show_default="all, or the paper's"
    ),
]


def items_from(data: str | None, options: list[str]) -> "LabelledItems | None":
    """Return the items that ``--items-from`` and ``-D`` describe; ``None`` if they are not given."""
    from ..data import load_data
    from ..specs import parse_options

    if data is None:
        if options:
            raise UnitscopeError(
                "-D says how to load --items-from, which is not given; add --items-from, or leave -D out"
            )
        return None
    return load_data(data, **parse_options(options))


def split_names(names: str | None) -> list[str] | None:
    """Return the names in a list separated by commas; ``None`` if there is no list.

    Examples
    --------
    >>> split_names("auc, dissection.iou")
    ['auc', 'dissection.iou']
    """
    return [name.strip() for name in names.split(",") if name.strip()] if names else None


def given_words(context: typer.Context, *leave_out: str) -> list[str]:
    """Return the words after ``unitscope`` on the command line, without some options and their values."""
    return without_options(context.meta["unitscope.words"], *leave_out)


def command_of(context: typer.Context, run: Path, *leave_out: str) -> str:
    """Return the command line that was given, with the word ``RUN`` for the run's directory, without some options."""
    from ..run.repair import RUN

    words = given_words(context, *leave_out)
    for place, word in enumerate(words):
        if Path(word) == run:  # or the value of an option that happens to be the same
            changed = [*words[:place], RUN, *words[place + 1 :]]
            own = changed[count_names(context) :]
            if context.command.make_context("", own, resilient_parsing=True).params["run"] == Path(RUN):
                return shlex.join(["unitscope", *changed])
    return shlex.join(["unitscope", *words, RUN])  # the directory was not given but is the default


def count_names(context: typer.Context) -> int:
    """Return the number of words that name a command: 1, or 2 where it belongs to a group."""
    return 0 if context.parent is None else 1 + count_names(context.parent)  # type: ignore[arg-type]


def without_options(words: list[str], *names: str) -> list[str]:
    """Return the words without some options and their values.

    Examples
    --------
    >>> without_options(["record", "--on", "slurm", "demo:", "--shard=1/2", "RUN"], "--on", "--shard")
    ['record', 'demo:', 'RUN']
    """
    kept, is_value = [], False
    for word in words:
        if not is_value and word.partition("=")[0] not in names:
            kept.append(word)
        is_value = not is_value and word in names
    return kept
