"""``unitscope measure``: the selectivity of every unit of a run."""

from typing import Annotated

import typer

from .options import Items, RunPath
from .show import OUT, progress_bar, table


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(measure)


def measure(
    run: RunPath,
    items: Items = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="one per core")] = None,
) -> None:
    """Measure how selective every unit is, with every measure; writes tables/selectivity.parquet."""
    from ..measuring import measure_run
    from ..run import open_run

    opened = open_run(run)
    with progress_bar() as progress:
        frame = measure_run(opened, items=items, threads=threads, progress=progress)
    names = dict(zip(opened.classes["class"], opened.classes["name"], strict=True))
    rows = []
    for column in opened.columns("selectivity").values():
        values = frame[column.name]
        if column.kind == "measure" and values.notna().any():
            best = frame.iloc[int(values.argmax())]
            name = str(names.get(best.get(f"{column.name}_class"), "-"))
            rows.append([column.title, f"{values.median():.3f}", f"{values.max():.3f}", str(best["unit"]), name])
    used = opened.parameters("selectivity")
    OUT.print(f"{len(frame):,} units, {used['n_items']:,} items ({used['items']})")
    OUT.print(table(["measure", "median", "highest", "unit", "class"], rows, numbers=(1, 2)))
    OUT.print(f"next: unitscope report {run}", markup=False, soft_wrap=True)
