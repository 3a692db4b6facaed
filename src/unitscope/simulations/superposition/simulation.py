"""The settings of a simulation, the run that it becomes, and what the networks of such a run have learned."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from ...errors import UnitscopeError, near_names
from ...run import Layer, Manifest, Run
from ...run.files import read_npz
from ...run.machine import describe_machine
from ...run.repair import remember_command, repair_step
from .network import HIDDEN
from .words import CONDITIONS, LETTERS, MEMBERS, ONE_AT_A_TIME, SUPERPOSITION, WORDS

NETWORKS = "networks"
"""Directory of a run for the weights of its networks."""

KEY = "simulate"
"""Where the settings are in a run's identity."""


@dataclass(frozen=True)
class Simulation:
    """The settings of a simulation.

    Attributes
    ----------
    condition
        ``"superposition"`` or ``"one-at-a-time"``.
    seeds
        Number of networks; their random seeds are 0, 1, ...
    list_length
        Most words in a list; lists of 1 to `list_length` words are equally frequent.
    updates
        Number of updates of the weights.

    Examples
    --------
    >>> Simulation(seeds=2).layers
    ('seed0', 'seed1')
    >>> Simulation(list_length=1)
    Traceback (most recent call last):
    unitscope.errors.UnitscopeError: superposition needs lists of at least 2 words, not 1; choose --list-length 2 ...
    """

    condition: str = SUPERPOSITION
    seeds: int = 3
    list_length: int = 3
    updates: int = 20_000

    def __post_init__(self) -> None:
        if self.condition not in CONDITIONS:
            raise UnitscopeError(
                f"there is no condition {self.condition!r}{near_names(self.condition, CONDITIONS)}; choose "
                f"{' or '.join(CONDITIONS)}"
            )
        for option, value in (("--seeds", self.seeds), ("--updates", self.updates)):
            if value < 1:
                raise UnitscopeError(f"{option} {value} trains nothing; choose at least 1")
        if not 1 <= self.list_length <= len(WORDS):
            raise UnitscopeError(
                f"--list-length {self.list_length} is impossible: lists have different words, of {len(WORDS)}; choose "
                f"a length from 1 to {len(WORDS)}"
            )
        if self.condition == SUPERPOSITION and self.list_length == 1:
            raise UnitscopeError(
                "superposition needs lists of at least 2 words, not 1; choose --list-length 2 or more, or --condition "
                f"{ONE_AT_A_TIME}"
            )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of the run: the hidden units of each network."""
        return tuple(f"seed{seed}" for seed in range(self.seeds))

    def manifest(self, command: str = "") -> Manifest:
        """Return the manifest of the run; `command` is the command line that makes it."""
        return Manifest(
            identity={
                "model": {"spec": f"recurrent networks trained on words, {self.condition}"},
                "data": {"fingerprint": hashlib.sha256(" ".join(WORDS).encode()).hexdigest()},
                KEY: asdict(self),
            },
            layers=tuple(Layer(name, HIDDEN) for name in self.layers),
            n_items=len(WORDS),
            predictions=False,
            provenance={
                "data": {"spec": f"{len(WORDS)} words of 3 of {len(LETTERS)} letters"},
                **describe_machine(),
                **remember_command(command),
            },
        )

    @classmethod
    def of_run(cls, run: Run) -> "Simulation | None":
        """Return the settings with which a run was made; ``None`` if it was not simulated."""
        stored = run.manifest.identity.get(KEY)
        try:
            return None if stored is None else cls(**stored)
        except TypeError as error:
            raise UnitscopeError(
                f"the run {run.directory} was simulated by another version of Unitscope; simulate it again"
            ) from error


def list_items() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items and classes of the run: each word is in the class of each of its letters.

    Examples
    --------
    >>> items, classes = list_items()
    >>> items["item_id"].iloc[0], items["labels"].iloc[0], classes["name"].iloc[2]
    ('abc', [0, 1, 2], 'c')
    """
    labels = [row.nonzero()[0].tolist() for row in MEMBERS]
    items = pd.DataFrame({"item_id": WORDS, "uri": "", "labels": labels})
    return items, pd.DataFrame({"class": list(LETTERS), "name": list(LETTERS)})


def network_path(directory: Path, seed: int) -> Path:
    """Return the file of a trained network."""
    return directory / NETWORKS / f"seed{seed}.npz"


def read_outcomes(run: Run) -> pd.DataFrame:
    """Return how well the networks of a simulated run have learned to recall.

    Parameters
    ----------
    run
        A run that `simulate_superposition` made.

    Returns
    -------
    pandas.DataFrame
        A row for each network: ``condition``, ``list_length`` and ``updates`` as in `Simulation`, ``layer``, and
        ``words_right`` and ``lists_right``, the shares of words and of lists whose letters are all right at recall.
        The lists have `list_length` words each.

    Raises
    ------
    UnitscopeError
        If the run was not simulated, or a network's file is missing or damaged.
    """
    simulation = Simulation.of_run(run)
    if simulation is None:
        raise UnitscopeError(
            f"the run {run.directory} was not made by `unitscope simulate superposition`; give one that was"
        )
    settings = {name: getattr(simulation, name) for name in ("condition", "list_length", "updates")}
    rows = []
    remedy = repair_step(run.directory, run.manifest)
    for seed, layer in enumerate(simulation.layers):
        path = network_path(run.directory, seed)
        try:
            stored = read_npz(path, remedy)
        except FileNotFoundError as error:
            raise UnitscopeError(f"{path} is missing; {remedy}") from error
        right = {name: float(stored[name]) for name in ("words_right", "lists_right")}
        rows.append({**settings, "layer": layer, **right})
    return pd.DataFrame(rows)
