"""The paper's figures and tables that can be drawn from a run, with their sections and file names."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import figures
from ..dissection import DISSECTION
from ..features import FEATURES
from ..figures.pictures import ItemPictures
from ..run import Run
from ..run.lookup import title_of_class
from ..simulations.superposition import ONE_AT_A_TIME, SUPERPOSITION
from .claims_superposition import simulated
from .observations import Observations

MOST_MARKED = 6
"""Largest number of classes of a set that are marked separately."""


@dataclass(frozen=True)
class PaperFigure:
    """A figure or table of the paper.

    Attributes
    ----------
    section
        Its section in the paper.
    name
        Name of its file without suffix.
    title
        What it shows, and its number in the paper.
    make
        Returns its data; raises `UnitscopeError` if the run does not have them.
    """

    section: str
    name: str
    title: str
    make: Callable[[], Any]


def figures_of_paper(data: Observations, pictures: ItemPictures) -> Iterator[PaperFigure]:
    """Yield the figures and tables of the paper in the order of the page, named as in ``unitscope figure``.

    Figures of one unit are of the unit that `Observations` names.
    """
    run = data.run
    sets = run.class_sets
    recurrent = [*simulated(data, SUPERPOSITION), *simulated(data, ONE_AT_A_TIME)]
    if recurrent:
        title = "Figure 1, top row: units of recurrent networks, and how many are localist"
        yield PaperFigure("1", "superposition", title, lambda: figures.superposition(*recurrent))
    yield PaperFigure("3.1", "boxplots", "Figure 2: each measure, layer by layer", lambda: figures.boxplots(run))
    yield from figures_of_unit(run, data.unit, data.name, pictures)
    for number, name in enumerate(sets, 1):
        title = f"Figure 5: a unit's activation to the class set {name}"
        yield PaperFigure("3.3", f"jitter-set-{number}", title, partial(jitter_of_set, run, name, data.layers))
    if DISSECTION in run.tables:
        title = "Units' concepts and the classes that measures pick (not in the paper)"
        yield PaperFigure("3.3", "concept-agreement", title, lambda: figures.concept_agreement(run))
    title = "Precision against maximum informedness, a point per unit"
    yield PaperFigure("4", "disagreement", title, lambda: figures.disagreement(run))
    title = "Table 2: units highest on CCMAS and on precision"
    yield PaperFigure("6", "top-units", title, lambda: figures.top_units(run))
    yield PaperFigure("6", "correlations", "Table 3: correlations between measures", lambda: figures.correlations(run))
    yield PaperFigure("7", "constructed", "Figure 12: three constructed units", figures.constructed)
    for number, name in enumerate(sets, 1):
        title = f"Tables 4 to 6: units and the class set {name}"
        make = partial(figures.class_set, run, name, layers=data.layers)
        yield PaperFigure("8", f"class-set-{number}", title, make)
    if FEATURES in run.tables:
        yield PaperFigure("R", "indexes", "Colour and class indexes, layer by layer", lambda: figures.indexes(run))


def figures_of_unit(run: Run, unit: str, name: str, pictures: ItemPictures) -> Iterator[PaperFigure]:
    """Yield the figures of one unit and class; none if no unit has a value."""
    if not unit:
        return
    of = f"unit {unit}, {title_of_class(run, name)}"
    yield PaperFigure("3.1", "jitter", f"Figure 3, left: {of}", lambda: figures.jitter(run, unit, [name]))
    yield PaperFigure("3.1", "histogram", f"Figure 3, middle: {of}", lambda: figures.histogram(run, unit, name))
    examples = partial(figures.examples, run, unit, name, pictures=pictures)
    yield PaperFigure("3.1", "examples", f"Figure 3, right: {of}", examples)
    yield PaperFigure("3.1", "roc", f"Every threshold (not in the paper): {of}", lambda: figures.roc(run, unit, name))
    histogram = partial(figures.histogram, run, unit, name, log=True)
    yield PaperFigure("7", "histogram-log", f"Figure 10: {of}, counts on a logarithmic axis", histogram)
    yield PaperFigure("7", "fits", f"Figure 11: {of}", lambda: figures.fits(run, unit, name))


def jitter_of_set(run: Run, name: str, layers: Sequence[str]) -> figures.Jitter:
    """Return the jitterplot of the first unit for a class set, its classes marked separately, or as one if many."""
    unit = figures.class_set(run, name, layers=layers, count=1).rows["unit"].iloc[0]
    members = run.class_sets[name]
    return figures.jitter(run, unit, members if len(members) <= MOST_MARKED else [name])
