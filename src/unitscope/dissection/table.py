"""The rows of the table of dissection, and how many concepts have detectors."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..run import Layer
from .estimates import Estimates
from .settings import DETECTOR

EMPTY = "no pixel exceeds the threshold"
"""Why a unit has no concept."""

NO_MAPS = "its positions are not in rows and columns"
"""Why a layer was left out."""


def layer_frame(layer: Layer, thresholds: np.ndarray, found: Estimates, concepts: pd.DataFrame,
                categories: Sequence[str]) -> pd.DataFrame:  # fmt: skip
    """Return the rows of the table for the units of a layer."""
    names, of = concepts["concept"].to_numpy(object), concepts["category"].to_numpy(object)
    has, place = found.best >= 0, np.maximum(found.best, 0)
    highest = np.where(has, found.iou[np.arange(layer.units), place], 0.0)
    columns = {
        "unit": [f"{layer.name}:{unit}" for unit in range(layer.units)],
        "layer": layer.name,
        "concept": np.where(has, names[place], ""),
        "category": np.where(has, of[place], ""),
        "iou": highest,
        "iou_held_out": found.held_out,
        "iou_low": found.low,
        "iou_high": found.high,
        "iou_chance": found.chance,
        "iou_p": found.p,
        "is_detector": highest > DETECTOR,
        "threshold": thresholds,
    }
    for category in categories:
        numbers = np.flatnonzero(of == category)
        values = np.nan_to_num(found.iou[:, numbers])
        best = values.argmax(1) if len(numbers) else np.zeros(layer.units, int)
        iou = values[np.arange(layer.units), best] if len(numbers) else np.zeros(layer.units)
        columns[f"{category}_concept"] = [
            names[numbers[place]] if value > 0 else "" for place, value in zip(best, iou, strict=True)
        ]
        columns[f"{category}_iou"] = iou
    return pd.DataFrame({**columns, "undefined": np.where(has, "", EMPTY)})


def empty_frame(layer: Layer, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a layer without maps."""
    frame = pd.DataFrame(index=range(layer.units), columns=list(columns), dtype=object)
    texts = [name for name in columns if name.endswith("concept") or name in ("category", "layer", "unit")]
    frame[texts] = ""
    numbers = [name for name in columns if name not in (*texts, "is_detector", "undefined")]
    frame[numbers] = np.nan
    frame = frame.astype(dict.fromkeys(numbers, float))
    units = [f"{layer.name}:{unit}" for unit in range(layer.units)]
    return frame.assign(unit=units, layer=layer.name, is_detector=False, undefined=NO_MAPS)


def count_detectors(table: pd.DataFrame) -> pd.DataFrame:
    """Count the detectors of each layer, and the concepts that they detect.

    The literature counts unique detectors in two ways: each unit once, by its best concept; or in every category of
    which some concept has an IoU above the bound, so that a unit may count several times.

    Parameters
    ----------
    table
        The table of dissection.

    Returns
    -------
    pandas.DataFrame
        One row per layer and category: ``layer``, ``category``; ``detectors`` and ``concepts``, units whose best
        concept is of the category with an IoU above .04, and the number of different concepts of these;
        ``detectors_any`` and ``concepts_any``, the same for the best concept of the category.

    Examples
    --------
    >>> table = pd.DataFrame({"layer": ["a"] * 3, "concept": ["cat", "cat", "red"], "category": ["object", "object", "colour"],
    ...     "iou": [0.1, 0.2, 0.06], "object_concept": ["cat"] * 3, "object_iou": [0.1, 0.2, 0.05],
    ...     "colour_concept": ["red"] * 3, "colour_iou": [0.01, 0.01, 0.06]})
    >>> count_detectors(table).iloc[:, 1:].values.tolist()
    [['object', 2, 1, 3, 1], ['colour', 1, 1, 1, 1]]
    """  # noqa: E501
    categories = [name.removesuffix("_iou") for name in table.columns.astype(str) if name.endswith("_iou")]
    rows = []
    for layer, of in table.groupby("layer", sort=False):
        for category in categories:
            best = of[(of["category"] == category) & (of["iou"] > DETECTOR)]["concept"]
            some = of[of[f"{category}_iou"] > DETECTOR][f"{category}_concept"]
            rows.append((layer, category, len(best), best.nunique(), len(some), some.nunique()))
    return pd.DataFrame(rows, columns=["layer", "category", "detectors", "concepts", "detectors_any", "concepts_any"])
