"""Where the images of a probe set lie on the network's input, so that their labels are cropped as they are."""

from functools import lru_cache

from ..data import LabelledItems
from ..errors import UnitscopeError
from ..models import Placement, Preprocess, placement_of
from ..models.placement import WHOLE
from ..models.preprocess import Steps


class Placements:
    """Returns the placement of an image by its number.

    Parameters
    ----------
    preprocess
        The network's preprocessing.
    items
        The images.
    """

    def __init__(self, preprocess: Preprocess, items: LabelledItems):
        self.items = items
        self.crops = not isinstance(preprocess.apply, Steps) or preprocess.apply.crop is not None
        self._of_size = lru_cache(maxsize=4096)(lambda size: placement_of(preprocess, size))

    def __call__(self, index: int) -> Placement:
        """Return the placement; `WHOLE` where the network sees the whole image, so that sizes make no difference.

        Raises
        ------
        UnitscopeError
            If it is not known.
        """
        if not self.crops:
            return WHOLE
        try:
            placement = self._of_size(self.items.load.size(index))
        except UnitscopeError as error:
            raise UnitscopeError(f"{self.items.load.name(index)}: {error}") from error
        return WHOLE if placement.is_whole else placement
