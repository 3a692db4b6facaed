"""How a table's columns describe themselves, so that explorer, report and docs know them without being told."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """What a column of a table means.

    Attributes
    ----------
    name
        The column's name in the table, for instance ``"max_informedness"``.
    title
        What figures and pages call it, for instance ``"Maximum informedness"``.
    definition
        One line that says what the number is.
    formula
        The definition in symbols; empty where there is none.
    low, high
        The smallest and largest possible value; ``None`` where there is no bound.
    source
        The publication that defines it.
    kind
        ``"measure"`` (a selectivity that can be ranked and drawn), ``"count"``, ``"class"``, ``"flag"``,
        ``"value"`` (in units of activation), ``"share"``, ``"error"`` (how far a measure may be off) or ``"text"``.
    """

    name: str
    title: str
    definition: str
    formula: str = ""
    low: float | None = None
    high: float | None = None
    source: str = ""
    kind: str = "measure"

    def to_json(self) -> str:
        """Write the description as JSON, as it stands in the metadata of a Parquet field."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Column":
        """Read a description written by `to_json`.

        Examples
        --------
        >>> column = Column("auc", "Area under the ROC curve", "chance that a member exceeds a non-member")
        >>> Column.from_json(column.to_json()) == column
        True
        """
        return cls(**json.loads(text))


def top_name(name: str, top: int | None) -> str:
    """Return the name of a column where the `top` most active items are looked at, rather than 60 and 100.

    Examples
    --------
    >>> top_name("precision_60_class", 20), top_name("n_classes_top_100", 20), top_name("auc", 20)
    ('precision_20_class', 'n_classes_top_20', 'auc')
    >>> top_name("precision_60", None)
    'precision_60'
    """
    return name if top is None else re.sub("^(precision|n_classes_top)_(60|100)", rf"\g<1>_{top}", name)


def own_name(name: str, names: Any) -> str:
    """Return the name that a table has for a column over its most active items, however many these are.

    Parameters
    ----------
    name
        A name as in a table over the usual 60 and 100 items.
    names
        The table, or the names of its columns.

    Returns
    -------
    str
        `name` itself if the table has no such column.

    Examples
    --------
    >>> own_name("precision_60", ["unit", "precision_20", "precision_20_p"])
    'precision_20'
    """
    tops = {top for column in names for top in re.findall("^precision_([0-9]+)$", str(column))}
    return top_name(name, int(tops.pop())) if name not in names and len(tops) == 1 else name
