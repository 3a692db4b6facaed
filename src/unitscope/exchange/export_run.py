"""``export``: files of a run, for other programs and for ``import``."""

from collections.abc import Callable
from pathlib import Path

from ..errors import UnitscopeError
from ..progress import Progress, no_progress
from ..run import Run
from ..run.files import explained
from .write_arrays import write_h5, write_npz
from .write_csv import write_csv
from .write_h5ad import write_h5ad
from .write_paper import write_paper

WRITERS: dict[str, Callable[[Run, Path, Progress], None]] = {
    "h5": write_h5,
    "h5ad": write_h5ad,
    "csv": write_csv,
    "npz": write_npz,
    "paper": write_paper,
}
"""What writes each kind of file."""


def export_run(
    run: Run,
    path: str | Path | None = None,
    *,
    to: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a run into files that other programs read, and `import_file` too.

    Parameters
    ----------
    run
        An open run.
    path
        The file to write; for ``csv``, and for ``paper`` with several layers, a folder. Default: beside the run and
        named like it.
    to
        ``"h5"`` and ``"npz"`` (named arrays), ``"h5ad"`` (AnnData: X, obs, and the selectivity of units in var),
        ``"csv"`` (a folder of tables), or ``"paper"`` (the ``.h5`` layout of the paper's own files: a group for each
        class, a file for each layer). Default: what `path` ends with.
    progress
        Called as the work goes on.

    Returns
    -------
    pathlib.Path
        What was written.

    Raises
    ------
    UnitscopeError
        If the kind is unknown, the file is there already, or the run does not fit the format.
    """
    report = progress or no_progress
    kind = to or (Path(path).suffix.removeprefix(".") if path is not None else "")
    if kind not in WRITERS:
        raise UnitscopeError(f"there is no export to {kind!r}; choose one of {', '.join(WRITERS)} (--to)")
    folder = kind == "csv" or (kind == "paper" and len(run.layers) > 1)
    ending = f"-{kind}" if folder else ".paper.h5" if kind == "paper" else f".{kind}"
    default = run.directory.resolve().with_name(run.name + ending)
    target = default if path is None else Path(path).expanduser()
    if target.exists():
        raise UnitscopeError(f"{target} is there already; choose another place with -o, or delete it")
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[kind](run, target, report)
    return target
