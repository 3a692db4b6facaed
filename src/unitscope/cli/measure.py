"""``unitscope measure``: the selectivity of every unit of a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import Items, On, RunPath, command_of
from .show import OUT, progress_bar, table

if TYPE_CHECKING:
    import pandas as pd

    from ..columns import Column
    from ..run import Run


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(measure)


def measure(
    context: typer.Context,
    run: RunPath,
    class_sets: Annotated[
        list[str],
        typer.Option(
            "--class-set",
            metavar="NAME=CLASS,CLASS",
            help="Measure a union of classes as one more class, e.g. buses=n04146614,n04487081; repeatable.",
            default_factory=list,
            show_default=False,
        ),
    ],
    items: Items = None,
    class_set_file: Annotated[
        Path | None, typer.Option("--class-sets", help="CSV with the columns set and class.", show_default=False)
    ] = None,
    superclasses: Annotated[
        str,
        typer.Option(
            help="Nouns whose classes become class sets, where classes are WordNet ids: dog,bird,vehicle.",
            show_default=False,
        ),
    ] = "",
    only_class_sets: Annotated[
        bool, typer.Option("--only-class-sets", help="Choose each measure's best class among the class sets only.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="K",
            help="How many of the most active items precision, number of classes and class index look at.",
            show_default="60 for precision, 100 for the others",
        ),
    ] = None,
    permutations: Annotated[
        int, typer.Option(min=0, help="Compare every measure with so many permutations of the labels: chance, p, q.")
    ] = 0,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Draw items again so many times: 95 % intervals of every measure.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the random numbers of both.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to use.", show_default="one per core")] = None,
    on: On = None,
) -> None:
    """Measure how selective every unit is, with every measure; writes tables/selectivity.parquet."""
    from ..run import open_run
    from ..selectivity import gather_class_sets, measure_run

    opened = open_run(run)
    sets = gather_class_sets(
        opened.classes, class_sets, class_set_file, [name.strip() for name in superclasses.split(",") if name.strip()]
    )
    with progress_bar() as progress:
        frame = measure_run(
            opened,
            items=items,
            class_sets=sets,
            only_class_sets=only_class_sets,
            top=top,
            permutations=permutations,
            bootstrap=bootstrap,
            seed=seed,
            threads=threads,
            on=on,
            command=command_of(context, run),
            progress=progress,
        )
    used = opened.parameters("selectivity")
    OUT.print(f"{len(frame):,} units, {used['n_items']:,} items ({used['items']})")
    for name, members in used["class_sets"].items():
        OUT.print(f"class set {name}: {len(members)} classes")
    rows = [summary(opened, frame, column) for column in opened.columns("selectivity").values()]
    rows = [row for row in rows if row]
    if not rows:
        OUT.print("no unit has a value of any measure; the column 'undefined' of the table says why", soft_wrap=True)
        return
    heads = list(rows[0])
    OUT.print(
        table(
            heads,
            [list(row.values()) for row in rows],
            numbers=tuple(place for place, head in enumerate(heads) if head not in ("measure", "class")),
        )
    )
    OUT.print(f"next: unitscope report {run}", soft_wrap=True)


def summary(run: "Run", frame: "pd.DataFrame", column: "Column") -> dict[str, str]:
    """Say of a measure what its typical and its highest unit are; nothing of what is no measure, or always NaN."""
    values = frame[column.name]
    if column.kind != "measure" or values.isna().all():
        return {}
    best = frame.iloc[int(values.argmax())]
    klass = best.get(f"{column.name}_class")
    row = {"measure": column.title, "median": f"{values.median():.3f}"}
    row |= {"highest": f"{values.max():.3f}", "unit": str(best["unit"])}
    row["class"] = run.class_title(klass) if isinstance(klass, str) else "-"
    settings = run.parameters("selectivity")
    if settings["permutations"]:
        tested = f"{column.name}_p" in frame
        row["median by chance"] = f"{frame[f'{column.name}_chance'].median():.3f}" if tested else "-"
        row["units, q < .05"] = f"{(frame[f'{column.name}_q'] < 0.05).sum():,}" if tested else "-"
    if settings.get("histograms"):
        error = frame.get(f"{column.name}_error")
        row["largest error"] = "exact" if error is None else f"{error.max():.3f}"
    if settings["bootstrap"]:
        low, high = (best.get(f"{column.name}_{limit}") for limit in ("low", "high"))
        row["95 % of highest"] = "-" if low is None else f"{low:.3f} to {high:.3f}"
    return row
