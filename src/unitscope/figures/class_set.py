"""Responses of some units to a class or class set, as a table (Gale et al. 2020, Tables 4 to 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes

from ..columns import Column
from ..dissection import DISSECTION
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import class_position, find_columns, items_of_table, values_of_class
from ..run.repair import command_for
from ..selectivity import SELECTIVITY
from .concept_names import concepts_of_class
from .style import count_items, shorten
from .tabular import Text, number
from .unit_data import measures_of_paper, standard_error

MEASURES = ("precision_60", "ccmas", "max_informedness")
"""Measures shown beside the means: the paper's two, and maximum informedness."""


@dataclass(frozen=True)
class ClassSet:
    """Units and a class set A.

    Attributes
    ----------
    name
        Readable name of A.
    classes
        Readable names of the classes that A unites; empty for a single class.
    rows
        One row per unit: ``unit``, ``iou`` where the run was dissected, ``active_in_class`` and ``active_elsewhere``
        (shares of items whose activation is above 0), ``mean_in_class``, ``mean_in_class_se``, ``mean_not_in_class``,
        ``mean_not_in_class_se``, and the measures for A, NaN where A was not measured.
    measures
        What the measures are.
    n_members, n_items
        Items of A, and all items.
    items
        ``"correct"`` or ``"all"``.
    measured
        Whether A was measured.
    concepts
        Concepts of the dissection that have a name of A, with which the units' IoU is.
    namesakes
        Readable names of other classes that these names may mean as well.

    See Also
    --------
    class_set : Compute it.
    """

    name: str
    classes: tuple[str, ...]
    rows: pd.DataFrame
    measures: tuple[Column, ...]
    n_members: int
    n_items: int
    items: str
    measured: bool
    concepts: tuple[str, ...] = ()
    namesakes: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.rows

    @property
    def text(self) -> Text:
        """The table in words."""
        dissected = "iou" in self.rows
        heads = ["Unit", *(["IoU"] if dissected else []), "share above 0 in A", "share above 0 not in A", "mean in A",
                 "mean not in A", *(measure.title for measure in self.measures)]  # fmt: skip
        lines = [
            [
                row["unit"],
                *([number(row["iou"])] if dissected else []),
                f"{row['active_in_class']:.1%}",
                f"{row['active_elsewhere']:.1%}",
                f"{row['mean_in_class']:.4g} ± {row['mean_in_class_se']:.2g}",
                f"{row['mean_not_in_class']:.4g} ± {row['mean_not_in_class_se']:.2g}",
                *(number(row[measure.name]) for measure in self.measures),
            ]
            for row in self.rows.to_dict("records")
        ]
        notes = [
            f"{count_items(self.n_items, self.items)}: {self.n_members:,} in A, {self.n_items - self.n_members:,} not"
        ]
        if self.classes:
            notes.append(shorten(f"A: {', '.join(self.classes)}", 110))
        if self.concepts:
            other = f", which may also mean {', '.join(self.namesakes)}" if self.namesakes else ""
            notes.append(shorten(f"IoU: with the concept {' or '.join(self.concepts)}{other}", 110))
        elif dissected:
            notes.append("no unit's concept has a name of A, so there is no IoU")
        if not self.measured:
            notes.append("A was not measured as a class set: its measures are left blank")
        notes.append("±: standard error of the mean; the measures are those for A, not for the best class")
        return Text(heads, lines, range(1, len(heads)), f"A: {shorten(self.name, 60)}", notes)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return self.text.size

    def draw(self, ax: Axes) -> Axes:
        """Draw the table."""
        return self.text.draw(ax)


def class_set(
    run: Run,
    name: str,
    units: Sequence[str] | None = None,
    *,
    layers: Sequence[str] | None = None,
    count: int = 7,
) -> ClassSet:
    """Compute the responses of some units to a class set and to everything else.

    Parameters
    ----------
    run
        A run that was measured.
    name
        A class or class set.
    units
        Their ids; default: those of highest IoU for a concept that has a name of the class or class set where the run
        was dissected (see `unitscope.figures.concept_names.match_names`), else of highest maximum informedness.
    layers, count
        From which layers, and how many units to choose where none are named; default: all layers.

    Returns
    -------
    ClassSet

    Raises
    ------
    UnitscopeError
        If there is no such class or unit, all items or none are in A, or units are not named and cannot be chosen.

    See Also
    --------
    jitter : Activations of a unit, with the classes of the set marked.

    Examples
    --------
    >>> class_set(run, "pets", count=2).frame()[["unit", "mean_in_class", "mean_not_in_class"]].round(2)
        unit  mean_in_class  mean_not_in_class
    0  fc6:0           2.34               0.99
    1  fc6:1           1.16               0.84
    """
    keep, items = items_of_table(run, SELECTIVITY)
    members = run.members(name)[keep]
    if not 0 < members.sum() < len(members):
        raise UnitscopeError(
            f"{members.sum()} of {len(members)} items are in {name}; choose another class or class set"
        )
    overlaps, concepts, namesakes = read_overlaps(run, name)
    measured = class_position(run, SELECTIVITY, name) is not None
    chosen = list(units) if units else choose_units(run, name, overlaps, layers, count)
    rows = []
    for unit in chosen:
        values = run.unit_activations(unit)[keep].astype(float)
        ours, others = values[members], values[~members]
        rows.append(
            {
                "unit": unit,
                "active_in_class": (ours > 0).mean(),
                "active_elsewhere": (others > 0).mean(),
                "mean_in_class": ours.mean(),
                "mean_in_class_se": standard_error(ours),
                "mean_not_in_class": others.mean(),
                "mean_not_in_class_se": standard_error(others),
            }
        )
    frame = pd.DataFrame(rows)
    if overlaps is not None:
        frame.insert(1, "iou", overlaps.reindex(chosen).to_numpy())
    measures = tuple(found.column for found in find_columns(run, measures_of_paper(MEASURES)))
    for measure in measures:
        frame[measure.name] = values_of_class(run, SELECTIVITY, measure.name, chosen, name)
    return ClassSet(
        run.class_title(name),
        tuple(run.class_title(member) for member in run.class_sets.get(name, ())),
        frame,
        measures,
        int(members.sum()),
        len(members),
        items,
        measured,
        concepts,
        namesakes,
    )


def read_overlaps(run: Run, name: str) -> tuple[pd.Series | None, tuple[str, ...], tuple[str, ...]]:
    """Return the IoU of units whose concept has a name of a class or class set, by unit; ``None`` without a dissection.

    Also returns these concepts, and other classes that they may mean: see `concepts_of_class`.
    """
    if DISSECTION not in run.tables:
        return None, (), ()
    table = run.table(DISSECTION)
    concepts, others = concepts_of_class(run, name, table["concept"][table["concept"] != ""].unique())
    return table[table["concept"].isin(concepts)].set_index("unit")["iou"], concepts, others


def choose_units(
    run: Run, name: str, overlaps: pd.Series | None, layers: Sequence[str] | None, count: int
) -> list[str]:
    """Return the units of highest IoU, or else of highest maximum informedness for the class set."""
    layer_of = run.units.set_index("unit")["layer"]
    among = layer_of.index[layer_of.isin(layers)] if layers is not None else layer_of.index
    if overlaps is not None:
        overlaps = overlaps[overlaps.index.isin(among)]
    if overlaps is not None and overlaps.notna().any():
        return overlaps.sort_values(ascending=False, kind="stable").index[:count].tolist()
    if class_position(run, SELECTIVITY, name) is None:
        raise UnitscopeError(
            f"the class set {name} was not measured, so no units can be chosen for it; name them with --units, "
            f"or run `{command_for(run.directory, SELECTIVITY)}` with --class-set again"
        )
    units = run.units["unit"].tolist()
    found = pd.Series(values_of_class(run, SELECTIVITY, "max_informedness", units, name), units).loc[among].dropna()
    if len(found):
        return found.sort_values(ascending=False, kind="stable").index[:count].tolist()
    raise UnitscopeError(f"no unit of {run.directory} has a value for {name}; name units with --units")
