"""``unitscope NAME RUN``: analyses that installed packages add."""

from typing import Any

import typer

from ..errors import UnitscopeError
from .added import AddedGroup, PartOptions, added_command, call_part
from .options import On, RunPath, Threads, command_of
from .show import OUT, progress_bar


class Analyses(AddedGroup):
    """Unitscope's commands, and the analyses that installed packages add."""

    part_group = "unitscope.analyses"

    def make(self, name: str) -> Any:
        """Return the command of an added analysis."""

        def part() -> Any:
            from ..analysis import ANALYSES

            return ANALYSES[name]

        def analyse(
            context: typer.Context,
            run: RunPath,
            options: PartOptions,
            threads: Threads = None,
            on: On = None,
        ) -> None:
            from ..analysis import add_table
            from ..run import open_run

            opened = open_run(run)
            analysis = call_part(part(), f"the analysis {name}", options)
            if analysis.table != name:
                raise UnitscopeError(
                    f"the analysis {name} makes a table named {analysis.table!r}; its package must give both one name"
                )
            command = command_of(context, run)
            with progress_bar() as progress:
                frame = add_table(opened, analysis, on=on, threads=threads, command=command, progress=progress)
            OUT.print(f"{len(frame):,} units; the table is {run / 'tables' / name}.parquet", soft_wrap=True)

        return added_command(name, analyse, part)
