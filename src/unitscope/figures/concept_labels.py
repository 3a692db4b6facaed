"""Labels of a unit's concept in items of a run, where these are images of the dissection's concepts as well."""

import numpy as np
import pandas as pd

from ..data import Concepts, load_concepts
from ..data.concepts import Labels
from ..dissection import DISSECTION
from ..dissection.analysis import concept_labels
from ..errors import UnitscopeError
from ..models import placement_of
from ..run import Run
from ..specs import parse_options
from .pictures import as_image
from .seen_again import Seen


def read_labels(run: Run, row: pd.Series, seen: Seen) -> tuple[list[np.ndarray | None], str]:
    """Return where items that the network was shown have the concept of a unit.

    Parameters
    ----------
    run
        An open run.
    row
        The unit's row of the dissection.
    seen
        The items.

    Returns
    -------
    labels : list
        For each item ``(height, width)`` bool, of the size of the network's input; ``None`` where it is not known.
    missing : str
        A sentence that says why some are not known; empty if all are.
    """
    unknown: list[np.ndarray | None] = [None] * len(seen.places)
    if not row["concept"]:
        return unknown, "No labels: the unit has no concept."
    try:
        concepts = open_concepts(run)
    except UnitscopeError as error:
        return unknown, f"No labels: {error}."
    of = concepts.table[(concepts.table["concept"] == row["concept"]) & (concepts.table["category"] == row["category"])]
    number = int(of["number"].iloc[0])
    images = {item: place for place, item in enumerate(concepts.items.items["item_id"].astype(str))}
    labels = [label_of(concepts, images, number, place, seen) for place in seen.places]
    left_out = sum(label is None for label in labels)
    reason = f"No labels for {left_out} of {len(labels)} items, which are not among the images of {concepts.spec}."
    return labels, reason if left_out else ""


def open_concepts(run: Run) -> Concepts:
    """Load the concepts of a run's dissection again; raise if images or concepts have changed.

    Label maps are not compared with those of then: all would have to be read.
    """
    made_with = run.parameters(DISSECTION)
    options = [f"{name}={value}" for name, value in made_with["concept_options"].items()]
    concepts = load_concepts(made_with["concepts"], **parse_options(options))
    known = run.stored_table(DISSECTION).labels["concept"]
    if concepts.items.fingerprint != made_with["images_fingerprint"] or concept_labels(concepts.table) != [*known]:
        raise UnitscopeError(f"{concepts.spec} has other images or concepts than when the run was dissected")
    return concepts


def label_of(concepts: Concepts, images: dict[str, int], number: int, place: int, seen: Seen) -> np.ndarray | None:
    """Return where an item has a concept, in the network's input; ``None`` if it is no image of the concepts."""
    image = images.get(str(seen.data.items["item_id"].iloc[place]))
    if image is None:
        return None
    item = as_image(seen.data.load(place))
    if not np.array_equal(np.asarray(item), np.asarray(as_image(concepts.items.load(image)))):
        return None  # for instance scenes of the demo with another seed, which have the same ids
    placement = placement_of(seen.network.preprocess, (item.height, item.width))
    return placement.labels(mask_of(concepts.labels(image), number))


def mask_of(labels: Labels, number: int) -> np.ndarray:
    """Return which pixels of an image show a concept, ``(rows, columns)`` bool.

    Examples
    --------
    >>> labels = Labels(np.array([[[1, 0]], [[2, 2]]], np.uint16), np.array([3], np.uint16))
    >>> [mask_of(labels, number).tolist() for number in (1, 2, 3, 4)]
    [[[True, False]], [[True, True]], [[True, True]], [[False, False]]]
    """
    return (labels.maps == number).any(axis=0) | (number in labels.whole)
