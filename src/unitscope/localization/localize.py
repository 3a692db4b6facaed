"""Find where a network sees the classes of items, how often that is right, and which units say so."""

from pathlib import Path
from typing import Any

import pandas as pd

from ..analysis import add_table
from ..compute import Pool
from ..data import Concepts, LabelledItems, load_concepts, open_items
from ..errors import UnitscopeError
from ..models import LoadedModel, example_batch, open_network
from ..progress import Progress
from ..run import Run
from .analysis import LocalizationAnalysis
from .head import find_head
from .settings import Settings, check_run
from .true_boxes import TrueBoxes, find_masks, read_boxes
from .worker import find_centres


def localize(
    run: Run,
    *,
    boxes: str | Path | None = None,
    concepts: Concepts | str | None = None,
    maps: int = 0,
    layer: str | None = None,
    centred: bool = False,
    network: LoadedModel | str | None = None,
    data: LabelledItems | str | None = None,
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
    """Find where a network sees the classes of a run's items: class activation maps, or Grad-CAM.

    All items count, correct or not. Class scores of networks that end in global average pooling and a linear layer are
    sums of class activation maps, which is proven on the first items and verified for all; class maps of other
    networks are made by Grad-CAM. The box of a map is around the largest connected part above 20 % of its maximum.
    Writes ``tables/localization.parquet``, how much of which class's evidence each unit of the averaged layer carries;
    the arrays ``evidence`` (of every unit and class), ``box`` (of each item's best class) and ``summary``
    (`unitscope.localization.read_summary`); and images. The same call continues a localization that was stopped.

    Parameters
    ----------
    run
        An open run of images, with predictions.
    boxes
        CSV file of true boxes with the columns ``item, x0, y0, x1, y1``, in pixels of the original images, and perhaps
        ``class``; see `unitscope.localization.true_boxes.read_boxes`.
    concepts
        Masks of the run's items, or a spec for `unitscope.data.load_concepts`, in place of boxes: true boxes are around
        all pixels of the concept with the name of the item's class.
    maps
        Number of items, evenly spaced, of which images are written to ``images/localization/``: the item with its true
        boxes, and the map of its best class with the map's box.
    layer
        Make Grad-CAM from this layer; default: see `unitscope.localization.find_head`.
    centred
        Place the points of maps at the centres of their receptive fields, instead of stretching maps over the image.
    network, data, trust
        The network and the items where the run does not say where they are; see `unitscope.open_network` and
        `unitscope.open_items`.
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"`` for CUDA where it is available.
    batch_size
        Number of items that the network sees at a time.
    workers
        Processes that load items; default: one per core, at most 8.
    threads
        Threads of PyTorch; default: as many as it takes by itself.
    on
        Where to compute; see `unitscope.compute.open_pool`.
    command, progress
        See `unitscope.analysis.add_table`.
    **options
        Options of the spec of concepts, such as ``categories="object"``.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("localization")`` describes the columns.

    Raises
    ------
    UnitscopeError
        If the run has no predictions or items of several classes, boxes or masks do not fit, network or items cannot be
        opened or have changed, the network has no layer with a map, or workers died.

    See Also
    --------
    unitscope.localization.read_summary : Localization errors and accuracies.
    unitscope.localization.class_maps : Class maps of any network and images.
    unitscope.dissect : Compare units with concepts.

    References
    ----------
    Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for discriminative localization. CVPR.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import load_data, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> table = localize(run, concepts="demo:", n=32, workers=0)
    >>> run.parameters("localization")["method"]
    'grad-cam'
    """
    check_run(run)
    true_boxes = find_true_boxes(run, boxes, concepts, options)
    settings = Settings(true_boxes, maps, layer, centred, network, data, trust, device, batch_size, workers)
    items = open_items(run, data=data, trust=trust)
    opened = open_network(run, network=network, trust=trust)
    names = [recorded.name for recorded in run.layers]
    head = find_head(opened, example_batch(opened, items), layer, prefer=names)
    centres = find_centres(opened, head, items) if centred else None
    analysis = LocalizationAnalysis(settings, head, centres)
    return add_table(run, analysis, on=on, threads=threads, command=command, progress=progress)


def find_true_boxes(
    run: Run, boxes: str | Path | None, concepts: Concepts | str | None, options: dict[str, Any]
) -> TrueBoxes | None:
    """Return the true boxes that were given, if any."""
    if options and not isinstance(concepts, str):
        raise UnitscopeError(
            f"{', '.join(options)} would be options of a spec of concepts, which is not given; add it, or leave "
            "them out"
        )
    if boxes is not None and concepts is not None:
        raise UnitscopeError("both boxes and concepts are given; leave one of them out")
    if boxes is not None:
        return read_boxes(boxes, run)
    if concepts is not None:
        return find_masks(load_concepts(concepts, **options) if isinstance(concepts, str) else concepts, run)
    return None
