"""Choosing layers by name or glob."""

import re

from ..errors import UnitscopeError, near_names
from .layers import NetworkLayer


def choose_layers(layers: list[NetworkLayer], patterns: str) -> list[NetworkLayer]:
    """Choose layers by names and globs, separated by commas.

    ``*`` stands for any characters within one dotted part of a name, ``**`` for any at all, ``?`` for one; all else
    is literal. Layers come in the network's order, each once.

    Raises
    ------
    UnitscopeError
        If a pattern matches nothing, suggesting near names, or if a name that it gives cannot be recorded.

    Examples
    --------
    >>> layers = [NetworkLayer(name, "Conv2d", units=8) for name in ("layer1", "layer1.0", "layer1.0.conv", "fc")]
    >>> [layer.name for layer in choose_layers(layers, "layer*.*,fc")]
    ['layer1.0', 'fc']
    """
    chosen: set[str] = set()
    for pattern in [part.strip() for part in patterns.split(",") if part.strip()]:
        expression = glob_expression(pattern)
        found = [layer for layer in layers if expression.fullmatch(layer.name)]
        able = [layer.name for layer in found if layer.units]
        if not found:
            calls = [layer.name for layer in layers if re.split(r"[@\[]", layer.name)[0] == pattern]
            hint = (
                f"; choose {' or '.join(calls[:4])}" if calls else near_names(pattern, [layer.name for layer in layers])
            )
            raise UnitscopeError(f"no layer matches {pattern!r}{hint}; `unitscope layers MODEL` lists them all")
        if not able:
            raise UnitscopeError(f"layer {found[0].name} {found[0].warnings[0]}; choose another")
        chosen.update(able)
    if not chosen:
        raise UnitscopeError("no layers were chosen; name some with --layers, e.g. --layers 'features.*'")
    return [layer for layer in layers if layer.name in chosen]


def glob_expression(pattern: str) -> re.Pattern[str]:
    """Turn a glob into a regular expression."""
    parts = {"**": ".*", "*": r"[^.]*", "?": r"[^.]"}
    return re.compile(
        "".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", pattern)), re.DOTALL
    )
