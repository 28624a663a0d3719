"""References in values.

`$it`, `$name`, `$name.field`, `${name}` inside a longer text, `$$` for a dollar.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from .yaml_text import MAX_FILE_BYTES, Node

__all__ = [
    "FilledTooLarge",
    "escape_references",
    "fill_references",
    "find_references",
    "has_references",
]

_REFERENCE = re.compile(r"\$(?:(\$)|\{([^\s{}$]+)\}|([^\W\d]\w*(?:\.\w+)*))")


def find_references(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield every name that the values refer to, with the node that refers to it."""
    value = node.value
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value) if "$" in value else ():
            if not match[1]:
                yield match[2] or match[3], node
    elif isinstance(value, dict | tuple):
        for child in value.values() if isinstance(value, dict) else value:
            # most values are texts without references
            if not isinstance(child.value, str) or "$" in child.value:
                yield from find_references(child)


def has_references(node: Node) -> bool:
    """Return True if any value refers to a name."""
    return any(True for _ in find_references(node))


class FilledTooLarge(Exception):
    """The texts of a tree would hold more than a file may when its references are replaced.

    `node` is where the limit is passed.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.zh = "引用填入后，文字共超过 1 MiB"
        self.en = "with its references filled in, the texts are above 1 MiB"
        super().__init__(self.en)


class _Filling:
    """One replacing of references; counts the characters that they bring in."""

    def __init__(self, value_of: Callable[[str], Any], dollar: str) -> None:
        self._value_of = value_of
        self._dollar = dollar
        self._characters = 0

    def fill(self, node: Node) -> Node:
        """Return the tree with every reference replaced."""
        value = node.value
        if isinstance(value, dict):
            members = {key: self.fill(member) for key, member in value.items()}
            return Node(members, node.line, node.column, node.keys)
        if isinstance(value, tuple):
            return Node(tuple(self.fill(item) for item in value), node.line, node.column)
        if isinstance(value, str) and "$" in value:
            return Node(self._fill_text(value, node), node.line, node.column)
        return node

    def _fill_text(self, text: str, node: Node) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole and not whole[1]:
            value = self._value_of(whole[2] or whole[3])
            self._count(value, node)
            return value

        def replace(match: re.Match[str]) -> str:
            if match[1]:
                return self._dollar
            piece = str(self._value_of(match[2] or match[3]))
            self._count(piece, node)
            return piece

        return _REFERENCE.sub(replace, text)

    def _count(self, value: object, node: Node) -> None:
        """Count what a reference brings in, before it is written anywhere.

        Raises:
            FilledTooLarge: all of them bring in too much.
        """
        self._characters += len(value) if isinstance(value, str) else 1
        if self._characters > MAX_FILE_BYTES:
            raise FilledTooLarge(node)


def fill_references(node: Node, value_of: Callable[[str], Any], dollar: str = "$") -> Node:
    """Return the tree with every reference replaced.

    A text that is one reference gets the value itself.

    `value_of` gives the value of a name, `dollar` is what `$$` becomes.

    Raises:
        FilledTooLarge: the values of all references together have above 2^20 characters.
    """
    return _Filling(value_of, dollar).fill(node)


def escape_references(value: Any) -> Any:
    """Return the plain value with every `$` in its texts doubled.

    So none is read as a reference.
    """
    if isinstance(value, dict):
        return {key: escape_references(member) for key, member in value.items()}
    if isinstance(value, list):
        return [escape_references(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
