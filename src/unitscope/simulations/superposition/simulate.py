"""Train the networks of a simulation and record them into a run."""

from pathlib import Path

import numpy as np

from ...compute import Pool, open_pool, run_tasks
from ...progress import Progress, no_progress
from ...run import Run, create_run, open_run
from ...run.lock import locked
from .network import respond
from .simulation import Simulation, list_items
from .train import count_updates, read_network, train_network
from .words import SUPERPOSITION, WORDS, make_trials


def simulate_superposition(
    directory: str | Path,
    *,
    condition: str = SUPERPOSITION,
    seeds: int = 3,
    list_length: int = 3,
    updates: int = 20_000,
    on: str | Pool | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Run:
    """Train recurrent networks to recall lists of words, and record their hidden units for every word.

    A network of 50 logistic hidden units (Elman 1990) sees words, each a set of three of ten letters, and recalls them
    when it is cued. Under superposition it sees the whole list first, so that it must hold several words at once. The
    control recalls each word before it sees the next; words, number of steps, targets and updates are the same. This
    recreates the idea of Bowers et al. (2014, 2016) with other settings; ``docs/superposition.md`` has all of them,
    and what comes out.

    The run has a layer for each network, ``seed0``, ``seed1`` and so on, and an item for each of the 120 words, which
    belongs to the class of each letter in it. The activations, 0 to 1, are those at the first step of a trial. The
    weights are in ``networks/`` of the run. The same call again continues a training that was stopped, with the same
    result, and returns a finished run as it is.

    Parameters
    ----------
    directory
        The run directory to make or to go on with.
    condition
        ``"superposition"`` or ``"one-at-a-time"``.
    seeds
        Number of networks; their random seeds are 0, 1, ...
    list_length
        Most words in a list. The number of words is drawn anew for each update, from 1 to `list_length`.
    updates
        Number of updates of the weights, of 32 lists each.
    on
        Where to train: ``None`` for this process, one network after the other; see `unitscope.compute.open_pool`.
    command
        The command line that does this, with the word ``RUN`` for the directory.
    progress
        Called with the number of updates that are done.

    Returns
    -------
    Run

    Raises
    ------
    UnitscopeError
        If a setting is impossible, the directory holds something else, or another process trains the same networks.

    See Also
    --------
    unitscope.measure_run : Measures the units.
    unitscope.figures.superposition : Draws Figure 1 of Gale et al. (2020) from such runs.

    References
    ----------
    Bowers, Vankov, Damian & Davis (2014), Psychological Review 121(2), 248-261; Gale et al. (2020), Figure 1.

    Examples
    --------
    >>> import tempfile
    >>> run = simulate_superposition(Path(tempfile.mkdtemp()) / "run", seeds=1, updates=10)
    >>> run.layers, run.members("j").sum()
    ((Layer(name='seed0', units=50, positions=(), reduction='none'),), np.int64(36))
    """
    simulation = Simulation(condition, seeds, list_length, updates)
    directory, report = Path(directory), progress or no_progress
    writer = create_run(directory, simulation.manifest(command), *list_items())
    with locked(directory, "training"):
        train_networks(directory, simulation, on, report)
        for block in writer.blocks_to_do(contents=True):
            part = writer.manifest.block(block)
            recorded = {name: record(directory, seed) for seed, name in enumerate(simulation.layers)}
            writer.write_block(block, {name: values[:, part] for name, values in recorded.items()})
        writer.finish()
    return open_run(directory)


def train_networks(directory: Path, simulation: Simulation, on: str | Pool | None, report: Progress) -> None:
    """Train the networks that are not trained yet."""
    total = simulation.seeds * simulation.updates
    todo = [seed for seed in range(simulation.seeds) if read_network(directory, seed) is None]

    def tick() -> None:
        done = sum(count_updates(directory, simulation, seed) for seed in range(simulation.seeds))
        report("training", done, total)

    if on is None:
        for seed in todo:
            train_network(str(directory), simulation, seed, lambda done: tick())
    elif todo:
        tasks = {f"the network of seed {seed}": (str(directory.absolute()), simulation, seed) for seed in todo}
        with open_pool(on, directory / "logs") as pool:
            for _ in run_tasks(pool, train_network, tasks, tick=tick):
                pass
    tick()


def record(directory: Path, seed: int) -> np.ndarray:
    """Return the activations of a trained network's hidden units to each word as the first of a trial.

    Returns
    -------
    numpy.ndarray
        float32, ``(50, 120)``.
    """
    weights = read_network(directory, seed)
    assert weights is not None, "it has just been trained"
    inputs, _, _ = make_trials(np.arange(len(WORDS))[:, None], SUPERPOSITION)
    hidden, _ = respond(weights, inputs[:1])
    return hidden[1].T
