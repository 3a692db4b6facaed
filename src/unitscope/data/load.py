"""Load labelled items by spec."""

from collections.abc import Callable
from typing import Any

from ..specs import split_spec
from .datasets import load_demo, load_hf, load_py, load_torchvision
from .files import load_csv, load_folder
from .items import LabelledItems

SCHEMES: dict[str, Callable[[str, dict[str, Any]], LabelledItems]] = {
    "folder": load_folder,
    "csv": load_csv,
    "torchvision": load_torchvision,
    "hf": load_hf,
    "py": load_py,
    "demo": load_demo,
}
"""What loads the data of each scheme, from the rest of the spec and the options."""


def load_data(spec: str, /, **options: Any) -> LabelledItems:
    """Load labelled items by spec. Images are not read yet.

    Parameters
    ----------
    spec
        ``folder:DIR``, ``csv:FILE``, ``torchvision:NAME``, ``hf:NAME`` (or ``hf:DIR``),
        ``py:path/file.py:function`` or ``py:package.module:function`` (these run that code), or ``demo:``.
    **options
        Options of the scheme: see `load_folder`, `load_csv`, `load_torchvision`, `load_hf`, `load_py` and
        `load_demo`.

    Returns
    -------
    LabelledItems
        In the order of the source, never shuffled.

    Raises
    ------
    UnitscopeError
        If the spec, an option or the data is invalid.

    See Also
    --------
    open_items : Open the items of a recorded run.
    find_unreadable : Find items that cannot be read.

    Examples
    --------
    >>> data = load_data("demo:", n=40)
    >>> len(data), len(data.classes), data.load(3).size
    (40, 16, (64, 64))
    """
    scheme, rest = split_spec(spec, SCHEMES, "data")
    return SCHEMES[scheme](rest, options)
