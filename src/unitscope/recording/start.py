"""Start a recording: check the items, make and show the plan, create the run or open it to continue."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..data import LabelledItems, find_unreadable, load_data, without
from ..errors import UnitscopeError
from ..models import LoadedModel, load_model
from ..progress import Progress
from ..run import Manifest, Run, RunWriter, create_run, layout
from ..run.repair import remember_command
from ..run.writing import is_free
from ..trust import remember
from .memory import plan_histograms
from .plan import Plan, check_disk, plan_recording
from .settings import RecordingSettings


def start_recording(
    model: LoadedModel | str,
    data: LabelledItems | str,
    directory: str | Path,
    settings: RecordingSettings,
    *,
    elsewhere: bool = False,
    command: str = "",
    on_plan: Callable[[Plan], None] | None = None,
    progress: Progress,
) -> tuple[Plan, RunWriter]:
    """Start a recording, or continue one.

    Parameters
    ----------
    model, data, directory, command, on_plan
        See `record`.
    settings
        The options.
    elsewhere
        Whether other machines will run the network.
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
    if not settings.store and settings.bins_per_octave is None:
        settings = replace(settings, bins_per_octave=bins_of(directory))
    if len(data) == 0:
        raise UnitscopeError(f"{data.spec} has no items; choose data with at least one")
    plan = None
    if is_free(directory) and can_be_read(data, range(min(2, len(data)))):
        # A slip in an option is said at once, not after all items are checked.
        plan = plan_recording(model, data, settings, elsewhere=elsewhere)
    skipped = check_items(data, directory, settings.skip_unreadable, progress)
    readable = without(data, list(skipped)) if skipped else data
    if plan is None or skipped:
        plan = plan_recording(model, readable, settings, elsewhere=elsewhere)
    if not settings.store:
        plan = plan_histograms(plan)
    if on_plan:
        on_plan(plan)
    if not (directory / layout.MANIFEST).exists():
        check_disk(directory, plan, plan.manifest.n_blocks)
    left_out = data.items.iloc[list(skipped)][["item_id", "uri"]].assign(reason=list(skipped.values()))
    manifest = replace(plan.manifest, provenance=plan.manifest.provenance | remember_command(command))
    writer = create_run(directory, manifest, readable.items, readable.classes, left_out)
    remember("model", plan.model.spec, plan.model.options)
    remember("data", plan.data.spec, plan.data.options)
    check_disk(directory, plan, len(writer.blocks_to_do()))
    return plan, writer


def bins_of(directory: Path) -> int | None:
    """Return the bins per octave of the histograms that a directory has, so that a recording goes on with them."""
    if not (directory / layout.MANIFEST).exists():
        return None
    return (Manifest.read(directory).histograms or {}).get("bins_per_octave")


def can_be_read(data: LabelledItems, indexes: Iterable[int]) -> bool:
    """Return whether some items can be read."""
    try:
        for index in indexes:
            data.load(index)
    except UnitscopeError:
        return False
    return True


def check_items(data: LabelledItems, directory: Path, skip: bool, progress: Progress) -> dict[int, str]:
    """Find the items that cannot be read before anything is written; refuse them unless they may be skipped.

    A run that exists already was checked when it was made; what it skipped is read from it, unless that is lost.
    """
    if (directory / layout.MANIFEST).exists():
        skipped = read_skipped(data, Run(directory, Manifest.read(directory)))
        if skipped is not None:
            return skipped
    unreadable = find_unreadable(data, lambda done: progress("checking items", done, len(data)))
    if unreadable and not skip:
        first, reason = next(iter(unreadable.items()))
        more = f" ({len(unreadable)} items cannot be read)" if len(unreadable) > 1 else ""
        raise UnitscopeError(
            f"{data.items['uri'].iloc[first]} cannot be read: {reason}{more}; repair or remove it, or record with "
            "--skip-unreadable"
        )
    return unreadable


def read_skipped(data: LabelledItems, run: Run) -> dict[int, str] | None:
    """Read which items a run skipped, and why; ``None`` if that is damaged, or does not account for missing items."""
    try:
        reasons = dict(zip(run.skipped["item_id"], run.skipped["reason"], strict=True))
    except UnitscopeError:
        return None
    skipped = {i: reasons[name] for i, name in enumerate(data.items["item_id"]) if name in reasons}
    lost = not reasons and len(data) > run.manifest.n_items
    return None if lost else skipped
