"""Train one network by Adam, with a checkpoint to continue from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sqrt
from pathlib import Path

import numpy as np

from ...errors import UnitscopeError
from ...run.files import explain_errors, read_npz, write_npz
from .network import gradient, name_weights, respond, start_weights
from .simulation import Simulation, network_path
from .words import draw_lists, make_trials

BATCH = 32
RATE = 0.02
"""First learning rate; it falls to 0 as a cosine."""

CHECKPOINT_EVERY = 500
TEST_LISTS = 1000


@dataclass
class Training:
    """A network in training: all that the next update depends on.

    Attributes
    ----------
    weights, mean, square
        The weights, and Adam's running means of their gradient and of its square.
    updates
        Number of updates that are done.
    rng
        Source of random numbers.
    """

    weights: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    updates: int
    rng: np.random.Generator

    @classmethod
    def begin(cls, seed: int) -> "Training":
        """Return an untrained network."""
        rng = np.random.default_rng(seed)
        weights = start_weights(rng)
        return cls(weights, np.zeros_like(weights), np.zeros_like(weights), 0, rng)

    @classmethod
    def read(cls, path: Path) -> "Training":
        """Read a checkpoint."""
        stored = read_npz(path, "run the same command again")
        rng = np.random.default_rng()
        rng.bit_generator.state = json.loads(str(stored["rng"]))
        return cls(stored["weights"], stored["mean"], stored["square"], int(stored["updates"]), rng)

    def write(self, path: Path) -> None:
        """Write a checkpoint."""
        arrays = {"weights": self.weights, "mean": self.mean, "square": self.square}
        state = json.dumps(self.rng.bit_generator.state)
        write_npz(path, {**arrays, "updates": np.array(self.updates), "rng": np.array(state)})

    def update(self, simulation: Simulation) -> None:
        """Draw a batch of lists and update the weights by Adam (Kingma & Ba 2015)."""
        length = int(self.rng.integers(1, simulation.list_length + 1))
        inputs, targets, _ = make_trials(draw_lists(self.rng, BATCH, length), simulation.condition)
        slopes = gradient(self.weights, inputs, targets)
        self.mean += 0.1 * (slopes - self.mean)
        self.square += 0.001 * (slopes * slopes - self.square)
        self.updates += 1
        rate = RATE * (1 + cos(pi * self.updates / simulation.updates)) / 2
        rate *= sqrt(1 - 0.999**self.updates) / (1 - 0.9**self.updates)
        self.weights -= rate * self.mean / (np.sqrt(self.square) + 1e-8)


def train_network(
    directory: str, simulation: Simulation, seed: int, progress: Callable[[int], None] | None = None
) -> None:
    """Train a network and write its weights and how well it recalls into the run, or continue from its checkpoint.

    Parameters
    ----------
    directory
        The run.
    simulation
        The settings.
    seed
        The network's random seed.
    progress
        Called with the number of updates that are done.
    """
    path, checkpoint = network_path(Path(directory), seed), checkpoint_path(Path(directory), seed)
    training = resume(checkpoint) or Training.begin(seed)
    with explain_errors(Path(directory)):
        while training.updates < simulation.updates:
            training.update(simulation)
            if training.updates % CHECKPOINT_EVERY == 0:
                training.write(checkpoint)
                if progress:
                    progress(training.updates)
        weights = name_weights(training.weights)
        words, lists = measure_recall(weights, simulation, np.random.default_rng(10**6 + seed))
        write_npz(path, {**weights, "words_right": np.array(words), "lists_right": np.array(lists)})
        checkpoint.unlink(missing_ok=True)


def checkpoint_path(directory: Path, seed: int) -> Path:
    """Return the file of a network in training."""
    return network_path(directory, seed).with_suffix(".training.npz")


def resume(checkpoint: Path) -> Training | None:
    """Read a checkpoint; ``None`` if there is none that can be used."""
    try:
        return Training.read(checkpoint)
    except (FileNotFoundError, UnitscopeError):
        return None


def read_network(directory: Path, seed: int) -> dict[str, np.ndarray] | None:
    """Read the weights of a trained network; ``None`` if there are none that can be used."""
    try:
        return read_npz(network_path(directory, seed), "")
    except (FileNotFoundError, UnitscopeError):
        return None


def count_updates(directory: Path, simulation: Simulation, seed: int) -> int:
    """Return how many updates of a network are done."""
    if network_path(directory, seed).exists():
        return simulation.updates
    training = resume(checkpoint_path(directory, seed))
    return training.updates if training else 0


def measure_recall(
    weights: dict[str, np.ndarray], simulation: Simulation, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the shares of words and of lists that a network recalls without a wrong letter.

    All lists have `list_length` words; only the steps of recall count.
    """
    inputs, targets, is_cue = make_trials(draw_lists(rng, TEST_LISTS, simulation.list_length), simulation.condition)
    _, outputs = respond(weights, inputs)
    right = ((outputs > 0) == (targets > 0)).all(axis=2)[is_cue]
    return float(right.mean()), float(right.all(axis=0).mean())
