"""Find what a network can no longer do without each unit."""

import pandas as pd

from ..analysis import add_table
from ..compute import Pool
from ..data import LabelledItems
from ..models import LoadedModel
from ..progress import Progress
from ..run import Run
from .analysis import AblationAnalysis
from .settings import Settings, check_run


def ablate(
    run: Run,
    *,
    layers: str | None = None,
    value: str = "zero",
    orders: int = 0,
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
    device: str = "auto",
    batch_size: int = 64,
    workers: int | None = None,
    threads: int | None = None,
    on: str | Pool | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Silence every unit by itself and measure what the network can no longer do.

    All items count, correct or not: an item may also become correct without a unit. Writes
    ``tables/ablation.parquet`` and the drop of every unit and class. Where class scores are linear in the means of a
    layer's maps, they follow without running the network; else only what follows the layer runs, with many units and
    items at a time. The same call continues an analysis that was stopped.

    Parameters
    ----------
    run
        An open run with predictions.
    layers
        Layers of the run, as names or globs, separated by commas; default: all.
    value
        What a silenced unit gives at every position: ``"zero"``; ``"mean"``, its mean over positions and at most 512
        items drawn at random; or ``"resample"``, its map for another item drawn at random.
    orders
        Number of random orders in which units are also removed one after the other, from a layer until none is left,
        at most 100. If there are any, units are removed as well by every measure of the tables of selectivity and
        dissection, from the highest and from the lowest. Removed units give zero.
    network, data, trust
        The network and the items where the run does not say where they are; see `unitscope.open_network` and
        `unitscope.open_items`.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for CUDA where it is available.
    batch_size
        Number of items that the network sees at a time, at least 2; the last batches may have up to twice as many.
    workers
        Processes that load items; default: one per core, at most 8.
    threads
        Threads of PyTorch; default: as many as it takes by itself.
    on
        Where to compute; see `unitscope.compute.open_pool`.
    command, progress
        See `unitscope.analysis.add_table`.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("ablation")`` describes the columns.

    Raises
    ------
    UnitscopeError
        If the run has no predictions or items of several classes, a layer is not used by the network, network or items
        cannot be opened or have changed, or workers died.

    See Also
    --------
    unitscope.ablated : Silence units for experiments of your own.
    unitscope.measure_run : Measure the selectivity of the units.

    References
    ----------
    Morcos, Barrett, Rabinowitz & Botvinick (2018), On the importance of single directions for generalization. ICLR.
    Zhou, Sun, Bau & Torralba (2018), Revisiting the importance of individual units in CNNs via ablation.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=64), tempfile.mkdtemp(), layers="fc7", workers=0)
    >>> table = ablate(run, workers=0)
    >>> table[["unit", "accuracy_drop_low", "accuracy_drop_high"]].shape
    (128, 3)
    """
    settings = Settings(layers, value, network, data, trust, device, batch_size, workers, orders)
    check_run(run)
    return add_table(run, AblationAnalysis(settings), on=on, threads=threads, command=command, progress=progress)
