"""Ablation: what a network can no longer do without each unit, as the table ``ablation``.

``ablated`` silences units for a user's own experiments. ``effects`` gives the class scores without each unit of a
layer, mostly without running the whole network (``replay``). ``worker`` passes items and counts what changes
(``sums``), ``estimates`` makes numbers of the counts, ``table`` the columns that ``describe`` describes; ``analysis``
joins them, and ``ablate`` is the public function (Morcos et al. 2018; Zhou et al. 2018).
"""

from .ablate import ablate
from .ablated import ablated
from .analysis import ABLATION

__all__ = ["ABLATION", "ablate", "ablated"]
