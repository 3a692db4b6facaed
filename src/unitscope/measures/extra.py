"""Measures that other packages add: a function of a block of activations, and the columns that it fills."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..columns import Column
from ..errors import UnitscopeError
from ..plugins import Registry
from .classes import Classes
from .describe import CLASSWISE, COLUMNS, tested_columns
from .held_out import HELD_OUT


@dataclass(frozen=True)
class ExtraMeasure:
    """A measure that a package adds to the table ``selectivity``.

    Parameters
    ----------
    function
        Called with a block of units as ``function(values, classes)``: `values` are the finite activations,
        ``(units, items)`` float32 or float64, which must not be changed; `classes` are the `Classes` of the items. It
        returns an array for each column, ``(units,)``, and for each class-wise array, ``(units, classes)``, by name.
        A column of kind ``"class"`` holds the number of the class, at least ``classes.choose_from``, or -1 for none.
    columns
        What the columns of the table mean.
    version
        Changes whenever the values do; stored with the table. Tables made with another version are not continued.
    classwise
        What the class-wise arrays mean; each has a name that is not the name of one of Unitscope's arrays.

    See Also
    --------
    unitscope.testing.check_measure : Checks that a measure must pass.
    class_members : The items of a class, also of a class set.

    Examples
    --------
    >>> def above_half(values, classes):
    ...     return {"above_half": (values > values.max(1, keepdims=True) / 2).mean(1)}
    >>> column = Column("above_half", "Above half", "share of items above half of the maximum", low=0, high=1)
    >>> measure = ExtraMeasure(above_half, [column], version="1.0")
    >>> measure.run("above_half", np.array([[4.0, 1.0, 3.0, 0.0]]), Classes.of_labels(np.array([0, 0, 1, 1]), 2))
    {'above_half': array([0.5])}
    """

    function: Callable[[np.ndarray, Classes], Mapping[str, np.ndarray]]
    columns: Sequence[Column]
    version: str
    classwise: Sequence[Column] = field(default=())

    def run(self, name: str, values: np.ndarray, classes: Classes) -> dict[str, np.ndarray]:
        """Return the values of all columns and class-wise arrays.

        Raises
        ------
        UnitscopeError
            If the function fails, or does not return what it describes; `name` is the measure's, for the message.
        """
        try:
            found = {key: np.asarray(array) for key, array in self.function(values, classes).items()}
        except Exception as error:
            raise UnitscopeError(
                f"the measure {name} failed ({type(error).__name__}: {error}); repair or uninstall its package"
            ) from error
        shapes: dict[str, tuple[int, ...]] = {column.name: (len(values),) for column in self.columns}
        shapes |= {column.name: (len(values), len(classes.sizes)) for column in self.classwise}
        returned = {key: array.shape for key, array in found.items()}
        if returned != shapes:
            raise UnitscopeError(
                f"the measure {name} returned {describe(returned)} instead of {describe(shapes)}; repair or uninstall "
                "its package"
            )
        return found


EXTRA_MEASURES: Registry[ExtraMeasure] = Registry("unitscope.measures")
"""The measures that installed packages and scripts have added."""


def describe(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return names and shapes for a message."""
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"


def extra_versions() -> dict[str, str]:
    """Return the version of every extra measure, by name.

    Raises
    ------
    UnitscopeError
        If a measure cannot be imported, or one of its columns or arrays has a name that exists already.
    """
    versions = {name: measure.version for name, measure in EXTRA_MEASURES.items()}
    extra_columns(versions), extra_classwise(versions)
    return versions


def find_extra(versions: Mapping[str, str]) -> dict[str, ExtraMeasure]:
    """Return extra measures by name and version.

    Raises
    ------
    UnitscopeError
        If this process does not have one of them, as on a machine of a cluster that lacks the package.
    """
    for name, version in versions.items():
        here = EXTRA_MEASURES[name].version if name in EXTRA_MEASURES else None
        if here != version:
            raise UnitscopeError(
                f"the measure {name} {version} is not available in a process that computes "
                + (f"(it has {here})" if here else "(no installed package adds it)")
                + "; install the same packages wherever the work runs"
            )
    return {name: EXTRA_MEASURES[name] for name in versions}


def extra_columns(versions: Mapping[str, str]) -> dict[str, Column]:
    """Return what the columns of extra measures mean.

    Raises
    ------
    UnitscopeError
        If two columns have one name.
    """
    described = {name: measure.columns for name, measure in find_extra(versions).items()}
    return gather(described, COLUMNS | HELD_OUT | tested_columns(1))


def extra_classwise(versions: Mapping[str, str]) -> dict[str, Column]:
    """Return what the class-wise arrays of extra measures mean; see `extra_columns`."""
    return gather({name: measure.classwise for name, measure in find_extra(versions).items()}, CLASSWISE)


def gather(described: Mapping[str, Sequence[Column]], own: Mapping[str, Column]) -> dict[str, Column]:
    """Return columns of several measures by name; refuse a name that is used twice."""
    columns: dict[str, Column] = {}
    for name, some in described.items():
        for column in some:
            if column.name in own or column.name in columns:
                raise UnitscopeError(
                    f"the measure {name} has a column {column.name!r}, which exists already; uninstall its package, or "
                    "ask its authors to choose another name"
                )
            columns[column.name] = column
    return columns


def run_extra(
    extra: Mapping[str, ExtraMeasure], values: np.ndarray, classes: Classes
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the columns and the class-wise arrays of extra measures."""
    columns: dict[str, np.ndarray] = {}
    classwise: dict[str, np.ndarray] = {}
    for name, measure in extra.items():
        found = measure.run(name, values, classes)
        columns |= {column.name: found[column.name] for column in measure.columns}
        classwise |= {column.name: found[column.name].astype(np.float64) for column in measure.classwise}
    return columns, classwise


def class_members(classes: Classes, number: int) -> np.ndarray:
    """Return which items belong to a class, ``(items,)`` bool, by the number of the class.

    Numbers are those of the labels, followed by those of the class sets.

    Examples
    --------
    >>> classes = Classes.of_labels(np.array([0, 1, 2, 1]), 3, sets=np.array([[True, False, True]]))
    >>> class_members(classes, 1), class_members(classes, 3)
    (array([False,  True, False,  True]), array([ True, False,  True, False]))
    """
    if number < classes.n_labels:
        return np.asarray(classes.labels == number)
    return np.asarray(classes.sets[number - classes.n_labels][classes.labels])
