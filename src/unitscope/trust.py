"""Which code a run may bring: none, unless its user recorded with that code on this machine or trusts it expressly.

A run is data. Its ``run.json`` names the network and the items it was recorded from, and a ``py:`` spec among them is
code: whoever sends a run could make its reader execute anything. So recording remembers, outside of any run, which code
this user has recorded with, and a spec that a run names is used only if it is remembered (``docs/trust.md``).

What is remembered is a hash of everything that decides what is executed: the spec, its options, the content of the file
that the spec names, and the working directory, against which the file's own relative paths are read. `remember` and
`check_trust` take the last from the process: call both in the directory that the spec is read against.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from .errors import UnitscopeError, UnitscopeWarning
from .python_specs import find_source, hash_source

Kind = Literal["model", "data"]

WITHOUT_CODE: dict[Kind, frozenset[str]] = {
    "model": frozenset({"torchvision", "timm", "hf", "demo"}),  # weights are read as mere data
    "data": frozenset({"folder", "csv", "demo"}),  # libraries' data sets may download, unpickle or run scripts
}
"""Schemes whose specs never run code that a run could bring along."""


def remember(kind: Kind, spec: str, options: Mapping[str, Any]) -> None:
    """Remember that this user recorded with the code of a spec, read against the current directory.

    Specs that need no code are not remembered. Several processes may do so at once. Where nothing can be written into
    the user's state directory, a warning says so and the recording goes on.

    Parameters
    ----------
    kind
        ``"model"`` or ``"data"``.
    spec, options
        As they were given.

    See Also
    --------
    check_trust : Refuse code that was not remembered.
    """
    if not needs_trust(kind, spec):
        return
    call = describe_call(spec, options)
    try:
        folder = trusted_directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / digest(call)).open("x", encoding="utf-8") as file:  # its name counts; the content is for people
            json.dump(call, file, indent=2, default=str)
    except FileExistsError:
        pass
    except (OSError, RuntimeError) as error:
        warnings.warn(
            f"{spec} cannot be remembered as code that you recorded with ({error}); reports will need --trust",
            UnitscopeWarning,
            stacklevel=2,
        )


def check_trust(kind: Kind, spec: str, options: Mapping[str, Any], *, trust: bool, run: Path) -> None:
    """Refuse a spec that a run names if it can run code that this user has not recorded with on this machine.

    Nothing is imported or executed to find out. Relative paths are read against the current directory.

    Parameters
    ----------
    kind
        ``"model"`` or ``"data"``.
    spec, options
        As they stand in the run.
    trust
        Whether the user trusts the run.
    run
        The run's directory, for the message.

    Raises
    ------
    UnitscopeError
        Saying what was refused and how to allow it.

    Examples
    --------
    >>> check_trust("data", "py:os:system", {"command": "true"}, trust=False, run=Path("received"))
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: received names py:os:system (command='true') as its data, ... --trust ...

    See Also
    --------
    remember : What makes a spec trusted.
    """
    if trust or not needs_trust(kind, spec) or is_remembered(spec, options):
        return
    listed = ", ".join(f"{name}={value!r}" for name, value in options.items())
    shown = f" ({listed[:200]})" if listed else ""
    raise UnitscopeError(
        f"{run} names {spec}{shown} as its {kind}, which can run code and which you have not recorded with on this "
        "machine, so it is not used; if you trust this code, add --trust (trust=True in Python)"
    )


def needs_trust(kind: Kind, spec: str) -> bool:
    """Return whether a spec can run code that a run brings along.

    Examples
    --------
    >>> needs_trust("data", "folder:images"), needs_trust("data", "py:mine.py:make")
    (False, True)
    """
    return spec.partition(":")[0] not in WITHOUT_CODE[kind]


def is_remembered(spec: str, options: Mapping[str, Any]) -> bool:
    """Return whether this user recorded with the code of a spec, read against the current directory."""
    try:
        return (trusted_directory() / digest(describe_call(spec, options))).is_file()
    except (OSError, RuntimeError):
        return False


def describe_call(spec: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that decides what using a spec executes, without executing any of it."""
    call: dict[str, Any] = {"spec": spec, "options": dict(options), "directory": str(Path.cwd())}
    scheme, _, rest = spec.partition(":")
    if scheme == "py":
        call |= {"file": str(find_source(rest) or ""), "sha256": hash_source(rest)}
    return call


def digest(call: Mapping[str, Any]) -> str:
    """Return the sha256 of a call; options that JSON cannot hold count by their text."""
    return hashlib.sha256(json.dumps(call, sort_keys=True, default=str).encode()).hexdigest()


def trusted_directory() -> Path:
    """Return where trusted code is remembered: ``unitscope/trusted-code`` in the user's state directory.

    Raises
    ------
    RuntimeError
        If the user has no home directory.
    """
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():  # the standard has relative ones ignored: the current directory may be a stranger's
        state = Path.home() / ".local" / "state"
    return state / "unitscope" / "trusted-code"
