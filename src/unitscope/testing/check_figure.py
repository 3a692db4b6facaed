"""Checks of a figure: data that draw themselves, the same every time, and change neither run nor matplotlib."""

import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd

from ..figures import make_figure, save_data, save_figure
from ..run import Run


def check_figure(figure: Callable[..., Any], run: Run, /, **options: Any) -> None:
    """Check that a figure can be drawn and written as Unitscope's own are.

    - ``figure(run, **options)`` returns data with ``size``, ``frame()``, and ``draw(ax)`` or ``panels``.
    - The numbers are a data frame, the same when they are computed again, and can be written as CSV.
    - Drawing twice gives the same PNG and SVG, bit for bit.
    - The run's files, matplotlib's settings and the figures of ``pyplot`` stay as they are.

    Parameters
    ----------
    figure
        The function that computes the figure's data.
    run
        A run to draw, measured if the figure needs it.
    **options
        Options of the figure.

    Raises
    ------
    AssertionError
        Saying what differs.

    See Also
    --------
    unitscope.figures.FIGURES : The figures of Unitscope and of installed packages.
    unitscope.figures.save_figure : Writes a figure.
    """
    files, settings, shown = files_of(run.directory), dict(mpl.rcParams), pyplot_figures()
    drawn, again = figure(run, **options), figure(run, **options)
    for value in drawn.size:
        assert math.isfinite(value), f"the figure's size is {drawn.size}"
        assert value > 0, f"the figure's size is {drawn.size}"
    frame = drawn.frame()
    assert isinstance(frame, pd.DataFrame), f"frame() returns a {type(frame).__name__}, not a data frame"
    assert len(frame.columns), "frame() has no columns"
    assert all(isinstance(name, str) for name in frame.columns), (
        f"frame() has columns not named by text: {frame.columns}"
    )
    pd.testing.assert_frame_equal(frame, again.frame(), obj="the numbers of the figure, computed again,")
    assert make_figure(drawn).axes, "the figure is drawn without axes"
    with tempfile.TemporaryDirectory() as place:
        for suffix in ("png", "svg"):
            paths = [
                save_figure(data, Path(place) / f"{number}.{suffix}") for number, data in enumerate((drawn, again))
            ]
            assert paths[0].read_bytes() == paths[1].read_bytes(), (
                f"drawn twice, the figure gives two different {suffix}"
            )
        save_data(drawn, Path(place) / "numbers.csv")
    assert files_of(run.directory) == files, "the figure changes files of the run"
    assert dict(mpl.rcParams) == settings, "the figure changes matplotlib's rcParams"
    assert pyplot_figures() == shown, "the figure uses pyplot; draw on the axes that are given"


def files_of(directory: Path) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of every file."""
    stats = {path: path.stat() for path in directory.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def pyplot_figures() -> list[int]:
    """Return the numbers of the figures that pyplot keeps."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot.get_fignums() if pyplot else []
