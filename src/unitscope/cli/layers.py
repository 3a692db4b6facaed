"""``unitscope layers``: what a network's layers give, and what their units see."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UnitscopeError
from .options import DataOptions, ModelOptions, ModelSpec
from .show import OUT, table

if TYPE_CHECKING:
    import torch

    from ..models import LoadedModel, NetworkLayer


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(layers)


def layers(
    model: ModelSpec,
    model_options: ModelOptions,
    data_options: DataOptions,
    data: Annotated[str | None, typer.Option(help="Try the network on these items rather than on noise.")] = None,
) -> None:
    """List a network's layers, with shapes, units and receptive fields, and warn of what makes hooks lie."""
    from ..models import example_batch, list_layers, load_model
    from ..specs import parse_options

    loaded = load_model(model, **parse_options(model_options))
    items = None
    if data is not None:
        from ..data import load_data

        items = load_data(data, **parse_options(data_options))
    example = example_batch(loaded, items)
    found = list_layers(loaded, example)
    fields, unknown = describe_fields(loaded, found, example)
    rows = [
        [
            layer.name,
            layer.type,
            " x ".join(str(size) for size in layer.shape) or "-",
            f"{layer.units:,}" if layer.units else "-",
            str(layer.calls),
            *fields.get(layer.name, ("-", "-", "-")),
        ]
        for layer in found
    ]
    heads = ["layer", "type", "output", "units", "calls", "field", "stride", "offset"]
    OUT.print(table(heads, rows, numbers=(3, 4, 5, 6, 7)))
    OUT.print(f"preprocessing: {loaded.preprocess.description}", soft_wrap=True)
    for layer in found:
        for warning in layer.warnings:
            OUT.print(f"{layer.name}: {warning}", style="yellow", soft_wrap=True)
    if unknown:
        OUT.print(unknown, style="yellow", soft_wrap=True)


def describe_fields(
    model: "LoadedModel", layers: list["NetworkLayer"], example: "torch.Tensor"
) -> tuple[dict[str, tuple[str, str, str]], str]:
    """Return size, stride and offset of the receptive fields by layer, and a note on what is not known of them."""
    from ..models import receptive_fields
    from ..models.receptive_fields import about_unknown

    try:
        found = receptive_fields(model.module, [layer for layer in layers if layer.units], example)
    except UnitscopeError as error:
        return {}, str(error)
    rows = {}
    for name, fields in found.items():
        size = "whole image" if fields.is_whole_image else both(fields.size)
        stride, offset = (both(pair) if pair else "-" for pair in (fields.stride, fields.offset))
        rows[name] = size, stride, offset
    unknown = {name for fields in found.values() for name in fields.unknown}
    return rows, about_unknown(unknown) if unknown else ""


def both(pair: tuple[float, float]) -> str:
    """Return a height and a width as text, one number where they are equal.

    Examples
    --------
    >>> both((4.0, 4.0)), both((11, 5))
    ('4', '11 x 5')
    """
    return " x ".join(f"{number:g}" for number in (pair[:1] if pair[0] == pair[1] else pair))
