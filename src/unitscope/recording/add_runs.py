"""Runs without stored activations, made by several processes over different items, added up to one."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UnitscopeError
from ..measures import Histograms
from ..run import Run, UnitBlock, create_run, open_run, read_checkpoint, unit_blocks, write_checkpoint
from ..run.atomic import temporary_of
from ..run.files import explain_errors
from ..run.machine import describe_machine


def add_runs(runs: Sequence[str | Path], directory: str | Path) -> Run:
    """Add up runs that keep histograms instead of activations, as if one process had recorded all items.

    Parameters
    ----------
    runs
        Finished runs of one network, recorded with ``--no-store`` and the same settings over different items of
        the same classes.
    directory
        Where the sum is to stand: a new run.

    Returns
    -------
    Run
        Its items are those of the runs, one run after the other.

    Raises
    ------
    UnitscopeError
        If a run stores activations, the runs differ in more than their items, or an item is in two of them.
    """
    parts = [open_run(run) for run in runs]
    if not parts:
        raise UnitscopeError("there are no runs to add; name at least one")
    first = parts[0]
    for part in parts:
        check_addable(first, part)
    items = join_items(parts)
    fingerprints = [part.manifest.identity["data"]["fingerprint"] for part in parts]
    identity: dict[str, Any] = {
        **first.manifest.identity,
        "data": {"fingerprint": hashlib.sha256("\n".join(fingerprints).encode()).hexdigest()},
    }
    manifest = replace(
        first.manifest,
        identity=identity,
        n_items=len(items),
        provenance={
            **describe_machine(),
            "model": first.manifest.provenance.get("model", "unknown"),
            "added": [str(part.directory) for part in parts],
        },
    )
    target = Path(directory)
    if target.exists():
        raise UnitscopeError(f"{target} is there already; choose another place for the sum")
    with explain_errors(target), temporary_of(target, directory=True) as temporary:
        making = temporary / target.name
        create_run(making, manifest, items, first.classes)
        units = list(unit_blocks(manifest.layers))
        write_checkpoint(making, manifest.n_blocks, units, lambda block: add_block(parts, block).arrays(), [])
        making.rename(target)
    return open_run(target)


def add_block(parts: list[Run], block: UnitBlock) -> Histograms:
    """Add up the histograms of some units."""
    total = Histograms.from_arrays(read_checkpoint(parts[0].directory, block))
    n_items = parts[0].manifest.n_items
    for part in parts[1:]:
        total.add(Histograms.from_arrays(read_checkpoint(part.directory, block)), first_item=n_items)
        n_items += part.manifest.n_items
    return total


def check_addable(first: Run, part: Run) -> None:
    """Refuse a run that is not of the same network, settings and classes, or that stores activations."""
    if part.manifest.histograms is None:
        raise UnitscopeError(f"the run {part.directory} stores activations; only runs made with --no-store add up")
    differences = [
        difference
        for difference in first.manifest.differences(part.manifest)
        if not difference.startswith(("data.", "n_items", "block_items"))
    ]
    if not first.classes["class"].equals(part.classes["class"]):
        differences.append("their classes")
    if differences:
        raise UnitscopeError(
            f"the runs {first.directory} and {part.directory} cannot be added, they differ "
            f"({'; '.join(differences[:4])}); record them alike"
        )


def join_items(parts: list[Run]) -> pd.DataFrame:
    """Put the items of runs behind each other; an item that is in two runs would be counted twice."""
    items = pd.concat([part.items for part in parts], ignore_index=True)
    twice = items["uri"].duplicated()
    if twice.any():
        raise UnitscopeError(
            f"the item {items.loc[twice, 'uri'].iloc[0]} is in two of the runs and would be counted twice; add runs of "
            "different items"
        )
    if items["item_id"].duplicated().any():  # the same names in different folders
        names = [f"{number}-{part.name}" for number, part in enumerate(parts, 1) for _ in range(part.manifest.n_items)]
        items["item_id"] = pd.Series(names) + "/" + items["item_id"].astype(str)
    return items
