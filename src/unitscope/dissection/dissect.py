"""Compare the units of a run with concepts that are labelled pixel by pixel."""

import contextlib
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import add_table, compute_parts
from ..analysis.parts import Parts
from ..compute import Pool
from ..data import Concepts, load_concepts
from ..errors import UnitscopeError
from ..models import LoadedModel
from ..progress import Progress
from ..run import Run
from ..run.files import explain_errors
from ..run.lock import locked
from .analysis import DissectionAnalysis, ThresholdAnalysis
from .settings import Settings
from .workers import read_top


def dissect(
    run: Run,
    concepts: Concepts | str,
    *,
    centred: bool = False,
    network: LoadedModel | str | None = None,
    trust: bool = False,
    device: str = "auto",
    batch_size: int = 32,
    workers: int | None = None,
    threads: int | None = None,
    on: str | Pool | None = None,
    command: str = "",
    progress: Progress | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Compare every unit of a run with every concept: Network Dissection.

    The images of the concepts, which need not be those of the run, pass through the network twice: for the activation
    that .5 % of all positions exceed, a unit's threshold, and for the pixels at which the unit, interpolated
    bilinearly to the labels' resolution, is above it. Writes ``tables/dissection.parquet`` and its arrays. The same
    call continues a dissection that was stopped.

    Parameters
    ----------
    run
        An open run of images.
    concepts
        Images and what their pixels show, or a spec for `unitscope.data.load_concepts`, such as ``"broden:DIR"``.
    centred
        Place the points of maps at the centres of their receptive fields, instead of stretching maps over the image.
    network, trust
        The network, if the run does not say where it is; see `unitscope.open_network`.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for CUDA where it is available.
    batch_size
        Number of images that the network sees at a time.
    workers
        Processes that load images; default: one per core, at most 8.
    threads
        Threads of PyTorch, and of the counting; default: as many as PyTorch takes by itself, and one per core.
    on
        Where to compute; see `unitscope.compute.open_pool`.
    command, progress
        See `unitscope.analysis.add_table`.
    **options
        Options of the spec, such as ``categories="object+part"``.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("dissection")`` describes the columns. The array ``iou`` has all concepts.

    Raises
    ------
    UnitscopeError
        If network, images or labels cannot be read, options are given without a spec, or workers died.

    See Also
    --------
    unitscope.dissection.count_detectors : How many concepts have detectors, in each layer.
    unitscope.measure_run : Measure the selectivity of the units for classes.

    References
    ----------
    Bau, Zhou, Khosla, Oliva & Torralba (2017), Network Dissection: Quantifying interpretability of deep visual
    representations. CVPR.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> table = dissect(run, "demo:", n=32, workers=0)
    >>> table[["unit", "concept", "category"]].shape
    (64, 3)
    """
    if options and not isinstance(concepts, str):
        raise UnitscopeError(
            f"{', '.join(options)} would be options of a spec of concepts, but loaded concepts were given; give "
            "options to load_concepts"
        )
    loaded = load_concepts(concepts, **options) if isinstance(concepts, str) else concepts
    settings = Settings(loaded, centred, network, trust, device, batch_size, workers)
    thresholds = find_thresholds(run, settings, on=on, threads=threads, command=command, progress=progress)
    analysis = DissectionAnalysis(settings, thresholds)
    table = add_table(run, analysis, on=on, threads=threads, command=command, progress=progress)
    # Another dissection may have begun meanwhile; it needs them, or has removed them.
    with contextlib.suppress(UnitscopeError, FileNotFoundError), locked(run.directory, analysis.doing):
        first = ThresholdAnalysis(settings)
        Parts(run, first.table, first.parameters(run)).remove()
    return table


def find_thresholds(
    run: Run, settings: Settings, *, on: str | Pool | None, threads: int | None, command: str, progress: Progress | None
) -> dict[int, np.ndarray]:
    """Return the threshold of each unit, by the number of the layer; what it takes is kept until the table is made."""
    analysis = ThresholdAnalysis(settings)
    parts = Parts(run, analysis.table, analysis.parameters(run))
    with locked(run.directory, DissectionAnalysis.doing):  # as in the second pass: one dissection at a time
        blocks = analysis.blocks(run)
        with explain_errors(run.directory):
            parts.prepare(command, blocks)
        compute_parts(run, analysis, parts, on=on, threads=threads, progress=progress)
        stored = (read_top(part.read_arrays()) for part in parts.read(blocks))
        top = next(stored)
        for more in stored:
            for number, values in top.items():
                values.merge(more[number])
    return {number: values.threshold() for number, values in top.items()}
