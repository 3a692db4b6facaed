"""Running an analysis and adding its table to the run."""

import pandas as pd

from ..compute import Pool
from ..errors import UnitscopeError
from ..progress import Progress
from ..run import Run
from ..run.arrays import StoredArrays, create_table_arrays, write_rows
from ..run.files import explain_errors
from ..run.lock import locked
from .analysis import Analysis, Result
from .parts import Parts
from .work import compute_parts


def add_table(
    run: Run,
    analysis: Analysis,
    *,
    on: str | Pool | None = None,
    threads: int | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run an analysis and add its table, arrays and images to the run.

    The same call resumes an analysis that was stopped. The results of an earlier analysis are kept until the new one is
    complete, and are then replaced together.

    Parameters
    ----------
    run
        An open run.
    analysis
        What to compute.
    on
        Where to compute: ``None`` for this process; see `unitscope.compute.open_pool`.
    threads
        Threads of each process; default: one per core.
    command
        The command line of this call, with the word ``RUN`` for the directory; ``unitscope status`` shows it if the
        analysis is stopped.
    progress
        Called during the work with a description, the number of units or items that are done, and their total.

    Returns
    -------
    pandas.DataFrame
        The table, one row per unit.

    Raises
    ------
    UnitscopeError
        If another process runs the same analysis of the run, the input is at fault, or workers died. Finished blocks
        are kept.
    """
    parameters = analysis.parameters(run)
    parts = Parts(run, analysis.table, parameters)
    with locked(run.directory, analysis.doing):
        with explain_errors(run.directory):
            parts.prepare(command, analysis.blocks(run))
        blocks = compute_parts(run, analysis, parts, on=on, threads=threads, progress=progress)
        try:
            result = analysis.gather(run, parts.read(blocks))
            with explain_errors(run.directory):
                arrays = store_arrays(run, analysis, result)
                parts.add_images(result.images)
        except FileNotFoundError as error:
            raise UnitscopeError(
                f"the parts in {parts.directory} were removed while they were gathered; run the same command again"
            ) from error
        run.add_table(analysis.table, result.frame, analysis.columns(run), parameters, arrays)
        parts.remove()
    return result.frame


def store_arrays(run: Run, analysis: Analysis, result: Result) -> StoredArrays | None:
    """Write the arrays of a result; those of the earlier analysis stay until the table is replaced."""
    described = analysis.arrays(run)
    if not described:
        return None
    sizes = {axis: len(names) for axis, names in result.labels.items()}
    sizes = {"unit": len(run.units), "item": run.manifest.n_items, **sizes}
    arrays = create_table_arrays(run.directory, analysis.table, described, sizes, result.labels)
    write_rows(arrays, result.arrays)
    return arrays
