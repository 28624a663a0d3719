"""Files that documents and docstrings name exist, so that a reader finds them at the first try."""

import ast
import re
from collections.abc import Iterator

from tests.house.modules import PATHS, ROOT, TREES, assert_none

PAGES = ("ARCHITECTURE.md", "ARCHITECTURE.zh-CN.md", "CONTRIBUTING.md", "CONTRIBUTING.zh-CN.md")
_CODE = re.compile(r"`([^`\n]+)`")
_FOLDER = re.compile(r"[a-z_]+(?:/[a-z_]+)*/")
_FILE = re.compile(r"(?<![\w./<>-])((?:[\w-]+/)*[\w-]+\.(?:py|md|yaml|json))(?![\w/])")
_MADE = {"dist/"}  # by commands, not part of the repository
_NAMES = {path.name for path in (*ROOT.glob("*.*"), *PATHS.values(), *ROOT.glob("tests/**/*.py"))}


def _exists(name: str) -> bool:
    """Return True if `name` is a path below the root, mockserver/ or tests/, or any file's name."""
    if "/" not in name or name in _MADE:
        return name in _NAMES | _MADE
    below = (ROOT, ROOT / "mockserver", ROOT / "tests")
    return any((folder / name).exists() for folder in below)


def _docstrings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_pages_name_files_and_folders_that_exist():
    """Every path in ARCHITECTURE.md and CONTRIBUTING.md opens, in both languages."""
    assert_none(
        (page, name)
        for page in PAGES
        for code in _CODE.findall((ROOT / page).read_text("utf-8"))
        for name in (*_FILE.findall(code), *(_FOLDER.findall(code) if code[-1] == "/" else ()))
        if not _exists(name)
    )


_PLACE = re.compile(r"`(?:\w+\.)?([A-Za-z_]\w+)`(?: ?[(（]| in | of | 在 )`((?:\w+/)*\w+\.py)`")


def _has_name(file: str, name: str) -> bool:
    """Return True if a Python file of that path or name defines `name`.

    A plain word (`case`, a key, an attribute) must stand in it.
    """
    paths = [path for path in PATHS.values() if f"/{path.as_posix()}".endswith(f"/{file}")]
    plain = rf"\b{name}\b" if re.fullmatch("[a-z][a-z_]*", name) else "(?!)"
    defined = re.compile(rf"^\s*(?:def |class |){name}\b\s*[(:=\[]|{plain}", re.M)
    return any(defined.search(path.read_text("utf-8")) for path in paths)


def test_pages_name_functions_and_constants_that_exist():
    """What a page says to stand in a file stands there: "`TABLE` (`domain/table.py`)"."""
    places = [
        (page, name, file)
        for page in PAGES
        for name, file in _PLACE.findall((ROOT / page).read_text("utf-8"))
    ]
    assert len(places) > 40
    assert_none(place for place in places if not _has_name(place[2], place[1]))


def test_docstrings_name_files_that_exist():
    """A docstring that sends its reader to a file of the project names one that is there.

    A module may name a file of its own package by the path below the package.
    """
    assert_none(
        (module, name)
        for module, tree in TREES.items()
        for docstring in _docstrings(tree)
        for name in _FILE.findall(docstring)
        if not (_exists(name) or (PATHS[module].parent / name).exists())
    )
