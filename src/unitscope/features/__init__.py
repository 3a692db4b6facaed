"""Features: what each unit looks at, as the table ``features`` (Rafegas et al. 2020).

``top`` finds the most active items of every unit, ``worker`` shows them to the network again, ``crops`` and ``sums``
add up what is seen of them, ``opponent`` knows colours, ``table`` makes the columns that ``describe`` describes and
``pictures`` the images, ``analysis`` joins them, and ``find_features`` is the public function.
"""

from .analysis import FEATURES
from .find_features import find_features
from .opponent import GREYS

__all__ = ["FEATURES", "GREYS", "find_features"]
