"""Measure every unit of a run."""

import warnings
from collections.abc import Mapping, Sequence

import pandas as pd

from ..analysis import add_table
from ..compute import Pool
from ..errors import UnitscopeWarning
from ..measures import top_sizes
from ..progress import Progress
from ..run import Run
from ..run.classes import check_class_sets
from .analysis import Selectivity
from .settings import Settings


def measure_run(
    run: Run,
    *,
    items: str | None = None,
    class_sets: Mapping[str, Sequence[str]] | None = None,
    only_class_sets: bool = False,
    top: int | None = None,
    permutations: int = 0,
    halves: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    on: str | Pool | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure how selective every unit of a run is, with every measure.

    Writes ``tables/selectivity.parquet`` and the class-wise arrays. The same call continues a measurement that was
    stopped; a finished one is computed again.

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
    top
        How many of each unit's most active items the measures of these look at; default: 60 for precision, 100 for
        the number of classes, class index and class population. With 20, ``precision_60`` is ``precision_20`` and
        ``n_classes_top_100`` is ``n_classes_top_20``.
    permutations
        Number of label permutations to compare every measure with: adds ``NAME_chance``, ``NAME_p`` and
        ``NAME_q`` (Benjamini-Hochberg over the units of a layer).
    halves
        A column of ``run.items`` with two values, such as ``"train"`` and ``"test"``: class and threshold are chosen on
        the items of one value and measured on those of the other, both ways. Default: random halves, with as many items
        of every class.
    seed
        Random seed for these halves and for permutations.
    threads
        Threads to use; default: one per core.
    on
        Where to measure: ``None`` for threads of this process, which is fastest on one machine; see
        `unitscope.compute.open_pool`.
    command
        The command line that does this, with the word ``RUN`` for the directory; `unitscope status` tells users to run
        it again if the measurement is stopped.
    progress
        Called with what is being done, the number of units done, and the number of all.

    Returns
    -------
    pandas.DataFrame
        One row per unit; ``run.columns("selectivity")`` describes the columns.

    Raises
    ------
    UnitscopeError
        If another process measures the run, no items are left, values are not finite, a class set has a class
        that the run does not have, or workers died.

    See Also
    --------
    unitscope.measure : Measure an array of activations.
    compare_runs : Compare two measured runs.

    Examples
    --------
    >>> table = measure_run(run, class_sets={"pets": ["cat", "dog"]}, threads=1)
    >>> table[["unit", "max_informedness_class"]].head(1)
        unit max_informedness_class
    0  fc6:0                    cat
    """
    settings = Settings.of(
        run,
        items,
        check_class_sets(class_sets or {}, run.classes),
        only_class_sets=only_class_sets,
        top=None if top is None else top_sizes(top)[0],
        permutations=permutations,
        halves=halves,
        seed=seed,
    )
    frame = add_table(run, Selectivity(settings), on=on, threads=threads, command=command, progress=progress)
    warn_of_negatives(frame)
    if not only_class_sets:
        warn_of_single_items(frame)
    return frame


def warn_of_negatives(frame: pd.DataFrame) -> None:
    """Warn of the layers in which ratio measures are undefined because activations are negative."""
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
    """Warn if every class has one item: each unit is then perfect for the class of its most active item."""
    if (frame["n_items"] == frame["n_classes"]).all():
        warnings.warn(
            "every class has one item, so that each unit is perfect for the class of its most active item; unite "
            "classes with --class-set, or with --superclasses where they are WordNet ids",
            UnitscopeWarning,
            stacklevel=2,
        )
