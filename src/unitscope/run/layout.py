"""File names and sizes of the run format, version 2; described in ``docs/run-format.md``."""

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
"""The arrays of the table ``selectivity`` in format version 1."""

PREDICTIONS = "predictions"
LEDGER = "ledger"
CLAIMS = ".claims"
TABLES = "tables"
IMAGES = "images"
REPORT = "report.html"

BLOCK_ITEMS = 8192
"""Items per block. A block is written as a whole; after a crash, only unfinished blocks are lost."""

CHUNK_UNITS = 64
"""Units per chunk; a chunk of 8,192 items x 4 bytes is 2 MiB, stored unit-major."""


def array_name(layer: str) -> str:
    """Return the name of a layer's array: the layer's name, escaped so that it cannot be read as a path.

    Examples
    --------
    >>> array_name("encoder/block.0"), array_name("..")
    ('encoder%2Fblock.0', '%2E%2E')
    """
    name = layer.replace("%", "%25").replace("/", "%2F")
    return name if name.strip(".") else name.replace(".", "%2E")


def n_blocks(n_items: int, block_items: int) -> int:
    """Return the number of blocks for a number of items; the last block may be shorter.

    Examples
    --------
    >>> n_blocks(10_000, 8192)
    2
    """
    return -(-n_items // block_items)
