"""Private names stay in their package; only packages for users give names away."""

import ast

from tests.house.modules import TREES, assert_none, imported_names, is_package, package_of

PUBLIC_PACKAGES = ("mockserver", "mockserver.testing", "mockserver.testing.strategies")


def _public_names(name: str) -> set[str] | None:
    """Return what a module lists in `__all__`, or None if it has no such list."""
    for node in TREES[name].body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                return {
                    item.value
                    for item in ast.walk(node)
                    if isinstance(item, ast.Constant) and isinstance(item.value, str)
                }
    return None


def test_private_names_stay_in_their_package():
    """No package imports a private name or module of another.

    Private is what starts with an underscore or is not in `__all__`.
    """
    intruders = set()
    for name in TREES:
        for source, member in imported_names(name):
            if not source.startswith("mockserver.") or package_of(source) == package_of(name):
                continue
            parts = [*source.split("."), member]
            private = any(part.startswith("_") and not part.startswith("__") for part in parts)
            public = _public_names(source) if source in TREES and member else None
            unlisted = (
                public is not None and member not in public and f"{source}.{member}" not in TREES
            )
            if private or unlisted:
                intruders.add((name, source, member))

    assert_none(intruders)


def test_packages_hold_no_code():
    """Only the packages that users import from hold code, which loads their names.

    Others at most say what they are.
    """
    with_code = {
        name
        for name, tree in TREES.items()
        if is_package(name) and name not in PUBLIC_PACKAGES
        for node in tree.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    }

    assert_none(with_code)
