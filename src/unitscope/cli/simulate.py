"""``unitscope simulate``: networks that are trained here, recorded into runs."""

from pathlib import Path
from typing import Annotated

import typer

from .options import On, command_of
from .show import OUT, print_next, progress_bar, table

simulations = typer.Typer(no_args_is_help=True, help="Train small networks of the literature and record their units.")


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(simulations, name="simulate")


@simulations.callback()
def simulate() -> None:
    """Train small networks of the literature and record their units."""


@simulations.command()
def superposition(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory to make or to go on with.")],
    condition: Annotated[
        str,
        typer.Option(metavar="superposition|one-at-a-time", help="Hold a list of words at once, or each alone."),
    ] = "superposition",
    seeds: Annotated[int, typer.Option(help="Number of networks, a layer of the run each.")] = 3,
    list_length: Annotated[int, typer.Option(help="Most words in a list.")] = 3,
    updates: Annotated[int, typer.Option(help="Number of updates of the weights.")] = 20_000,
    on: On = None,
) -> None:
    """Train recurrent networks to recall lists of words, and record their units for every word (Figure 1).

    The same command again goes on where it stopped.
    """
    from ..simulations.superposition import read_outcomes, simulate_superposition

    with progress_bar() as progress:
        made = simulate_superposition(
            run,
            condition=condition,
            seeds=seeds,
            list_length=list_length,
            updates=updates,
            on=on,
            command=command_of(context, run, "--on"),
            progress=progress,
        )
    rows = [
        [row["layer"], f"{row['words_right']:.1%}", f"{row['lists_right']:.1%}"]
        for row in read_outcomes(made).to_dict("records")
    ]
    OUT.print(table(["layer", "words recalled", "lists recalled"], rows, numbers=(1, 2)))
    units = sum(layer.units for layer in made.layers)
    OUT.print(f"recorded {units:,} units for {made.manifest.n_items:,} words in {made.directory}", soft_wrap=True)
    print_next(made.directory)
