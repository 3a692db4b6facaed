"""How the columns and arrays of a table describe themselves, so that explorer, report and docs need no list of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace

KINDS = {
    "measure": "how selective a unit is: can be ranked, drawn and compared",
    "value": "a number in units of activation",
    "share": "a number from 0 to 1 that is not a selectivity by itself",
    "difference": "a difference of two shares, from -1 to 1",
    "count": "a number of things",
    "angle": "an angle in degrees",
    "flag": "yes or no",
    "class": "a class of the run, by its id",
    "text": "text",
    "held_out": "a measure on items that had no part in the choice of its class and threshold",
    "chance": "what a measure gives by chance",
    "above_chance": "a measure on a scale of which 0 is chance and 1 the highest value",
    "probability": "a p-value, or one adjusted for many tests",
    "limit": "an end of an interval",
    "error": "how far a measure may be off",
}
"""Every kind of column, and what it is."""

LINKS = {
    "class": "the class that the measure picks",
    "held_out": "the measure on items that had no part in the choice of its class and threshold",
    "chance": "what the measure gives by chance",
    "p": "its p-value",
    "q": "its p-value, adjusted for the number of units",
    "low": "lower end of the interval of its held-out value",
    "high": "upper end of the interval of its held-out value",
    "error": "how far it may be off",
}
"""Every role that another column of the table can have for a measure. By convention its name ends with the role."""


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
        One of `KINDS`.
    links
        Names of the columns of the same table that belong to this one, by role: see `LINKS`. For instance
        ``{"class": "auc_class", "p": "auc_p"}``.

    See Also
    --------
    Array : The same for an array of an analysis.
    """

    name: str
    title: str
    definition: str
    formula: str = ""
    low: float | None = None
    high: float | None = None
    source: str = ""
    kind: str = "measure"
    links: Mapping[str, str] = field(default_factory=dict, hash=False)

    def to_json(self) -> str:
        """Return the description as JSON, as the metadata of a Parquet field holds it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Column":
        """Return the description that `to_json` wrote; attributes of later versions are ignored.

        Examples
        --------
        >>> column = Column("auc", "Area under the ROC curve", "chance that a member exceeds a non-member")
        >>> Column.from_json(column.to_json()) == column
        True
        """
        known = {attribute.name for attribute in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


@dataclass(frozen=True)
class Array:
    """What an array of an analysis means.

    Attributes
    ----------
    column
        Name, title, definition, range and source of its values.
    axes
        Names of its axes, for instance ``("unit", "class")``.
    dtype
        Type of its values.
    """

    column: Column
    axes: tuple[str, ...] = ("unit", "class")
    dtype: str = "float64"

    @property
    def name(self) -> str:
        """The array's name."""
        return self.column.name


def link_by_name(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return the columns with links to those named after them: ``auc`` to ``auc_class``, ``auc_p`` and so on.

    Examples
    --------
    >>> auc, p = Column("auc", "AUC", ""), Column("auc_p", "AUC: p", "", kind="probability")
    >>> link_by_name({"auc": auc, "auc_p": p})["auc"].links
    {'p': 'auc_p'}
    """
    linked = {}
    for name, column in columns.items():
        links = {role: f"{name}_{role}" for role in LINKS if f"{name}_{role}" in columns}
        linked[name] = replace(column, links={**links, **column.links})
    return linked


def top_name(name: str, top: int | None) -> str:
    """Return the name that a column over the 60 or 100 most active items has where it is over the `top` most active.

    `unitscope.run.lookup.find_column` finds such a column under either name.

    Examples
    --------
    >>> top_name("precision_60_class", 20), top_name("n_classes_top_100", 20), top_name("auc", 20)
    ('precision_20_class', 'n_classes_top_20', 'auc')
    >>> top_name("precision_60", None)
    'precision_60'
    """
    return name if top is None else re.sub("^(precision|n_classes_top)_(60|100)", rf"\g<1>_{top}", name)
