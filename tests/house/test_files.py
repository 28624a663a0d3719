"""Rules for every file: short, open about its names, without state and without puzzles."""

import ast
import re
from collections.abc import Iterator

from tests.house.modules import PATHS, TREES, assert_none, is_package
from tests.house.unfinished import NESTED_CONDITIONALS

MAX_LINES = 400
MUTATING_METHODS = {
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
COLLECTIONS = {"list", "dict", "set", "defaultdict", "OrderedDict", "deque", "Counter", "bytearray"}


def test_files_are_short():
    """A file above 400 lines has two subjects."""
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in PATHS.items()}

    assert_none(f"{name} {length}" for name, length in lengths.items() if length > MAX_LINES)


def test_modules_say_what_they_know():
    """Every module opens with its docstring."""
    silent = {name for name in TREES if not is_package(name) and not ast.get_docstring(TREES[name])}

    assert_none(silent)


def test_coverage_leaves_nothing_out():
    """No line asks to be left out of the measured branches.

    pyproject.toml says the two kinds that are.
    """
    assert_none(
        name
        for name, path in PATHS.items()
        if re.search(r"pragma:\s*no\s*(cover|branch)", path.read_text("utf-8"))
    )


def _nested_conditionals(node: ast.AST) -> Iterator[ast.IfExp]:
    """Yield conditional expressions in a branch or condition of another.

    Those inside calls and displays do not count.
    """
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.IfExp):
            yield part
        if isinstance(part, ast.IfExp | ast.BoolOp | ast.BinOp | ast.UnaryOp | ast.Compare):
            yield from _nested_conditionals(part)


def test_conditional_expressions_are_not_nested():
    """`a if p else b if q else c` is written as statements."""
    assert_none(
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if name not in NESTED_CONDITIONALS
        and isinstance(node, ast.IfExp)
        and any(_nested_conditionals(node))
    )


def _assigned_names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        targets = []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _module_collections(tree: ast.Module) -> Iterator[str]:
    """Yield the names that hold a mutable collection at module level, `__all__` apart."""
    for node in tree.body:
        value = getattr(node, "value", None)
        called = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
        literal = isinstance(
            value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
        )
        if literal or (called and value.func.id in COLLECTIONS):
            yield from (name for name in _assigned_names(node) if name != "__all__")


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _changed_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names, bare or of a module, whose value is changed in place or declared global."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield _last_name(node.value)
        elif isinstance(node, ast.AugAssign):
            yield _last_name(node.target)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MUTATING_METHODS
        ):
            yield _last_name(node.func.value)


def test_modules_keep_no_mutable_state():
    """A collection at module level is a constant.

    upper-case, and changed or rebound nowhere in the house.
    """
    changed = {name for tree in TREES.values() for name in _changed_names(tree)}
    held = {(name, held) for name, tree in TREES.items() for held in _module_collections(tree)}
    rebound = {
        name
        for name, tree in TREES.items()
        if any(isinstance(node, ast.Global) for node in ast.walk(tree))
    }

    assert_none(pair for pair in held if not pair[1].lstrip("_").isupper())
    assert_none(pair for pair in held if pair[1] in changed)
    assert_none(rebound)
