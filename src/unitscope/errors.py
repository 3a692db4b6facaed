"""What Unitscope says when something is wrong: one sentence that names the thing and the next step."""

import difflib
from collections.abc import Iterable


class UnitscopeError(Exception):
    """Bad input or a broken run, said in one sentence for the user.

    The command line prints the message and exits with status 2; no traceback. Everything that a user can
    get wrong raises this and nothing else; any other exception is a bug of ours.
    """


class UnitscopeWarning(UserWarning):
    """Something a user should know, though the work goes on: negative activations, a class with one item."""


def near_names(name: str, known: Iterable[str], n: int = 3) -> str:
    """Suggest known names near a mistyped one, ready to be put at the end of an error message.

    Parameters
    ----------
    name
        What the user wrote.
    known
        What could have been meant.
    n
        How many suggestions at the most.

    Returns
    -------
    str
        ``" (did you mean 'a' or 'b'?)"``, or ``""`` if nothing is near.

    Examples
    --------
    >>> near_names("fc9", ["fc6", "conv1"])
    " (did you mean 'fc6'?)"
    """
    near = difflib.get_close_matches(name, list(known), n=n, cutoff=0.5)
    return f" (did you mean {' or '.join(repr(word) for word in near)}?)" if near else ""
