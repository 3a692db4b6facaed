"""From sums over the top items to the columns of the table and the rows of the arrays."""

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.wordnet import are_wnids, common_noun
from ..run import Layer, Run
from .crops import shrink
from .opponent import LEAST_CHROMA, MOST_INTENSITY, OPPONENT, hue_of
from .sums import LayerSums, weights_of
from .turns import orientation_curve, symmetry_curve

RESAMPLES = 2000
"""Number of bootstrap samples of a unit's top items."""

SEED = 1702_00382
"""Random seed of the bootstrap, the same for every unit."""

POPULATION_SHARE = 0.1
"""Classes of at least this share of the weighted frequency are named."""

UNDEFINED = "no item has a positive activation above the unit's smallest"
"""Why a unit has no values."""

LEAST_COVERAGE = 0.1
"""Pixels that less than this share of the weight has seen say little, and are not shown."""


@dataclass(frozen=True, eq=False)
class Features:
    """What the top items of a layer's units show.

    Attributes
    ----------
    images
        ``(units, rows, columns, 3)`` float32, neuron features, 0 to 1, each in the top left corner; NaN beyond, and
        where no crop reaches.
    coverage
        ``(units, rows, columns)`` float32: share of the weight of all top items whose crops reach a pixel.
    dispersion
        ``(units,)`` root mean square distance of the crops' pixels from the neuron feature.
    similarity
        ``(units, units)`` float32: mean response of the unit of each row to the top crops of each unit, relative to
        its mean response to its own; 0 for units without top items.
    shapes
        ``(units, 2)`` rows and columns of each neuron feature.
    """

    images: np.ndarray
    coverage: np.ndarray
    dispersion: np.ndarray
    similarity: np.ndarray
    shapes: np.ndarray


def features_of(sums: LayerSums, activations: np.ndarray) -> Features:
    """Return what the sums of a layer give.

    Parameters
    ----------
    sums
        The sums.
    activations
        ``(units, count)`` activations of the top items, as `Top` holds them.
    """
    n_top = (activations > 0).sum(1)
    colours = np.ascontiguousarray(sums.feature[:, :3].transpose(0, 2, 3, 1))
    weights = sums.feature[:, 3].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        images = colours / weights[..., None]
        coverage = weights / weights_of(activations).sum(1, dtype=np.float64)[:, None, None]
        explained = np.nansum(images * colours, axis=(1, 2, 3))
        total = weights.sum((1, 2)) * 3
        dispersion = np.sqrt(np.maximum(sums.squares - explained, 0) / total)
        means = sums.similar.T / n_top  # of each unit, for the crops of each
        own = np.diag(means)[:, None]
        similarity = np.where((own > 0) & (n_top > 0), means / own, 0.0)
    return Features(
        images.astype(np.float32),
        np.nan_to_num(coverage).astype(np.float32),
        dispersion,
        similarity.astype(np.float32),
        shrink(sums.canvases),
    )


def colour_index(responses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the colour selectivity index of units with an interval.

    Parameters
    ----------
    responses
        ``(units, count, 2)``: activation to each top item with colour, and at the same position without; NaN where
        there is no item.

    Returns
    -------
    index : numpy.ndarray
        ``(units,)``: 1 minus the sum without colour, divided by the sum with it; NaN where the latter is not positive.
    low, high : numpy.ndarray
        The 95 % interval of a bootstrap over the top items; NaN for units of fewer than two.

    Examples
    --------
    >>> [values.round(2).tolist() for values in colour_index(np.array([[[4.0, 1.0], [4.0, 3.0]]]))]
    [[0.5], [0.25], [0.75]]
    """
    known = np.isfinite(responses[..., 0])
    colour, grey = (np.where(known, responses[..., side], 0.0).astype(np.float64) for side in (0, 1))
    n = known.sum(1)
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = colour.sum(1)
        index = np.where(total > 0, 1 - grey.sum(1) / total, np.nan)
        for size in np.unique(n[n > 1]).tolist():
            of = np.flatnonzero((n == size) & (total > 0))
            counts = draw_counts(size)
            ratios = 1 - (grey[of, :size] @ counts) / (colour[of, :size] @ counts)
            low[of], high[of] = np.nanquantile(ratios, (0.025, 0.975), axis=1)
    return index, low, high


@functools.lru_cache(maxsize=8)
def draw_counts(size: int) -> np.ndarray:
    """Return how often each of `size` items is in each bootstrap sample, ``(size, samples)``."""
    return np.random.default_rng(SEED).multinomial(size, np.full(size, 1 / size), RESAMPLES).T.astype(np.float64)


def mean_colour(found: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return the hue in degrees and the chroma of the mean colour of each neuron feature.

    The mean is over the pixels, weighted by coverage, in opponent space, so that opposite colours cancel. The hue is
    NaN where the mean is nearly grey, white or black.
    """
    weights = found.coverage[..., None].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(found.images * weights, axis=(1, 2)) / weights.sum((1, 2))
    intensity, red_green, yellow_blue = OPPONENT @ mean.T
    chroma = np.hypot(red_green, yellow_blue)
    coloured = (chroma >= LEAST_CHROMA) & (np.abs(intensity - 1) <= MOST_INTENSITY)
    return np.where(coloured, hue_of(red_green, yellow_blue), np.nan), chroma


@dataclass(frozen=True, eq=False)
class ClassNames:
    """The names of a run's classes, looked up once.

    Attributes
    ----------
    labels
        ``(items,)`` class of each item; ``None`` where items may have several.
    titles
        Readable names of the classes.
    wnids
        Their WordNet IDs; empty if they are not from WordNet.
    """

    labels: np.ndarray | None
    titles: list[str]
    wnids: list[str]

    @classmethod
    def of(cls, run: Run) -> "ClassNames":
        """Return the names of the classes of a run."""
        ids = [*run.classes["class"].astype(str)]
        wnids = [*run.classes["wnid"].astype(str)] if "wnid" in run.classes else ids
        labels = None if run.multi_label else run.labels
        return cls(labels, [run.class_title(name) for name in ids], wnids if are_wnids(wnids) else [])


def name_classes(names: ClassNames, items: np.ndarray, activations: np.ndarray) -> tuple[list[str], list[str]]:
    """Return the classes of a layer's top items with their frequencies, and the noun that these have in common.

    Parameters
    ----------
    names
        The names of the classes.
    items, activations
        ``(units, count)``, as `Top` holds them.

    Returns
    -------
    named : list of str
        For instance ``"tabby .42, tiger cat .31"``: classes of at least a tenth of the activation-weighted frequency;
        empty where items may have several classes.
    common : list of str
        The closest noun above all of these in WordNet, where classes are WordNet IDs; else empty.
    """
    named, common = [], []
    for row, values in zip(items, activations, strict=True):
        known = row >= 0
        if names.labels is None or not known.any():
            named.append("")
            common.append("")
            continue
        weights = np.bincount(names.labels[row[known]], values[known].astype(np.float64))
        shares = weights / weights.sum()
        kept = [place for place in np.argsort(-shares, kind="stable") if shares[place] >= POPULATION_SHARE - 1e-12]
        named.append(", ".join(f"{names.titles[place]} {f'{shares[place]:.2f}'.lstrip('0')}" for place in kept))
        common.append(common_noun([names.wnids[place] for place in kept]) if names.wnids and kept else "")
    return named, common


def most_similar(layer: Layer, similarity: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return the unit whose top crops each unit responds to most, beside its own, and how strongly; none if to none."""
    others = similarity.astype(np.float64)
    np.fill_diagonal(others, 0)
    places = others.argmax(1)
    values = others[np.arange(len(others)), places]
    names = [f"{layer.name}:{place}" if value > 0 else "" for place, value in zip(places, values, strict=True)]
    return names, np.where(values > 0, values, np.nan)


def layer_frame(names: ClassNames, layer: Layer, sums: LayerSums, items: np.ndarray, activations: np.ndarray,
                found: Features) -> pd.DataFrame:  # fmt: skip
    """Return the rows of the table for the units of a layer."""
    n_top = (items >= 0).sum(1)
    index, low, high = colour_index(sums.responses)
    hue, chroma = mean_colour(found)
    named, common = name_classes(names, items, activations)
    similar, similarity = most_similar(layer, found.similarity)
    some = n_top > 0
    as_is = sums.responses[:, : sums.turned.shape[1], 0]
    orientation, symmetry = (curve(as_is, sums.turned) for curve in (orientation_curve, symmetry_curve))
    return pd.DataFrame(
        {
            "unit": [f"{layer.name}:{unit}" for unit in range(layer.units)],
            "layer": layer.name,
            "n_top": n_top,
            "top_activation": np.where(some, activations[:, 0], np.nan),
            "field_height": sums.canvases[:, 0],
            "field_width": sums.canvases[:, 1],
            "dispersion": np.where(some, found.dispersion, np.nan),
            "colour_index": index,
            "colour_index_low": low,
            "colour_index_high": high,
            "hue": hue,
            "chroma": np.where(some, chroma, np.nan),
            "orientation_index": orientation.mean(1),
            "symmetry_index": symmetry.mean(1),
            "top_classes": named,
            "common_noun": common,
            "most_similar": similar,
            "similarity": similarity,
            "undefined": np.where(some, "", UNDEFINED),
        }
    )
