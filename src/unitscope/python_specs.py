"""``py:`` specs: functions of the user, by module or by file. Importing them runs their code."""

import hashlib
import importlib
import importlib.util
import inspect
import pickle
import sys
import traceback
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import UnitscopeError, near_names
from .specs import first_line


def load_function(rest: str) -> Callable[..., Any]:
    """Import the function that a ``py:`` spec names.

    The file's folder, or the current directory for a module, is appended to ``sys.path``, so that the file can import
    files beside it, as a script can.

    Parameters
    ----------
    rest
        ``package.module:function`` or ``path/file.py:function``.

    Returns
    -------
    Callable
        The function (or class).

    Raises
    ------
    UnitscopeError
        If the file, module or function does not exist, or importing it fails.

    Examples
    --------
    >>> load_function("collections:Counter")("aab")["a"]
    2
    """
    where, colon, name = rest.rpartition(":")
    if not colon or not where or not name:
        raise UnitscopeError(
            f"the spec 'py:{rest}' names no function; write py:path/file.py:function or py:package.module:function"
        )
    module = import_file(Path(where)) if where.endswith(".py") else _import_module(where)
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if callable(value)]
        raise UnitscopeError(f"{where} has no function {name!r}{near_names(name, known)}")
    return function


def import_file(path: Path) -> ModuleType:
    """Import a Python file once, under a name that no other module has.

    Raises
    ------
    UnitscopeError
        If the file does not exist, or running it fails.
    """
    path = path.expanduser().absolute()
    name = f"unitscope_py_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise UnitscopeError(f"the file {path} does not exist; check the path in the spec")
    _append_to_path(path.parent)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs, as Python does: classes defined in it look it up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UnitscopeError(f"importing {path} failed: {_place(error)}") from error
    return module


def _import_module(name: str) -> ModuleType:
    """Import a module that is installed or in the current directory."""
    _append_to_path(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnitscopeError(
                f"there is no Python module {error.name!r}; install it, or name a file: py:path/file.py:function"
            ) from error
        raise UnitscopeError(f"importing {name} failed: {_place(error)}") from error
    except Exception as error:
        raise UnitscopeError(f"importing {name} failed: {_place(error)}") from error


def find_source(rest: str) -> Path | None:
    """Return the file that a ``py:`` spec names, absolute, without importing anything.

    ``importlib.util.find_spec`` would import the packages that contain a module.

    Parameters
    ----------
    rest
        ``package.module:function`` or ``path/file.py:function``, read against the current directory.

    Returns
    -------
    pathlib.Path or None
        ``None`` if there is no such file or module, or the module has no file, as modules built into Python.

    Examples
    --------
    >>> find_source("json.tool:main").name
    'tool.py'
    """
    where = rest.rpartition(":")[0]
    if where.endswith(".py"):
        path = Path(where).expanduser().absolute()
        return path if path.is_file() else None
    places: list[str] | None = None
    parts = where.split(".")
    file = None
    for end in range(1, len(parts) + 1):
        found = _find_module(".".join(parts[:end]), places) if parts[end - 1].isidentifier() else None
        if found is None:
            return None
        places = list(found.submodule_search_locations or ())
        file = Path(found.origin).absolute() if found.has_location and found.origin else None
    return file if file and file.is_file() else None


def _find_module(name: str, places: list[str] | None) -> ModuleSpec | None:
    """Return the spec of a module: in the directories of its package, on ``sys.path``, or in the current directory."""
    for finder in sys.meta_path:
        found = finder.find_spec(name, places)
        if found is not None:
            return found
    return PathFinder.find_spec(name, [str(Path.cwd())]) if places is None else None


def hash_source(rest: str) -> str:
    """Return the sha256 of the file that a ``py:`` spec names, empty if there is none; nothing is imported."""
    file = find_source(rest)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file else ""


def _append_to_path(folder: Path) -> None:
    """Append a folder to ``sys.path``, so that it hides no other module."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def call_function(rest: str, options: Mapping[str, object]) -> Any:
    """Return the result of the function of a ``py:`` spec, called with options as keywords.

    Raises
    ------
    UnitscopeError
        If the function does not accept an option, needs one that is missing, or raises.

    Examples
    --------
    >>> call_function("fractions:Fraction", {"numerator": 1, "denominator": 3})
    Fraction(1, 3)
    """
    return call_with(load_function(rest), f"py:{rest}", options)


def call_with(function: Callable[..., Any], what: str, options: Mapping[str, object], *arguments: object) -> Any:
    """Call a function that is not Unitscope's own with arguments and, as keywords, options.

    Parameters
    ----------
    function, arguments, options
        The call.
    what
        The function's name in messages.

    Raises
    ------
    UnitscopeError
        If the function does not accept an option, needs one that is missing, or raises.
    """
    try:
        inspect.signature(function).bind(*arguments, **options)
    except TypeError as error:
        raise UnitscopeError(f"{what} cannot be called with these options: {first_line(error)}") from error
    except ValueError:
        pass  # a builtin without a signature: the call itself raises the error
    try:
        return function(*arguments, **options)
    except UnitscopeError:
        raise
    except Exception as error:
        raise UnitscopeError(f"{what} failed: {_place(error)}") from error


def takes_option(rest: str, name: str) -> bool:
    """Return whether the function of a ``py:`` spec has a parameter of this name.

    Examples
    --------
    >>> takes_option("random:seed", "version")
    True
    """
    try:
        return name in inspect.signature(load_function(rest)).parameters
    except ValueError:
        return False  # a builtin without a signature


def _place(error: Exception) -> str:
    """Return the type and message of an exception, with the file and line that raised it."""
    text = f"{type(error).__name__}: {first_line(error)}"
    if isinstance(error, SyntaxError):
        return text
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{text} ({frame.filename}, line {frame.lineno})"


class Imported:
    """An object that a ``py:`` spec made, which can be pickled for worker processes.

    Another process cannot find a module that was imported from a file by its name; unpickling therefore imports the
    file first.

    Attributes
    ----------
    rest
        The spec without ``py:``.
    value
        The object.
    """

    def __init__(self, rest: str, value: Any) -> None:
        self.rest = rest
        self.value = value

    def __reduce__(self) -> tuple[Callable[..., "Imported"], tuple[str, bytes]]:
        return _unpickle, (self.rest, pickle.dumps(self.value))


def _unpickle(rest: str, value: bytes) -> Imported:
    """Import the code of a spec, then unpickle the object."""
    load_function(rest)
    return Imported(rest, pickle.loads(value))
