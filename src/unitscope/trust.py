"""Which code a run may execute: only code that its user recorded with on this machine, or trusts explicitly.

A run is data. Its ``run.json`` names the network and the items that it was recorded from, and a ``py:`` spec among them
is code: whoever sends a run could make its reader execute anything. Therefore recording remembers, outside of the run,
which code this user has recorded with, and a run's spec is used only if it is remembered (``docs/trust.md``).

A source of an installed package is code that the user has installed, but the run chooses its options, and with them
what the code does: which file it reads, what it downloads, what it unpickles. It needs trust too, unless its package
declares that no options make it run code or open a connection.

What is remembered is a hash of everything that determines what is executed: the spec, its options, the content of the
file that the spec names, and the working directory, which the file's own relative paths are read against. `remember`
and `check_trust` take the working directory from the process: call both in the directory that the spec is read against.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from .errors import UnitscopeError, UnitscopeWarning
from .plugins import find_entry_points
from .python_specs import find_source, hash_source

Kind = Literal["model", "data"]

WITHOUT_CODE: dict[Kind, frozenset[str]] = {
    "model": frozenset({"torchvision", "timm", "hf", "demo"}),  # weights are loaded without unpickling code
    "data": frozenset({"folder", "csv", "demo"}),
}
"""Unitscope's schemes whose specs never run code, whatever a run says."""

WITH_CODE: dict[Kind, frozenset[str]] = {
    "model": frozenset({"py"}),
    "data": frozenset({"py", "torchvision", "hf"}),  # the libraries' data sets may download, unpickle or run scripts
}
"""Unitscope's schemes whose specs can run code; no package can declare otherwise."""

GROUPS: dict[Kind, str] = {"model": "unitscope.models", "data": "unitscope.data"}
"""Entry points of the sources that packages add; the group ``GROUP.without_code`` declares those that need no trust."""


def remember(kind: Kind, spec: str, options: Mapping[str, Any]) -> None:
    """Remember that this user recorded with the code of a spec, read against the current directory.

    Specs that need no trust are not remembered. Several processes may call this at once. If nothing can be written to
    the user's state directory, a warning says so and the recording goes on.

    Parameters
    ----------
    kind
        ``"model"`` or ``"data"``.
    spec, options
        As the user gave them.

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
        with (folder / digest(call)).open(
            "x", encoding="utf-8"
        ) as file:  # only its name is read; the content is for people
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

    Nothing is imported or executed to decide this. Relative paths are read against the current directory.

    Parameters
    ----------
    kind
        ``"model"`` or ``"data"``.
    spec, options
        As they are in the run.
    trust
        Whether the user trusts the run.
    run
        The run's directory, for the message.

    Raises
    ------
    UnitscopeError
        If the spec is refused; the message says how to allow it.

    Examples
    --------
    >>> check_trust("data", "py:os:system", {"command": "true"}, trust=False, run=Path("received"))
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: received names py:os:system (command='true') as its data, ... --trust ...

    See Also
    --------
    remember : Remember a spec as trusted.
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
    """Return whether a spec that a run names can run code, so that using it needs the user's trust.

    Examples
    --------
    >>> needs_trust("data", "folder:images"), needs_trust("data", "py:mine.py:make")
    (False, True)
    """
    scheme = spec.partition(":")[0]
    if scheme in WITHOUT_CODE[kind] or scheme in WITH_CODE[kind]:
        return scheme in WITH_CODE[kind]
    source = find_entry_points(GROUPS[kind]).get(scheme)
    declared = find_entry_points(f"{GROUPS[kind]}.without_code").get(scheme)
    return source is None or declared is None or source.value != declared.value


def is_remembered(spec: str, options: Mapping[str, Any]) -> bool:
    """Return whether this user recorded with the code of a spec, read against the current directory."""
    try:
        return (trusted_directory() / digest(describe_call(spec, options))).is_file()
    except (OSError, RuntimeError):
        return False


def describe_call(spec: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that determines what using a spec executes, without executing any of it."""
    call: dict[str, Any] = {"spec": spec, "options": dict(options), "directory": str(Path.cwd())}
    scheme, _, rest = spec.partition(":")
    if scheme == "py":
        call |= {"file": str(find_source(rest) or ""), "sha256": hash_source(rest)}
    return call


def digest(call: Mapping[str, Any]) -> str:
    """Return the sha256 of a call; options that JSON cannot represent are hashed as text."""
    return hashlib.sha256(json.dumps(call, sort_keys=True, default=str).encode()).hexdigest()


def trusted_directory() -> Path:
    """Return where trusted code is remembered: ``unitscope/trusted-code`` in the user's state directory.

    Raises
    ------
    RuntimeError
        If the user has no home directory.
    """
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():  # as the XDG standard says: the current directory may belong to somebody else
        state = Path.home() / ".local" / "state"
    return state / "unitscope" / "trusted-code"
