"""``unitscope dissect``: which concepts units detect."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .analysis import run_analysis
from .options import Centred, ConceptOptions, Device, Network, On, RunPath, Threads, Trust, Workers
from .show import OUT, table

if TYPE_CHECKING:
    from ..figures import ConceptAgreement
    from ..run import Run


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(dissect)


def dissect(
    context: typer.Context,
    run: RunPath,
    concepts: Annotated[
        str,
        typer.Option(
            metavar="SPEC",
            help="Images with labelled pixels: broden:DIR, masks:DIR or demo:.",
            show_default=False,
        ),
    ],
    concept_options: ConceptOptions,
    centred: Centred = False,
    network: Network = None,
    trust: Trust = False,
    device: Device = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images that the network sees at a time.")] = 32,
    workers: Workers = None,
    threads: Threads = None,
    on: On = None,
) -> None:
    """Compare units with concepts labelled pixel by pixel (Network Dissection); writes tables/dissection.parquet."""
    from ..data import load_concepts
    from ..dissection import DISSECTION
    from ..dissection import dissect as compare
    from ..run import open_run
    from ..specs import parse_options

    loaded = load_concepts(concepts, **parse_options(concept_options))

    def analyse(opened: "Run", **shared: Any) -> None:
        compare(
            opened,
            loaded,
            centred=centred,
            network=network,
            trust=trust,
            device=device,
            batch_size=batch_size,
            workers=workers,
            threads=threads,
            on=on,
            **shared,
        )

    run_analysis(context, run, DISSECTION, analyse, show=lambda: print_findings(open_run(run)))


def print_findings(run: "Run") -> None:
    """Print detectors, and in a run that was measured how far concepts and classes agree."""
    from ..errors import UnitscopeError
    from ..figures import concept_agreement
    from ..selectivity import SELECTIVITY

    print_detectors(run)
    if SELECTIVITY in run.tables:
        try:
            print_agreement(concept_agreement(run))
        except UnitscopeError as error:  # for instance no class has the name of a concept
            OUT.print(f"concepts are not compared with classes: {error}", soft_wrap=True)


def print_agreement(agreement: "ConceptAgreement") -> None:
    """Print for each measure and layer how many units have the class that the measure picks as their concept."""
    from ..figures.concept_names import SAME

    counts = agreement.frame()
    counts = counts[(counts["relation"] == SAME) & (counts["among"] == "units")]
    OUT.print(
        f"units whose concept is the class that a measure picks, of those whose class is one of the "
        f"{agreement.n_shared:,} that are concepts, and by chance",
        soft_wrap=True,
    )
    layers = counts["layer"].unique()
    rows = []
    for measure, title in agreement.titles.items():
        of = counts[counts["measure"] == measure].set_index("layer")
        cells = [
            f"{row['agree']:,} of {row['could_agree']:,} ({row['chance'] * row['could_agree']:,.0f})"
            if row["could_agree"]
            else "-"
            for row in of.to_dict("records")
        ]
        rows.append([title, *cells])
    OUT.print(table(["measure", *layers], rows, numbers=tuple(range(1, len(layers) + 1))))


def print_detectors(run: "Run") -> None:
    """Print how many units of each layer detect how many concepts of each category."""
    from ..dissection import DETECTOR, DISSECTION, count_detectors

    made_with = run.parameters(DISSECTION)
    OUT.print(
        f"{made_with['n_images']:,} images of {made_with['concepts']}, {made_with['n_concepts']:,} concepts; detectors "
        f"are units of an intersection over union above {DETECTOR:.2f}",
        soft_wrap=True,
    )
    counts = count_detectors(run.table(DISSECTION))
    columns = [*counts["category"].unique()]
    rows = []
    for layer, of in counts.groupby("layer", sort=False):
        cells = [f"{units:,} of {names:,}" for units, names in zip(of["detectors"], of["concepts"], strict=True)]
        rows.append([str(layer), f"{of['detectors'].sum():,}", f"{of['concepts'].sum():,}", *cells])
    heads = ["layer", "detectors", "concepts", *columns]
    OUT.print(table(heads, rows, numbers=tuple(range(1, len(heads)))))
