"""Which way round a matrix lies: its rows are items, or units."""

from pathlib import Path

from ..errors import UnitscopeError
from .found import Choice

ROWS = ("items", "units")


def rows_are_items(shape: tuple[int, ...], counts: tuple[int, ...] | None, choice: Choice, what: str) -> bool:
    """Say whether the rows of a matrix are items: as the user says, or as the number of labels tells.

    Parameters
    ----------
    shape
        The matrix's.
    counts
        How many items there may be, by the labels; ``None`` if that is not known.
    choice
        What the user says.
    what
        The matrix, for messages.

    Raises
    ------
    UnitscopeError
        If there are as many items as units.

    Examples
    --------
    >>> rows_are_items((200, 3), (200,), Choice(), "V1"), rows_are_items((3, 200), (200,), Choice(), "V1")
    (True, False)
    """
    if choice.rows is not None:
        return choice.rows == "items"
    if counts is None or len(shape) != 2:
        return True
    first, second = (size in counts for size in shape)
    if first and second:
        raise UnitscopeError(
            f"{what} is {shape[0]} x {shape[1]}, so that its labels do not tell which way round it lies; "
            "say --rows items or --rows units"
        )
    return first or not second


def refuse_rows(path: Path, choice: Choice) -> None:
    """Refuse the choice where the format says itself what rows are."""
    if choice.rows is not None:
        raise UnitscopeError(f"{path} says itself which are items and which are units; leave --rows out")
