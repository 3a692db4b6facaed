"""``unitscope measure``: the selectivity of every unit of a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .analysis import run_analysis
from .options import Items, On, RunPath, Threads

if TYPE_CHECKING:
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
        int, typer.Option(min=0, help="Number of label permutations to compare every measure with: chance, p, q.")
    ] = 0,
    halves: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the items with two values (train, test): measures are held out from one to the other.",
            show_default="random halves",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed for the halves of the items, and for permutations.")
    ] = 0,
    threads: Threads = None,
    on: On = None,
) -> None:
    """Measure how selective every unit is, with every measure; writes tables/selectivity.parquet."""
    from ..selectivity import SELECTIVITY, gather_class_sets, measure_run

    nouns = [name.strip() for name in superclasses.split(",") if name.strip()]

    def analyse(opened: "Run", **shared: Any) -> None:
        measure_run(
            opened,
            items=items,
            class_sets=gather_class_sets(opened.classes, class_sets, class_set_file, nouns),
            only_class_sets=only_class_sets,
            top=top,
            permutations=permutations,
            halves=halves,
            seed=seed,
            threads=threads,
            on=on,
            **shared,
        )

    run_analysis(context, run, SELECTIVITY, analyse)
