"""Features: what each unit looks at, as the table ``features`` (Rafegas et al. 2020).

``top`` finds the most active items of every unit, ``pairs`` the units of each item. ``worker`` shows the items to the
network again (``passes``; ``opponent`` takes their colour, ``turns`` rotates them) and adds up what the units see of
them (``crops``, ``sums``). ``table`` makes the columns that ``describe`` describes, ``pictures`` the images;
``analysis`` joins them, and ``find_features`` is the public function.
"""

from .analysis import FEATURES
from .find_features import find_features
from .opponent import GREYS

__all__ = ["FEATURES", "GREYS", "find_features"]
