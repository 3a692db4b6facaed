"""What all commands that run an analysis share: open the run, show progress, print the results and the next command.

A command reads its options and calls `run_analysis` with one function::

    def dissect(context: typer.Context, run: RunPath, concepts: str, on: On = None) -> None:
        from ..dissection import dissect_run

        run_analysis(context, run, "dissection", partial(dissect_run, concepts=concepts, on=on))
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .options import command_of
from .show import OUT, print_next, progress_bar, table

if TYPE_CHECKING:
    from ..run import Run
    from ..run.lookup import TableColumn


def run_analysis(
    context: typer.Context,
    directory: Path,
    name: str,
    analyse: Callable[..., Any],
    show: Callable[[], None] = lambda: None,
) -> None:
    """Run an analysis of a run, and print a summary of its table and the command to run next.

    Parameters
    ----------
    context
        The command line; ``unitscope status`` advises to repeat it if the analysis is stopped.
    directory
        The run.
    name
        The table that the analysis makes.
    analyse
        Called with the open run, and with ``command`` and ``progress`` for `unitscope.analysis.add_table`.
    show
        Prints what else there is to say, after the summary.
    """
    from ..run import open_run

    run = open_run(directory)
    with progress_bar() as progress:
        analyse(run, command=command_of(context, directory), progress=progress)
    print_summary(run, name)
    show()
    print_next(directory)


def print_summary(run: "Run", name: str) -> None:
    """Print how a table was made, and the median and the highest unit of each of its measures."""
    from ..run.lookup import names_of, read_column

    stored = run.stored_table(name)
    made_with = stored.parameters
    items = f", {made_with['n_items']:,} items ({made_with['items']})" if "n_items" in made_with else ""
    OUT.print(f"{len(stored.frame):,} units{items}")
    for set_name, members in (made_with.get("class_sets") or {}).items():
        OUT.print(f"class set {set_name}: {len(members)} classes")
    measures = [read_column(stored, measure) for measure in names_of(stored, ("measure",))]
    measures = [measure for measure in measures if measure.by_unit.notna().any()]
    if not measures:
        reason = "; the column 'undefined' of the table says why" if "undefined" in stored.columns else ""
        OUT.print(f"no unit has a value of any measure{reason}", soft_wrap=True)
        return
    rows = [summarize(run, measure) for measure in measures]
    heads = list(dict.fromkeys(head for row in rows for head in row))
    numbers = tuple(place for place, head in enumerate(heads) if head not in ("measure", "class"))
    missing = {"largest error": "exact"}
    cells = [[row.get(head, missing.get(head, "-")) for head in heads] for row in rows]
    OUT.print(table(heads, cells, numbers=numbers))


def summarize(run: "Run", measure: "TableColumn") -> dict[str, str]:
    """Return the median of a measure, its highest unit, and what its linked columns say of them."""
    values = measure.by_unit
    best = str(values.idxmax())
    linked = {role: measure.linked(role) for role in ("class", "held_out", "chance", "q", "error", "low", "high")}
    known = {role: column.by_unit for role, column in linked.items() if column is not None}
    if linked["chance"] is not None and linked["chance"].column.kind != "chance":
        del known["chance"]  # from a formula, not from permuted labels
    row = {"measure": measure.title, "median": f"{values.median():.3f}", "highest": f"{values.max():.3f}"}
    row["unit"] = best
    if "class" in known:
        picked = known["class"][best]
        row["class"] = run.class_title(picked) if isinstance(picked, str) else "-"
    if "held_out" in known:
        row["held out"] = f"{known['held_out'][best]:.3f}"
    if "low" in known and "high" in known and math.isfinite(known["low"][best]):
        row["95 % interval"] = f"{known['low'][best]:.3f} to {known['high'][best]:.3f}"
    if "chance" in known:
        row["median by chance"] = f"{known['chance'].median():.3f}"
    if "q" in known:
        row["units, q < .05"] = f"{(known['q'] < 0.05).sum():,}"
    if "error" in known:
        row["largest error"] = f"{known['error'].max():.3f}"
    return row
