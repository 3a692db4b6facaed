"""Drawings of things that people build: on wheels, with wings or sails, and to live in. All face right."""

import numpy as np

from .shapes import Points, Shape, bar, box, ellipse, panel, polygon, ring

Random = np.random.Generator


def _wheel(x: float, y: float, radius: float) -> list[Shape]:
    return [
        Shape("wheel", "tyre", ellipse(x, y, radius)),
        Shape("wheel", "metal", ellipse(x, y, radius * 0.5)),
    ]


def _lamps(front: float, back: float, y: float) -> list[Shape]:
    return [
        Shape("light", "lamp", ellipse(front, y, 0.07, 0.06)),
        Shape("light", "red", ellipse(back, y, 0.05, 0.06)),
    ]


def car(random: Random) -> list[Shape]:
    """Draw a car: saloon or hatchback, higher or lower."""
    top, back = random.uniform(-0.66, -0.46), random.uniform(-0.86, -0.5)
    body = polygon(
        (-1, 0.36), (-1, 0.0), (-0.92, -0.1), (back, -0.14), (back + 0.2, top), (0.28, top), (0.56, -0.1),
        (0.9, -0.03), (1, 0.12), (1, 0.36),
    )  # fmt: skip
    rear = polygon((back + 0.12, -0.1), (back + 0.26, top + 0.1), (-0.1, top + 0.1), (-0.1, -0.1))
    front = polygon((0.0, -0.1), (0.0, top + 0.1), (0.24, top + 0.1), (0.44, -0.1))
    return [
        Shape("", "paint", body),
        Shape("window", "glass", rear),
        Shape("window", "glass", front),
        Shape("door", "trim", bar(-0.05, 0.02, 0.12, 0.02, 0.05)),
        *_lamps(0.93, -0.95, 0.12),
        *_wheel(-0.56, 0.36, 0.25),
        *_wheel(0.56, 0.36, 0.25),
    ]


def bus(random: Random) -> list[Shape]:
    """Draw a bus: a long box with a row of windows."""
    windows = int(random.integers(3, 6))
    top, width = random.uniform(-0.68, -0.52), 1.42 / windows
    shapes = [
        Shape("", "paint", panel(-1, top, 1, 0.4, 0.08)),
        Shape("", "trim", box(-1, 0.1, 1, 0.2)),
        Shape("door", "glass", box(0.58, top + 0.16, 0.8, 0.36)),
    ]
    for i in range(windows):
        left = -0.9 + i * width
        shapes.append(Shape("window", "glass", box(left, top + 0.14, left + width * 0.8, -0.04)))
    return [*shapes, *_lamps(0.93, -0.96, 0.26), *_wheel(-0.58, 0.4, 0.21), *_wheel(0.4, 0.4, 0.21)]


def truck(random: Random) -> list[Shape]:
    """Draw a truck: a cabin with a box, a low bed or a tank behind it."""
    kind, top = random.integers(3), random.uniform(-0.72, -0.5)
    loads: list[Points] = [
        box(-1, top, 0.38, 0.26),
        polygon((-1, -0.12), (0.36, -0.12), (0.36, 0.26), (-1, 0.26)),
        panel(-1, -0.46, 0.36, 0.24, 0.2),
    ]
    return [
        Shape("", "dark", box(-0.98, 0.22, 0.9, 0.36)),
        Shape("cargo", "paint", loads[kind]),
        Shape("cabin", "trim", polygon((0.42, 0.36), (0.42, -0.42), (0.8, -0.42), (0.98, 0.0), (1, 0.36))),
        Shape("window", "glass", polygon((0.56, -0.02), (0.56, -0.32), (0.76, -0.32), (0.88, -0.02))),
        *_lamps(0.95, -0.97, 0.18),
        *_wheel(-0.74, 0.4, 0.2),
        *_wheel(-0.28, 0.4, 0.2),
        *_wheel(0.68, 0.4, 0.2),
    ]


def tractor(random: Random) -> list[Shape]:
    """Draw a tractor: one large and one small wheel, a cabin and an exhaust."""
    big = random.uniform(0.44, 0.56)
    return [
        Shape("chimney", "dark", bar(0.56, -0.1, 0.56, random.uniform(-0.75, -0.5), 0.09)),
        Shape("cabin", "paint", polygon((-0.72, 0.3), (-0.66, -0.8), (0.02, -0.8), (0.16, 0.3))),
        Shape("window", "glass", polygon((-0.58, -0.1), (-0.55, -0.68), (-0.06, -0.68), (0.02, -0.1))),
        Shape("roof", "trim", box(-0.78, -0.92, 0.12, -0.78)),
        Shape("", "paint", panel(0.0, -0.2, 0.95, 0.36, 0.08)),
        Shape("light", "lamp", ellipse(0.9, 0.0, 0.07)),
        *_wheel(-0.42, 0.82 - big, big),
        *_wheel(0.66, 0.54, 0.28),
    ]


def bicycle(random: Random) -> list[Shape]:
    """Draw a bicycle: two rings and a frame through which the ground shows."""
    radius, width = random.uniform(0.38, 0.46), random.uniform(0.1, 0.13)
    seat, steer = (-0.22, -0.26), (0.4, -0.34)
    pedal, rear, front = (-0.06, 0.34), (-0.58, 0.34), (0.58, 0.34)
    tubes = [(rear, pedal), (pedal, seat), (seat, rear), (seat, steer), (steer, pedal), (steer, front)]
    return [
        Shape("wheel", "tyre", ring(*rear, radius, 0.11)),
        Shape("wheel", "tyre", ring(*front, radius, 0.11)),
        *(Shape("frame", "paint", bar(*start, *end, width)) for start, end in tubes),
        Shape("frame", "metal", ellipse(*pedal, 0.1)),
        Shape("saddle", "dark", panel(-0.42, -0.42, -0.08, -0.28, 0.05)),
        Shape("handlebar", "dark", bar(0.4, -0.34, 0.34, -0.56, 0.1)),
        Shape("handlebar", "dark", bar(0.28, -0.56, 0.58, -0.5, 0.1)),
    ]


def plane(random: Random) -> list[Shape]:
    """Draw an aeroplane from the side, its near wing towards us."""
    sweep, span = random.uniform(0.3, 0.6), random.uniform(0.5, 0.7)
    windows = [Shape("window", "glass", ellipse(x, -0.06, 0.055)) for x in (-0.4, -0.2, 0.0, 0.2, 0.4)]
    return [
        Shape("wing", "trim", polygon((0.2, -0.1), (0.1 - sweep, -span), (-0.08 - sweep, -span), (-0.14, -0.1))),
        Shape("tail", "trim", polygon((-0.92, -0.02), (-1.04, -0.56), (-0.8, -0.56), (-0.5, -0.1))),
        Shape("", "paint", ellipse(0, 0, 1, random.uniform(0.18, 0.24))),
        Shape("window", "glass", polygon((0.7, -0.12), (0.74, -0.02), (0.94, -0.02), (0.84, -0.11))),
        *windows,
        Shape("tail", "trim", polygon((-0.94, 0.0), (-1.06, 0.14), (-0.9, 0.14), (-0.64, 0.02))),
        Shape("wing", "trim", polygon((0.26, 0.06), (0.0 - sweep, span), (-0.2 - sweep, span), (-0.2, 0.06))),
    ]


def boat(random: Random) -> list[Shape]:
    """Draw a boat: under sail, or a steamer with cabin and funnel."""
    hull = Shape("hull", "paint", polygon((-1, 0.3), (1, 0.26), (0.7, 0.76), (-0.76, 0.76)))
    if random.random() < 0.65:
        top = random.uniform(-1.1, -0.8)
        return [
            hull,
            Shape("mast", "wood", bar(0, 0.3, 0, top, 0.08)),
            Shape("sail", "trim", polygon((0.08, top + 0.08), (0.08, 0.18), (0.78, 0.18))),
            Shape("sail", "pale", polygon((-0.08, top + 0.2), (-0.08, 0.18), (-0.6, 0.18))),
        ]
    return [
        Shape("chimney", "red", box(-0.1, -0.62, 0.16, -0.1)),
        Shape("chimney", "dark", box(-0.1, -0.62, 0.16, -0.48)),
        Shape("cabin", "pale", box(-0.56, -0.14, 0.5, 0.32)),
        *(Shape("window", "glass", box(x, -0.02, x + 0.2, 0.18)) for x in (-0.46, -0.13, 0.2)),
        hull,
    ]


def house(random: Random) -> list[Shape]:
    """Draw a house: wall, pitched roof, door and one or two windows."""
    side, eaves = random.uniform(0.6, 0.85), random.uniform(-0.3, -0.08)
    door = random.uniform(-0.14, 0.14)
    shapes = [
        Shape("chimney", "brown", box(0.3, -0.9, 0.5, -0.3)),
        Shape("", "paint", box(-side, eaves, side, 0.85)),
        Shape("roof", "trim", polygon((-side - 0.16, eaves), (random.uniform(-0.15, 0.15), -1), (side + 0.16, eaves))),
        Shape("door", "wood", box(door - 0.15, 0.32, door + 0.15, 0.85)),
    ]
    for x in (-side * 0.6, side * 0.6)[: random.integers(1, 3)]:
        shapes += [
            Shape("window", "pale", box(x - 0.19, eaves + 0.14, x + 0.19, eaves + 0.52)),
            Shape("window", "glass", box(x - 0.13, eaves + 0.2, x + 0.13, eaves + 0.46)),
        ]
    return shapes
