"""``unitscope demo``: the main job on the built-in network and scenes."""

from pathlib import Path
from typing import Annotated

import typer

from .options import command_of
from .show import OUT, progress_bar


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)


def demo(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="[RUN]", help="Directory of the demo's run.")] = Path("unitscope-demo"),
) -> None:
    """Record the built-in network on built-in scenes, measure it, find what its units look at, and report."""
    from ..features import find_features
    from ..recording import record
    from ..report import write_report
    from ..selectivity import measure_run
    from .record import print_plan

    with progress_bar() as progress:
        recorded = record(
            "demo:", "demo:", run, layers="conv5,fc6,fc7,fc8", command=command_of(context, run), on_plan=print_plan,
            progress=progress,
        )  # fmt: skip
        measure_run(recorded, progress=progress)
        find_features(recorded, progress=progress)
        path = write_report(recorded, progress=lambda done, total: progress("drawing", done, total))
    OUT.print(f"correctly classified: {recorded.items['correct'].mean():.1%} of {recorded.manifest.n_items:,} scenes")
    OUT.print(f"report: {path.resolve()}", soft_wrap=True)
