"""Runs as ``unitscope simulate superposition`` makes them, of made-up networks with known numbers of localist units."""

import numpy as np

from unitscope.run import create_run, open_run
from unitscope.run.files import write_npz
from unitscope.simulations.superposition import Simulation
from unitscope.simulations.superposition.simulation import list_items, network_path
from unitscope.simulations.superposition.words import MEMBERS


def made_up_units(localist, localist_off, rng):
    """Return 50 units x 120 words: the first ones localist for a letter each, then some below, the rest noise."""
    values = rng.uniform(0, 1, (50, len(MEMBERS)))
    for unit in range(localist + localist_off):
        width = rng.uniform(0.1, 0.6)  # of the other words' activations: the wider, the narrower the gap above them
        members = MEMBERS[:, unit % 10]
        above = rng.uniform(0, 0.01, len(MEMBERS)) + width + (0.3 - width / 3)
        apart = np.where(members, above, rng.uniform(0, width, len(MEMBERS)))
        values[unit] = apart if unit < localist else 1 - apart
    return values.astype(np.float32)


def simulated_run(directory, condition, counts, list_length=3, words_right=0.99):
    """Return a run of networks with these numbers of localist units, on and off; seed by seed."""
    simulation = Simulation(condition, len(counts), list_length)
    writer = create_run(directory, simulation.manifest(), *list_items())
    rng = np.random.default_rng(0)
    values = {name: made_up_units(*pair, rng) for name, pair in zip(simulation.layers, counts, strict=True)}
    for seed in range(len(counts)):
        right = {"words_right": np.array(words_right), "lists_right": np.array(words_right**2)}
        write_npz(network_path(directory, seed), right)
    writer.write_block(0, values)
    writer.finish()
    return open_run(directory)
