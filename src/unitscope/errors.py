"""Errors and warnings: one sentence that names the problem and the next step."""

import difflib
from collections.abc import Iterable


class UnitscopeError(Exception):
    """Bad input or a damaged run, described in one sentence.

    The command line prints the message without a traceback and exits with status 2. Every mistake of a user raises
    this exception; any other exception is a bug in Unitscope.
    """


class UnitscopeWarning(UserWarning):
    """Something that users should know but that does not stop the work, for instance negative activations."""


def near_names(name: str, known: Iterable[str], n: int = 3) -> str:
    """Return a suggestion of known names similar to a mistyped one, to append to an error message.

    Parameters
    ----------
    name
        The name that the user wrote.
    known
        The names that exist.
    n
        Largest number of suggestions.

    Returns
    -------
    str
        ``" (did you mean 'a' or 'b'?)"``, or ``""`` if no name is similar.

    Examples
    --------
    >>> near_names("fc9", ["fc6", "conv1"])
    " (did you mean 'fc6'?)"
    """
    near = difflib.get_close_matches(name, list(known), n=n, cutoff=0.5)
    return f" (did you mean {' or '.join(repr(word) for word in near)}?)" if near else ""
