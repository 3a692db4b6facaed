"""How a table's columns describe themselves, so that explorer, report and docs know them without being told."""

import json
from dataclasses import asdict, dataclass


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
