"""Drawings of living things. All that have a front face right."""

import numpy as np

from .shapes import Shape, bar, ellipse, panel, polygon

Random = np.random.Generator


def _eye(x: float, y: float, radius: float = 0.07) -> list[Shape]:
    return [
        Shape("eye", "pale", ellipse(x, y, radius)),
        Shape("eye", "dark", ellipse(x + radius * 0.2, y, radius * 0.6)),
    ]


def _legs(random: Random, xs: tuple[float, ...], top: float, bottom: float, width: float) -> list[Shape]:
    swing = random.uniform(-0.14, 0.14, len(xs))
    return [Shape("leg", "paint", bar(x, top, x + s, bottom, width)) for x, s in zip(xs, swing.tolist(), strict=True)]


def bird(random: Random) -> list[Shape]:
    """Draw a bird: perched with folded wing, or flying with raised ones."""
    body = [
        Shape("tail", "trim", polygon((-0.42, -0.06), (-1.05, -0.2), (-1.0, 0.16), (-0.4, 0.16))),
        Shape("", "paint", ellipse(0, 0, 0.6, 0.34, -0.1)),
        Shape("beak", "beak", polygon((0.68, -0.44), (1.02, -0.3), (0.66, -0.2))),
        Shape("head", "paint", ellipse(0.5, -0.32, 0.25)),
        *_eye(0.57, -0.38),
    ]
    if random.random() < 0.5:
        legs = [Shape("leg", "beak", bar(x, 0.26, x + 0.04, 0.66, 0.06)) for x in (-0.08, 0.14)]
        return [*legs, *body, Shape("wing", "trim", ellipse(-0.16, 0.0, 0.42, 0.2, 0.12))]
    lift = random.uniform(0.7, 1.05)
    far = Shape("wing", "trim", polygon((0.3, -0.12), (0.26, -lift), (-0.02, -lift * 0.8), (-0.1, -0.14)))
    near = Shape("wing", "trim", polygon((0.22, -0.02), (-0.28, -lift), (-0.6, -lift * 0.66), (-0.32, 0.04)))
    return [far, *body, near]


def butterfly(random: Random) -> list[Shape]:
    """Draw a butterfly from above: two pairs of patterned wings with spots."""
    spread, low = random.uniform(0.1, 0.3), random.uniform(0.26, 0.38)
    shapes = []
    for side in (-1, 1):
        shapes += [
            Shape("wing", "paint", ellipse(side * 0.42, 0.42, 0.42, low, side * 0.3)),
            Shape("wing", "paint", ellipse(side * 0.54, -0.32, 0.54, 0.36, -side * spread)),
            Shape("wing", "trim", ellipse(side * 0.72, -0.4, 0.14)),
            Shape("wing", "trim", ellipse(side * 0.46, 0.46, 0.11)),
            Shape("antenna", "dark", bar(side * 0.02, -0.5, side * 0.26, -0.95, 0.05)),
        ]
    return [*shapes, Shape("", "dark", ellipse(0, 0, 0.1, 0.58)), Shape("head", "dark", ellipse(0, -0.56, 0.12))]


def fish(random: Random) -> list[Shape]:
    """Draw a fish: slim or deep, with tail and fins."""
    deep = random.uniform(0.32, 0.52)
    return [
        Shape("tail", "trim", polygon((-0.5, 0), (-1.05, -0.42), (-0.9, 0), (-1.05, 0.42))),
        Shape("fin", "trim", polygon((-0.36, -deep * 0.7), (-0.2, -deep - 0.26), (0.3, -deep * 0.8))),
        Shape("fin", "trim", polygon((-0.26, deep * 0.7), (-0.2, deep + 0.22), (0.14, deep * 0.8))),
        Shape("", "paint", ellipse(0.05, 0, 0.72, deep)),
        Shape("fin", "trim", polygon((0.16, 0.02), (-0.16, 0.2), (-0.12, -0.06))),
        *_eye(0.5, -deep * 0.3, 0.09),
        Shape("mouth", "dark", bar(0.56, deep * 0.36, 0.7, deep * 0.24, 0.05)),
    ]


def dog(random: Random) -> list[Shape]:
    """Draw a dog: long snout, hanging ear, tail up."""
    tail = random.uniform(-0.75, -0.3)
    return [
        Shape("tail", "paint", bar(-0.52, -0.08, -0.9, tail, 0.12)),
        *_legs(random, (-0.48, -0.3, 0.2, 0.38), 0.1, 0.76, 0.14),
        Shape("", "paint", panel(-0.62, -0.24, 0.5, 0.28, 0.16)),
        Shape("", "paint", polygon((0.2, -0.1), (0.4, -0.5), (0.66, -0.3), (0.48, 0.12))),
        Shape("head", "paint", panel(0.58, -0.4, 1.0, -0.12, 0.08)),
        Shape("head", "paint", ellipse(0.56, -0.4, 0.24)),
        Shape("mouth", "dark", ellipse(0.98, -0.34, 0.07)),
        *_eye(0.66, -0.46, 0.06),
        Shape("ear", "trim", polygon((0.36, -0.56), (0.52, -0.6), (0.54, -0.2), (0.42, -0.08), (0.32, -0.2))),
    ]


def cat(random: Random) -> list[Shape]:
    """Draw a cat: round head, pointed ears, long bent tail."""
    bend = random.uniform(-0.95, -0.6)
    return [
        Shape("tail", "paint", bar(-0.5, 0.0, -0.84, -0.3, 0.12)),
        Shape("tail", "paint", bar(-0.84, -0.26, -0.74, bend, 0.12)),
        *_legs(random, (-0.46, -0.3, 0.2, 0.36), 0.1, 0.7, 0.13),
        Shape("", "paint", ellipse(-0.08, 0.02, 0.56, 0.28)),
        Shape("ear", "paint", polygon((0.36, -0.42), (0.36, -0.84), (0.6, -0.6))),
        Shape("ear", "paint", polygon((0.64, -0.6), (0.88, -0.84), (0.88, -0.42))),
        Shape("head", "paint", ellipse(0.62, -0.34, 0.31, 0.27)),
        Shape("eye", "lamp", ellipse(0.52, -0.4, 0.07)),
        Shape("eye", "lamp", ellipse(0.74, -0.4, 0.07)),
        Shape("eye", "dark", ellipse(0.53, -0.4, 0.03, 0.06)),
        Shape("eye", "dark", ellipse(0.75, -0.4, 0.03, 0.06)),
        Shape("mouth", "pink", polygon((0.58, -0.27), (0.7, -0.27), (0.64, -0.18))),
    ]


def horse(random: Random) -> list[Shape]:
    """Draw a horse: long legs, long neck, mane and hanging tail."""
    end = random.uniform(0.3, 0.55)
    return [
        Shape("tail", "trim", polygon((-0.52, -0.12), (-0.72, -0.04), (-0.86, end), (-0.66, end - 0.06))),
        *_legs(random, (-0.48, -0.32, 0.16, 0.3), 0.1, 0.95, 0.12),
        Shape("", "paint", ellipse(-0.08, 0.04, 0.56, 0.28)),
        Shape("", "paint", polygon((0.1, -0.06), (0.44, -0.82), (0.68, -0.62), (0.46, 0.14))),
        Shape("ear", "paint", polygon((0.46, -0.78), (0.5, -1.0), (0.6, -0.78))),
        Shape("head", "paint", polygon((0.44, -0.84), (0.62, -0.86), (1.0, -0.5), (0.9, -0.38), (0.54, -0.54))),
        *_eye(0.64, -0.7, 0.05),
        Shape("mane", "trim", polygon((0.5, -0.86), (0.3, -0.78), (0.06, -0.16), (0.2, -0.12), (0.44, -0.62))),
    ]


def tree(random: Random) -> list[Shape]:
    """Draw a tree: broad-leaved or a fir."""
    trunk = Shape("trunk", "wood", polygon((-0.12, 0.1), (0.12, 0.1), (0.17, 1), (-0.17, 1)))
    wide = random.uniform(0.5, 0.7)
    if random.random() < 0.35:
        tiers = [(-0.1, 0.62, wide), (-0.5, 0.2, wide * 0.8), (-1.0, -0.22, wide * 0.58)]
        crown = [polygon((0, top), (half, bottom), (-half, bottom)) for top, bottom, half in tiers]
    else:
        crown = [
            ellipse(-wide * 0.6, -0.1, wide * 0.62, 0.36),
            ellipse(wide * 0.6, -0.12, wide * 0.62, 0.36),
            ellipse(0, -0.45, wide * 0.85, 0.5),
        ]
    return [trunk, *(Shape("crown", "paint", points) for points in crown)]


def flower(random: Random) -> list[Shape]:
    """Draw a flower: a ring of five to eight petals on a stem with two leaves."""
    petals, width = int(random.integers(5, 9)), random.uniform(0.17, 0.23)
    shapes = [
        Shape("stem", "leaf", bar(0, -0.3, random.uniform(-0.12, 0.12), 1, 0.09)),
        Shape("leaf", "leaf", ellipse(-0.28, 0.52, 0.3, 0.11, 0.3)),
        Shape("leaf", "leaf", ellipse(0.28, 0.66, 0.3, 0.11, -0.3)),
    ]
    for i in range(petals):
        # The half angle runs over half a turn; its tangent places the petal without a sine.
        tangent = float(np.round(np.tan(np.pi * (i + 0.5) / petals - np.pi / 2), 6))
        shapes.append(Shape("petal", "paint", ellipse(0, 0, 0.28, width, tangent)))
        cosine = (1 - tangent**2) / (1 + tangent**2)
        sine = 2 * tangent / (1 + tangent**2)
        shapes[-1].points[:] += (0.34 * cosine, 0.34 * sine - 0.42)
    return [*shapes, Shape("", "trim", ellipse(0, -0.42, 0.2))]
