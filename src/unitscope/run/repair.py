"""The command that continues or repairs a run: the one that made it, adapted to the current location."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..plugins import find_entry_points
from .manifest import Manifest

MEASURED = "selectivity"
"""The table that a report needs."""

COMMANDS = {MEASURED: "measure", "dissection": "dissect --concepts SPEC", "ablation": "ablate"}
"""The command that makes each table, for messages, where it does not have the table's name."""

RUN = "RUN"
"""Placeholder for the run directory in a stored command, because the run may be moved or copied."""


def remember_command(command: str) -> dict[str, str]:
    """Return a command as stored in a run: its words, and the current directory for its relative paths."""
    return {"command": command, "directory": str(Path.cwd())} if command else {}


def repeat_command(stored: Mapping[str, Any], directory: Path) -> str:
    """Return a stored command, adapted to the current locations; empty if none was stored.

    Parameters
    ----------
    stored
        The entries from `remember_command`; others are ignored.
    directory
        The current location of the run.

    Examples
    --------
    >>> repeat_command({"command": "unitscope measure RUN --items all"}, Path("my runs/copy"))
    "unitscope measure 'my runs/copy' --items all"
    """
    try:
        words = shlex.split(str(stored.get("command", "")))
    except ValueError:  # an unclosed quotation mark
        return ""
    if words[:1] != ["unitscope"]:
        return ""
    place = Path(stored.get("directory", "."))
    elsewhere = place.is_dir() and not place.samefile(Path.cwd())
    target = str(directory.absolute() if elsewhere else directory)
    command = shlex.join([target if word == RUN else word for word in words])
    return f"cd {shlex.quote(str(place))} && {command}" if elsewhere else command


def repair_step(directory: Path, manifest: Manifest) -> str:
    """Return the end of a message about a damaged run: how to repair it."""
    return f"repair it with {made_by(directory, manifest)}"


def continue_step(directory: Path, manifest: Manifest) -> str:
    """Return the end of a message about an unfinished run: how to continue it."""
    return f"continue it with {made_by(directory, manifest)}"


def made_by(directory: Path, manifest: Manifest) -> str:
    """Return the command that made a run, or a description where it was made from Python."""
    command = repeat_command(manifest.provenance, directory)
    kind = next((kind for kind in ("import", "simulate") if kind in manifest.identity), "record")
    return f"the same command: {command}" if command else f"the same {kind} command or call as before"


def has_command(table: str) -> bool:
    """Return whether a command makes a table: one of Unitscope's, or that of an analysis of an installed package."""
    return table in COMMANDS or table in find_entry_points("unitscope.analyses")


def command_for(directory: Path, table: str) -> str:
    """Return the command that makes a table of a run.

    Examples
    --------
    >>> command_for(Path("my run"), "selectivity")
    "unitscope measure 'my run'"
    """
    return f"unitscope {COMMANDS.get(table, table)} {shlex.quote(str(directory))}"


def make_again(directory: Path, table: str) -> str:
    """Return the end of a message about a damaged table: how to make it again."""
    return f"run `{command_for(directory, table)}` again"


def make_first(directory: Path, table: str) -> str:
    """Return the end of a message about a missing table: how to make it."""
    return f"run `{command_for(directory, table)}` first"
