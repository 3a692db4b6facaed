"""Network Dissection: which concepts units detect, as the table ``dissection`` (Bau et al. 2017).

``probe`` orders the images, ``passes`` shows them to the network, and ``workers`` uses the maps twice: ``thresholds``
finds what half a per cent of a unit's activations exceed; ``tally`` counts the pixels that masks and concepts share,
with ``mask_runs`` for the pixels of a mask, ``upsample`` for where these lie in a map, ``image_labels`` for an
image's concepts, and ``placements`` for what of the image, and so of its labels, the network sees.
``sums`` holds the counts, ``estimates`` makes numbers of them, ``table`` the columns that ``describe`` describes.
``analysis`` joins them, and ``dissect`` is the public function.
"""

from .analysis import DISSECTION
from .dissect import dissect
from .settings import DETECTOR
from .table import count_detectors

__all__ = ["DETECTOR", "DISSECTION", "count_detectors", "dissect"]
