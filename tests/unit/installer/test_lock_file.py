"""The lock file pins everything the project asks for."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from installer.bootstrap import PROJECT
from installer.environment import REQUIREMENTS


def pins() -> dict[str, Requirement]:
    """Read the lock file."""
    lines = (PROJECT / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    read = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in read}


def test_every_line_is_one_exact_pin() -> None:
    for pin in pins().values():
        assert [part.operator for part in pin.specifier] == ["=="], str(pin)


def test_every_direct_dependency_is_pinned_within_its_range_on_every_system() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"], *settings["build-system"]["requires"]]

    for requirement in map(Requirement, asked):
        pin = pins()[canonicalize_name(requirement.name)]
        version = next(iter(pin.specifier)).version
        assert requirement.specifier.contains(version, prereleases=True), f"{requirement} but {pin}"
        assert str(pin.marker or "") == str(requirement.marker or ""), f"{requirement} but {pin}"


def test_packages_of_one_system_carry_its_marker() -> None:
    locked = pins()

    for name, system in {"pywin32-ctypes": "win32", "colorama": "win32", "secretstorage": "linux"}.items():
        marker = locked[canonicalize_name(name)].marker
        assert marker is not None
        assert [marker.evaluate({"sys_platform": each}) for each in (system, "darwin")] == [True, False]
