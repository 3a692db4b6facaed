"""Construct units with known selectivity."""

import numpy as np
from numpy.typing import NDArray


def constructed_units() -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """Return three units that show how CCMAS can differ from intuitive selectivity.

    Ten classes of 100 items; class 0 is the one in question.

    - ``one_item``: off to all but a single item of class 0. CCMAS 1.
    - ``grandmother``: strongly active to every item of class 0, off to all others. CCMAS 1 as well.
    - ``slightly_higher``: highly active to every class, and to class 0 by 0.1 more, so that its items are
      just the most active ones: precision 100 %, CCMAS 0.1 / 1.7 = 0.059.

    The caption of the figure goes in this order; the text of the appendix calls the second "c" and the third
    "b". The figure's values are not published: these lie on an even grid, 0.75 to 0.85 for items of other
    classes, and reproduce what is said of them.

    Returns
    -------
    activations : numpy.ndarray
        float32, shape (1000, 3).
    labels : numpy.ndarray
        int64, shape (1000,), 0 to 9.
    names : list of str
        The three names.

    References
    ----------
    Gale, Martin, Blything, Nguyen & Bowers (2020), Figure 12.

    Examples
    --------
    >>> activations, labels, names = constructed_units()
    >>> ours = activations[labels == 0].mean(axis=0, dtype=float)
    >>> rest = activations[labels != 0].mean(axis=0, dtype=float)
    >>> dict(zip(names, ((ours - rest) / (ours + rest)).round(3).tolist()))
    {'one_item': 1.0, 'grandmother': 1.0, 'slightly_higher': 0.059}
    """
    labels = np.repeat(np.arange(10), 100)
    # Middles of 100 equal steps between 0 and 1, so that no two classes touch.
    within = np.tile((np.arange(100) + 0.5) / 100, 10)
    ours = labels == 0
    one_item = np.where(np.arange(1000) == 0, 1.0, 0.0)
    grandmother = np.where(ours, 0.9 + 0.1 * within, 0.0)
    slightly_higher = 0.75 + 0.1 * within + np.where(ours, 0.1, 0.0)
    activations = np.stack([one_item, grandmother, slightly_higher], axis=1).astype(np.float32)
    return activations, labels, ["one_item", "grandmother", "slightly_higher"]
