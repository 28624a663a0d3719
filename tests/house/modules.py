"""The modules of `mockserver/` and of the pytest plugin as the tests of the house see them.

Syntax trees, imports, the graph between them.

A module is named as Python names it (`mockserver.world.clock`; a package by its own name).  An
import counts wherever it stands: at the top, inside a function, under `if TYPE_CHECKING`.  The last
two kinds make a cycle bearable for the interpreter, not for a reader, who cannot understand either
module alone.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = "pytest_tmall_mockserver"
FILES = sorted([*(ROOT / "mockserver").rglob("*.py"), *(ROOT / PLUGIN).rglob("*.py")])
# what holds the product: read for its words, not for its floors
TEST_FILES = sorted(
    path
    for path in (
        ROOT / "conftest.py",
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
    )
    if "node_modules" not in path.parts
)


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {_module_name(path): path for path in FILES}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in PATHS.items()}
TEST_TREES = {_module_name(path): ast.parse(path.read_text("utf-8")) for path in TEST_FILES}


def assert_none(offenders: Iterable[object]) -> None:
    """Fail with every offender on a line of its own, in order, or pass if there is none."""
    lines = sorted(
        {" ".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in offenders}
    )
    assert not lines, "\n" + "\n".join(lines)


def package_of(name: str) -> str:
    """Return the part of the house that a module belongs to.

    `world`, `cli`, `server`, the package of the pytest plugin, or "" for the top.
    """
    if name.startswith(PLUGIN):
        return PLUGIN
    return name.split(".")[1] if "." in name else ""


def is_package(name: str) -> bool:
    """Return True if the module is the `__init__` of a folder."""
    return PATHS[name].name == "__init__.py"


def imported_names(name: str) -> Iterator[tuple[str, str]]:
    """Yield every import of a module as (dotted module, name), relative ones made absolute.

    `import a.b` gives ("a.b", ""), `from ..world import clock` gives ("mockserver.world", "clock").
    """
    parents = name.split(".") if is_package(name) else name.split(".")[:-1]
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else []
            source = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            yield from ((source, alias.name) for alias in node.names)


@cache
def imported_modules(name: str) -> frozenset[str]:
    """Return the modules of the house that a module imports, itself apart."""
    modules = set()
    for source, member in imported_names(name):
        submodule = f"{source}.{member}"
        modules.add(submodule if submodule in TREES else source)
    return frozenset(modules & set(TREES) - {name})


def import_circles() -> list[list[str]]:
    """Return the groups of modules that import each other in a circle.

    Strongly connected components (Tarjan 1972).
    """
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for other in sorted(imported_modules(name)):
            if other not in order:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            circle = [stack.pop()]
            while circle[-1] != name:
                circle.append(stack.pop())
            if len(circle) > 1:
                circles.append(sorted(circle))

    for name in TREES:
        if name not in order:
            visit(name)
    return sorted(circles)
