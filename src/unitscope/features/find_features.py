"""Find what every unit of a run looks at."""

import pandas as pd

from ..analysis import add_table
from ..compute import Pool
from ..data import LabelledItems
from ..models import LoadedModel
from ..progress import Progress
from ..run import Run
from .analysis import FeatureAnalysis
from .settings import Settings
from .top import find_top


def find_features(
    run: Run,
    *,
    items: str | None = None,
    count: int = 100,
    grey: str = "pca",
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
    trust: bool = False,
    device: str = "auto",
    batch_size: int = 32,
    workers: int | None = None,
    turned: int = 0,
    threads: int | None = None,
    on: str | Pool | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Find what every unit of a run looks at: top items with positions, neuron features, colour selectivity.

    The most active items of every unit are found from the run, and each is shown to the network once more, and once
    without colour, for all units together. Writes ``tables/features.parquet``, its arrays, and ``images/features/``.
    The same call continues an analysis that was stopped.

    Parameters
    ----------
    run
        An open run of images.
    items
        ``"correct"`` or ``"all"``; see `Run.choose_items`.
    count
        How many of each unit's most active items to look at, 1 to 1,000. A run of histograms has at most 100.
    grey
        How images lose their colour: ``"pca"``, along the axis of each image's colours that varies most, so that edges
        between equally bright colours stay visible; ``"pca-crop"``, along that of what each unit sees, with a
        pass through the network for each unit and item; ``"luma601"`` or ``"luma709"``, brightness.
    network, data, trust
        The network and the items where the run does not say where they are; see `unitscope.open_network` and
        `unitscope.open_items`.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for CUDA where it is available.
    batch_size
        Number of items that the network sees at a time.
    workers
        Processes that load items; default: one per core, at most 8.
    turned
        How many of the top items to show rotated and mirrored, for the orientation and symmetry indexes: 27 more passes
        through the network for each unit and item.
    threads
        Threads of PyTorch; default: as many as it takes by itself.
    on
        Where to compute; see `unitscope.compute.open_pool`.
    command, progress
        See `unitscope.analysis.add_table`.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("features")`` describes the columns.

    Raises
    ------
    UnitscopeError
        If network or items cannot be opened or have changed, the items are not images, or workers died.

    See Also
    --------
    unitscope.Run.top_items : The top items of a unit, with positions and fields once this was run.
    unitscope.measure_run : Measure the selectivity of the units.

    References
    ----------
    Rafegas, Vanrell, Alexandre & Arias (2020), Understanding trained CNNs by indexing neuron selectivity. Pattern
    Recognition Letters 136.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=64), tempfile.mkdtemp(), layers="conv1", workers=0)
    >>> table = find_features(run, count=20, workers=0)
    >>> table[["unit", "field_height", "n_top"]].head(1)
          unit  field_height  n_top
    0  conv1:0             5     20
    """
    settings = Settings(items, count, grey, network, data, trust, device, batch_size, workers, turned)
    top = find_top(run, count, items, progress)
    return add_table(run, FeatureAnalysis(settings, top), on=on, threads=threads, command=command, progress=progress)
