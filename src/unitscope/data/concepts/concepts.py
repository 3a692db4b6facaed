"""Concepts and labels: what the pixels of images show, in the same form for every source of concepts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..items import LabelledItems

Numbers = NDArray[np.uint16]


class Labels(NamedTuple):
    """What one image shows. No concept is twice at one pixel.

    Attributes
    ----------
    maps
        Numbers of the concepts that each pixel shows, 0 for none; uint16, shape ``(layers, rows, columns)``. A pixel
        shows a concept of each layer at most. Rows and columns are those of the label maps, which cover the whole
        image but may have fewer pixels, or more.
    whole
        Numbers of the concepts that the image shows as a whole, that is, at every pixel; uint16, shape ``(n,)``,
        in rising order.
    """

    maps: Numbers
    whole: Numbers


class LabelLoader:
    """Reads the labels of images by number. Loaders can be pickled, so that worker processes can read labels.

    Examples
    --------
    >>> class Striped(LabelLoader):
    ...     def read(self, index):
    ...         return Labels(np.array([[[1, 2]], [[2, 2]]], np.uint16), np.array([3, 0, 3], np.uint16))
    >>> labels = Striped()(0)
    >>> labels.maps.tolist(), labels.whole.tolist()
    ([[[1, 2]], [[2, 0]]], [3])
    """

    def read(self, index: int) -> Labels:
        """Return the labels of an image as the source has them; they may repeat."""
        raise NotImplementedError

    def __call__(self, index: int) -> Labels:
        """Return the labels of an image.

        A source may give a pixel the same concept in two layers, or in a layer and as one of the whole image. So that
        it counts once, only the first layer keeps it, or none if the whole image has it; the others become 0 there.

        Raises
        ------
        UnitscopeError
            If a label map cannot be read, or has a number that is no concept; the message names the file.
        """
        maps, whole = self.read(index)
        whole = np.unique(whole[whole > 0])
        maps = np.where(np.isin(maps, whole), 0, maps)
        for layer in range(1, len(maps)):
            maps[layer][(maps[:layer] == maps[layer]).any(axis=0)] = 0
        return Labels(maps, whole)


@dataclass(frozen=True, eq=False)
class Concepts:
    """Images, and which concepts their pixels show.

    Attributes
    ----------
    spec
        The concept spec, such as ``"broden:broden1_224"``.
    table
        One row per concept, in the order of their numbers: ``number`` (int64, 1, 2, ...: that of labels), ``concept``
        (its name) and ``category`` (its one category, such as ``part``).
    categories
        The categories in order.
    items
        The images, each with at least one label. They have one class if the source has no classes.
    labels
        Loads the labels of an image by its number.
    identity
        The fingerprint, or a function that finds it, called when it is first asked for: label maps are many files.

    See Also
    --------
    load_concepts : Load concepts by spec.

    Examples
    --------
    >>> from unitscope.data import load_concepts
    >>> concepts = load_concepts("demo:", n=32)
    >>> concepts.categories, len(concepts.table), len(concepts.items)
    (('object', 'part', 'colour', 'texture', 'background'), 79, 32)
    >>> labels = concepts.labels(5)
    >>> labels.maps.shape, labels.whole.shape
    ((5, 64, 64), (0,))
    >>> concepts.table["concept"].iloc[np.unique(labels.maps[0])[1:] - 1].tolist()  # objects of image 5
    ['car', 'dog']
    """

    spec: str
    table: pd.DataFrame
    categories: tuple[str, ...]
    items: LabelledItems
    labels: LabelLoader
    identity: str | Callable[[], str]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that labels depend on: concepts, order of the images, contents of the label maps.

        For ``demo:``, of the settings.
        """
        return self.identity if isinstance(self.identity, str) else self.identity()


def concept_table(names: list[str], categories: list[str]) -> pd.DataFrame:
    """Return the table of concepts, numbered from 1.

    Examples
    --------
    >>> concept_table(["dog", "tail"], ["object", "part"]).to_string(index=False, header=False).split()
    ['1', 'dog', 'object', '2', 'tail', 'part']
    """
    number = np.arange(1, len(names) + 1)
    return pd.DataFrame({"number": number, "concept": names, "category": categories}).astype({"number": np.int64})
