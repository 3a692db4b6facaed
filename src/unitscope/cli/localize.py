"""``unitscope localize``: where a network sees the classes of items, and which units say so."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .analysis import run_analysis
from .options import (
    Centred,
    ConceptOptions,
    DataOptions,
    Device,
    ItemsFrom,
    Network,
    On,
    RunPath,
    Threads,
    Trust,
    Workers,
    items_from,
)
from .show import OUT, table

if TYPE_CHECKING:
    from ..run import Run


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(localize)


def localize(
    context: typer.Context,
    run: RunPath,
    concept_options: ConceptOptions,
    data_options: DataOptions,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="True boxes: columns item, x0, y0, x1, y1 (pixels of the original images), and perhaps class.",
            show_default=False,
        ),
    ] = None,
    concepts: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Masks of the run's items, in place of boxes: broden:DIR, masks:DIR or demo:.",
            show_default=False,
        ),
    ] = None,
    maps: Annotated[
        int, typer.Option(min=0, help="Items, evenly spaced, of which maps are written to images/localization/.")
    ] = 0,
    layer: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="Make Grad-CAM from this layer.", show_default="CAM, or the deepest layer"),
    ] = None,
    centred: Centred = False,
    network: Network = None,
    source: ItemsFrom = None,
    trust: Trust = False,
    device: Device = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Items that the network sees at a time.")] = 32,
    workers: Workers = None,
    threads: Threads = None,
    on: On = None,
) -> None:
    """Find where the network sees classes: CAM or Grad-CAM, boxes, errors; writes tables/localization.parquet."""
    from ..localization import LOCALIZATION
    from ..localization import localize as find
    from ..run import open_run
    from ..specs import parse_options

    def analyse(opened: "Run", **shared: Any) -> None:
        find(
            opened,
            boxes=boxes,
            concepts=concepts,
            maps=maps,
            layer=layer,
            centred=centred,
            network=network,
            data=items_from(source, data_options),
            trust=trust,
            device=device,
            batch_size=batch_size,
            workers=workers,
            threads=threads,
            on=on,
            **shared,
            **parse_options(concept_options),
        )

    run_analysis(context, run, LOCALIZATION, analyse, show=lambda: print_errors(open_run(run)))


def print_errors(run: "Run") -> None:
    """Print how class maps were made, and how often their boxes are wrong."""
    from ..localization import LOCALIZATION, QUANTITIES, read_summary

    made_with, found = run.parameters(LOCALIZATION), read_summary(run)
    if made_with["method"] == "cam":
        OUT.print(f"class activation maps of {made_with['layer']}: class scores are their sums", soft_wrap=True)
    else:
        OUT.print(
            f"Grad-CAM of {made_with['layer']}: class scores are not proven to be sums of class activation maps",
            soft_wrap=True,
        )
    if made_with["maps"]:
        OUT.print(f"images are in {run.directory / 'images' / LOCALIZATION}", soft_wrap=True)
    if not made_with["true_boxes"]:
        OUT.print("no localization error: true boxes are not known; give --boxes or --concepts", soft_wrap=True)
        return
    n = int(found["n_items"])
    OUT.print(f"{n:,} items with true boxes, of {made_with['true_boxes']}", soft_wrap=True)
    if n:
        rows = [
            [
                about,
                f"{found[name]:.3f}",
                f"{found[f'{name}_low']:.3f} to {found[f'{name}_high']:.3f}" if f"{name}_low" in found else "",
            ]
            for name, about in QUANTITIES.items()
            if name != "n_items"
        ]
        OUT.print(table(["", "", "95 % interval"], rows, numbers=(1,)))
