"""Measure every unit of a run, block of units by block of units, resumable."""

import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ..compute import Pool
from ..errors import UnitscopeWarning
from ..run import Run
from ..run.classes import check_class_sets
from ..run.files import explained
from ..run.lock import alone
from .blocks import blocks_of
from .parts import TABLE, gather_parts, is_done, prepare_parts
from .settings import Settings
from .tasks import measure_blocks, measure_elsewhere


def measure_run(
    run: Run,
    *,
    items: str | None = None,
    class_sets: Mapping[str, Sequence[str]] | None = None,
    only_class_sets: bool = False,
    permutations: int = 0,
    bootstrap: int = 0,
    seed: int = 0,
    threads: int | None = None,
    on: str | Pool | None = None,
    command: str = "",
    progress: Callable[[str, int, int], None] | None = None,
) -> pd.DataFrame:
    """Measure how selective every unit of a run is, with every measure.

    Writes ``tables/selectivity.parquet`` and the class-wise arrays. The same call goes on with an unfinished
    measurement; a finished one is made anew.

    Parameters
    ----------
    run
        An open run.
    items
        ``"correct"`` or ``"all"``; see `Run.choose_items`.
    class_sets
        Unions of classes to measure like any class, each against the rest: name to class ids or names. They
        take the place of the class sets of an earlier measurement.
    only_class_sets
        Choose each measure's best class among the class sets only.
    permutations
        Compare every measure with this many permutations of the labels: adds ``NAME_chance``, ``NAME_p`` and
        ``NAME_q`` (Benjamini-Hochberg over the units of a layer).
    bootstrap
        Draw items again this many times, stratified by class: adds ``NAME_low`` and ``NAME_high``.
    seed
        Of the random numbers of both.
    threads
        Threads to use; default: one per core.
    on
        Where to measure: ``None`` for threads of this process, which is fastest on one machine; see
        `unitscope.compute.open_pool`.
    command
        The command line that does this, with the word ``RUN`` for the directory; `unitscope status` tells users to run
        it again if the measurement is stopped.
    progress
        Called as the work goes on, with units done and units in all.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("selectivity")`` says what the columns mean.

    Raises
    ------
    UnitscopeError
        If another process measures the run, no items are left, values are not finite, a class set has a class
        that the run has not, or workers died.
    """
    report = progress or (lambda doing, done, total: None)
    settings = Settings.of(
        run,
        items,
        check_class_sets(class_sets or {}, run.classes),
        only_class_sets=only_class_sets,
        permutations=permutations,
        bootstrap=bootstrap,
        seed=seed,
    )
    keep = run.choose_items(settings.items)
    parameters = settings.parameters(int(keep.sum()))
    with alone(run.directory, "measures"):
        with explained(run.directory):
            parts = prepare_parts(run, parameters, command)
        blocks = blocks_of(run, settings)
        todo = [block for block in blocks if not is_done(parts, block)]
        done = len(run.units) - sum(block.last - block.first for block in todo)

        def count(more: int) -> None:
            report("measuring", done + more, len(run.units))

        count(0)
        if on is None:
            measure_blocks(run, todo, settings, threads, count)
        else:
            measure_elsewhere(run, parts, todo, settings, threads, on, count)
        n_classes = len(run.classes) + len(settings.class_sets)
        frame = gather_parts(run, parts, blocks, list(settings.classwise.values()), n_classes, parameters)
        frame = with_q(frame)[list(settings.columns)]
        run.set_class_sets(settings.class_sets)
        run.add_table(TABLE, frame, settings.columns.values(), parameters)
        shutil.rmtree(parts)
    warn_of_negatives(frame)
    if not only_class_sets:
        warn_of_single_items(frame)
    return frame


def with_q(frame: pd.DataFrame) -> pd.DataFrame:
    """Add to each ``NAME_p`` its ``NAME_q``: Benjamini and Hochberg's adjustment over the units of each layer.

    Examples
    --------
    >>> with_q(pd.DataFrame({"layer": ["a", "a", "b"], "auc_p": [0.01, 0.04, 0.04]}))["auc_q"].tolist()
    [0.02, 0.04, 0.04]
    """
    added = {
        name.removesuffix("_p") + "_q": frame.groupby("layer", sort=False)[name].transform(adjust)
        for name in map(str, frame)
        if name.endswith("_p")
    }
    return frame.assign(**added)


def adjust(p: pd.Series) -> np.ndarray:
    """Adjust the p-values of one layer; units without one take no part."""
    from scipy.stats import false_discovery_control  # takes a second to import, and is rarely asked for

    q = np.full(len(p), np.nan)
    known = p.notna().to_numpy()
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q


def warn_of_negatives(frame: pd.DataFrame) -> None:
    """Name the layers in which ratio measures are undefined because activations are negative."""
    negative = frame["undefined"].str.contains("negative activations", regex=False)
    if negative.any():
        layers = ", ".join(frame.loc[negative, "layer"].unique())
        warnings.warn(
            f"{negative.sum()} units of {layers} have negative activations: CCMAS, class selectivity and lifetime "
            "sparseness are undefined for them",
            UnitscopeWarning,
            stacklevel=2,
        )


def warn_of_single_items(frame: pd.DataFrame) -> None:
    """Say that measures mean little where every class has one item: the most active item is a class by itself."""
    if (frame["n_items"] == frame["n_classes"]).all():
        warnings.warn(
            "every class has one item, so that each unit is perfect for the class of its most active item; unite "
            "classes with --class-set, or with --superclasses where they are WordNet ids",
            UnitscopeWarning,
            stacklevel=2,
        )
