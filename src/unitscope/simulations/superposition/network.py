"""A recurrent network of logistic units (Elman 1990), and the exact gradient of its error through time.

The steps are multiplied one by one: matrices this small are not split over threads, whose number would change the last
digits, and with them the course of a long training.
"""

from math import prod

import numpy as np

from .words import LETTERS

HIDDEN = 50
"""Number of hidden units: few, so that lists of three words load them."""

START = 0.5
"""State of every hidden unit before a trial."""

SHAPES = {
    "input": (len(LETTERS) + 1, HIDDEN),
    "recurrent": (HIDDEN, HIDDEN),
    "output": (HIDDEN, len(LETTERS)),
    "hidden_bias": (HIDDEN,),
    "output_bias": (len(LETTERS),),
}
"""The weights and their shapes, from rows to columns."""

Weights = dict[str, np.ndarray]


def start_weights(rng: np.random.Generator) -> np.ndarray:
    """Draw the first weights: input and output from -1 to 1, recurrent ones from -.5 to .5.

    Returns
    -------
    numpy.ndarray
        float32, all weights in one vector, in the order of `SHAPES`.
    """
    vector = np.zeros(sum(map(prod, SHAPES.values())), np.float32)
    weights = name_weights(vector)
    for name, largest in (("input", 1.0), ("recurrent", 0.5), ("output", 1.0)):
        weights[name][:] = rng.uniform(-largest, largest, SHAPES[name])
    weights["output_bias"][:] = -1
    return vector


def name_weights(vector: np.ndarray) -> Weights:
    """Return the weights in a vector by name, as views of it.

    Examples
    --------
    >>> name_weights(np.zeros(3610))["recurrent"].shape
    (50, 50)
    """
    ends = np.cumsum([prod(shape) for shape in SHAPES.values()])
    parts = np.split(vector, ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}


def logistic(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def respond(weights: Weights, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Run trials through a network.

    Parameters
    ----------
    weights
        The network.
    inputs
        ``(T, B, 11)`` for T steps of B trials.

    Returns
    -------
    hidden : numpy.ndarray
        ``(T + 1, B, 50)`` activations, 0 to 1; the first are the start state.
    outputs : numpy.ndarray
        ``(T, B, 10)``; a letter is put out where this is above 0.

    Examples
    --------
    >>> hidden, outputs = respond(name_weights(np.zeros(3610)), np.zeros((4, 2, 11)))
    >>> hidden.shape, float(hidden.max()), outputs.shape
    ((5, 2, 50), 0.5, (4, 2, 10))
    """
    steps, count, _ = inputs.shape
    hidden = np.full((steps + 1, count, HIDDEN), START, weights["input"].dtype)
    outputs = np.empty((steps, count, len(LETTERS)), hidden.dtype)
    for step in range(steps):
        net = inputs[step] @ weights["input"] + hidden[step] @ weights["recurrent"] + weights["hidden_bias"]
        hidden[step + 1] = logistic(net)
        outputs[step] = hidden[step + 1] @ weights["output"] + weights["output_bias"]
    return hidden, outputs


def error(weights: Weights, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Return the cross-entropy of the outputs: summed over letters, mean over steps and trials."""
    _, outputs = respond(weights, inputs)
    return float((np.logaddexp(0, outputs) - targets * outputs).sum() / prod(targets.shape[:2]))


def gradient(vector: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the gradient of `error`, by back-propagation through all steps of the trials.

    Parameters
    ----------
    vector
        The network's weights, as `start_weights` returns them.
    inputs, targets
        As `unitscope.simulations.superposition.words.make_trials` returns them.

    Returns
    -------
    numpy.ndarray
        Of the shape of `vector`.
    """
    weights, slopes = name_weights(vector), np.zeros_like(vector)
    by_name = name_weights(slopes)
    hidden, outputs = respond(weights, inputs)
    of_outputs = (logistic(outputs) - targets) / prod(targets.shape[:2])
    of_net = np.zeros_like(hidden[0])  # of what enters the hidden units one step later
    for step in reversed(range(len(inputs))):
        state = hidden[step + 1]
        of_state = of_outputs[step] @ weights["output"].T + of_net @ weights["recurrent"].T
        of_net = of_state * state * (1 - state)
        by_name["input"] += inputs[step].T @ of_net
        by_name["recurrent"] += hidden[step].T @ of_net
        by_name["hidden_bias"] += of_net.sum(axis=0)
        by_name["output"] += state.T @ of_outputs[step]
        by_name["output_bias"] += of_outputs[step].sum(axis=0)
    return slopes
