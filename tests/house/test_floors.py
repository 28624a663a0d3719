"""The shape of the house: imports go down only, files stay small, nothing mutable lies about at module level."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "mockserver"
FLOORS = (
    ("version",),
    ("domain", "protocol"),
    ("api", "storage"),
    ("world",),
    ("doctor", "review", "scenario"),
    ("reference", "service"),
    ("gateway", "push"),
    ("control", "console"),
    ("tls",),
    ("embedded", "server"),
    ("client",),
    ("testing",),
    ("cli",),
    ("__init__", "__main__"),
)
FLOOR_OF = {part: height for height, parts in enumerate(FLOORS) for part in parts}
FORBIDDEN = {
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
MUTATING = {
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "popitem",
    "clear",
    "add",
    "discard",
    "update",
    "setdefault",
    "sort",
    "reverse",
    "appendleft",
}
MAKERS = {"list", "dict", "set", "defaultdict", "OrderedDict", "deque", "Counter", "bytearray"}
FILES = sorted(path for path in HOUSE.rglob("*.py"))
MODULES = {path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text("utf-8")) for path in FILES}


def _part(name: str) -> str:
    """The part of the house that a file belongs to."""
    return name.partition("/")[0].removesuffix(".py")


def _imports(name: str, tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Dotted names that a module imports, lazily or not, relative ones made absolute."""
    package = ("mockserver", *name.split("/")[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            full = (*base, *(node.module or "").split(".")) if node.module else base
            yield from ((*full, alias.name) for alias in node.names)


def _known_parts(name: str, tree: ast.Module) -> set[str]:
    return {
        full[1]
        for full in _imports(name, tree)
        if full[0] == "mockserver" and len(full) > 1 and full[1] in FLOOR_OF
    }


def test_there_is_a_house():
    """The walk finds the floors that are built."""
    assert {"domain", "protocol", "api", "world", "gateway"} <= {_part(name) for name in MODULES}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_a_floor(name):
    """Every module belongs to a part whose floor is decided."""
    assert _part(name) in FLOOR_OF


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name):
    """A module imports from its own part and from lower floors; siblings do not know each other."""
    part = _part(name)

    others = _known_parts(name, MODULES[name]) - {part}

    assert {other for other in others if FLOOR_OF[other] >= FLOOR_OF[part]} == set()


@pytest.mark.parametrize("name", [name for name in MODULES if _part(name) in FLOORS[1]])
def test_the_ground_floor_is_pure(name):
    """domain and protocol import msgspec and the pure part of the standard library, nothing else."""
    outside = {full[0] for full in _imports(name, MODULES[name])} - {"mockserver", "msgspec"}

    assert outside & FORBIDDEN == set()
    assert outside <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "name", [name for name in MODULES if _part(name) in (*FLOORS[1], *FLOORS[2])]
)
def test_the_lower_floors_have_no_clock(name):
    """Nothing below the world asks what time it is."""
    asked = {node.attr for node in ast.walk(MODULES[name]) if isinstance(node, ast.Attribute)}

    assert asked & {"now", "utcnow", "today"} == set()


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in MODULES
        if name.endswith("/__init__.py")
        and name not in ("testing/__init__.py", "testing/strategies/__init__.py")
    ],
)
def test_packages_hold_no_code(name):
    """Only the two packages that users import from hold code, which loads their names; others at most say what they are."""
    body = MODULES[name].body

    assert all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_a_file_has_one_subject(path):
    """A file above 400 lines has two."""
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__init__.py")])
def test_a_module_says_what_it_knows(name):
    """Every module opens with its docstring."""
    assert ast.get_docstring(MODULES[name])


def _collections(tree: ast.Module) -> Iterator[str]:
    """Names that hold a mutable collection at module level, `__all__` apart."""
    for node in tree.body:
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        value = getattr(node, "value", None)
        made = (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in MAKERS
        )
        if made or isinstance(
            value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
        ):
            yield from (
                each.id for each in targets if isinstance(each, ast.Name) and each.id != "__all__"
            )


def _changed(tree: ast.Module) -> Iterator[str]:
    """Names, bare or of a module, whose value is changed in place or declared global."""

    def name_of(node: ast.AST) -> str:
        return (
            node.id
            if isinstance(node, ast.Name)
            else node.attr
            if isinstance(node, ast.Attribute)
            else ""
        )

    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield name_of(node.value)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MUTATING
        ):
            yield name_of(node.func.value)
        elif isinstance(node, ast.AugAssign):
            yield name_of(node.target)


CHANGED = {name for tree in MODULES.values() for name in _changed(tree)}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_keeps_mutable_state(name):
    """A collection at module level is a constant: upper-case, and changed or rebound nowhere in the house."""
    held = set(_collections(MODULES[name]))

    assert {each for each in held if not each.lstrip("_").isupper()} == set()
    assert held & CHANGED == set()
    assert [node.names for node in ast.walk(MODULES[name]) if isinstance(node, ast.Global)] == []
