"""Reproduce the paper with a run: its figures and tables, and a page that judges its claims."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..figures import save_data, save_figure
from ..figures.pictures import open_pictures
from ..figures.style import count_items
from ..figures.superposition import count_localist
from ..run import Run
from ..run.atomic import whole_file
from ..run.files import explain_errors
from ..run.lookup import items_of_table, title_of_class
from ..run.own_files import MARK, refuse_foreign_directory
from ..selectivity import SELECTIVITY
from ..version import __version__
from .claims import CLAIMS
from .figures_of_paper import PaperFigure, figures_of_paper
from .observations import Observations, gather
from .paper import SECTIONS, SOURCE
from .render import pages
from .verdicts import raise_if_replaced

PAGES = ("index.html", "index.md")
WORDS = {True: "Holds", False: "Does not hold", None: "Cannot be tested here"}
MARKS = {True: "yes", False: "no", None: "untested"}


def reproduce(
    run: Run,
    directory: str | Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    overwrite: bool = False,
    data: LabelledItems | str | None = None,
    trust: bool = False,
    others: Sequence[Run] = (),
) -> dict[str, int]:
    """Write the paper's figures and tables of a run, with a page that walks through the paper's sections.

    Parameters
    ----------
    run
        A run that was measured.
    directory
        Where to write: ``index.html``, ``index.md``, a PNG and a CSV for each figure.
    progress
        Called with the number of figures that are drawn, and the number of all.
    overwrite
        Write into a directory that holds other files. Otherwise it must be new, empty, or written by an earlier call.
    data, trust
        Where the items are, if not where the run says, and whether code that it names may run: see
        `unitscope.data.open_items`.
    others
        Runs of `unitscope.simulate_superposition`, measured, of both conditions: the claims on recurrent networks need
        them, unless `run` is one itself.

    Returns
    -------
    dict
        Number of claims that hold, do not hold and cannot be tested, with these words as keys.

    Raises
    ------
    UnitscopeError
        If the run was not measured, it was measured again while it was read, one of `others` was not simulated or
        not measured, or the directory cannot be written to or holds other files.

    See Also
    --------
    write_report : A report of the run.
    unitscope.figures : The figures one by one.

    Examples
    --------
    >>> counts = reproduce(run, run.directory.parent / "page")
    >>> sum(counts.values())
    29
    """
    directory = Path(directory)
    refuse_foreign_directory(directory, PAGES[0], overwrite)
    if others:
        count_localist(tuple(others))  # refuses other runs, and those not measured
    observed = gather(run, others)
    for page in PAGES:  # until all figures are there, so that no earlier page shows new figures
        write_page(directory / page, f'<meta name="generator" content="{MARK}"><p>This page is being written.</p>\n')
    wanted = list(figures_of_paper(observed, open_pictures(run, data=data, trust=trust)))
    drawn = []
    for done, figure in enumerate(wanted, 1):
        drawn.append(draw(figure, run, directory))
        if progress:
            progress(done, len(wanted))
    claims = judge(observed)
    counts = Counter(claim["word"] for claim in claims)
    content = {
        "name": run.name,
        "version": __version__,
        "mark": MARK,
        "source": SOURCE,
        "introduction": introduction(observed),
        "counted": f"Of {len(claims)} claims, {counts[WORDS[True]]} hold in this run, {counts[WORDS[False]]} do not, "
        f"and {counts[WORDS[None]]} cannot be tested on it.",
        "claims": claims,
        "sections": [
            {
                **asdict(section),
                "here": recorded_here(observed) if section.number == "2" else [],
                "claims": [claim for claim in claims if claim["section"] == section.number],
                "figures": [figure for figure in drawn if figure["section"] == section.number],
            }
            for section in SECTIONS
        ],
    }
    for page in PAGES:
        template = pages().get_template(page.replace("index", "reproduce"))
        write_page(directory / page, template.render(content))
    return {word: counts[word] for word in WORDS.values()}


def write_page(path: Path, text: str) -> None:
    """Write a page in the place of an earlier one."""
    with explain_errors(path.parent), whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def draw(figure: PaperFigure, run: Run, directory: Path) -> dict[str, str]:
    """Write a figure and its numbers, and return its place on the page, with the reason if it cannot be drawn."""
    described = {"section": figure.section, "name": figure.name, "title": figure.title, "reason": ""}
    try:
        drawn = figure.make()
    except UnitscopeError as error:
        raise_if_replaced(run, error)
        return described | {"reason": str(error)}
    save_figure(drawn, directory / f"{figure.name}.png", overwrite=True)
    save_data(drawn, directory / f"{figure.name}.csv", overwrite=True)
    return described


def judge(data: Observations) -> list[dict[str, Any]]:
    """Return the verdict on every claim, as text for the page."""
    judged = []
    for claim in CLAIMS:
        verdict = claim.judge(data)
        judged.append(
            {
                "section": claim.section,
                "says": claim.says,
                "rule": claim.rule,
                "word": WORDS[verdict.holds],
                "mark": MARKS[verdict.holds],
                "numbers": verdict.numbers,
            }
        )
    return judged


def introduction(data: Observations) -> list[str]:
    """Return what the page is about."""
    sentences = [
        "This page follows a paper section by section, draws its figures and tables from this run, and states for each "
        "claim whether it holds in this run. A claim that does not hold here is not refuted: the network, the classes "
        "and the items differ from the paper's."
    ]
    if data.output:
        sentences.append(
            f"The layer {data.output}, the last and with as many units as there are classes, is taken as the "
            "network's output: it is in the figures but not in the claims, which are about hidden layers."
        )
    return sentences


def recorded_here(data: Observations) -> list[str]:
    """Return what this run recorded, and which unit is examined closely."""
    run = data.run
    keep, items = items_of_table(run, SELECTIVITY)
    sentences = [
        f"This run: {len(data.hidden):,} hidden units in {', '.join(data.layers)}; "
        f"{count_items(int(keep.sum()), items)} of {len(run.classes):,} classes, the largest "
        f"{'of them or of the class sets ' if run.class_sets else ''}with {data.largest:,}."
    ]
    if data.unit:
        sentences.append(
            f"The unit examined closely is {data.unit}, for {title_of_class(run, data.name)}: of the hidden units of "
            "highest precision, one that does not meet the minimal bar of a detector, if there is any."
        )
    if not run.class_sets:
        sentences.append(
            "There are no class sets, so Figure 5 and Tables 4 to 6 are left out; name some with “unitscope measure "
            "--class-set NAME=CLASS,CLASS”."
        )
    return sentences
