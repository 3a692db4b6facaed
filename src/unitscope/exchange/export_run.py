"""Write a run to files that other programs and ``import`` read."""

from collections.abc import Callable
from pathlib import Path

from ..errors import UnitscopeError
from ..progress import Progress, no_progress
from ..run import Run
from ..run.files import explain_errors
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
"""The function that writes each kind of file."""


def export_run(
    run: Run,
    path: str | Path | None = None,
    *,
    to: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write a run to files that other programs read, and `import_file` too.

    Parameters
    ----------
    run
        An open run.
    path
        The file to write; for ``csv``, and for ``paper`` with several layers, a folder. Default: next to the run, with
        the same name.
    to
        ``"h5"`` and ``"npz"`` (named arrays), ``"h5ad"`` (AnnData: X, obs, and the tables of units in var),
        ``"csv"`` (a folder of tables), or ``"paper"`` (the ``.h5`` layout of the files of Gale et al.: one group per
        class, one file per layer). Default: the suffix of `path`.
    progress
        Called with the progress.

    Returns
    -------
    pathlib.Path
        The file or folder.

    Raises
    ------
    UnitscopeError
        If the kind is unknown, the file already exists, or the format cannot store the run.

    See Also
    --------
    import_file : Make a run from such files.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from unitscope import import_file
    >>> folder = Path(tempfile.mkdtemp())
    >>> np.savez(folder / "rates.npz", V1=np.array([[5.0, 1.0, 3.0], [0.0, 2.0, 3.0]]), labels=["face", "house"])
    >>> run = import_file(folder / "rates.npz", folder / "run")
    >>> tables = export_run(run, folder / "tables", to="csv")
    >>> sorted(path.name for path in tables.iterdir())
    ['activations.csv', 'classes.csv', 'items.csv', 'units.csv']
    """
    report = progress or no_progress
    kind = to or (Path(path).suffix.removeprefix(".") if path is not None else "")
    if kind not in WRITERS:
        raise UnitscopeError(f"cannot export to {kind!r}; choose one of {', '.join(WRITERS)} (--to)")
    folder = kind == "csv" or (kind == "paper" and len(run.layers) > 1)
    ending = f"-{kind}" if folder else ".paper.h5" if kind == "paper" else f".{kind}"
    default = run.directory.resolve().with_name(run.name + ending)
    target = default if path is None else Path(path).expanduser()
    if target.exists():
        raise UnitscopeError(f"{target} already exists; choose another path with -o, or delete it")
    with explain_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[kind](run, target, report)
    return target
