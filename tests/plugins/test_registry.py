"""Registries: what is Unitscope's own, what a script registers, what installed packages add, and who may not."""

import pytest

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.plugins import Registry


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package with one entry point, as far as Python can tell."""

    def install(name, point, module=None):
        place = tmp_path / name
        info = place / f"{name}-2.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        (info / "entry_points.txt").write_text(f"[unitscope.test]\n{point}\n")
        if module:
            (place / f"{name}.py").write_text(module)
        monkeypatch.syspath_prepend(place)

    return install


def test_a_part_of_an_installed_package_is_imported_when_it_is_used(install, tmp_path):
    install("lazy", "part = lazy:VALUE", f"open({str(tmp_path / 'imported')!r}, 'w')\nVALUE = 3")
    registry = Registry("unitscope.test", {"own": 1})
    assert list(registry) == ["own", "part"]
    assert len(registry) == 2
    assert "part" in registry
    assert "other" not in registry
    assert not (tmp_path / "imported").exists()
    assert registry["part"] == 3
    assert (tmp_path / "imported").exists()
    with pytest.raises(KeyError):
        registry["other"]


def test_what_a_package_adds_cannot_replace_our_own(install):
    install("greedy", "own = greedy:VALUE", "VALUE = 3")
    registry = Registry("unitscope.test", {"own": 1})
    with pytest.warns(
        UnitscopeWarning, match="named 'own' already, so that of the package greedy 2.0 is ignored; unin"
    ):
        assert list(registry) == ["own"]
    assert registry["own"] == 1
    assert "own" in registry  # said once


def test_two_packages_with_one_name_are_both_named(install):
    install("one", "part = one:VALUE")
    install("two", "part = two:VALUE")
    with pytest.raises(
        UnitscopeError, match=r"the package (one|two) 2.0 and the package (one|two) 2.0 both add a part"
    ):
        list(Registry("unitscope.test"))


@pytest.mark.parametrize("module", [None, "import nothing_of_this_name", "VALU = 1"])
def test_a_package_that_cannot_be_imported_is_named(install, module):
    install("broken", "part = broken:VALUE", module)
    with pytest.raises(
        UnitscopeError, match=r"'part' of the package broken 2.0 cannot be imported \(\w+: .*; repair or"
    ):
        Registry("unitscope.test")["part"]


def test_a_script_registers_a_part_once():
    registry = Registry("unitscope.test", {"own": 1})
    registry.register("mine")(2)
    assert registry["mine"] == 2
    for name in ("own", "mine"):
        with pytest.raises(UnitscopeError, match=f"unitscope.test has a part named '{name}' already; choose another"):
            registry.register(name)(3)
