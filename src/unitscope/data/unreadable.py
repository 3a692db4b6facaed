"""Finding items that cannot be read, before a recording starts."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from ..compute.parent import end_with_parent
from ..specs import first_line
from .items import LabelledItems, Loader

_PORTION = 256  # items that a process checks at a time


def find_unreadable(data: LabelledItems, progress: Callable[[int], None] | None = None) -> dict[int, str]:
    """Try to read every item whole.

    A JPEG whose middle is damaged but still decodes to some picture is not found: its decoder does not tell.

    Parameters
    ----------
    data
        The items.
    progress
        Called with the number of items done so far.

    Returns
    -------
    dict
        The number of each item that cannot be read, in order, and why.

    Examples
    --------
    >>> from unitscope.data import load_data
    >>> find_unreadable(load_data("demo:", n=5))
    {}
    """
    portions = [range(start, min(start + _PORTION, len(data))) for start in range(0, len(data), _PORTION)]
    reasons: dict[int, str] = {}
    for portion, found in zip(portions, _check_portions(data.load, portions), strict=True):
        reasons.update(found)
        if progress:
            progress(portion.stop)
    return reasons


def _check_portions(load: Loader, portions: list[range]) -> Iterator[dict[int, str]]:
    """Check portions in order: a few at once here, many in processes, since decoders of small images hold the lock."""
    if len(portions) <= 4:
        yield from (_check_portion(portion, load) for portion in portions)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    with ProcessPoolExecutor(min(8, os.cpu_count() or 1), context, _keep, (load,)) as processes:
        yield from processes.map(_check_portion, portions)


_kept: Loader | None = None


def _keep(load: Loader) -> None:
    """Prepare a process: it ends with its parent, and keeps the loader, so that this does not travel every time."""
    global _kept
    end_with_parent()
    _kept = load


def _check_portion(portion: range, load: Loader | None = None) -> dict[int, str]:
    """Return why items of a portion cannot be read."""
    load = load or _kept
    assert load is not None
    reasons = {}
    for index in portion:
        try:
            load.check(index)
        except Exception as error:  # whatever a decoder or the user's own data set raises
            reasons[index] = first_line(error)
    return reasons
