"""Commands for parts that installed packages add: they take a run and ``KEY=VALUE`` options, as the part has them."""

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..plugins import find_entry_points, package_of
from ..python_specs import call_with
from ..specs import parse_options

PartOptions = Annotated[
    list[str],
    typer.Argument(metavar="KEY=VALUE", help="Options, by name.", default_factory=list, show_default=False),
]


class AddedGroup(TyperGroup):
    """A group of commands to which installed packages add; its own commands come first and cannot be replaced.

    Attributes
    ----------
    part_group
        The group of entry points.
    """

    part_group: str

    def make(self, name: str) -> Any:
        """Return the command of an added part."""
        raise NotImplementedError

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in find_entry_points(self.part_group) if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by name; parts are imported when they run, not when they are listed."""
        own = super().get_command(ctx, cmd_name)
        points = {} if own else find_entry_points(self.part_group)
        if cmd_name not in points:
            return own
        command = self.make(cmd_name)
        command.short_help = f"From {package_of(points[cmd_name])}."
        return command


class AddedCommand(TyperCommand):
    """A command whose help is the docstring of a part, which is imported when the help is shown.

    Attributes
    ----------
    part
        Returns the part.
    """

    part: Callable[[], Any]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        self.help = inspect.getdoc(self.part())
        super().format_help(ctx, formatter)


def added_command(name: str, function: Callable[..., None], part: Callable[[], Any]) -> AddedCommand:
    """Return the command that calls a function with the arguments of the command line."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=AddedCommand)(function)
    command: Any = typer.main.get_command(app)
    command.part = part
    return command


def call_part(part: Callable[..., Any], what: str, options: Sequence[str], *arguments: object) -> Any:
    """Call a part with ``KEY=VALUE`` options; its errors are one sentence."""
    return call_with(part, what, parse_options(options), *arguments)
