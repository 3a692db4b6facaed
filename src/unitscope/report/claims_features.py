"""Claims of Rafegas et al. (2020), whose indexes the paper builds on, each with the rule by which it holds in a run."""

import pandas as pd

from ..features import FEATURES
from ..figures.indexes import CLASS_CUTS, COLOUR_CUTS
from ..figures.neuron_features import features_table
from .observations import Observations, with_values
from .verdicts import Verdict, claim

ABOVE_CHANCE = 0.5
"""Least class index on a scale from chance (0) to 1, so that few classes alone make no unit selective."""

NO_FEATURES = Verdict(None, "It needs the run's features: `unitscope features`.")


@claim("R", "Some units are selective for colour.",
       "Some hidden unit has a colour index of at least .40 at the lower end of its interval.")  # fmt: skip
def colour_selective(data: Observations) -> Verdict:
    """Abstract: "it helps to find color selective neurons"."""
    table = with_features(data)
    if table is None:
        return NO_FEATURES
    table = table.dropna(subset=["colour_index"])
    chosen = table[table["colour_index_low"] >= COLOUR_CUTS[1]]
    return Verdict(
        not chosen.empty,
        f"{len(chosen):,} of {len(table):,} hidden units; the highest: {with_values(highest(table), 'colour_index')}.",
    )


@claim("R", "Some units of the deepest hidden layer are selective for a class.",
       "Some unit of it has a class index of at least .90 that is at least half way from chance to 1.")  # fmt: skip
def class_selective(data: Observations) -> Verdict:
    """Abstract: "class selective neurons such as dog-face neurons in layer Conv5"."""
    table = data.hidden[data.hidden["layer"] == data.layers[-1]].dropna(subset=["class_index_above_chance"])
    if table.empty:
        return Verdict(None, f"No unit of layer {data.layers[-1]} has a class index that chance does not reach.")
    chosen = selective_for_class(table)
    best = table["class_index"].max()
    return Verdict(
        bool(chosen.any()),
        f"{chosen.sum():,} of {len(table):,} units of layer {data.layers[-1]}; the highest has {best:.2f}.",
    )


@claim("R", "Some units are selective for colour and for a class.",
       "Some hidden unit has a colour index of at least .40, and a class index as in the claim before.")  # fmt: skip
def both_selective(data: Observations) -> Verdict:
    """Abstract: "a red-mushroom neuron in layer Conv4"."""
    table = with_features(data)
    if table is None:
        return NO_FEATURES
    table = table.dropna(subset=["colour_index", "class_index_above_chance"])
    if table.empty:
        return Verdict(None, "No hidden unit has both indexes.")
    chosen = table[selective_for_class(table) & (table["colour_index"] >= COLOUR_CUTS[1])]
    named = f": {with_values(highest(chosen), 'colour_index')}" if len(chosen) else ""
    return Verdict(not chosen.empty, f"{len(chosen):,} of {len(table):,} hidden units{named}.")


def with_features(data: Observations) -> pd.DataFrame | None:
    """Return the hidden units with their features and their measures; ``None`` where the run has no features."""
    if FEATURES not in data.run.tables:
        return None
    return data.hidden.merge(features_table(data.run).drop(columns="layer"), on="unit", suffixes=("", "_of_features"))


def selective_for_class(table: pd.DataFrame) -> pd.Series:
    """Return which units have a high class index, also beside what chance gives."""
    return (table["class_index"] >= CLASS_CUTS[1]) & (table["class_index_above_chance"] >= ABOVE_CHANCE)


def highest(table: pd.DataFrame) -> pd.DataFrame:
    """Return the three units of the highest colour index."""
    return table.sort_values("colour_index", ascending=False, kind="stable").head(3)


CLAIMS_ON_FEATURES = [colour_selective, class_selective, both_selective]
