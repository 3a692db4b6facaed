"""Names and sizes of the written format, version 2. ``docs/run-format.md`` says what they mean."""

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)

MANIFEST = "run.json"
ITEMS = "items.parquet"
CLASSES = "classes.parquet"
UNITS = "units.parquet"
SKIPPED = "skipped.parquet"
ACTIVATIONS = "activations.zarr"
HISTOGRAMS = "histograms"
ARRAYS = "arrays.zarr"
CLASSWISE = "classwise.zarr"
"""Where runs of format version 1 keep the arrays of their table ``selectivity``."""

PREDICTIONS = "predictions"
LEDGER = "ledger"
CLAIMS = ".claims"
TABLES = "tables"
IMAGES = "images"

BLOCK_ITEMS = 8192
"""Items in a block: the unit of writing, of resuming and of loss after a crash."""

CHUNK_UNITS = 64
"""Units in an inner chunk; with 8,192 items of 4 bytes a chunk is 2 MiB, stored unit-major."""


def array_name(layer: str) -> str:
    """Return the name of a layer's array: the layer's name, of which nothing can be taken for a path.

    Examples
    --------
    >>> array_name("encoder/block.0"), array_name("..")
    ('encoder%2Fblock.0', '%2E%2E')
    """
    name = layer.replace("%", "%25").replace("/", "%2F")
    return name if name.strip(".") else name.replace(".", "%2E")


def n_blocks(n_items: int, block_items: int) -> int:
    """Count the blocks that hold a number of items; the last one may be short.

    Examples
    --------
    >>> n_blocks(10_000, 8192)
    2
    """
    return -(-n_items // block_items)
