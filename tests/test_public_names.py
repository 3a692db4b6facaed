"""What ``import unitscope`` offers: every public name, listed, known to type checkers, and imported only when used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import unitscope

HEAVY = "{'torch', 'pandas', 'numpy', 'matplotlib', 'numba', 'scipy', 'zarr', 'pyarrow', 'typer', 'PIL'}"


def test_importing_it_imports_no_library():
    code = f"import sys, unitscope; dir(unitscope); print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", unitscope.__all__)
def test_every_public_name_is_there_and_listed(name):
    assert name in dir(unitscope)
    assert getattr(unitscope, name)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(unitscope.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    names = {alias.name: node.module for node in block.body for alias in node.names}
    assert names == {**unitscope.ROOMS, **dict.fromkeys(unitscope.MODULES)}
    assert {*names, "UnitscopeError", "UnitscopeWarning", "__version__"} == set(unitscope.__all__)


def test_there_is_nothing_else():
    with pytest.raises(AttributeError, match="module 'unitscope' has no attribute 'mesure'"):
        unitscope.mesure  # noqa: B018
