"""How a recording begins: the items are checked, the plan is made and shown, and the run is made or found."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data import LabelledItems, find_unreadable, load_data, without
from ..errors import UnitscopeError
from ..models import LoadedModel, load_model
from ..run import Manifest, Run, RunWriter, create_run, layout
from ..run.writing import is_free
from ..trust import remember
from .plan import Plan, check_disk, plan_recording

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many items are done, and how many there are."""


def begin(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    settings: dict[str, Any],
    *,
    skip_unreadable: bool,
    elsewhere: bool = False,
    command: str = "",
    refine: Callable[[Plan], Plan] | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress,
) -> tuple[Plan, RunWriter]:
    """Begin a recording, or begin to go on with one.

    Parameters
    ----------
    model, data, directory, skip_unreadable, command, on_plan
        See `record`.
    settings
        Parameters of `plan_recording`.
    elsewhere
        Whether other machines will run the network.
    refine
        Settles more of the plan before it is shown.
    progress
        Called while the items are checked.

    Returns
    -------
    tuple
        What will be recorded, and the writer of its run.
    """
    model = load_model(model) if isinstance(model, str) else model
    data = load_data(data) if isinstance(data, str) else data
    directory = Path(directory)
    if len(data) == 0:
        raise UnitscopeError(f"{data.spec} has no items; choose data with at least one")
    plan = None
    if is_free(directory) and can_be_read(data, range(min(2, len(data)))):
        # A slip in an option is said at once, not after all items are checked.
        plan = plan_recording(model, data, **settings, elsewhere=elsewhere)
    skipped = check_items(data, directory, skip_unreadable, progress)
    readable = without(data, list(skipped)) if skipped else data
    if plan is None or skipped:
        plan = plan_recording(model, readable, **settings, elsewhere=elsewhere)
    if refine:
        plan = refine(plan)
    if on_plan:
        on_plan(plan)
    if not (directory / layout.MANIFEST).exists():
        check_disk(directory, plan, plan.manifest.n_blocks)
    left_out = data.items.iloc[list(skipped)][["item_id", "uri"]].assign(reason=list(skipped.values()))
    manifest = replace(plan.manifest, provenance=plan.manifest.provenance | ({"command": command} if command else {}))
    writer = create_run(directory, manifest, readable.items, readable.classes, left_out)
    remember("model", plan.model.spec, plan.model.options)
    remember("data", plan.data.spec, plan.data.options)
    check_disk(directory, plan, len(writer.blocks_to_do()))
    return plan, writer


def can_be_read(data: LabelledItems, indexes: Iterable[int]) -> bool:
    """Say whether some items can be read."""
    try:
        for index in indexes:
            data.load(index)
    except UnitscopeError:
        return False
    return True


def check_items(data: LabelledItems, directory: Path, skip: bool, progress: Progress) -> dict[int, str]:
    """Find the items that cannot be read before anything is written; refuse them unless they may be skipped.

    A run that exists already was checked when it was made; what it skipped is read from it.
    """
    if (directory / layout.MANIFEST).exists():
        run = Run(directory, Manifest.read(directory))
        reasons = dict(zip(run.skipped["item_id"], run.skipped["reason"], strict=True))
        return {i: reasons[name] for i, name in enumerate(data.items["item_id"]) if name in reasons}
    unreadable = find_unreadable(data, lambda done: progress("checking items", done, len(data)))
    if unreadable and not skip:
        first, reason = next(iter(unreadable.items()))
        more = f" ({len(unreadable)} items cannot be read)" if len(unreadable) > 1 else ""
        raise UnitscopeError(
            f"{data.items['uri'].iloc[first]} cannot be read: {reason}{more}; mend or remove it, or record with "
            "--skip-unreadable"
        )
    return unreadable
