"""Names and sizes of the written format, version 1. What they mean is said in ``docs/run-format.md``."""

FORMAT_VERSION = 1

MANIFEST = "run.json"
ITEMS = "items.parquet"
CLASSES = "classes.parquet"
UNITS = "units.parquet"
SKIPPED = "skipped.parquet"
CLASS_SETS = "class_sets.parquet"
ACTIVATIONS = "activations.zarr"
HISTOGRAMS = "histograms"
CLASSWISE = "classwise.zarr"
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
    """Name of a layer's array: the layer's name, with the path separator made harmless.

    Examples
    --------
    >>> array_name("encoder/block.0")
    'encoder%2Fblock.0'
    """
    return layer.replace("%", "%25").replace("/", "%2F")


def n_blocks(n_items: int, block_items: int) -> int:
    """Count the blocks that hold a number of items; the last one may be short.

    Examples
    --------
    >>> n_blocks(10_000, 8192)
    2
    """
    return -(-n_items // block_items)
