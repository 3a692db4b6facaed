"""What the columns and arrays of the table of localization mean."""

from ..columns import Array, Column, link_by_name

ZHOU = "Zhou et al. 2016"
EVIDENCE = "w_c mean(f)"

COLUMNS = tuple(
    link_by_name(
        {
            column.name: column
            for column in (
                Column("unit", "Unit", "the unit's id", kind="text"),
                Column("layer", "Layer", "the unit's layer", kind="text"),
                Column("evidence", "Evidence",
                       "what the unit adds to the score of a class for items of it, mean over items, for the class of "
                       "which that is most", EVIDENCE, source=ZHOU),
                Column("evidence_class", "Evidence: class", "this class", source=ZHOU, kind="class"),
                Column("evidence_held_out", "Evidence: held out",
                       "evidence on each half of the items for the class of most evidence on the other half, averaged",
                       kind="held_out"),
                Column("evidence_share", "Share of evidence",
                       "evidence relative to that of all units for the class; may exceed 1, since units also speak "
                       "against it", "w_c mean(f) / sum over units", links={"class": "evidence_class"}),
                Column("undefined", "Undefined because", "why the numbers are missing", kind="text"),
            )
        }
    ).values()
)  # fmt: skip
"""The columns of the table."""

UNIT_EVIDENCE = Array(
    Column("evidence", "Evidence: classes", "what each unit adds to the score of each class for items of it, mean over "
           "items", EVIDENCE, source=ZHOU)
)  # fmt: skip
"""The array of evidence."""

BOX = Array(
    Column("box", "Box", "box of the class map of each item's best class, in pixels of the network's input; all -1 if "
           "the map is nowhere above 0", source=ZHOU, kind="count"), ("item", "side"), "int32",
)  # fmt: skip
"""The array of boxes."""

SUMMARY = Array(
    Column("summary", "Localization", "errors and accuracies over items with true boxes", kind="value"), ("quantity",)
)
"""The array of what is said of all items together; `unitscope.localization.read_summary` reads it."""

SIDES = ("top", "left", "bottom", "right")
"""The sides of boxes."""
