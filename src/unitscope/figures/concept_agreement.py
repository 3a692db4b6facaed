"""How often a unit's concept, of Network Dissection, is the class that a measure of selectivity picks for it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from ..data.wordnet import are_wnids, nouns, nouns_above
from ..errors import UnitscopeError
from ..run import Run
from ..run.lookup import list_columns
from .dissection import dissection_table
from .style import label_layers, shorten, thousands

SUFFIXES = ("-c", "-s")
"""Ends of Broden's names of colours and scenes."""


@dataclass(frozen=True)
class ConceptAgreement:
    """How often concepts and classes of units agree.

    Attributes
    ----------
    table
        One row per layer, measure and group of units (``among``: ``"all"`` or ``"detectors"``): ``units`` that have a
        concept and a class that some concept names, ``agreeing``, ``share``, and ``chance``, the share if concepts and
        classes of these units were put together at random.
    n_nameable, n_classes
        Number of classes that some concept names, and of all.
    layers
        Names of the layers.

    See Also
    --------
    concept_agreement : Count them.
    """

    table: pd.DataFrame
    n_nameable: int
    n_classes: int
    layers: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Return the shares, one row per layer, measure and group of units."""
        return self.table

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return 7.5, 1.6 + 0.3 * self.table["measure"].nunique()

    def draw(self, ax: Axes) -> Axes:
        """Draw the share of all units for each measure, a dot for each layer, and chance as a line beside it."""
        shown = self.table[self.table["among"] == "all"]
        titles = shown.drop_duplicates("measure").set_index("measure")["title"]
        labels = label_layers(self.layers)
        offsets = np.linspace(-0.25, 0.25, len(self.layers)) if len(self.layers) > 1 else np.zeros(1)
        for place, (layer, offset) in enumerate(zip(self.layers, offsets, strict=True)):
            of = shown[shown["layer"] == layer].set_index("measure").reindex(titles.index)
            heights = np.arange(len(titles)) + offset
            colour = colormaps["viridis"](place / max(len(self.layers) - 1, 1) * 0.9)
            label = f"{labels[layer]} (up to {thousands(of['units'].max())} units)" if of["units"].any() else None
            ax.plot(of["share"], heights, "o", color=colour, markersize=4, label=label)
            ax.plot(of["chance"], heights, "|", color=colour, markersize=6)
        ax.set_yticks(np.arange(len(titles)), [shorten(title, 40) for title in titles])
        ax.set(xlim=(-0.02, 1.02), ylim=(len(titles) - 0.5, -0.5), xlabel="share of units; lines: by chance")
        ax.set_title(
            "Is a unit's concept (highest IoU) the class that a measure picks?\n"
            f"Units whose class is named by a concept: {self.n_nameable:,} of {self.n_classes:,} classes"
        )
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), title="layer", title_fontsize=8)
        return ax


def concept_agreement(run: Run) -> ConceptAgreement:
    """Compare the concept of each unit with the class that each measure picks for it.

    They agree if the concept has a name of the class, or, where classes are WordNet IDs, of a noun above it. Case,
    underscores and the suffixes of Broden's colours and scenes do not matter.

    Parameters
    ----------
    run
        A run that was measured and dissected.

    Returns
    -------
    ConceptAgreement

    Raises
    ------
    UnitscopeError
        If the run has no dissection, no measure picks a class, or no class has the name of a concept.

    See Also
    --------
    unitscope.dissect : Finds the concepts.
    dissection : Which concepts have detectors.

    References
    ----------
    Gale, Martin, Blything, Nguyen & Bowers (2020), section 3.3.
    """
    table = dissection_table(run).set_index("unit")
    concepts = [plain(name.split(" (")[0]) for name in run.stored_table("dissection").labels["concept"]]
    names = {name: names_of_class(run, name) for name in run.classes["class"].astype(str)}
    nameable = {name for name, of in names.items() if of & {*concepts}}
    measures = [(column, column.linked("class")) for column in list_columns(run)]
    chosen = [(column, picked.by_unit) for column, picked in measures if picked is not None]
    if not chosen:
        raise UnitscopeError(
            f"no measure of {run.directory} picks classes; run `unitscope measure {run.directory}` first"
        )
    if not nameable:
        raise UnitscopeError(
            f"no class of {run.directory} has the name of a concept of its dissection, so that none can agree; dissect "
            "with concepts that name classes"
        )
    rows = []
    for column, picked in chosen:
        both = table.assign(picked=picked.reindex(table.index))
        both = both[both["picked"].isin(nameable) & (both["concept"] != "")]
        for layer in table["layer"].unique():
            of_layer = both[both["layer"] == layer]
            for among, of in (("all", of_layer), ("detectors", of_layer[of_layer["is_detector"].astype(bool)])):
                row = {"layer": layer, "measure": column.name, "title": column.title, "among": among}
                rows.append(row | compare(of["concept"].map(plain), of["picked"], names))
    layers = tuple(table["layer"].unique())
    return ConceptAgreement(pd.DataFrame(rows), len(nameable), len(names), layers)


def compare(concepts: pd.Series, picked: pd.Series, names: dict[str, set[str]]) -> dict[str, float]:
    """Return how many units agree, and how many would if concepts and classes were put together at random.

    Examples
    --------
    >>> compare(pd.Series(["cat", "cat", "dog", "red"]), pd.Series(["a", "a", "b", "b"]), {"a": {"cat"}, "b": {"dog"}})
    {'units': 4, 'agreeing': 3, 'share': 0.75, 'chance': 0.375}
    """
    agreeing = sum(concept in names[name] for concept, name in zip(concepts, picked, strict=True))
    n = len(concepts)
    if not n:
        return {"units": 0, "agreeing": 0, "share": float("nan"), "chance": float("nan")}
    of_concepts, of_classes = concepts.value_counts(), picked.value_counts()
    pairs = sum(
        count * times for name, times in of_classes.items() for concept, count in of_concepts.items()
        if concept in names[str(name)]
    )  # fmt: skip
    return {"units": n, "agreeing": agreeing, "share": agreeing / n, "chance": float(pairs) / n**2}


def names_of_class(run: Run, name: str) -> set[str]:
    """Return the names of a class: its ID, its name, and the words of its noun in WordNet and of all above it."""
    place = (run.classes["class"].astype(str) == name).to_numpy().argmax()
    row = run.classes.iloc[place]
    names = {name, str(row["name"])}
    wnid = str(row.get("wnid", name))
    if are_wnids([wnid]):
        words = nouns()["words"]
        names |= {word for noun in nouns_above(wnid) for word in str(words[noun]).split(",")}
    return {plain(each) for each in split_all(names)}


def split_all(names: Iterable[str]) -> set[str]:
    """Return names, and the parts of those that list several, as ImageNet's ``"tench, Tinca tinca"``."""
    return {part.strip() for name in names for part in (name, *name.split(","))}


def plain(name: str) -> str:
    """Return a name without what does not matter.

    Examples
    --------
    >>> plain("Traffic_Light"), plain("red-c")
    ('traffic light', 'red')
    """
    lower = name.lower().replace("_", " ").strip()
    return lower[:-2] if lower.endswith(SUFFIXES) else lower
