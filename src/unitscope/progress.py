"""How long work reports its progress: one protocol for every function that takes `progress`."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is: ``("recording", 64, 10000)``."""


def no_progress(doing: str, done: int, total: int) -> None:
    """Report nothing."""
