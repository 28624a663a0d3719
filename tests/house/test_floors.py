"""The floors of the house: imports go down only, siblings are apart, there is no circle.

ARCHITECTURE.md draws the floors.  A package may import from its own folder and from any floor below
it; packages on one floor are unaware of each other.  Each test reports one item: all that break its
rule, by module.
"""

import ast
import sys

from tests.house.modules import (
    PLUGIN,
    TREES,
    assert_none,
    import_circles,
    imported_modules,
    imported_names,
    package_of,
)
from tests.house.unfinished import CIRCLES

FLOORS = (
    ("version",),
    ("domain", "protocol"),
    ("api", "storage"),
    ("world",),
    ("scenario", "doctor", "review"),
    ("reference", "service"),
    ("gateway", "push", "oauth", "control", "console"),
    ("server", "embedded"),
    ("client",),
    ("testing",),
    ("cli",),
    ("", "__main__", PLUGIN),
)
FLOOR_OF = {package: height for height, packages in enumerate(FLOORS) for package in packages}
PURE = FLOORS[1]
IMPURE_MODULES = {
    "time",
    "random",
    "os",
    "socket",
    "threading",
    "sqlite3",
    "flask",
    "subprocess",
    "asyncio",
    "secrets",
    "uuid",
}


def test_every_package_has_a_floor():
    """The walk finds the packages that are built, and each has a floor that was decided."""
    packages = {package_of(name) for name in TREES}

    assert packages >= {"domain", "protocol", "api", "world", "gateway", "cli"}
    assert packages - set(FLOOR_OF) == set()


def test_imports_go_down_only():
    """A module imports from its own package and from lower floors.

    Siblings do not know each other.
    """
    upward = {
        (name, other)
        for name in TREES
        for other in imported_modules(name)
        if package_of(other) != package_of(name)
        and FLOOR_OF[package_of(other)] >= FLOOR_OF[package_of(name)]
    }

    assert_none(upward)


def test_imports_go_in_no_circle():
    """No module can be reached from itself.

    Also not inside a folder, by a lazy import or one for types only.
    """
    assert_none(" ↔ ".join(circle) for circle in import_circles() if circle not in CIRCLES)


def test_the_ground_floor_is_pure():
    """Domain and protocol import msgspec and the pure part of the standard library only."""
    allowed = (sys.stdlib_module_names - IMPURE_MODULES) | {"mockserver", "msgspec"}
    impure = {
        (name, source)
        for name in TREES
        if package_of(name) in PURE
        for source, _ in imported_names(name)
        if source.partition(".")[0] not in allowed
    }

    assert_none(impure)


def test_the_lower_floors_have_no_clock():
    """Nothing below the world asks what time it is."""
    readings = {
        (name, node.attr)
        for name, tree in TREES.items()
        if 0 < FLOOR_OF[package_of(name)] < FLOOR_OF["world"]
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
    }

    assert_none(readings)
