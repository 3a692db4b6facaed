"""Draw how choosing flatters units that know nothing: in-sample and held-out informedness by number of classes.

Run it with ``python docs/examples/selection_bias.py PICTURE``; the picture in ``docs/statistics.md`` is made by it.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import unitscope

CLASSES, ITEMS_EACH, UNITS = (2, 5, 10, 20, 50, 100, 200), 20, 100


def main(picture: str) -> None:
    """Measure random activations, and draw."""
    rng = np.random.default_rng(0)
    figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    tables = [
        unitscope.measure(rng.exponential(size=(n * ITEMS_EACH, UNITS)), np.repeat(np.arange(n), ITEMS_EACH))
        for n in CLASSES
    ]
    for name, title, colour in (
        ("max_informedness", "in sample: chosen and measured on the same items", "#D55E00"),
        ("max_informedness_held_out", "held out: chosen on one half, measured on the other", "#0072B2"),
    ):
        low, middle, high = ([table[name].quantile(share) for table in tables] for share in (0.05, 0.5, 0.95))
        axes.fill_between(CLASSES, low, high, color=colour, alpha=0.2, lw=0)
        axes.plot(CLASSES, middle, "o-", color=colour, label=title)
    axes.axhline(0, color="black", lw=0.8, ls=":")
    axes.set(xscale="log", xlabel=f"number of classes, {ITEMS_EACH} items each", ylabel="maximum informedness")
    axes.set_xticks(CLASSES, [str(n) for n in CLASSES])
    axes.minorticks_off()
    axes.set_title(f"{UNITS} units that know nothing: median, and the range of nine in ten", loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(picture, dpi=130)


if __name__ == "__main__":
    main(sys.argv[1])
