"""Recurrent networks that must hold several words at once, and their controls (after Bowers et al. 2014, 2016).

``words`` holds the vocabulary and the trials, ``network`` the recurrent network and its gradient, ``train`` the
training with checkpoints, ``simulation`` the settings and what a run says of them, ``simulate`` the run. NumPy only.
"""

from .simulate import simulate_superposition
from .simulation import Simulation, read_outcomes
from .words import ONE_AT_A_TIME, SUPERPOSITION

__all__ = ["ONE_AT_A_TIME", "SUPERPOSITION", "Simulation", "read_outcomes", "simulate_superposition"]
