"""Registries of parts that other packages can add: data and model sources, measures, figures, pools, analyses.

A package adds a part by an entry point, without a change to any file of Unitscope::

    [project.entry-points."unitscope.data"]
    mouse = "mouse_lab.unitscope:load_mouse"

A script or notebook does the same with the decorator `Registry.register`. ``unitscope.testing`` has the checks that
such a part must pass, and ``docs/extending.md`` explains each kind.
"""

import functools
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from .errors import UnitscopeError, UnitscopeWarning

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Parts of one kind by name: those of Unitscope, those registered, those of installed packages.

    A part of an installed package is imported when it is first used, not when names are listed or looked up.

    Parameters
    ----------
    group
        The group of entry points, for instance ``"unitscope.data"``.
    own
        Unitscope's own parts, by name. Installed packages cannot replace them.

    Examples
    --------
    >>> places = Registry("unitscope.example", {"here": "this machine"})
    >>> @places.register("double")
    ... def double(x):
    ...     return 2 * x
    >>> list(places), places["double"](4)
    (['here', 'double'], 8)
    """

    def __init__(self, group: str, own: Mapping[str, T] | None = None):
        self.group = group
        self._parts = dict(own or {})
        self._imported: dict[EntryPoint, T] = {}
        self._warned: set[str] = set()

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds a part in this process.

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

    def installed(self) -> dict[str, EntryPoint]:
        """Return the entry points of installed packages by name.

        Warns
        -----
        UnitscopeWarning
            Once, if a package uses a name that is taken; its part is then ignored.
        """
        found = find_entry_points(self.group)
        for name in found.keys() & self._parts.keys() - self._warned:
            self._warned.add(name)
            warnings.warn(
                f"{self.group} has a part named {name!r} already, so that of {package_of(found[name])} is ignored; "
                "uninstall that package, or ask its authors to choose another name",
                UnitscopeWarning,
                stacklevel=3,
            )
        return {name: point for name, point in found.items() if name not in self._parts}

    def __getitem__(self, name: str) -> T:
        if name in self._parts:
            return self._parts[name]
        point = self.installed()[name]
        if point not in self._imported:
            try:
                self._imported[point] = point.load()
            except Exception as error:
                raise UnitscopeError(
                    f"{name!r} of {package_of(point)} cannot be imported ({type(error).__name__}: {error}); repair or "
                    "uninstall that package"
                ) from error
        return self._imported[point]

    def __contains__(self, name: object) -> bool:
        return name in self._parts or name in self.installed()

    def __iter__(self) -> Iterator[str]:
        return iter([*self._parts, *self.installed()])

    def __len__(self) -> int:
        return len(self._parts) + len(self.installed())


def find_entry_points(group: str) -> Mapping[str, EntryPoint]:
    """Return the entry points of a group by name; nothing is imported.

    Raises
    ------
    UnitscopeError
        If two packages use the same name.

    Examples
    --------
    >>> dict(find_entry_points("unitscope.example"))
    {}
    """
    return search_entry_points(group, tuple(sys.path))


@functools.lru_cache(maxsize=32)
def search_entry_points(group: str, path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Search all installed packages, which takes 20 ms or more, once for every value of ``sys.path``."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise UnitscopeError(
                f"{package_of(other)} and {package_of(point)} both add a part named {point.name!r} to {group}; "
                "uninstall one of them"
            )
    return found


def package_of(point: EntryPoint) -> str:
    """Return the package that an entry point belongs to, with its version, for messages."""
    distribution: Any = point.dist
    return f"the package {distribution.name} {distribution.version}" if distribution else f"the module {point.module}"
