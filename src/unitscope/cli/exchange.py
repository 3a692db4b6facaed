"""``unitscope import`` and ``unitscope export``."""

from pathlib import Path
from typing import Annotated

import typer

from .options import RunPath, command_of
from .show import OUT, print_next, progress_bar, table


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("import")(import_)
    app.command()(export)


def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help=".npz, .npy, CSV, .h5, .h5ad, or a folder of the paper's .h5 files or of exported tables.",
            show_default=False,
        ),
    ],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run directory to create or continue.")],
    activations: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Matrices, or columns of a table, by name or glob: 'V1,cell*'."),
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="NAME", help="Column, key or dataset of labels; default: label, labels.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Separate file of labels, .npy or CSV: one per item, or a 0/1 table."),
    ] = None,
    predicted: Annotated[
        str | None, typer.Option(metavar="NAME", help="Column, key or dataset of the network's predictions.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV file of readable class names: class (or wnid), name.")
    ] = None,
    layer: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the layer, if there is only one.")] = None,
    rows: Annotated[
        str | None,
        typer.Option(metavar="items|units", help="What the rows of a matrix are; default: from the number of labels."),
    ] = None,
    item_columns: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Numeric columns of a table that are not units: 'trial,depth'.")
    ] = None,
    average: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Average the trials of each value of this column of items.")
    ] = None,
) -> None:
    """Make a run from activations of another program, or of real neurons; PyTorch is not needed."""
    from ..exchange import import_file

    with progress_bar() as progress:
        made = import_file(
            file,
            run,
            activations=activations,
            label=label,
            labels=labels,
            predicted=predicted,
            classes=classes,
            layer=layer,
            rows=rows,
            item_columns=item_columns,
            average_over=average,
            command=command_of(context, run),
            progress=progress,
        )
    layers = [[layer.name, f"{layer.units:,}", layer.reduction] for layer in made.layers]
    OUT.print(table(["layer", "units", "reduction"], layers, numbers=(1,)))
    kept = [str(name) for name in made.items if name not in ("item_id", "uri", "label", "labels")]
    OUT.print(
        f"imported {made.manifest.n_items:,} item{'s' * (made.manifest.n_items != 1)} "
        f"of {len(made.classes):,} class{'es' * (len(made.classes) != 1)}"
        f"{', each of any number of them,' if made.multi_label else ''} "
        f"({made.manifest.identity['import']['format']}) in {made.directory}",
        soft_wrap=True,
    )
    if kept:
        OUT.print(f"columns of items: {', '.join(kept)}", soft_wrap=True)
    print_next(made.directory)


def export(
    run: RunPath,
    to: Annotated[
        str | None,
        typer.Option(metavar="h5|h5ad|csv|npz|paper", help="Format; default: the suffix of the output."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File or, for csv and paper with several layers, folder."),
    ] = None,
) -> None:
    """Write a run for other programs: HDF5, AnnData, CSV, NumPy, or the layout of the paper's .h5 files."""
    from ..exchange import export_run
    from ..run import open_run

    with progress_bar() as progress:
        path = export_run(open_run(run), output, to=to, progress=progress)
    OUT.print(f"exported to {path}", soft_wrap=True)
