"""Polygons to pixels in whole numbers, so that every machine paints the same bytes."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIZE = 64
"""Height and width of a scene in pixels."""

SAMPLES = 3
"""Samples per pixel along each axis; the middle one decides what the masks say of the pixel."""

STEP = 16
"""Vertices lie on a grid this many times finer than the samples."""

CELL = 4096
"""One period of a pattern, in the units in which `shade` counts along and across it."""

PATTERNS = ("plain", "striped", "dotted", "checked", "zigzag")
"""What a surface may be covered with; `shade` knows them by their place in this tuple."""


@njit(cache=True, nogil=True)
def fill_polygons(points: NDArray[np.int64], starts: NDArray[np.int64], canvas: NDArray[np.uint8]) -> None:
    """Paint polygons over one another; a sample ends up with the number of the last one that covers it.

    Parameters
    ----------
    points
        Vertices (x, y) of all polygons, shape (vertices, 2), in `STEP` parts of a sample.
    starts
        Polygon number k (from 1) owns ``points[starts[k - 1]:starts[k]]``. Holes follow the even-odd rule.
    canvas
        Samples, shape (rows, columns), changed in place.
    """
    rows, columns = canvas.shape
    crossings = np.empty(len(points) + 1, np.int64)
    for polygon in range(1, len(starts)):
        first, last = starts[polygon - 1], starts[polygon]
        top, bottom = points[first:last, 1].min(), points[first:last, 1].max()
        for row in range(max(0, top // STEP), min(rows, bottom // STEP + 1)):
            y = row * STEP + STEP // 2
            found = 0
            before = last - 1
            for here in range(first, last):
                x0, y0 = points[before, 0], points[before, 1]
                x1, y1 = points[here, 0], points[here, 1]
                before = here
                if (y0 <= y) == (y1 <= y):
                    continue
                x = x0 + (y - y0) * (x1 - x0) // (y1 - y0)
                place = found
                while place > 0 and crossings[place - 1] > x:
                    crossings[place] = crossings[place - 1]
                    place -= 1
                crossings[place] = x
                found += 1
            for pair in range(0, found, 2):
                left = (crossings[pair] + STEP // 2 - 1) // STEP
                right = (crossings[pair + 1] + STEP // 2 - 1) // STEP
                for column in range(max(0, left), min(columns, right)):
                    canvas[row, column] = polygon


@njit(cache=True, nogil=True)
def _second_colour(kind: int, u: int, v: int) -> bool:
    """Whether a pattern shows its second colour at (u, v)."""
    du, dv = u % CELL, v % CELL
    if kind == 1:
        return du >= CELL // 2
    if kind == 2:
        return (du - CELL // 2) ** 2 + (dv - CELL // 2) ** 2 < (CELL * 5 // 16) ** 2
    if kind == 3:
        return (du >= CELL // 2) != (dv >= CELL // 2)
    if kind == 4:
        return (u + abs(dv - CELL // 2) * 2) % CELL >= CELL // 2
    return False


@njit(cache=True, nogil=True)
def shade(
    canvas: NDArray[np.uint8],
    colours: NDArray[np.int64],
    patterns: NDArray[np.int64],
    lights: NDArray[np.int64],
    ground: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Colour the samples of a canvas over a ground and average them to pixels.

    Shapes get a dark outline, a vertical fall of light and, where they have one, a pattern.

    Parameters
    ----------
    canvas
        Number of the shape at each sample, 0 for none, shape (`SIZE` * `SAMPLES`,) * 2.
    colours
        First and second colour of each shape, shape (shapes + 1, 2, 3). A first colour of -1 is a shadow:
        the ground shows through it, darker.
    patterns
        For each shape its pattern's place in `PATTERNS`, and the steps of the pattern's phase along it per
        column and per row (`CELL` steps are a period); shape (shapes + 1, 3).
    lights
        For each shape the row of samples that has its plain colour, and how much lighter each row above it
        is, in 1/4096; shape (shapes + 1, 2).
    ground
        The picture behind the shapes, shape (`SIZE`, `SIZE`, 3).

    Returns
    -------
    numpy.ndarray
        The picture, shape (`SIZE`, `SIZE`, 3).
    """
    picture = np.empty((SIZE, SIZE, 3), np.uint8)
    total = np.empty(3, np.int64)
    edge = SIZE * SAMPLES - 1
    for row in range(SIZE):
        for column in range(SIZE):
            total[:] = 0
            for y in range(row * SAMPLES, (row + 1) * SAMPLES):
                for x in range(column * SAMPLES, (column + 1) * SAMPLES):
                    shape = canvas[y, x]
                    right, below = canvas[y, min(x + 1, edge)], canvas[min(y + 1, edge), x]
                    light = 4096
                    solid = shape > 0 and colours[shape, 0, 0] >= 0
                    if solid:
                        light += (lights[shape, 0] - y) * lights[shape, 1]
                    elif shape:
                        light = light * 5 // 8
                    for other in (right, below):
                        if other != shape and (solid or (other > 0 and colours[other, 0, 0] >= 0)):
                            light = light * 5 // 8
                            break
                    if not solid:
                        for channel in range(3):
                            total[channel] += ground[row, column, channel] * light >> 12
                    else:
                        along, across = patterns[shape, 1], patterns[shape, 2]
                        u, v = along * x + across * y, along * y - across * x
                        which = 1 if _second_colour(patterns[shape, 0], u, v) else 0
                        for channel in range(3):
                            total[channel] += colours[shape, which, channel] * light >> 12
            for channel in range(3):
                picture[row, column, channel] = max(0, min(255, total[channel] // SAMPLES**2))
    return picture


@njit(cache=True, nogil=True)
def stretch(lattice: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Blow a small lattice of tones (0-255) up to `SIZE` x `SIZE` by straight lines between its points.

    Few rows and many columns give upright blades, many rows and few columns ripples, few of both clouds.
    """
    rows, columns = lattice.shape[0] - 1, lattice.shape[1] - 1
    tones = np.empty((SIZE, SIZE), np.int64)
    for y in range(SIZE):
        i, down = y * rows // SIZE, y * rows % SIZE
        for x in range(SIZE):
            j, over = x * columns // SIZE, x * columns % SIZE
            upper = lattice[i, j] * (SIZE - over) + lattice[i, j + 1] * over
            lower = lattice[i + 1, j] * (SIZE - over) + lattice[i + 1, j + 1] * over
            tones[y, x] = (upper * (SIZE - down) + lower * down) // SIZE**2
    return tones
