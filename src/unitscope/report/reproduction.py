"""Reproducing the paper on a run: every figure and table that the run allows, and a page that judges the claims."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..figures import save_data, save_figure
from ..figures.chosen import class_name, counted, measured_items
from ..figures.pictures import open_pictures
from ..run import Run
from ..run.atomic import replacing
from ..run.files import explained
from ..run.own_files import MARK, refuse_foreign_directory
from ..version import __version__
from .claims import CLAIMS
from .evidence import Evidence, gather
from .paper import SECTIONS, SOURCE
from .plates import Plate, plates
from .render import pages

PAGE = "index.html"
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
) -> dict[str, int]:
    """Write the paper's figures and tables of a run, with a page that walks through the paper's sections.

    Parameters
    ----------
    run
        A run that was measured.
    directory
        Where to write: ``index.html``, ``index.md``, a PNG and a CSV for each figure.
    progress
        Called with the number of figures drawn, and of all.
    overwrite
        Write into a directory that holds other files; otherwise it must be new, empty, or that of an earlier
        reproduction.
    data, trust
        Where the items are, if not where the run says, and whether code that it names may run: see
        `unitscope.data.open_items`.

    Returns
    -------
    dict
        How many claims hold, do not hold and cannot be tested, by these words.

    Raises
    ------
    UnitscopeError
        If the run was not measured, or the directory cannot be written to or holds other files.
    """
    directory = Path(directory)
    refuse_foreign_directory(directory, PAGE, overwrite)
    seen = gather(run)
    with explained(directory), replacing(directory / PAGE) as temporary:  # if stopped, the same call may go on here
        temporary.write_text(f'<meta name="generator" content="{MARK}"><p>This page is being written.</p>\n')
    wanted = list(plates(seen, open_pictures(run, data=data, trust=trust)))
    drawn = []
    for done, plate in enumerate(wanted, 1):
        drawn.append(draw(plate, directory))
        if progress:
            progress(done, len(wanted))
    claims = judge(seen)
    counts = Counter(claim["word"] for claim in claims)
    content = {
        "name": run.name,
        "version": __version__,
        "mark": MARK,
        "source": SOURCE,
        "lead": lead(seen),
        "counted": f"Of {len(claims)} claims, {counts[WORDS[True]]} hold in this run, {counts[WORDS[False]]} do not, "
        f"and {counts[WORDS[None]]} cannot be tested on it.",
        "claims": claims,
        "sections": [
            {
                **asdict(section),
                "here": recorded_here(seen) if section.number == "2" else [],
                "claims": [claim for claim in claims if claim["section"] == section.number],
                "plates": [plate for plate in drawn if plate["section"] == section.number],
            }
            for section in SECTIONS
        ],
    }
    for suffix in ("md", "html"):
        path = directory / f"index.{suffix}"
        with explained(directory), replacing(path) as temporary:
            temporary.write_text(pages().get_template(f"reproduce.{suffix}").render(content), encoding="utf-8")
    return {word: counts[word] for word in WORDS.values()}


def draw(plate: Plate, directory: Path) -> dict[str, str]:
    """Write a figure and its numbers; where the run does not allow it, say why instead."""
    said = {"section": plate.section, "name": plate.name, "title": plate.title, "reason": ""}
    try:
        data = plate.make()
    except UnitscopeError as error:
        return said | {"reason": str(error)}
    save_figure(data, directory / f"{plate.name}.png", overwrite=True)
    save_data(data, directory / f"{plate.name}.csv", overwrite=True)
    return said


def judge(seen: Evidence) -> list[dict[str, Any]]:
    """Judge every claim, in words for the page."""
    judged = []
    for claim in CLAIMS:
        verdict = claim.judge(seen)
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


def lead(seen: Evidence) -> list[str]:
    """Say what the page is, and what of the run it is about."""
    sentences = [
        "This page walks through a paper section by section, draws its figures and tables from this run, and says of"
        " each claim whether it holds in this run. A claim that does not hold here is not refuted: networks, classes"
        " and items are others than the paper's."
    ]
    if seen.output:
        sentences.append(
            f"The layer {seen.output}, the last and with as many units as there are classes, is taken for the "
            "network's output: it is in the figures, but not in the claims, which are about hidden layers."
        )
    return sentences


def recorded_here(seen: Evidence) -> list[str]:
    """Say what this run recorded, and which unit is looked at closely."""
    run = seen.run
    keep, items = measured_items(run)
    sentences = [
        f"This run: {len(seen.hidden):,} hidden units in {', '.join(seen.layers)}; {counted(int(keep.sum()), items)} "
        f"of {len(run.classes):,} classes, the largest {'of them or of the class sets ' if run.class_sets else ''}with "
        f"{seen.largest:,}."
    ]
    if seen.unit:
        sentences.append(
            f"The unit looked at closely is {seen.unit}, for {class_name(run, seen.name)}: of the hidden units of "
            "highest precision, one that does not meet the minimal bar of a detector, if there is any."
        )
    if not run.class_sets:
        sentences.append(
            "There are no class sets, so Figure 5 and Tables 4 to 6 are left out; name some with “unitscope measure "
            "--class-set NAME=CLASS,CLASS”."
        )
    return sentences
