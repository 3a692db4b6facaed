"""Which of the paper's figures and tables are drawn of a run, in which section, under which file name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import figures
from ..figures.chosen import class_name
from ..figures.pictures import Pictures
from ..run import Run
from .evidence import Evidence

MOST_MARKED = 6
"""So many classes of a set can be marked each its own way."""


@dataclass(frozen=True)
class Plate:
    """A figure to be drawn.

    Attributes
    ----------
    section
        The paper's section that it belongs to.
    name
        The file's name without suffix.
    title
        What it shows, and which figure of the paper it is.
    make
        Computes its data; raises `UnitscopeError` where the run does not allow it.
    """

    section: str
    name: str
    title: str
    make: Callable[[], Any]


def plates(seen: Evidence, pictures: Pictures) -> Iterator[Plate]:
    """List the figures and tables of the paper for a run, those of one unit for the unit that is looked at closely.

    Yields
    ------
    Plate
        In the order of the page. The names are those of ``unitscope figure``.
    """
    run = seen.run
    yield Plate("3.1", "boxplots", "Figure 2: each measure, layer by layer", lambda: figures.boxplots(run))
    yield from of_unit(run, seen.unit, seen.name, pictures)
    sets = run.class_sets
    for number, name in enumerate(sets):
        yield Plate("3.3", f"jitter-set-{number + 1}", f"Figure 5: a unit's activation to the class set {name}",
                    partial(jitter_of_set, run, name, seen.layers))  # fmt: skip
    yield Plate("4", "disagreement", "Precision against maximum informedness, a point per unit",
                lambda: figures.disagreement(run, "precision_60", "max_informedness"))  # fmt: skip
    yield Plate("6", "top-units", "Table 2: units highest on CCMAS and on precision", lambda: figures.top_units(run))
    yield Plate("6", "correlations", "Table 3: correlations between measures", lambda: figures.correlations(run))
    yield Plate("7", "constructed", "Figure 12: three constructed units", figures.constructed)
    for number, name in enumerate(sets):
        yield Plate("8", f"class-set-{number + 1}", f"Tables 4 to 6: units and the class set {name}",
                    partial(figures.class_set, run, name, layers=seen.layers))  # fmt: skip


def of_unit(run: Run, unit: str, name: str, pictures: Pictures) -> Iterator[Plate]:
    """List the figures of one unit and class; none where no unit has a value."""
    if not unit:
        return
    of = f"unit {unit}, {class_name(run, name)}"
    yield Plate("3.1", "jitter", f"Figure 3, left: {of}", lambda: figures.jitter(run, unit, [name]))
    yield Plate("3.1", "histogram", f"Figure 3, middle: {of}", lambda: figures.histogram(run, unit, name))
    yield Plate("3.1", "examples", f"Figure 3, right: {of}",
                lambda: figures.examples(run, unit, name, pictures=pictures))  # fmt: skip
    yield Plate("3.1", "roc", f"Every threshold (not in the paper): {of}", lambda: figures.roc(run, unit, name))
    yield Plate("7", "histogram-log", f"Figure 10: {of}, counts on a logarithmic axis",
                lambda: figures.histogram(run, unit, name, log=True))  # fmt: skip
    yield Plate("7", "fits", f"Figure 11: {of}", lambda: figures.fits(run, unit, name))


def jitter_of_set(run: Run, name: str, layers: Sequence[str]) -> figures.Jitter:
    """Draw the unit listed first for a class set, its classes each marked its own way, or as one if they are many."""
    unit = figures.class_set(run, name, layers=layers, count=1).rows["unit"].iloc[0]
    members = run.class_sets[name]
    return figures.jitter(run, unit, members if len(members) <= MOST_MARKED else [name])
