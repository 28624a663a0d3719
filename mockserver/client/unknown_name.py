"""Refuse a name that is not there, with the names there are."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["UnknownName", "suggest"]

_FEW = 12  # names that a sentence can list


def suggest(name: object, choices: Iterable[str]) -> str:
    """Return the end of a sentence: the name that was probably meant, and up to 12 others."""
    names = list(choices)
    near = get_close_matches(str(name), names, 1)
    meant = f"；是否想写 {near[0]}？(did you mean {near[0]}?)" if near else ""
    more = " …" if len(names) > _FEW else ""
    return f"{meant}；可用 (use): {', '.join(names[:_FEW]) or '-'}{more}"


class UnknownName(KeyError):
    """There is nothing of this name; the text has what was probably meant, and what there is."""

    def __init__(self, zh: str, en: str, name: object, choices: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"没有{zh} {name} (no {en} {name}){suggest(name, choices)}")

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would quote and escape it
