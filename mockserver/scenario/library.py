"""The stories that ship with the product: where they are, by name.

An installed wheel has them inside the package, a checkout in `scenarios/` beside it.  A story's name is its
path there without the suffix; the last part alone is enough where no other story has it.
"""

from collections.abc import Mapping
from pathlib import Path

__all__ = ["SUFFIX", "find_shipped_file", "list_shipped", "read_shipped"]

SUFFIX = ".scenario.yaml"
_PACKAGE = Path(__file__).parents[1]


def list_shipped() -> Mapping[str, Path]:
    """The file of every shipped story by its name, in order of names."""
    own, checkout = _PACKAGE / "stories", _PACKAGE.parent / "scenarios"
    folder = own if own.is_dir() else checkout
    names = {
        path.relative_to(folder).as_posix().removesuffix(SUFFIX): path
        for path in folder.rglob(f"*{SUFFIX}")
    }
    return dict(sorted(names.items()))


def find_shipped_file(name: str) -> Path:
    """The file of a shipped story.

    Raises:
        KeyError: none has this name, or several have.
    """
    known = list_shipped()
    found = (
        [known[name]]
        if name in known
        else [path for each, path in known.items() if each.rpartition("/")[2] == name]
    )
    if len(found) != 1:
        raise KeyError(name)
    return found[0]


def read_shipped(name: str) -> str:
    """The text of a shipped story.

    Raises:
        KeyError: as `find_shipped_file`.
    """
    return find_shipped_file(name).read_text("utf-8")
