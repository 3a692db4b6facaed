"""Drawing the report: figures and pictures become data URIs, the template becomes one HTML file."""

import base64
import io
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from matplotlib import rc_context

from ..errors import UnitscopeError
from ..figures import disagreement, distribution, jitter
from ..figures.style import STYLE, Drawable, make_figure
from ..run import Run
from ..run.files import explained, replacing
from ..version import __version__
from . import content
from .pictures import Pictures, open_pictures


def write_report(
    run: Run,
    path: str | Path | None = None,
    *,
    units_per_measure: int = 8,
    items_per_unit: int = 12,
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
        Most active items shown for each unit that gets pictures.
    progress
        Called with the number of pictures drawn, and of all.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnitscopeError
        If the run was not measured, or no unit has a value of any measure.
    """
    path = Path(path) if path is not None else run.directory / "report.html"
    table = run.table("selectivity")
    columns = content.measures(run)
    if not columns:
        raise UnitscopeError(
            f"no unit of {run.directory} has a value of any measure; the table says why in 'undefined'"
        )
    shown = content.units_to_show(table)
    total, done = len(columns) + 1 + len(shown), 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    distributions = []
    for column in columns:
        distributions.append({"column": column, "picture": as_svg(distribution(run, column.name))})
        step()
    pair = ("precision_60", "max_informedness")
    both = table[[*pair]].notna().all(axis=1).any()
    scatter = as_svg(disagreement(run, *pair)) if both else ""
    step()
    pictures = open_pictures(run)
    units = []
    for unit in shown:
        units.append(show_unit(run, table, unit, pictures, items_per_unit))
        step()
    html = template().render(
        name=run.name,
        version=__version__,
        sentences=content.summary(run, table),
        facts=content.recorded(run),
        layers=content.layers(run, table),
        distributions=distributions,
        scatter=scatter,
        disagreed=content.disagreed(run, table, units_per_measure),
        tops=content.tops(run, table, units_per_measure),
        units=units,
        missing=pictures.missing,
        dictionary=list(run.columns("selectivity").values()),
    )
    with explained(path.parent), replacing(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def show_unit(run: Run, table: Any, unit: str, pictures: Pictures, count: int) -> dict[str, Any]:
    """Gather what is shown of one unit: jitterplot, numbers, most active items."""
    plot = jitter(run, unit)
    items = content.most_active(run, unit, count)
    for item in items:
        item["picture"] = pictures.of(item["item_id"])
        item["member"] = item["label"] in plot.classes
    return {
        "unit": unit,
        "names": ", ".join(plot.names),
        "picture": as_png(plot),
        "numbers": content.unit_rows(run, table, [unit]),
        "items": items,
    }


def template() -> jinja2.Template:
    """Load the page's template; everything put into it is escaped."""
    source = files(__package__).joinpath("template.html").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)


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
