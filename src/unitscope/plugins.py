"""Registries of parts that other packages can add: sources of models and data, measures, figures, places to compute.

A package adds a part by an entry point, and none of our files names it::

    [project.entry-points."unitscope.data"]
    mouse = "mouse_lab.unitscope:load_mouse"

In a script or notebook the same is done by the decorator `Registry.register`. ``unitscope.testing`` has the checks that
such a part must pass.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar

from .errors import UnitscopeError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Parts of one kind by name: those of Unitscope, those registered, those of installed packages.

    A part of an installed package is imported when it is first used.

    Parameters
    ----------
    group
        The group of entry points, for instance ``"unitscope.data"``.
    own
        Unitscope's own parts, by name.

    Examples
    --------
    >>> places = Registry("unitscope.example", {"here": "this machine"})
    >>> @places.register("double")
    ... def double(x):
    ...     return 2 * x
    >>> list(places), places["double"](4)
    (['here', 'double'], 8)
    """

    def __init__(self, group: str, own: Mapping[str, T]):
        self.group = group
        self._parts = dict(own)

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds a part.

        Raises
        ------
        UnitscopeError
            If there is a part of this name.
        """

        def add(part: T) -> T:
            if name in self:
                raise UnitscopeError(f"{self.group} has a part named {name!r} already; choose another name")
            self._parts[name] = part
            return part

        return add

    def _installed(self) -> dict[str, EntryPoint]:
        """Return the entry points of installed packages whose names are free."""
        return {point.name: point for point in entry_points(group=self.group) if point.name not in self._parts}

    def __getitem__(self, name: str) -> T:
        if name in self._parts:
            return self._parts[name]
        point = self._installed()[name]
        try:
            self._parts[name] = point.load()
        except Exception as error:
            package = point.dist.name if point.dist else point.module
            raise UnitscopeError(
                f"{name!r} of the package {package} cannot be imported ({type(error).__name__}: {error}); repair or "
                "uninstall it"
            ) from error
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._parts, *self._installed()])

    def __len__(self) -> int:
        return len(self._parts) + len(self._installed())
