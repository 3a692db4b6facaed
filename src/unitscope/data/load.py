"""Load labelled items by spec; the registry of data sources."""

from collections.abc import Callable
from typing import Any

from ..plugins import Registry
from ..specs import split_spec
from .datasets import load_demo, load_hf, load_py, load_torchvision
from .files import load_csv, load_folder
from .items import LabelledItems

DATA_SOURCES: Registry[Callable[[str, dict[str, Any]], LabelledItems]] = Registry(
    "unitscope.data",
    {
        "folder": load_folder,
        "csv": load_csv,
        "torchvision": load_torchvision,
        "hf": load_hf,
        "py": load_py,
        "demo": load_demo,
    },
)
"""The function that loads the data of each scheme from the rest of the spec and the options."""


def load_data(spec: str, /, **options: Any) -> LabelledItems:
    """Load labelled items by spec. Images are not read yet.

    Parameters
    ----------
    spec
        ``folder:DIR``, ``csv:FILE``, ``torchvision:NAME``, ``hf:NAME`` (or ``hf:DIR``),
        ``py:path/file.py:function`` or ``py:package.module:function`` (these run that code), ``demo:``,
        or a scheme of an installed package.
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
    unitscope.testing.check_data_source : Checks that a source of your own must pass.

    Examples
    --------
    >>> data = load_data("demo:", n=40)
    >>> len(data), len(data.classes), data.load(3).size
    (40, 16, (64, 64))
    """
    scheme, rest = split_spec(spec, DATA_SOURCES, "data")
    return DATA_SOURCES[scheme](rest, options)
