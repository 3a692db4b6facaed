"""The items of a run, opened again from the run alone: verified, and never by code that the run brings along."""

import contextlib
import functools
import json
import os
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError
from ..python_specs import hash_source
from ..run import Run
from ..specs import first_line
from ..trust import check_trust
from .items import LabelledItems, without
from .load import load_data


def open_items(run: Run, *, data: LabelledItems | str | None = None, trust: bool = False) -> LabelledItems:
    """Open the items that a run was recorded from, in the run's order.

    They are looked for where the run was recorded and in the current directory, and loaded once per process.

    Parameters
    ----------
    run
        An open run.
    data
        The items, or their spec, where the run cannot say where they are (it was imported, or recorded from Python
        objects), or they have moved.
    trust
        Use what the run names even if it can run code that this user has not recorded with on this machine.

    Returns
    -------
    LabelledItems
        Without the items that the recording skipped.

    Raises
    ------
    UnitscopeError
        If the run does not say where its items are, they are gone or have changed, or opening them could run code that
        is not trusted; the message says what to do.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="fc8", workers=0)
    >>> items = open_items(run)
    >>> len(items), items.load(3).size
    (32, (64, 64))

    See Also
    --------
    unitscope.data.load_data : Load items by spec, whatever the run.
    """
    skipped = tuple(run.skipped["item_id"])
    if data is not None:
        given = leave_out(load_data(data) if isinstance(data, str) else data, skipped)
        check_same(run, given)
        return given
    spec, options = stored_spec(run)
    with contextlib.chdir(choose_directory(run, spec, options)):
        check_code(run, spec)
        check_trust("data", spec, options, trust=trust, run=run.directory)
        return load_once(spec, json.dumps(options), str(Path.cwd()), skipped, fingerprint_of(run))


def stored_spec(run: Run) -> tuple[str, dict[str, Any]]:
    """Return spec and options of the data that a run was recorded from."""
    source = run.manifest.provenance.get("data")
    if not isinstance(source, dict) or not isinstance(source.get("spec"), str):
        raise UnitscopeError(
            f"the run {run.directory} does not say where its items are; give them with --items-from (data=)"
        )
    options = source.get("options")
    return source["spec"], options if isinstance(options, dict) else {}


def choose_directory(run: Run, spec: str, options: dict[str, Any]) -> Path:
    """Return the directory that relative paths of a stored spec are read against.

    That is where the run was recorded, unless that directory is not on this machine, or only the current directory has
    the files.
    """
    here = Path.cwd()
    recorded = Path(str(run.manifest.provenance.get("directory") or here))
    if not is_usable(recorded):
        return here
    scheme, _, rest = spec.partition(":")
    name = str(options.get("root", "")) if scheme == "torchvision" else rest
    name = name.rpartition(":")[0] if scheme == "py" else name
    return here if not is_there(recorded / name) and is_there(here / name) else recorded


def is_usable(directory: Path) -> bool:
    """Return whether a directory can be entered."""
    return directory.is_absolute() and is_there(directory / ".") and os.access(directory, os.X_OK)


def is_there(path: Path) -> bool:
    """Return whether there is such a path; one that the system does not take is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def check_code(run: Run, spec: str) -> None:
    """Refuse a file of code that is not the one that the run was recorded with."""
    recorded = stored_identity(run).get("code_sha256")
    scheme, _, rest = spec.partition(":")
    if scheme == "py" and recorded and hash_source(rest) not in ("", recorded):
        raise UnitscopeError(
            f"the code of {spec} has changed since {run.directory} was recorded with it; restore it, or give the items "
            "with --items-from (data=)"
        )


@functools.lru_cache(maxsize=2)
def load_once(spec: str, options: str, directory: str, skipped: tuple[str, ...], fingerprint: str) -> LabelledItems:
    """Load items by a stored spec in the current directory and compare their fingerprint; the last ones are kept."""
    try:
        items = leave_out(load_data(spec, **json.loads(options)), skipped)
    except (OSError, ValueError, TypeError) as error:  # options of a damaged run may be of any type
        raise UnitscopeError(
            f"{spec} cannot be opened ({first_line(error)}); give the items with --items-from"
        ) from error
    if items.fingerprint != fingerprint:
        raise UnitscopeError(
            f"the data at {spec} have changed since they were recorded; restore them, or give the items with "
            "--items-from (data=)"
        )
    return items


def leave_out(data: LabelledItems, skipped: tuple[str, ...]) -> LabelledItems:
    """Leave out the items that a recording skipped."""
    return without(data, data.items["item_id"].isin(skipped).to_numpy().nonzero()[0].tolist())


def check_same(run: Run, data: LabelledItems) -> None:
    """Refuse items that are not the run's, by their fingerprint; those of an imported run by their ids."""
    recorded = "data" in run.manifest.provenance
    if data.fingerprint == fingerprint_of(run):
        return
    if recorded or data.items["item_id"].tolist() != run.items["item_id"].astype(str).tolist():
        raise UnitscopeError(
            f"{data.spec} are not the items of the run {run.directory}: "
            + ("their fingerprint is another" if recorded else "their ids, or the order of these, are others")
            + "; give the items that it was made from"
        )


def fingerprint_of(run: Run) -> str:
    """Return the fingerprint of a run's items."""
    return str(stored_identity(run).get("fingerprint", ""))


def stored_identity(run: Run) -> dict[str, Any]:
    """Return what a run says of the identity of its items."""
    identity = run.manifest.identity.get("data")
    return identity if isinstance(identity, dict) else {}
