import pickle
import subprocess
import sys

import pytest

from unitscope.errors import UnitscopeError
from unitscope.python_specs import Imported, call_function, load_function


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def test_a_file_is_imported_once_with_its_neighbours(write):
    write("answer = 42", "a_neighbour.py")
    path = write(
        "import a_neighbour\ncalls = []\ndef make():\n    calls.append(1)\n    return a_neighbour.answer, calls"
    )
    assert call_function(f"{path}:make", {}) == (42, [1])
    assert call_function(f"{path}:make", {}) == (42, [1, 1])


def test_two_files_of_one_name_do_not_mix(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "nets.py").write_text(f"def make(): return {folder!r}")
    assert [call_function(f"{tmp_path}/{folder}/nets.py:make", {}) for folder in "ab"] == ["a", "b"]


def test_a_module_in_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "module_of_mine.py").write_text("def make(x): return x + 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert call_function("module_of_mine:make", {"x": 2}) == 3


@pytest.mark.parametrize("rest", ["", "nets.py", "nets.py:", ":make"])
def test_no_function_named(rest):
    with pytest.raises(UnitscopeError, match=r"names no function; write py:path/file.py:function"):
        load_function(rest)


def test_what_can_be_missing(write, tmp_path):
    with pytest.raises(UnitscopeError, match=r"absent\.py does not exist"):
        load_function(f"{tmp_path}/absent.py:make")
    with pytest.raises(UnitscopeError, match="no Python module 'no_such_package'"):
        load_function("no_such_package.nets:make")
    with pytest.raises(UnitscopeError, match=r"has no function 'mak' .did you mean 'make'"):
        load_function(write("def make(): pass\nmak = 3") + ":mak")


def test_errors_in_the_users_code_name_the_line(write):
    with pytest.raises(UnitscopeError, match=r"broken\.py failed: NameError: name 'oops' is not defined .*line 2"):
        load_function(write("import os\noops\n", "broken.py") + ":make")
    with pytest.raises(UnitscopeError, match="failed: SyntaxError"):
        load_function(write("def (:\n", "syntax.py") + ":make")
    with pytest.raises(UnitscopeError, match=r"failed: ZeroDivisionError: division by zero \(.*raising\.py, line 2"):
        call_function(write("def make():\n    return 1 / 0\n", "raising.py") + ":make", {})
    with pytest.raises(UnitscopeError, match="No module named 'not_installed_here'"):
        load_function(write("import not_installed_here\n", "needy.py") + ":make")


def test_a_broken_file_can_be_mended_and_loaded_again(write):
    path = write("oops\n", "mended.py")
    with pytest.raises(UnitscopeError):
        load_function(f"{path}:make")
    write("def make(): return 1\n", "mended.py")
    assert call_function(f"{path}:make", {}) == 1


def test_options_the_function_does_not_take(write):
    path = write("def make(width, depth=2): return width * depth", "options.py")
    assert call_function(f"{path}:make", {"width": 3}) == 6
    with pytest.raises(UnitscopeError, match="unexpected keyword argument 'height'"):
        call_function(f"{path}:make", {"width": 3, "height": 1})
    with pytest.raises(UnitscopeError, match="missing a required argument: 'width'"):
        call_function(f"{path}:make", {})


def test_objects_of_a_file_reach_a_fresh_process(write, tmp_path):
    path = write(
        "class Shift:\n    def __init__(self, by): self.by = by\n    def __call__(self, x): return x + self.by\n"
        "def make(by): return Shift(by)\n",
        "shifting.py",
    )
    rest = f"{path}:make"
    (tmp_path / "pickled").write_bytes(pickle.dumps(Imported(rest, call_function(rest, {"by": 5}))))
    code = f"import pickle; print(pickle.loads(open({str(tmp_path / 'pickled')!r}, 'rb').read()).value(1))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "6\n"
