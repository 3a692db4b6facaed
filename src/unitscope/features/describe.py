"""What the columns and arrays of the table of features mean."""

from ..columns import Array, Column

RAFEGAS = "Rafegas et al. 2020"
NEFESI = "NEFESI, the toolbox of Rafegas et al."

COLUMNS = (
    Column("unit", "Unit", "the unit's id", kind="text"),
    Column("layer", "Layer", "the unit's layer", kind="text"),
    Column("n_top", "Top items", "number of most active items looked at, all of positive activation", kind="count"),
    Column("top_activation", "Largest activation", "activation of the most active item", kind="value"),
    Column(
        "field_height",
        "Height of the field",
        "pixels of the network's input that the unit sees, from top to bottom",
        kind="count",
    ),
    Column(
        "field_width",
        "Width of the field",
        "pixels of the network's input that the unit sees, from left to right",
        kind="count",
    ),
    Column(
        "dispersion",
        "Dispersion",
        "root mean square distance of the crops of the top items from their weighted mean, the neuron feature, over "
        "pixels inside the image; fields of more than 64 pixels are shrunk first",
        "sqrt(sum m w (I - NF)^2 / sum m w)",
        0.0,
        1.0,
        kind="share",
    ),
    Column(
        "colour_index",
        "Colour index",
        "how much less active the unit is, at the same positions, when the top items lose their colour",
        "1 - sum a_grey / sum a",
        None,
        None,
        RAFEGAS,
    ),
    Column(
        "colour_index_low",
        "Colour index: low",
        "lower end of its 95 % interval, from a bootstrap over the top items",
        kind="limit",
    ),
    Column(
        "colour_index_high",
        "Colour index: high",
        "upper end of its 95 % interval, from a bootstrap over the top items",
        kind="limit",
    ),
    Column(
        "hue",
        "Hue",
        "hue of the mean colour of the neuron feature in opponent space: 27 red, 90 yellow, 153 green, 207 cyan, "
        "270 blue, 333 magenta",
        "atan2((R + G - 2B) / 2, R - G)",
        0.0,
        360.0,
        NEFESI,
        kind="angle",
    ),
    Column(
        "chroma",
        "Chroma",
        "distance of the mean colour of the neuron feature from grey, in opponent space",
        "hypot(R - G, (R + G - 2B) / 2)",
        0.0,
        None,
        NEFESI,
        kind="share",
    ),
    Column(
        "orientation_index",
        "Orientation index",
        "how much less active the unit is, at the same positions, when its top items are rotated about the centre of "
        "its field, on average over 23 angles",
        "mean over angles of 1 - sum a_rotated / sum a",
        0.0,
        1.0,
        NEFESI,
    ),
    Column(
        "symmetry_index",
        "Symmetry index",
        "how active the unit stays, at the same positions, when its top items are mirrored about the centre of its "
        "field, on average over 4 axes",
        "mean over axes of sum a_mirrored / sum a",
        0.0,
        1.0,
        NEFESI,
    ),
    Column(
        "top_classes",
        "Classes of the top items",
        "classes of at least a tenth of the activation-weighted frequency among the top items, with their frequencies",
        source=RAFEGAS,
        kind="text",
    ),
    Column(
        "common_noun",
        "Common noun",
        "closest noun above these classes in WordNet, where classes are WordNet IDs",
        source=NEFESI,
        kind="text",
    ),
    Column(
        "most_similar",
        "Most similar unit",
        "unit of the layer to whose top crops this unit responds most, beside its own; none if to no other",
        source=NEFESI,
        kind="text",
    ),
    Column(
        "similarity",
        "Similarity",
        "mean activation to the top crops of the most similar unit, relative to that to its own",
        "mean a(crops of the other) / mean a(own crops)",
        None,
        None,
        NEFESI,
        kind="share",
    ),
    Column("undefined", "Undefined because", "why the numbers are missing", kind="text"),
)
"""The columns of the table."""

ARRAYS = (
    Array(
        Column(
            "neuron_feature",
            "Neuron feature",
            "activation-weighted mean of the receptive fields of the top items, red, green and blue from 0 to 1; "
            "fields of more than 64 pixels are shrunk; NaN beyond the field and where no crop reaches",
            "sum m w I / sum m w",
            0.0,
            1.0,
            RAFEGAS,
            kind="share",
        ),
        ("unit", "row", "column", "colour"),
        "float32",
    ),
    Array(
        Column(
            "coverage",
            "Coverage",
            "share of the weight of all top items whose fields reach a pixel of the neuron feature inside the image",
            "sum m w / sum w",
            0.0,
            1.0,
            kind="share",
        ),
        ("unit", "row", "column"),
        "float32",
    ),
    Array(
        Column("top_item", "Top items", "position of each top item in the run, -1 for none", kind="count"),
        ("unit", "rank"),
        "int32",
    ),
    Array(
        Column("top_position", "Positions", "row and column of the maximum in the unit's map", kind="count"),
        ("unit", "rank", "axis"),
        "int32",
    ),
    Array(
        Column("top_box", "Boxes", "the field there: top, left, bottom, right in the network's input", kind="count"),
        ("unit", "rank", "side"),
        "int32",
    ),
    Array(
        Column("response", "Responses", "activation at the position with colour, and without", kind="value"),
        ("unit", "rank", "version"),
        "float32",
    ),
    Array(
        Column(
            "orientation",
            "Orientation curve",
            "how much less active the unit is when its top items are rotated by each angle, counterclockwise",
            "1 - sum a_rotated / sum a",
            0.0,
            1.0,
            NEFESI,
        ),
        ("unit", "angle"),
    ),
    Array(
        Column(
            "symmetry",
            "Symmetry curve",
            "how active the unit stays when its top items are mirrored at each axis, counterclockwise from horizontal",
            "sum a_mirrored / sum a",
            0.0,
            1.0,
            NEFESI,
        ),
        ("unit", "mirror"),
    ),
    Array(
        Column(
            "similarity",
            "Similarity",
            "mean activation of the unit to the top crops of each unit of its layer, relative to that to its own",
            source=NEFESI,
            kind="share",
        ),
        ("unit", "other"),
        "float32",
    ),
    Array(
        Column("hues", "Hues of the items", "pixels of the top items of each hue, in steps of 5 degrees", kind="count"),
        ("hue",),
        "int64",
    ),
)
"""The arrays of the table."""
