"""The scenarios that ship with the product: where they are, by name.

An installed wheel has them inside the package, a checkout in `scenarios/` beside it.  A scenario's
name is its path there without the suffix; the last part alone is enough if no other scenario has
it.
"""

from collections.abc import Mapping
from pathlib import Path

__all__ = ["SUFFIX", "find_shipped_file", "is_shipped", "list_shipped", "read_shipped"]

SUFFIX = ".scenario.yaml"
_PACKAGE = Path(__file__).parents[1]


def list_shipped() -> Mapping[str, Path]:
    """Return the file of every shipped scenario by its name, in the order of names."""
    folder = _PACKAGE / "stories"
    if not folder.is_dir():
        folder = _PACKAGE.parent / "scenarios"
    names = {
        path.relative_to(folder).as_posix().removesuffix(SUFFIX): path
        for path in folder.rglob(f"*{SUFFIX}")
    }
    return dict(sorted(names.items()))


def find_shipped_file(name: str) -> Path:
    """Return the file of a shipped scenario.

    Raises:
        KeyError: none has this name, or several have.
    """
    files = list_shipped()
    if name in files:
        return files[name]
    matches = [path for own_name, path in files.items() if own_name.rpartition("/")[2] == name]
    if len(matches) != 1:
        raise KeyError(name)
    return matches[0]


def is_shipped(path: str) -> bool:
    """Return True if the file is that of a shipped scenario."""
    return Path(path).resolve() in {file.resolve() for file in list_shipped().values()}


def read_shipped(name: str) -> str:
    """Return the text of a shipped scenario.

    Raises:
        KeyError: as `find_shipped_file`.
    """
    return find_shipped_file(name).read_text("utf-8")
