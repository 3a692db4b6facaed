"""Specs of networks and data, ``scheme:rest``, and their options, ``key=value``."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import UnitscopeError, near_names

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|(0|[1-9][0-9]*))([eE][+-]?[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}


def split_spec(spec: str, schemes: Iterable[str], kind: str) -> tuple[str, str]:
    r"""Split a spec at its first colon and check that its scheme is known.

    A scheme has at least two characters, so that a Windows path such as ``C:\images`` is not one.

    Parameters
    ----------
    spec
        The spec, for instance ``"torchvision:alexnet"``.
    schemes
        The known schemes.
    kind
        What the spec stands for, in messages: ``"model"``, ``"data"`` or ``"concept"``.

    Returns
    -------
    tuple of str
        Scheme and rest; the rest may contain more colons and may be empty.

    Raises
    ------
    UnitscopeError
        If there is no scheme (likely spellings are suggested) or it is unknown (the known ones are listed).

    Examples
    --------
    >>> split_spec("py:nets.py:make", ["py", "demo"], "model")
    ('py', 'nets.py:make')
    >>> split_spec("demo", ["py", "demo"], "model")
    Traceback (most recent call last):
    ...
    unitscope.errors.UnitscopeError: the model spec 'demo' has no scheme; did you mean 'demo:'?
    """
    known = list(schemes)
    scheme, colon, rest = spec.partition(":")
    if not colon or len(scheme) < 2:
        raise UnitscopeError(f"the {kind} spec {spec!r} has no scheme; did you mean {_spellings(spec, known, kind)}?")
    if scheme not in known:
        listed = ", ".join(f"{name}:" for name in known)
        raise UnitscopeError(
            f"there is no {kind} scheme {scheme!r}{near_names(scheme, known)}; the schemes are {listed}"
        )
    return scheme, rest


def _spellings(spec: str, known: list[str], kind: str) -> str:
    """Return one or two likely spellings of a spec without a scheme."""
    if spec in known:
        return repr(f"{spec}:")
    if kind == "concept":
        likely = ["broden", "masks"]
    elif ".py" in spec:
        likely = ["py"]
    elif kind == "data":
        looks_like_path = re.search(r"[/\\.~]", spec)
        likely = (
            ["csv"] if spec.endswith(".csv") else ["folder", "csv"] if looks_like_path else ["folder", "torchvision"]
        )
    else:
        likely = ["hf", "timm"] if "/" in spec else ["torchvision", "timm"]
    return " or ".join(repr(f"{scheme}:{spec}") for scheme in likely)


def parse_options(texts: Iterable[str]) -> dict[str, Any]:
    """Return options from the words of a command line.

    Parameters
    ----------
    texts
        Words of the form ``key=value``; the value may contain more ``=``.

    Returns
    -------
    dict
        Values as returned by `parse_value`.

    Raises
    ------
    UnitscopeError
        If a word has no ``=``, or a key is not a valid name or is given twice.

    Examples
    --------
    >>> parse_options(["resize=256", "mean=0.5,0.4,0.3", "untrained=true"])
    {'resize': 256, 'mean': '0.5,0.4,0.3', 'untrained': True}
    """
    options: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise UnitscopeError(f"the option {text!r} is not KEY=VALUE; write for instance resize=256")
        if key in options:
            raise UnitscopeError(f"the option {key!r} is given twice; give it once")
        options[key] = parse_value(value)
    return options


def parse_value(text: str) -> bool | int | float | str | None:
    """Return the value of an option: a number, a boolean, None (in upper or lower case), otherwise the text itself.

    Examples
    --------
    >>> [parse_value(text) for text in ["256", "0.5", "1e-3", "True", "none", "0,1", "007", ""]]
    [256, 0.5, 0.001, True, None, '0,1', '007', '']
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def refuse_unknown(options: Mapping[str, object], known: Iterable[str], spec: str) -> None:
    """Raise an error if there is an unknown option.

    Raises
    ------
    UnitscopeError
        Naming the first unknown option, and similar or all known ones.

    Examples
    --------
    >>> refuse_unknown({"limt": 3}, ["limit"], "folder:pets")
    Traceback (most recent call last):
    ...
    unitscope.errors.UnitscopeError: folder:pets takes no option 'limt' (did you mean 'limit'?)
    """
    known = list(known)
    for key in options:
        if key not in known:
            listed = f"; its options are {', '.join(known)}" if known else "; leave it out"
            raise UnitscopeError(f"{spec} takes no option {key!r}{near_names(key, known) or listed}")


def whole_number(options: Mapping[str, object], key: str, at_least: int) -> int | None:
    """Return an option that must be a whole number, or None if it is not given.

    Raises
    ------
    UnitscopeError
        If it is not a whole number, or too small.

    Examples
    --------
    >>> whole_number({"limit": 20}, "limit", 1)
    20
    """
    value = options.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise UnitscopeError(f"the option {key}={value} must be a whole number of at least {at_least}")
    return value


def first_line(error: BaseException) -> str:
    r"""Return the first line of an exception's message, or its type if it has none, to quote in a sentence.

    Examples
    --------
    >>> first_line(ValueError("no such file\nand more"))
    'no such file'
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def check_choice(option: str, value: str, choices: Iterable[str]) -> None:
    """Raise an error if the value of an option is not one of its choices."""
    if value not in choices:
        raise UnitscopeError(f"--{option} {value} is unknown; choose one of {', '.join(choices)}")
