"""Open the items of a run again: verified, and without running untrusted code that the run names."""

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

    Relative paths are read against the directory in which the run was recorded, or the current directory. Items are
    loaded once per process.

    Parameters
    ----------
    run
        An open run.
    data
        The items, or their spec, if the run does not store it (it was imported, or recorded from Python objects), or
        if the files were moved.
    trust
        Allow code that the run names, even if this user has not recorded with it on this machine.

    Returns
    -------
    LabelledItems
        The items, except those that the recording skipped.

    Raises
    ------
    UnitscopeError
        If the run does not store the spec of its items, they are missing or have changed, or opening them could run
        code that is not trusted; the message names the next step.

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
    unitscope.data.load_data : Load items by spec, without a run.
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
            f"the run {run.directory} does not store the source of its items; give them with --items-from (data=)"
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
    """Return whether a path exists; false if it is invalid."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def check_code(run: Run, spec: str) -> None:
    """Raise if the file of code has changed since the run was recorded."""
    recorded = stored_identity(run).get("code_sha256")
    scheme, _, rest = spec.partition(":")
    if scheme == "py" and recorded and hash_source(rest) not in ("", recorded):
        raise UnitscopeError(
            f"the code of {spec} has changed since {run.directory} was recorded with it; restore it, or give the items "
            "with --items-from (data=)"
        )


@functools.lru_cache(maxsize=2)
def load_once(spec: str, options: str, directory: str, skipped: tuple[str, ...], fingerprint: str) -> LabelledItems:
    """Load items by a stored spec and compare their fingerprint; results are cached."""
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
    """Return the items without those that the recording skipped."""
    return without(data, data.items["item_id"].isin(skipped).to_numpy().nonzero()[0].tolist())


def check_same(run: Run, data: LabelledItems) -> None:
    """Raise if items are not those of the run: by their fingerprint, or for an imported run by their IDs."""
    recorded = "data" in run.manifest.provenance
    if data.fingerprint == fingerprint_of(run):
        return
    if recorded or data.items["item_id"].tolist() != run.items["item_id"].astype(str).tolist():
        raise UnitscopeError(
            f"{data.spec} are not the items of the run {run.directory}: "
            + ("their fingerprint is different" if recorded else "their IDs, or the order of the IDs, are different")
            + "; give the items that the run was made from"
        )


def fingerprint_of(run: Run) -> str:
    """Return the fingerprint of a run's items."""
    return str(stored_identity(run).get("fingerprint", ""))


def stored_identity(run: Run) -> dict[str, Any]:
    """Return the identity of a run's items, as stored in the run."""
    identity = run.manifest.identity.get("data")
    return identity if isinstance(identity, dict) else {}
