"""What the network says each item is: from its outputs to predicted class, correct or not, probability."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import UnitscopeError

if TYPE_CHECKING:
    import torch


def are_probabilities(outputs: "torch.Tensor") -> bool:
    """Return whether outputs are probabilities: not negative, and every row adds up to 1."""
    return bool((outputs >= 0).all() and ((outputs.sum(1) - 1).abs() < 1e-3).all())


def predict(
    outputs: "torch.Tensor", labels: np.ndarray, class_outputs: np.ndarray, probabilities: bool, item_ids: list[str]
) -> pd.DataFrame:
    """Compare the network's outputs with the labels.

    Parameters
    ----------
    outputs
        ``(items, outputs)`` class scores.
    labels
        ``(items,)`` class indices.
    class_outputs
        ``(classes,)`` the output that belongs to each class.
    probabilities
        Whether `outputs` are probabilities; otherwise they are logits and go through softmax.
    item_ids
        Names of the items, for messages.

    Returns
    -------
    pandas.DataFrame
        ``predicted`` (class index; -1 where the winning output belongs to no class of the data), ``correct``
        (top-1, over all outputs), ``probability`` of the label, 0..1.

    Examples
    --------
    >>> import torch
    >>> scores = torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]])
    >>> predict(scores, np.array([0, 0]), np.array([1, 2]), False, ["a", "b"])[["predicted", "correct"]]
       predicted  correct
    0          0     True
    1         -1    False
    """
    bad = ~outputs.isfinite().all(1)
    if bad.any():
        raise UnitscopeError(
            f"the network's output for item {item_ids[int(bad.nonzero()[0])]} is not finite; "
            "check the preprocessing (-M mean, std) and the weights"
        )
    shares = outputs if probabilities else outputs.softmax(1)
    class_of_output = np.full(outputs.shape[1], -1, np.int64)
    class_of_output[class_outputs] = np.arange(len(class_outputs))
    predicted = class_of_output[outputs.argmax(1).cpu().numpy()]
    own = shares.cpu().numpy()[np.arange(len(labels)), class_outputs[labels]]
    return pd.DataFrame({"predicted": predicted, "correct": predicted == labels, "probability": own})
