"""Find items that cannot be read, before a recording starts."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

from ..compute.parent import end_with_parent
from ..specs import first_line
from .items import LabelledItems, Loader

_PORTION = 256  # items per task


def find_unreadable(data: LabelledItems, progress: Callable[[int], None] | None = None) -> dict[int, str]:
    """Return the items that cannot be read.

    A damaged JPEG file that can still be decoded is not detected.

    Parameters
    ----------
    data
        The items.
    progress
        Called with the number of items done so far.

    Returns
    -------
    dict
        Number of each item that cannot be read, in order, and the reason.

    See Also
    --------
    without : Remove these items.

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
    """Check portions in order; many are checked in processes, because decoders of small images hold the GIL."""
    if len(portions) <= 4:
        yield from (_check_portion(portion, load) for portion in portions)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    with ProcessPoolExecutor(min(8, os.cpu_count() or 1), context, _keep, (load,)) as processes:
        yield from processes.map(_check_portion, portions)


_kept: Loader | None = None


def _keep(load: Loader) -> None:
    """Initialize a process: it ends with its parent, and keeps the loader, so that tasks need not send it."""
    global _kept
    end_with_parent()
    _kept = load


def _check_portion(portion: range, load: Loader | None = None) -> dict[int, str]:
    """Return the reasons for unreadable items of a portion."""
    load = load or _kept
    assert load is not None
    reasons = {}
    for index in portion:
        try:
            load.check(index)
        except Exception as error:  # decoders and data sets of the user may raise any exception
            reasons[index] = first_line(error)
    return reasons
