"""``unitscope compare`` and ``unitscope superclasses``: compare two runs; list class sets from WordNet."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import Measures, Overwrite, RunPath, split_names
from .show import OUT, print_next, table


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(compare)
    app.command()(superclasses)


def compare(
    run: RunPath,
    other: Annotated[Path, typer.Argument(metavar="RUN2", help="Another run directory.", show_default=False)],
    layer: Annotated[str | None, typer.Option(help="Only this layer.", show_default=False)] = None,
    measures: Measures = None,
    data: Annotated[Path | None, typer.Option(help="Write the numbers to this CSV file.", show_default=False)] = None,
    overwrite: Overwrite = False,
) -> None:
    """Compare two runs layer by layer, for instance a trained and an untrained network."""
    from ..run import open_run
    from ..run.files import write_csv
    from ..selectivity import compare_runs

    one, two = open_run(run), open_run(other)
    if layer is not None:
        one.layer(layer), two.layer(layer)
    frame = compare_runs(one, two, split_names(measures))
    if data is not None:
        write_csv(data, frame, overwrite)
    for run_of, other_of in ((one, two), (two, one)):
        others = {shown.name for shown in other_of.layers}
        unmatched = [shown.name for shown in run_of.layers if shown.name not in others]
        if unmatched:
            OUT.print(f"only in {run_of.name}: {', '.join(unmatched)}")
    for name, rows in frame.groupby("layer", sort=False):
        if layer in (None, name):
            OUT.print()
            OUT.print(f"{name}: {rows['units'].max():,} and {rows['units_2'].max():,} units")
            OUT.print(
                table(
                    ["measure", f"{one.name}: median", "highest", f"{two.name}: median", "highest", "superiority"],
                    [side_by_side(row, rows["units"].max(), rows["units_2"].max()) for row in rows.to_dict("records")],
                    numbers=(1, 2, 3, 4, 5),
                )
            )
    OUT.print(
        "superiority: the chance that a unit of the first run has a higher value than one of the second. "
        "For yes-or-no columns (Localist, Detector): the share of units with yes, and their number.",
        soft_wrap=True,
    )
    print_next(run)


def side_by_side(row: dict[Any, Any], units: int, units_2: int) -> list[str]:
    """Return the cells of a measure, with the number of units that have a value if not all have one."""
    if row["units"] < units or row["units_2"] < units_2:
        row["title"] += f" ({row['units']:,} and {row['units_2']:,} units)"
    numbers = [row[key] for key in ("median", "highest", "median_2", "highest_2")]
    if row["kind"] == "flag":
        texts = [f"{number:,.0f}" if place % 2 else f"{number:.1%}" for place, number in enumerate(numbers)]
    else:
        texts = ["-" if math.isnan(number) else f"{number:.3f}" for number in numbers]
    return [row["title"], *texts, "-" if math.isnan(row["superiority"]) else f"{row['superiority']:.3f}"]


def superclasses(
    run: RunPath,
    at_least: Annotated[int, typer.Option(min=2, help="Smallest number of classes of a superclass.")] = 2,
) -> None:
    """List the superclasses of a run's classes, where these are WordNet ids."""
    from ..data.wordnet import find_superclasses
    from ..errors import UnitscopeError
    from ..run import open_run
    from ..selectivity import wnids_of

    opened = open_run(run)
    found = [noun for noun in find_superclasses(wnids_of(opened.classes)) if len(noun.members) >= at_least]
    if not found:
        raise UnitscopeError(
            f"the classes of {run} have no superclasses of at least {at_least}: they need WordNet ids such as "
            "n02084071, as class or in a column wnid"
        )
    OUT.print(
        table(["noun", "id", "classes"], [[", ".join(noun.words), noun.wnid, str(len(noun.members))] for noun in found],
              numbers=(2,))
    )  # fmt: skip
    OUT.print(f"next: unitscope measure {run} --superclasses NOUN,NOUN", soft_wrap=True)
