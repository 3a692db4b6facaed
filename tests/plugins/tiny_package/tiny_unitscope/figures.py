"""A unit's activations in falling order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Profile:
    """The data of the figure."""

    unit: str
    activations: np.ndarray
    size: tuple[float, float] = (4.0, 3.0)

    def frame(self):
        """Return the numbers drawn."""
        return pd.DataFrame({"place": np.arange(1, len(self.activations) + 1), "activation": self.activations})

    def draw(self, ax):
        """Draw on axes."""
        ax.plot(self.activations)
        ax.set_title(f"Unit {self.unit}")
        return ax


def profile(run, unit, most=100):
    """Draw a unit's most active items, at most `most` of them."""
    return Profile(unit, np.sort(run.unit_activations(unit))[::-1][:most])
