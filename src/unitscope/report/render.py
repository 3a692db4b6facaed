"""Write the report: figures and pictures as data URIs in one HTML file."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from PIL import Image

from ..data import LabelledItems
from ..figures import Drawable, boxplots, correlations, disagreement, examples, jitter
from ..figures.examples import classes_of_item
from ..figures.neuron_features import feature_image
from ..figures.pictures import ItemPictures, open_pictures
from ..figures.style import write_figure
from ..figures.unit_data import INFORMEDNESS, PRECISION, count_top
from ..run import Run, layout
from ..run.atomic import whole_file
from ..run.files import explain_errors
from ..run.lookup import class_of_unit, find_columns, title_of_class, unit_frame
from ..run.own_files import MARK, refuse_foreign
from ..selectivity import SELECTIVITY
from ..version import __version__
from . import content


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
        Replace a file that Unitscope did not write; a report that it wrote is always replaced.
    data, trust
        Where the items are, if not where the run says, and whether code that it names may run: see
        `unitscope.data.open_items`.
    progress
        Called with the number of figures that are drawn, and the number of all.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnitscopeError
        If the run was not measured, no unit has a value of any measure, the run was measured again while it was
        read, or `path` exists and Unitscope did not write it.

    See Also
    --------
    reproduce : The paper's figures and claims.
    unitscope.figures : The figures one by one.

    Examples
    --------
    >>> write_report(run, run.directory / "page.html").name
    'page.html'
    """
    path = Path(path) if path is not None else run.directory / layout.REPORT
    refuse_foreign(path, overwrite)
    table = run.table(SELECTIVITY)
    panels = boxplots(run).panels
    shown = content.units_to_show(run, table)
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
    both = unit_frame(run, find_columns(run, [PRECISION, INFORMEDNESS])).notna().all(axis=1).any()
    scatter = as_svg(disagreement(run)) if both else ""
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
            n_top=count_top(run),
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
            dictionary=content.data_dictionary(run),
            held_out="auc_held_out" in table,
            permuted=content.permuted(run),
        )
    )
    with explain_errors(path.parent), whole_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def show_unit(run: Run, table: Any, unit: str, pictures: ItemPictures, count: int) -> dict[str, Any]:
    """Return what is shown of one unit: jitterplot, numbers, most active items, false alarms."""
    plot = jitter(run, unit) if run.manifest.histograms is None else None
    rows: list[dict[str, Any]] = []
    if plot is None:
        rows.append({"title": "Most active items", "items": show_top_items(run, unit, count, pictures)})
    elif plot.names:
        shown = examples(run, unit, count=count, pictures=pictures)
        chosen = shown.table.to_dict("records")
        for example, picture in zip(chosen, shown.pictures, strict=True):
            example["picture"] = as_jpeg(picture)
        for key, title in shown.titles.items():
            rows.append({"title": title, "items": [item for item in chosen if item["row"] == key]})
    names = ", ".join(plot.names) if plot else title_of_class(run, class_of_unit(run, INFORMEDNESS, unit))
    return {
        "unit": unit,
        "names": names,
        "picture": as_png(plot) if plot else "",
        "feature": as_pixels(feature_image(run, unit)),
        "looks_at": content.looks_at(run, unit),
        "numbers": content.unit_rows(run, table, [unit]),
        "rows": rows,
    }


def show_top_items(run: Run, unit: str, count: int, pictures: ItemPictures) -> list[dict[str, Any]]:
    """Return the most active items of a unit with their classes and pictures."""
    informed = class_of_unit(run, INFORMEDNESS, unit)
    members = np.zeros(run.manifest.n_items, bool) if informed is None else run.members(informed)
    return [
        {
            "item_id": str(row["item_id"]),
            "class": classes_of_item(run, row["item"]),
            "member": bool(members[row["item"]]),
            "activation": row["activation"],
            "picture": as_jpeg(pictures.of(row["item_id"])),
        }
        for row in run.top_items(unit, count).to_dict("records")
    ]


def pages() -> jinja2.Environment:
    """Return the templates of the pages; values are escaped in HTML, and in Markdown by the filter ``md``."""
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
    r"""Return a text in which characters that are mark-up in Markdown are escaped.

    Examples
    --------
    >>> print(as_markdown("unit conv5_3:1, <b>cat | dog*"))
    unit conv5\_3:1, \<b\>cat \| dog\*
    """
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))


def as_svg(drawable: Drawable) -> str:
    """Return a figure as SVG in a data URI."""
    return as_uri(lambda buffer: write_figure(drawable, buffer, "svg", dpi=130), "image/svg+xml")


def as_png(drawable: Drawable) -> str:
    """Return a figure as PNG in a data URI; for figures of many points."""
    return as_uri(lambda buffer: write_figure(drawable, buffer, "png", dpi=130), "image/png")


def as_pixels(pixels: np.ndarray | None) -> str:
    """Return pixels as PNG in a data URI; an empty text if there are none."""
    if pixels is None:
        return ""
    return as_uri(lambda buffer: Image.fromarray(pixels).save(buffer, "PNG"), "image/png")


def as_jpeg(picture: Image.Image | None) -> str:
    """Return a picture as JPEG in a data URI; an empty text if there is none."""
    if picture is None:
        return ""
    return as_uri(lambda buffer: picture.save(buffer, "JPEG", quality=80), "image/jpeg")


def as_uri(write: Callable[[io.BytesIO], Any], media_type: str) -> str:
    """Return as a data URI what a function writes."""
    buffer = io.BytesIO()
    write(buffer)
    return f"data:{media_type};base64,{base64.b64encode(buffer.getvalue()).decode()}"
