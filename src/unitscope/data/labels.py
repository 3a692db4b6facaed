"""Match the outputs of a network with the classes of the data."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import UnitscopeError, near_names
from .files import read_table


def match_labels(
    classes: pd.DataFrame, model_classes: Sequence[str] | None, n_outputs: int, label_map: str | None = None
) -> tuple[np.ndarray, str]:
    """Return the output of the network for each class.

    Classes are matched by the label map, if given. Otherwise they are matched by name: the ID, name or wnid of each
    class must be the name of exactly one output; if not all match, case, underscores and later synonyms are ignored.
    Otherwise, if there are as many outputs as classes, they are matched by order, unless a name contradicts it.

    Parameters
    ----------
    classes
        The data's classes.
    model_classes
        Names of the network's outputs, if known.
    n_outputs
        Number of outputs.
    label_map
        A CSV file with the columns ``class`` (ID or name of a class of the data) and ``output`` (number of the
        output from 0, or its name).

    Returns
    -------
    tuple
        ``(classes,)`` int64 distinct output numbers, and how they were matched, as text.

    Raises
    ------
    UnitscopeError
        If the network's outputs cannot be matched, or the label map is invalid.

    See Also
    --------
    load_data : Loads items with their table of classes.

    Examples
    --------
    >>> classes = pd.DataFrame({"class": ["cat", "dog"], "name": ["cat", "dog"]})
    >>> match_labels(classes, ["Dog", "horse", "Cat, Felis catus"], 3)
    (array([2, 0]), 'by name')
    >>> match_labels(classes, None, 2)
    (array([0, 1]), 'by order')
    """
    outputs = list(model_classes) if model_classes is not None and len(model_classes) == n_outputs else None
    if label_map is not None:
        return _by_map(classes, outputs, n_outputs, Path(label_map).expanduser()), f"by the label map {label_map}"
    kinds = [column for column in ("class", "name", "wnid") if column in classes.columns]
    best: list[int | None] = []
    for same in (str, _plain):
        for column in kinds if outputs else ():
            hits = _by_name(classes[column].tolist(), outputs or [], same)
            if None not in hits:
                return np.array(hits, np.int64), "by name"
            if sum(hit is not None for hit in hits) > sum(hit is not None for hit in best):
                best = hits
    advice = "give --label-map FILE or --no-predictions"
    if len(classes) != n_outputs:
        raise UnitscopeError(f"the network has {n_outputs} outputs but the data has {len(classes)} classes; {advice}")
    for row, hit in enumerate(best):
        if hit not in (None, row):
            raise UnitscopeError(
                f"the class {classes['name'].iloc[row]!r} is number {row} in the data but output {hit} of the network, "
                f"and not all classes can be matched by name; {advice}"
            )
    return np.arange(n_outputs), "by order"


def _plain(name: str) -> str:
    """Return a name without case, underscores and synonyms after a comma."""
    return name.split(",")[0].replace("_", " ").strip().casefold()


def _by_name(names: list[str], outputs: list[str], same: Callable[[str], str]) -> list[int | None]:
    """Return the only output of each name; ``None`` if there is none or more than one."""
    places: dict[str, list[int]] = {}
    for place, output in enumerate(outputs):
        places.setdefault(same(output), []).append(place)
    keys = [same(name) for name in names]
    return [places[key][0] if len(places.get(key, ())) == 1 and keys.count(key) == 1 else None for key in keys]


def _by_map(classes: pd.DataFrame, outputs: list[str] | None, n_outputs: int, file: Path) -> np.ndarray:
    """Return the outputs in a label map; raise unless each class has a distinct output."""
    table = read_table(file, "--label-map")
    for column in ("class", "output"):
        if column not in table.columns:
            raise UnitscopeError(f"{file} has no column {column!r}; a label map has the columns class and output")
    rows = {name: row for column in ("name", "class") for row, name in enumerate(classes[column])}
    numbers = {name: place for place, name in enumerate(outputs or [])}
    found: dict[int, int] = {}
    for name, output in zip(table["class"], table["output"], strict=True):
        if name not in rows:
            continue  # the map may list more classes than the data has
        place = int(output) if output.isdecimal() else numbers.get(output)
        if place is None or place >= n_outputs:
            raise UnitscopeError(
                f"{file} assigns the class {name!r} to the output {output!r}, which the network does not have"
                f"{near_names(output, numbers)}; its outputs are numbered 0 to {n_outputs - 1}"
            )
        if place in found.values() or rows[name] in found:
            raise UnitscopeError(
                f"{file} uses the class {name!r} or the output {output!r} twice; assign each only once"
            )
        found[rows[name]] = place
    missing = [name for row, name in enumerate(classes["class"]) if row not in found]
    if missing:
        raise UnitscopeError(f"{file} has no row for the class {missing[0]!r}{near_names(missing[0], table['class'])}")
    return np.array([found[row] for row in range(len(classes))], np.int64)
