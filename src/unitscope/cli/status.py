"""``unitscope status``: what of a run is done, missing or damaged."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import RunPath
from .show import OUT, in_bytes, in_time, print_step, progress_bar, table

if TYPE_CHECKING:
    from ..run import Status


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(status)


def status(
    run: RunPath,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every file and compare it with its checksum or digest.")
    ] = False,
) -> None:
    """Show what of a run is done, what is missing or damaged, who did it, and what to run next.

    Ends with status 2 if a file is damaged.
    """
    from ..run import read_status

    with progress_bar() as progress:
        found = read_status(run, verify=verify, progress=progress)
    print_status(found)
    if found.faults:
        raise typer.Exit(2)
    if verify:
        OUT.print("verified: every file is what was written")


def print_status(status: "Status") -> None:
    """Print what of a run is done, missing or damaged, and the command to run next."""
    from ..run.ledger import format_ranges

    manifest, check = status.manifest, status.check
    done = manifest.count_items(check.finished)
    OUT.print(
        f"{status.directory}: {len(check.finished)} of {manifest.n_blocks} blocks, "
        f"{done:,} of {manifest.n_items:,} items, {in_bytes(status.bytes)} on disk",
        soft_wrap=True,
    )
    if check.missing:
        OUT.print(f"missing blocks: {format_ranges(check.missing)}", style="yellow", soft_wrap=True)
    for fault in status.faults:
        OUT.print(f"damaged: {fault}", style="red", soft_wrap=True)
    if not check.to_do and not status.damaged_files and not status.gathered:
        OUT.print("the predictions are not yet in items.parquet", style="yellow")
    if status.workers:
        rows = [
            [
                worker.host,
                str(worker.process),
                worker.job or "-",
                format_ranges(worker.blocks),
                f"{worker.rate:,.1f}",
                worker.last.astimezone().isoformat(sep=" ", timespec="seconds"),
            ]
            for worker in status.workers
        ]
        OUT.print(table(["host", "process", "job", "blocks", "items/s", "last finished"], rows, numbers=(1, 4)))
    if status.seconds_left is not None:
        OUT.print(f"at this rate done in {in_time(status.seconds_left)}")
    if status.tables:
        OUT.print(f"tables: {', '.join(status.tables)}", soft_wrap=True)
    for analysis in status.unfinished:
        progress = f"{analysis.done:,} of {analysis.total:,} {analysis.kind}"
        OUT.print(f"unfinished: {analysis.table}, {progress}", style="yellow")
        for worker, count in analysis.workers.items():
            OUT.print(f"  {count:,} by {worker}")
    print_step(status)
