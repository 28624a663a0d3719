"""The product uses the public names of libraries only: a private one may go in any release."""

import ast
import importlib

from tests.house.modules import TREES

# Members of the standard library without a public name; each is documented or older than Python 3.
STANDARD_LIBRARY = {
    "_socket",
    "os._exit",
    "ssl._create_unverified_context",
    "sys._current_frames",
    "sys._getframe",
}


def private(name: str) -> bool:
    """Return True for `_name`, False for `__name__` and `name`."""
    return name.startswith("_") and not name.endswith("__")


def uses_of_private_names(tree: ast.Module) -> set[str]:
    """Return imports from private modules or names, and private members of imported names."""
    imported = set()
    uses = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            imported.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            imported.update(alias.asname or alias.name for alias in node.names)
        else:
            continue
        uses.update(name for name in names if any(map(private, name.split("."))))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr):
            root = node.value
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in imported:
                uses.add(ast.unparse(node))
    return uses


def test_no_private_name_of_a_library_is_used():
    """No module imports a private name of a library, or reads a private member of one."""
    uses = {use for tree in TREES.values() for use in uses_of_private_names(tree)}

    assert uses == STANDARD_LIBRARY


def test_private_names_of_the_standard_library_exist():
    """Each exception is there in the Python that runs the tests."""
    for name in STANDARD_LIBRARY:
        module, _, member = name.partition(".")
        assert hasattr(importlib.import_module(module), member or "__name__")
