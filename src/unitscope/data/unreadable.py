"""Finding items that cannot be read, before a recording starts."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ..specs import first_line
from .items import LabelledItems

_PORTION = 1024  # items handed to the threads at a time, so that memory stays flat


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
    reasons: dict[int, str] = {}

    def check(index: int) -> tuple[int, str | None]:
        try:
            data.load.check(index)
        except Exception as error:  # whatever a decoder or the user's own data set raises
            return index, first_line(error)
        return index, None

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
        for start in range(0, len(data), _PORTION):
            stop = min(start + _PORTION, len(data))
            for index, reason in threads.map(check, range(start, stop)):
                if reason is not None:
                    reasons[index] = reason
            if progress:
                progress(stop)
    return reasons
