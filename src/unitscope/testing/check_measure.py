"""Checks of a measure: invariance, undefined units, small and overlapping classes, ranges, types."""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..columns import KINDS, Column, link_by_name
from ..errors import UnitscopeWarning
from ..measures import Classes, ExtraMeasure

EXACT = ("class", "flag", "text")
"""Kinds of columns that are compared exactly; numbers may differ by rounding."""

SLACK = 1e-9
"""How far rounding may carry a value out of its range."""


class Case(NamedTuple):
    """A block of units to measure; `tells` is false where no measure may call a unit selective."""

    values: np.ndarray
    classes: Classes
    tells: bool = True


def check_measure(measure: ExtraMeasure, *, scale_dependent: Collection[str] = ()) -> None:
    """Check that a measure behaves as Unitscope and its readers assume.

    The measure is run on made-up blocks of units: activations with and without ties, negative ones, dead and constant
    units, one class only, classes of one item and of none, class sets, items of several classes.

    - Columns are complete, described, of the right type, and within their ranges; there is no infinity.
    - The activations are not changed.
    - The order of the items, the other units of the block, and float32 or float64 make no difference.
    - Multiplying activations by a positive number multiplies columns of kind ``"value"`` and changes no other.
    - A dead or constant unit, or one whose items are all of one class, reaches the upper end of no measure and has no
      flag. Where a measure is NaN its class is -1. A class is one that may be chosen and has items.

    Parameters
    ----------
    measure
        The measure.
    scale_dependent
        Names of columns that depend on the scale of the activations although they are not of kind ``"value"``, for
        instance a variance.

    Raises
    ------
    AssertionError
        Naming the case and the column.
    UnitscopeError
        If the measure fails, or does not return the arrays that it describes.

    See Also
    --------
    unitscope.measures.ExtraMeasure : What a measure is.

    Examples
    --------
    >>> def position(values, classes):
    ...     return {"position": values.argmax(1) / values.shape[1]}
    >>> column = Column("position", "Position of the peak", "place of the most active item", low=0, high=1)
    >>> check_measure(ExtraMeasure(position, [column], version="1"))
    Traceback (most recent call last):
    AssertionError: many ties: position depends on the order of the items...
    """
    check_description(measure)
    for name, case in make_cases().items():
        found = run(measure, case)
        check_values(measure, name, case, found)
        check_invariance(measure, name, case, found, scale_dependent)


def make_cases() -> dict[str, Case]:
    """Return the blocks of units that a measure is run on, by name."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 240)
    smooth = rng.exponential(size=(4, 240)).astype(np.float32) + (labels == 1)
    steps = np.where(rng.random((4, 240)) < 0.5, 0, rng.integers(1, 9, (4, 240))).astype(np.float32)
    steps[0] += 5 * (labels == 2)
    four = Classes.of_labels(labels, 4)
    pairs = np.array([[True, True, False, False], [False, False, True, True]])
    rare = np.where(np.arange(240) == 7, 4, labels)
    several = rng.random((240, 3)) < 0.4
    return {
        "many ties": Case(steps, four),
        "no ties": Case(smooth, four),
        "negative activations": Case(steps - 6, four),
        "only negative activations": Case(steps - 20, four),
        "dead units": Case(np.zeros((2, 240), np.float32), four, tells=False),
        "constant units": Case(np.full((2, 240), 3, np.float32), four, tells=False),
        "constant negative units": Case(np.full((2, 240), -3, np.float32), four, tells=False),
        "one class": Case(steps, Classes.of_labels(np.zeros(240, int), 1), tells=False),
        "a class of one item and one of none": Case(steps, Classes.of_labels(rare, 6)),
        "every class of one item": Case(smooth[:, :5], Classes.of_labels(np.arange(5), 5)),
        "two items": Case(smooth[:, :2], Classes.of_labels(np.arange(2), 2)),
        "class sets": Case(steps, Classes.of_labels(labels, 4, pairs)),
        "class sets only": Case(steps, Classes.of_labels(labels, 4, pairs, choose_from=4)),
        "items of several classes": Case(steps, Classes.of_memberships(several)),
    }


def check_description(measure: ExtraMeasure) -> None:
    """Check what the columns say of themselves."""
    names = [column.name for column in (*measure.columns, *measure.classwise)]
    assert names, "the measure has no columns"
    assert len(set(names)) == len(names), f"two columns have one name: {', '.join(names)}"
    for column in (*measure.columns, *measure.classwise):
        assert column.kind in KINDS, f"{column.name} is of an unknown kind {column.kind!r}; choose one of {[*KINDS]}"
        assert column.title, f"{column.name} has no title"
        assert column.definition, f"{column.name} has no definition"
        for role, other in column.links.items():
            assert other in names, f"{column.name} names {other} as its {role}, which is no column of the measure"


def run(measure: ExtraMeasure, case: Case) -> dict[str, np.ndarray]:
    """Measure a block; the activations must not change."""
    given = case.values.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnitscopeWarning)  # of negative activations
        found = measure.run("measure", given, case.classes)
    np.testing.assert_array_equal(given, case.values, err_msg="the measure changes the activations that it is given")
    return found


def check_values(measure: ExtraMeasure, name: str, case: Case, found: Mapping[str, np.ndarray]) -> None:
    """Check types and ranges, and that nothing is said of units that tell nothing."""
    for column in (*measure.columns, *measure.classwise):
        values = found[column.name]
        place = f"{name}: {column.name}"
        if column.kind == "text":
            continue
        if column.kind == "flag":
            assert values.dtype == bool, f"{place} is {values.dtype}, not bool"
            assert case.tells or not values.any(), f"{place} is true of units that tell nothing of classes"
        elif column.kind == "class":
            check_classes(place, case.classes, values)
        else:
            check_numbers(place, column, values, case.tells)
    for column in link_by_name({column.name: column for column in measure.columns}).values():
        if "class" in column.links and found[column.name].dtype.kind == "f":
            classes = found[column.links["class"]][np.isnan(found[column.name])]
            assert (classes == -1).all(), f"{name}: {column.links['class']} is not -1 where {column.name} is NaN"


def check_classes(place: str, classes: Classes, values: np.ndarray) -> None:
    """Check that classes are those that may be chosen."""
    assert values.dtype.kind in "iu", f"{place} is {values.dtype}, not whole numbers of classes (-1 for none)"
    chosen = values[values != -1]
    allowed = (chosen >= classes.choose_from) & (chosen < len(classes.sizes))
    assert allowed.all(), f"{place} is not -1 or from {classes.choose_from} to {len(classes.sizes) - 1}: {values}"
    assert (classes.sizes[chosen] > 0).all(), f"{place} is a class without items: {values}"


def check_numbers(place: str, column: Column, values: np.ndarray, tells: bool) -> None:
    """Check the range of a column of numbers."""
    numbers = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    assert np.isfinite(numbers).all(), f"{place} has an infinite value; use NaN where it is undefined"
    for bound, outside in ((column.low, lambda bound: numbers < bound - SLACK),
                           (column.high, lambda bound: numbers > bound + SLACK)):  # fmt: skip
        assert bound is None or not outside(bound).any(), f"{place} is beyond its bound {bound}: {numbers}"
    if not tells and column.kind == "measure" and column.high is not None:
        top = numbers >= column.high - SLACK
        assert not top.any(), f"{place} is {column.high} of units that tell nothing of classes; NaN or less is expected"


def check_invariance(
    measure: ExtraMeasure, name: str, case: Case, found: Mapping[str, np.ndarray], scale_dependent: Collection[str]
) -> None:
    """Check what must make no difference."""
    values, classes = case.values, case.classes
    order = np.random.default_rng(1).permutation(values.shape[1])
    shuffled = Case(np.ascontiguousarray(values[:, order]), replace(classes, labels=classes.labels[order]))
    compare(measure, found, run(measure, shuffled), f"{name}: {{}} depends on the order of the items")
    for unit in range(len(values)):
        alone = run(measure, Case(values[unit : unit + 1], classes))
        row = {column: of[unit : unit + 1] for column, of in found.items()}
        compare(measure, row, alone, f"{name}: {{}} of a unit depends on the other units of the block")
    double = run(measure, Case(values.astype(np.float64), classes))
    compare(measure, found, double, f"{name}: {{}} of float64 differs from that of the same float32")
    scaled = run(measure, Case(values * 4, classes))
    columns = {column.name: column for column in (*measure.columns, *measure.classwise)}
    expected = {
        column: of * 4 if columns[column].kind == "value" else of
        for column, of in found.items()
        if column not in scale_dependent
    }
    compare(measure, expected, scaled, f"{name}: {{}} does not answer to the scale of activations as its kind demands")


def compare(
    measure: ExtraMeasure, expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray], message: str
) -> None:
    """Compare what was measured; `message` has a place for the column."""
    kinds = {column.name: column.kind for column in (*measure.columns, *measure.classwise)}
    for name, values in expected.items():
        error = message.format(name)
        if kinds[name] in EXACT:
            same = np.array_equal(values, found[name])
        else:
            same = np.allclose(found[name], values, rtol=1e-5, atol=1e-7, equal_nan=True)
        assert same, f"{error}: {values} and {found[name]}"
