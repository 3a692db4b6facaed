"""Whether a unit's concept is the class that a measure picks for the unit (compare Gale et al. 2020, section 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..dissection import DETECTOR, DISSECTION
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import TableColumn, find_columns, list_columns
from ..run.repair import MEASURED, make_first
from .concept_names import KIND, SAME, concepts_of, match_names
from .dissection import dissection_table
from .style import in_rows, label_layers

WIDTH = 11.0
"""Largest width of a row of panels, in inches."""

COLOURS = {SAME: "#7fb3d5", KIND: "#dcecf6"}
"""Colour of the bars of each relation; those of `KIND` are hatched as well."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of one measure with the dissection, layer by layer.

    Attributes
    ----------
    title
        Title of the measure.
    table
        Its rows: see `ConceptAgreement.table`.
    """

    title: str
    table: pd.DataFrame

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        relations = self.table["relation"].nunique()
        return max(2.6, 1.0 + 0.55 * relations * self.table["layer"].nunique()), 2.5

    def draw(self, ax: Axes) -> Axes:
        """Draw a bar for each layer and relation, a diamond for detectors, and a line for chance."""
        labels = label_layers(self.table["layer"])
        relations = list(self.table["relation"].unique())
        width = 0.8 / len(relations)
        for number, relation in enumerate(relations):
            places = np.arange(len(labels)) + width * (number + 0.5) - 0.4
            every, detectors = (
                self.table[(self.table["relation"] == relation) & (self.table["among"] == among)]
                for among in ("units", "detectors")
            )
            ax.bar(places, every["share"], 0.9 * width, color=COLOURS[relation], edgecolor="#555555", linewidth=0.4,
                   hatch="///" if relation == KIND else "")  # fmt: skip
            ax.hlines(every["chance"], places - 0.45 * width, places + 0.45 * width, colors="black", lw=1.6, zorder=3)
            ax.plot(places, detectors["share"], "D", color="white", mec="black", ms=4.5, mew=0.9, ls="", zorder=4,
                    clip_on=False)  # fmt: skip
            for place, agree, could in zip(places, every["agree"], every["could_agree"], strict=True):
                ax.text(place, 1.03, f"{agree:,}\nof {could:,}", fontsize=5.5, ha="center", va="bottom", linespacing=1)
        ax.set_xticks(np.arange(len(labels)), labels.values(), rotation=40, ha="right", rotation_mode="anchor")
        ax.set(xlim=(-0.6, len(labels) - 0.4), ylim=(0, 1))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.set_title(self.title, fontsize=9, pad=22)
        return ax


@dataclass(frozen=True)
class ConceptAgreement:
    """How often units' concepts are the classes that measures pick.

    Attributes
    ----------
    table
        One row per measure, layer, relation (``"same"``: the class has the concept's name; ``"kind"``, for classes that
        are WordNet IDs: it or a noun above it has) and ``among`` (``"units"`` or ``"detectors"``, units whose IoU is
        above .04). ``units`` have both a concept and a class; of those, ``could_agree`` have a class that is some
        concept of the dissection, and ``agree`` have it as their own concept; ``share`` is ``agree / could_agree``, and
        ``chance`` its mean if the concepts of the units that could agree are dealt out among them at random.
    titles
        Title of each measure.
    n_shared
        Classes and class sets that are concepts.

    See Also
    --------
    concept_agreement : Count it.
    """

    table: pd.DataFrame
    titles: dict[str, str]
    n_shared: int

    def frame(self) -> pd.DataFrame:
        """Return the counts."""
        return self.table

    @property
    def panels(self) -> tuple[Agreement, ...]:
        """One panel for each measure."""
        return tuple(Agreement(title, self.table[self.table["measure"] == name]) for name, title in self.titles.items())

    @property
    def rows(self) -> list[list[int]]:
        """Numbers of the panels row by row."""
        panels = self.panels
        return in_rows(len(panels), min(len(panels), max(1, int(WIDTH // panels[0].size[0]))))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        width, height = self.panels[0].size
        return max(5.0, width * len(self.rows[0])), height * len(self.rows) + 1.1

    @property
    def title(self) -> str:
        """Title above all panels."""
        kinds = KIND in set(self.table["relation"])
        hatched = " (hatched: or a kind of it, in WordNet)" if kinds else ""
        return (
            f"Is a unit's concept the class that a measure picks?\nBars: share of units whose concept is their class"
            f"{hatched}, of those whose class is any concept of the dissection ({self.n_shared:,} classes are). "
            f"Diamonds: detectors only, IoU above {DETECTOR:.2f}. Lines: by chance."
        )


def concept_agreement(run: Run, measures: Sequence[str] | None = None) -> ConceptAgreement:
    """Count the units whose concept is the class that a measure picks for them, beside what chance gives.

    Classes and concepts are compared by name: see `unitscope.figures.concept_names.match_names`.

    Parameters
    ----------
    run
        A run that was measured and dissected.
    measures
        Names of columns that have a class, ``"auc"`` or ``"selectivity.precision_60"``; default: all.

    Returns
    -------
    ConceptAgreement

    Raises
    ------
    UnitscopeError
        If the run has no dissection or no measures with classes, or no class has the name of a concept.

    See Also
    --------
    dissection : Which concepts have detectors.
    disagreement : Two measures of the same units.

    Examples
    --------
    >>> import tempfile
    >>> from unitscope import dissect, load_data, measure_run, record
    >>> run = record("demo:", load_data("demo:", n=32), tempfile.mkdtemp(), layers="conv5", workers=0)
    >>> tables = measure_run(run), dissect(run, "demo:", n=32, workers=0)
    >>> concept_agreement(run, ["auc"]).frame()[["measure", "layer", "among"]].values.tolist()
    [['auc', 'conv5', 'units'], ['auc', 'conv5', 'detectors']]
    """
    dissected = dissection_table(run).set_index("unit")
    matches = match_names(run, concepts_of(run.stored_table(DISSECTION)))
    if not any(found.to_numpy().any() for found in matches.values()):
        raise UnitscopeError(
            f"no class of {run.directory} has the name of a concept of its dissection; unite classes under the name of "
            f"a concept with `unitscope measure {run.directory} --class-set CONCEPT=CLASS,CLASS`"
        )
    columns = columns_with_classes(run, measures)
    rows = []
    for found in columns:
        units = run.units[["unit", "layer"]].copy()
        units["class"] = class_column(found).reindex(units["unit"]).to_numpy()
        units["concept"] = dissected["concept"].reindex(units["unit"]).to_numpy()
        units["detector"] = (dissected["iou"] > DETECTOR).reindex(units["unit"], fill_value=False).to_numpy()
        units = units[units["class"].notna() & ~units["concept"].isin(["", np.nan])]
        for layer in run.layers:
            of_layer = units[units["layer"] == layer.name]
            for relation, table in matches.items():
                for among, of in (("units", of_layer), ("detectors", of_layer[of_layer["detector"]])):
                    counts = count_agreement(of["class"], of["concept"], table)
                    rows.append((found.name, layer.name, relation, among, len(of), *counts))
    names = ["measure", "layer", "relation", "among", "units", "could_agree", "agree", "share", "chance"]
    shared = int(matches[KIND if KIND in matches else SAME].any(axis=1).sum())
    return ConceptAgreement(pd.DataFrame(rows, columns=names), {found.name: found.title for found in columns}, shared)


def count_agreement(classes: pd.Series, concepts: pd.Series, matches: pd.DataFrame) -> tuple[int, int, float, float]:
    """Count units whose class and concept match.

    Parameters
    ----------
    classes, concepts
        Of each unit.
    matches
        Which classes (rows) match which concepts (columns), bool; see `unitscope.figures.concept_names.match_names`.

    Returns
    -------
    could_agree : int
        Units whose class matches some concept.
    agree : int
        Units whose class matches their own concept.
    share : float
        ``agree / could_agree``, NaN if none could.
    chance : float
        Mean of the share over all ways to deal out the concepts among the units that could agree: the sum over matching
        names of the share of units with the class times the share of units with the concept.

    Examples
    --------
    >>> matches = pd.DataFrame(np.eye(2, dtype=bool), ["cat", "dog"], ["cat", "dog"])
    >>> count_agreement(pd.Series(["cat", "cat", "dog", "emu"]), pd.Series(["cat", "dog", "dog", "dog"]), matches)
    (3, 2, 0.6666666666666666, 0.4444444444444444)
    """
    can = classes.isin(matches.index[matches.any(axis=1)]).to_numpy()
    could = int(can.sum())
    if not could:
        return 0, 0, np.nan, np.nan
    of_class, of_concept = classes[can].value_counts(), concepts[can].value_counts()
    together = pd.crosstab(classes[can].to_numpy(), concepts[can].to_numpy())
    matching = matches.loc[of_class.index, of_concept.index].to_numpy()
    agree = int((together.loc[of_class.index, of_concept.index].to_numpy() * matching).sum())
    chance = float(of_class.to_numpy() @ matching @ of_concept.to_numpy()) / could**2
    return could, agree, agree / could, chance


def columns_with_classes(run: Run, measures: Sequence[str] | None) -> list[TableColumn]:
    """Return the measures that pick a class, or of given ones all; raise if one picks none."""
    if measures is None:
        columns = [found for found in list_columns(run) if found.linked("class") and class_column(found).notna().any()]
        if not columns:
            raise UnitscopeError(
                f"no measure of {run.directory} picks a class for any unit; {make_first(run.directory, MEASURED)}"
            )
        return columns
    columns = find_columns(run, measures)
    for found in columns:
        if not found.linked("class"):
            raise UnitscopeError(f"the measure {found.name} picks no class; choose others, such as precision_60,auc")
    return columns


def class_column(measure: TableColumn) -> pd.Series:
    """Return the class that a measure picks for each unit."""
    picked = measure.linked("class")
    assert picked is not None
    return picked.by_unit
