"""``unitscope figure``: the paper's figures and tables as pictures, and their numbers as CSV."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .added import AddedGroup, PartOptions, added_command, call_part
from .options import (
    Centred,
    DataOptions,
    Items,
    ItemsFrom,
    Measures,
    Network,
    Overwrite,
    RunPath,
    Trust,
    items_from,
    split_names,
)
from .show import ERRORS, OUT

Unit = Annotated[str, typer.Argument(metavar="UNIT", help="A unit, LAYER:INDEX.", show_default=False)]
Classes = Annotated[
    list[str],
    typer.Option("--class", help="Class or class set to mark; repeatable.", default_factory=list, show_default=False),
]
Class = Annotated[
    str | None,
    typer.Option("--class", help="Class or class set.", show_default="that of maximum informedness"),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Where to write: .png, .svg or .pdf.", show_default="RUN/images/FIGURE[/UNIT].png"
    ),
]
Data = Annotated[bool, typer.Option("--data", help="Also write the numbers, as CSV beside the picture.")]


class Figures(AddedGroup):
    """Unitscope's figures, and those that installed packages add."""

    part_group = "unitscope.figures"

    def make(self, name: str) -> Any:
        """Return the command of an added figure."""

        def part() -> Any:
            from ..figures import FIGURES

            return FIGURES[name]

        def draw(
            run: RunPath,
            options: PartOptions,
            output: Output = None,
            data: Data = False,
            overwrite: Overwrite = False,
        ) -> None:
            from ..run import open_run

            drawn = call_part(part(), f"the figure {name}", options, open_run(run))
            chosen = "-".join(option.partition("=")[2] for option in options)
            place = of_unit(run, name, chosen) if chosen else run / "images" / f"{name}.png"
            write(drawn, output or place, data, overwrite)

        return added_command(name, draw, part)


figures = typer.Typer(cls=Figures, no_args_is_help=True, help="Draw a figure or table of the paper as PNG, SVG or PDF.")


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(figures, name="figure")


@figures.callback()
def figure() -> None:
    """Draw a figure or table of the paper as PNG, SVG or PDF."""


@figures.command()
def boxplots(
    run: RunPath, measures: Measures = None, output: Output = None, data: Data = False, overwrite: Overwrite = False
) -> None:
    """Draw every measure per layer as box plots (Figure 2)."""
    from ..figures import boxplots as compute
    from ..run import open_run

    write(compute(open_run(run), split_names(measures)), output or run / "images" / "boxplots.png", data, overwrite)


@figures.command()
def jitter(
    run: RunPath,
    unit: Unit,
    classes: Classes,
    items: Items = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw a unit's activation to every item, up to six classes marked (Figures 1, 3 left, 5)."""
    from ..figures import jitter as compute
    from ..run import open_run

    write(compute(open_run(run), unit, classes or None, items), output or of_unit(run, "jitter", unit), data, overwrite)


@figures.command()
def histogram(
    run: RunPath,
    unit: Unit,
    of: Class = None,
    items: Items = None,
    log: Annotated[bool, typer.Option("--log", help="Counts on a logarithmic axis.")] = False,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw a histogram of the activations to a class, all items in an inset (Figures 3 middle, 10)."""
    from ..figures import histogram as compute
    from ..run import open_run

    write(compute(open_run(run), unit, of, items, log=log), output or of_unit(run, "histogram", unit), data, overwrite)


@figures.command()
def examples(
    run: RunPath,
    unit: Unit,
    data_options: DataOptions,
    of: Class = None,
    items: Items = None,
    count: Annotated[int, typer.Option(min=1, max=20, help="Items in each row.")] = 8,
    source: ItemsFrom = None,
    trust: Trust = False,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Show the most active items, items of the class around its mean and at 0, and false alarms (Figure 3 right)."""
    from ..figures import examples as compute
    from ..run import open_run

    given = items_from(source, data_options)
    opened = open_run(run)
    drawn = compute(opened, unit, of, items, count=count, data=given, trust=trust)
    if drawn.missing and "data" not in opened.manifest.provenance:  # otherwise it was warned of
        ERRORS.print(f"no pictures: {drawn.missing}", style="yellow", soft_wrap=True)
    write(drawn, output or of_unit(run, "examples", unit), data, overwrite)


@figures.command()
def fits(
    run: RunPath,
    unit: Unit,
    of: Class = None,
    items: Items = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Fit exponential-type and normal-type curves to the non-zero activations (Figure 11)."""
    from ..figures import fits as compute
    from ..run import open_run

    write(compute(open_run(run), unit, of, items), output or of_unit(run, "fits", unit), data, overwrite)


@figures.command()
def roc(
    run: RunPath,
    unit: Unit,
    of: Class = None,
    items: Items = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw hits against false alarms and precision against recall, at every threshold."""
    from ..figures import roc as compute
    from ..run import open_run

    write(compute(open_run(run), unit, of, items), output or of_unit(run, "roc", unit), data, overwrite)


@figures.command()
def constructed(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run, to write into.", show_default=False)
    ] = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw the three constructed units for which CCMAS fails, and every measure of them (Figure 12); needs no run."""
    from ..figures import constructed as compute

    write(compute(), output or (run / "images" if run else Path()) / "constructed.png", data, overwrite)


@figures.command()
def correlations(
    run: RunPath, measures: Measures = None, output: Output = None, data: Data = False, overwrite: Overwrite = False
) -> None:
    """Draw the correlations between measures over units, Pearson and Spearman (Table 3)."""
    from ..figures import correlations as compute
    from ..run import open_run

    write(compute(open_run(run), split_names(measures)), output or run / "images" / "correlations.png", data, overwrite)


@figures.command("top-units")
def top_units(
    run: RunPath,
    measures: Measures = None,
    count: Annotated[int, typer.Option(min=1, help="Units for each measure, and layer.")] = 1,
    whole: Annotated[bool, typer.Option("--whole", help="Choose among all layers, not within each.")] = False,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """List the units highest on each measure, with their other measures (Table 2)."""
    from ..figures import top_units as compute
    from ..run import open_run

    drawn = compute(open_run(run), split_names(measures), count, per_layer=not whole)
    write(drawn, output or run / "images" / "top-units.png", data, overwrite)


@figures.command("class-set")
def class_set(
    run: RunPath,
    of: Annotated[str, typer.Option("--class", help="Class or class set.", show_default=False)],
    units: Annotated[
        str | None,
        typer.Option(
            metavar="UNIT,UNIT,...", help="Units to list.", show_default="highest IoU, else highest informedness"
        ),
    ] = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """List the responses of units to a class set and to everything else (Tables 4 to 6)."""
    from ..figures import class_set as compute
    from ..run import open_run

    drawn = compute(open_run(run), of, split_names(units))
    write(drawn, output or of_unit(run, "class-set", of), data, overwrite)


@figures.command()
def disagreement(
    run: RunPath,
    measures: Annotated[
        str | None,
        typer.Option(metavar="X,Y", help="Two columns of tables.", show_default="precision_60,max_informedness"),
    ] = None,
    label: Annotated[int, typer.Option(min=0, help="How many units to name.")] = 6,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw a scatter of two measures over units; the units that they disagree about most are named."""
    from ..errors import UnitscopeError
    from ..figures import disagreement as compute
    from ..figures.unit_data import INFORMEDNESS, PRECISION
    from ..run import open_run

    pair = split_names(measures) or [PRECISION, INFORMEDNESS]
    if len(pair) != 2:
        raise UnitscopeError(f"--measures {measures} names {len(pair)} measures; name two, as in precision_60,ccmas")
    x, y = pair
    drawn = compute(open_run(run), x, y, n_labelled=label)
    write(drawn, output or run / "images" / "disagreement.png", data, overwrite)


@figures.command("neuron-features")
def neuron_features(
    run: RunPath,
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="A layer.", show_default=False)],
    sort: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Sort by a column: hue, auc, or features.dispersion.", show_default="no"),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Number of units to show.")] = 256,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Show what the units of a layer look at, as the mean of their top items; needs `unitscope features`."""
    from ..figures import neuron_features as compute
    from ..run import open_run

    drawn = compute(open_run(run), layer, sort, count)
    write(drawn, output or of_unit(run, "neuron-features", layer), data, overwrite)


@figures.command()
def indexes(run: RunPath, output: Output = None, data: Data = False, overwrite: Overwrite = False) -> None:
    """Draw colour and class selectivity per layer, both together, and hues; needs `unitscope features`."""
    from ..figures import indexes as compute
    from ..run import open_run

    write(compute(open_run(run)), output or run / "images" / "indexes.png", data, overwrite)


@figures.command()
def dissection(
    run: RunPath,
    layer: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="A layer; default: all, one bar each.", show_default=False)
    ] = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw how many concepts have detectors, or how many units of a layer detect each; needs `unitscope dissect`."""
    from ..figures import dissection as compute
    from ..run import open_run

    place = of_unit(run, "dissection", layer) if layer else run / "images" / "dissection.png"
    write(compute(open_run(run), layer), output or place, data, overwrite)


@figures.command("concept-agreement")
def concept_agreement(
    run: RunPath, measures: Measures = None, output: Output = None, data: Data = False, overwrite: Overwrite = False
) -> None:
    """Draw how often units' concepts are the classes that measures pick (section 3.3); needs `unitscope dissect`."""
    from ..figures import concept_agreement as compute
    from ..run import open_run

    drawn = compute(open_run(run), split_names(measures))
    write(drawn, output or run / "images" / "concept-agreement.png", data, overwrite)


@figures.command("unit-map")
def unit_map(
    run: RunPath,
    unit: Unit,
    data_options: DataOptions,
    count: Annotated[int, typer.Option(min=1, help="Number of items.")] = 6,
    items: Items = None,
    network: Network = None,
    source: ItemsFrom = None,
    trust: Trust = False,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Show where on its most active items a unit exceeds its threshold; needs `unitscope dissect` and the network."""
    from ..figures import unit_map as compute
    from ..run import open_run

    given = items_from(source, data_options)
    drawn = compute(open_run(run), unit, count, items, network=network, data=given, trust=trust)
    write(drawn, output or of_unit(run, "unit-map", unit), data, overwrite)


@figures.command()
def cam(
    run: RunPath,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="An item, by its id or number.", show_default=False)],
    data_options: DataOptions,
    classes: Annotated[
        list[str],
        typer.Option("--class", help="Class to show; repeatable.", default_factory=list, show_default="highest scores"),
    ],
    count: Annotated[int, typer.Option(min=1, help="Number of classes, if none are given.")] = 3,
    layer: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="Make Grad-CAM from this layer.", show_default="CAM, or the deepest layer"),
    ] = None,
    centred: Centred = False,
    network: Network = None,
    source: ItemsFrom = None,
    trust: Trust = False,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Show where the network sees classes in an item: CAM or Grad-CAM, with boxes; needs the network."""
    from ..figures import cam as compute
    from ..run import open_run

    given = items_from(source, data_options)
    drawn = compute(
        open_run(run), item, classes or None, count, layer=layer, centred=centred, network=network, data=given,
        trust=trust,
    )  # fmt: skip
    write(drawn, output or of_unit(run, "cam", item), data, overwrite)


@figures.command()
def ablation(
    run: RunPath,
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="A layer.", show_default=False)],
    measures: Measures = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw accuracy while units are removed one after the other; needs `unitscope ablate --orders`."""
    from ..figures import ablation as compute
    from ..run import open_run

    drawn = compute(open_run(run), layer, split_names(measures))
    write(drawn, output or of_unit(run, "ablation", layer), data, overwrite)


@figures.command("ablation-by-measure")
def ablation_by_measure(
    run: RunPath,
    layer: Annotated[
        str | None, typer.Argument(metavar="[LAYER]", help="A layer; default: all together.", show_default=False)
    ] = None,
    measures: Measures = None,
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw how well each measure predicts what is lost without a unit; needs `unitscope ablate`."""
    from ..figures import ablation_by_measure as compute
    from ..run import open_run

    drawn = compute(open_run(run), split_names(measures), layer)
    name = "ablation-by-measure"
    write(drawn, output or (of_unit(run, name, layer) if layer else run / "images" / f"{name}.png"), data, overwrite)


@figures.command()
def superposition(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Runs of `unitscope simulate superposition`, of both conditions.", show_default=False
        ),
    ],
    output: Output = None,
    data: Data = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw units of networks that hold several words at once, and of controls, and count the localist (Figure 1)."""
    from ..figures import superposition as compute
    from ..run import open_run

    drawn = compute(*map(open_run, runs))
    write(drawn, output or runs[0] / "images" / "superposition.png", data, overwrite)


def of_unit(run: Path, kind: str, name: str) -> Path:
    """Return the default file for the picture of a unit."""
    return run / "images" / kind / f"{name.replace('/', '_').replace(':', '_')}.png"


def write(drawn: Any, path: Path, data: bool, overwrite: bool) -> None:
    """Write a picture, and its numbers if wanted, and print the files."""
    from ..figures import save_data, save_figure
    from ..run.files import header_of
    from ..run.own_files import refuse_foreign

    table = path.with_suffix(".csv")
    if data:  # refused before the picture is written
        refuse_foreign(table, overwrite, header_of(drawn.frame()))
    OUT.print(str(save_figure(drawn, path, overwrite=overwrite)), soft_wrap=True)
    if data:
        OUT.print(str(save_data(drawn, table, overwrite)), soft_wrap=True)
