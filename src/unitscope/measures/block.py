"""All measures of a block of units, as arrays for a run's table."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UnitscopeWarning
from .best import is_negative
from .classes import Classes
from .counting import tally
from .extra import ExtraMeasure, run_extra
from .gather import classwise_arrays, reasons, table_columns
from .halves import Halves
from .held_out import held_out_columns
from .held_out_counts import tally_halves
from .tally import Tally

CLASS_CELLS = 400_000
"""Most units x classes that are counted at a time: some 100 arrays of this many numbers are then in memory."""


@dataclass(frozen=True)
class Measured:
    """Every measure of some units.

    Attributes
    ----------
    columns
        Name to ``(U,)`` array, all columns of `COLUMNS` but the unit's id, layer and index; classes as indices,
        -1 where there is none.
    classwise
        Name to ``(U, C)`` float64 array, as in `CLASSWISE`.
    """

    columns: dict[str, np.ndarray]
    classwise: dict[str, np.ndarray]


def measure_block(
    activations: np.ndarray,
    classes: Classes,
    *,
    halves: Halves | None = None,
    units: Sequence[str] | None = None,
    top: int | None = None,
    threads: int | None = None,
    extra: Mapping[str, ExtraMeasure] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Measure units whose values stand together.

    Parameters
    ----------
    activations
        ``(U, N)`` float32 or float64, C-contiguous.
    classes
        What the items belong to.
    halves
        The same classes with their items in two halves, for the columns of `HELD_OUT`; ``None`` leaves these out.
    units
        Names of the units, for messages.
    extra
        Measures of other packages to run too; see `unitscope.measures.extra`.
    top, threads, progress
        As in `measure`.

    Returns
    -------
    Measured
        Columns have their usual names, ``precision_60``, whatever `top` is; `for_top` renames them.

    Raises
    ------
    UnitscopeError
        If a value is NaN or infinite, there are no items, or there is not one label for each.
    """
    names = list(units) if units is not None else [str(unit) for unit in range(len(activations))]
    done = 0
    parts = []
    # As many units at a time as keep the counts of many classes small.
    step = max(CLASS_CELLS // max(len(classes.sizes), 1), 1)
    for first in range(0, max(len(activations), 1), step):
        some = slice(first, first + step)
        report = None if progress is None else lambda more, done=done: progress(done + more)
        options: Any = {"top": top, "threads": threads, "names": names[some], "progress": report}
        if halves is None:
            counts = tally(activations[some], classes, **options)
            measured = measure_tally(counts)
        else:
            tallies = tally_halves(activations[some], halves, **options)
            counts, measured = tallies.whole, measure_tally(tallies.whole)
            measured = Measured(measured.columns | held_out_columns(tallies), measured.classwise)
        done += len(counts.total_mean)
        warn_of_negatives(is_negative(counts), names[some])
        extra_columns, extra_classwise = run_extra(extra or {}, activations[some], classes)
        parts.append(Measured(measured.columns | extra_columns, measured.classwise | extra_classwise))
    return parts[0] if len(parts) == 1 else join(parts)


def measure_tally(counts: Tally) -> Measured:
    """Compute every measure from the counts of some units."""
    classwise = classwise_arrays(counts)
    return Measured(table_columns(counts, classwise) | {"undefined": reasons(counts, classwise)}, classwise)


def join(parts: list[Measured]) -> Measured:
    """Put measured units behind each other."""
    return Measured(
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        {name: np.concatenate([part.classwise[name] for part in parts]) for name in parts[0].classwise},
    )


def warn_of_negatives(negative: np.ndarray, names: Sequence[str]) -> None:
    """Warn of units with negative activations, for which ratio measures are undefined."""
    if negative.any():
        warnings.warn(
            f"{negative.sum()} units have negative activations (the first is {names[int(negative.argmax())]}): CCMAS, "
            "class selectivity and lifetime sparseness are undefined for them",
            UnitscopeWarning,
            stacklevel=3,
        )
