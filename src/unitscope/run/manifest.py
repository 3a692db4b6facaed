"""``run.json``: the identity of a run, by content, and its provenance."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UnitscopeError
from ..version import __version__
from . import layout
from .files import read_json, write_json

LOST = "restore it from a copy, or record or import the run again into a new directory"
"""The next step for a damaged ``run.json``, which cannot be derived from the other files."""


@dataclass(frozen=True)
class Layer:
    """A recorded layer.

    Attributes
    ----------
    name
        The layer's name in the network, e.g. ``"features.12"``.
    units
        Number of its units.
    positions
        Size of the map that was reduced to one number per unit, e.g. ``(13, 13)``; ``()`` for a dense layer.
    reduction
        How the map was reduced to one number: ``"max"``, ``"mean"``, ``"centre"``; ``"none"`` for a dense layer.

    See Also
    --------
    Manifest : Holds the layers of a run.

    Examples
    --------
    >>> Layer("features.12", 256, (13, 13), "max").units
    256
    """

    name: str
    units: int
    positions: tuple[int, ...] = ()
    reduction: str = "none"


@dataclass(frozen=True)
class Manifest:
    """The content of ``run.json``.

    Attributes
    ----------
    identity
        Everything that the activations depend on: model, weights, preprocessing, data, computation. Two runs with
        equal identity and layers hold the same numbers: the same bits on machines of one kind with the same versions,
        and within 1e-5 of a layer's largest activation otherwise.
    layers
        The recorded layers, in the network's order.
    n_items
        Number of items, `N`.
    dtype
        ``"float32"`` or ``"float16"``.
    block_items
        Items per block.
    predictions
        Whether the network's prediction for each item is recorded.
    provenance
        Origin of the run: data and model as the user named them, versions, host, time. Never compared.

    See Also
    --------
    create_run : Create a run from a manifest.

    Examples
    --------
    >>> manifest = Manifest({"model": {"spec": "demo:"}}, (Layer("fc6", 192),), n_items=10_000)
    >>> manifest.n_blocks, manifest.block(1)
    (2, slice(8192, 10000, None))
    """

    identity: dict[str, Any]
    layers: tuple[Layer, ...]
    n_items: int
    dtype: str = "float32"
    block_items: int = layout.BLOCK_ITEMS
    predictions: bool = True
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of items."""
        return layout.n_blocks(self.n_items, self.block_items)

    @property
    def histograms(self) -> dict[str, Any] | None:
        """Settings of a run without stored activations, ``bins_per_octave`` and ``items``; otherwise ``None``."""
        return self.identity.get("histograms")

    def block(self, number: int) -> slice:
        """Return the items of a block."""
        start = number * self.block_items
        return slice(start, min(start + self.block_items, self.n_items))

    def count_items(self, blocks: Iterable[int]) -> int:
        """Count the items in some blocks."""
        return sum(rows.stop - rows.start for rows in map(self.block, blocks))

    def write(self, directory: Path) -> None:
        """Write ``run.json`` into a run directory."""
        content = {"format_version": layout.FORMAT_VERSION, **asdict(self)}
        write_json(directory / layout.MANIFEST, content)

    @classmethod
    def read(cls, directory: Path) -> "Manifest":
        """Read ``run.json`` of a run directory."""
        path = directory / layout.MANIFEST
        if not path.is_file():
            raise UnitscopeError(f"{directory} is not a run: it has no {layout.MANIFEST}; record or import one first")
        content = read_json(path, LOST)
        version = content.pop("format_version", None)
        if version not in layout.READABLE_VERSIONS:
            raise UnitscopeError(
                f"{path} has format version {version}, but this Unitscope {__version__} reads versions "
                f"{layout.READABLE_VERSIONS[0]} to {layout.FORMAT_VERSION}; install a later version"
            )
        try:
            layers = tuple(
                Layer(**{**layer, "positions": tuple(layer["positions"])}) for layer in content.pop("layers")
            )
            return cls(layers=layers, **content)
        except (KeyError, TypeError) as error:
            raise UnitscopeError(f"{path} is damaged ({error}); {LOST}") from error

    def differences(self, other: "Manifest") -> list[str]:
        """Return how the run of another manifest differs; empty if it is the same run."""
        mine, theirs = (dict(flatten(asdict(manifest))) for manifest in (self, other))
        names = sorted(name for name in mine.keys() | theirs.keys() if not name.startswith("provenance"))
        return [
            f"{name.removeprefix('identity.')}: {shorten_digest(mine.get(name, 'nothing'))} there, "
            f"{shorten_digest(theirs.get(name, 'nothing'))} now"
            for name in names
            if mine.get(name) != theirs.get(name)
        ]


def shorten_digest(value: Any) -> str:
    """Return a value as text; of a SHA-256 digest the first 12 digits.

    Examples
    --------
    >>> shorten_digest("0123456789abcdef" * 4), shorten_digest(8192)
    ('0123456789ab', '8192')
    """
    return str(value)[:12] if re.fullmatch("[0-9a-f]{64}", str(value)) else str(value)


def flatten(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in nested dictionaries and sequences as pairs of dotted name and value.

    Examples
    --------
    >>> dict(flatten({"model": {"spec": "demo:"}, "layers": ["fc6", "fc7"]}))
    {'model.spec': 'demo:', 'layers.0': 'fc6', 'layers.1': 'fc7'}
    """
    if isinstance(content, dict):
        pairs = list(content.items())
    elif isinstance(content, list | tuple):
        pairs = [(str(index), value) for index, value in enumerate(content)]
    else:
        yield name, content
        return
    for key, value in pairs:
        yield from flatten(value, f"{name}.{key}" if name else key)
