"""Drawing the report: figures and pictures become data URIs, the template becomes one HTML file."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from matplotlib import rc_context
from PIL import Image

from ..columns import own_name
from ..data import LabelledItems
from ..figures import Drawable, boxplots, correlations, disagreement, examples, jitter, make_figure
from ..figures.chosen import class_name, unit_row
from ..figures.pictures import Pictures, open_pictures
from ..figures.style import STYLE
from ..run import Run
from ..run.atomic import replacing
from ..run.files import explained
from ..run.own_files import MARK, refuse_foreign
from ..version import __version__
from . import content
from .held import held_items


def write_report(
    run: Run,
    path: str | Path | None = None,
    *,
    units_per_measure: int = 8,
    items_per_unit: int = 10,
    overwrite: bool = False,
    data: LabelledItems | str | None = None,
    trust: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write one self-contained HTML file about a measured run.

    Parameters
    ----------
    run
        A run that was measured.
    path
        Where to write; default: ``report.html`` in the run directory.
    units_per_measure
        Units listed for each measure.
    items_per_unit
        Items of each kind (most active, false alarms ...) shown for each unit that gets pictures.
    overwrite
        Replace a file that Unitscope did not write; one that it wrote is always replaced.
    data, trust
        Where the items are, if not where the run says, and whether code that it names may run: see
        `unitscope.data.open_items`.
    progress
        Called with the number of pictures drawn, and of all.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnitscopeError
        If the run was not measured, no unit has a value of any measure, or another's file is in the place.
    """
    path = Path(path) if path is not None else run.directory / "report.html"
    refuse_foreign(path, overwrite)
    table = run.table("selectivity")
    panels = boxplots(run).panels
    shown = content.units_to_show(table)
    total, done = len(panels) + 1 + len(shown), 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    distributions = []
    for panel in panels:
        distributions.append({"column": panel.column, "picture": as_svg(panel)})
        step()
    pair = (own_name("precision_60", table), "max_informedness")
    both = table[[*pair]].notna().all(axis=1).any()
    scatter = as_svg(disagreement(run, *pair)) if both else ""
    step()
    pictures = open_pictures(run, data=data, trust=trust)
    units = []
    for unit in shown:
        units.append(show_unit(run, table, unit, pictures, items_per_unit))
        step()
    html = (
        pages()
        .get_template("report.html")
        .render(
            name=run.name,
            n_top=pair[0].split("_")[1],
            version=__version__,
            mark=MARK,
            sentences=content.summary(run, table),
            facts=content.recorded(run),
            layers=content.layers(run, table),
            distributions=distributions,
            chance=any(panel.chance for panel in panels),
            scatter=scatter,
            disagreed=content.disagreed(run, table, units_per_measure),
            correlations=as_svg(correlations(run)),
            tops=content.tops(run, units_per_measure),
            units=units,
            missing=pictures.missing,
            dictionary=[
                column
                for column in run.columns("selectivity").values()
                if column.kind not in ("chance", "probability", "limit")
            ],
            resampled=content.resampled(run),
        )
    )
    with explained(path.parent), replacing(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def show_unit(run: Run, table: Any, unit: str, pictures: Pictures, count: int) -> dict[str, Any]:
    """Gather what is shown of one unit: jitterplot, numbers, items that it answers and false alarms."""
    plot = jitter(run, unit) if run.manifest.histograms is None else None
    rows: list[dict[str, Any]] = []
    if plot is None:
        items = held_items(run, unit, count)
        for item in items:
            found = pictures.of(item["item_id"])
            item["picture"] = "" if found is None else as_jpeg(found)
        rows.append({"title": "Most active items", "items": items})
    elif plot.names:
        shown = examples(run, unit, count=count, pictures=pictures)
        chosen = shown.table.to_dict("records")
        for example, picture in zip(chosen, shown.pictures, strict=True):
            example["picture"] = "" if picture is None else as_jpeg(picture)
        for key, title in shown.titles.items():
            rows.append({"title": title, "items": [item for item in chosen if item["row"] == key]})
    names = ", ".join(plot.names) if plot else class_name(run, unit_row(run, unit)["max_informedness_class"])
    return {
        "unit": unit,
        "names": names,
        "picture": as_png(plot) if plot else "",
        "numbers": content.unit_rows(run, table, [unit]),
        "rows": rows,
    }


def pages() -> jinja2.Environment:
    """Find the pages' templates; everything put into HTML is escaped, and into Markdown by the filter ``md``."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("unitscope.report", "pages"),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["md"] = as_markdown
    return made


def as_markdown(text: str) -> str:
    r"""Escape what would be mark-up in Markdown.

    Examples
    --------
    >>> print(as_markdown("unit conv5_3:1, <b>cat | dog*"))
    unit conv5\_3:1, \<b\>cat \| dog\*
    """
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def as_svg(drawable: Drawable) -> str:
    """Draw a figure as SVG in a data URI."""
    buffer = io.BytesIO()
    with rc_context(STYLE):
        make_figure(drawable).savefig(buffer, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def as_png(drawable: Drawable) -> str:
    """Draw a figure as PNG in a data URI; for figures of many points."""
    buffer = io.BytesIO()
    with rc_context(STYLE):
        make_figure(drawable).savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def as_jpeg(picture: Image.Image) -> str:
    """Write a small picture as JPEG in a data URI."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
