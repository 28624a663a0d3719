"""References in values.

`$it`, `$name`, `$name.field`, `${name}` inside a longer text, `$$` for a dollar.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from .yaml_text import Node

__all__ = ["escape_references", "fill_references", "find_references", "has_references"]

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


def fill_references(node: Node, value_of: Callable[[str], Any], dollar: str = "$") -> Node:
    """Return the tree with every reference replaced.

    A text that is one reference gets the value itself.

    `value_of` gives the value of a name, `dollar` is what `$$` becomes.
    """
    if isinstance(node.value, dict):
        return Node(
            {key: fill_references(member, value_of, dollar) for key, member in node.value.items()},
            node.line,
            node.column,
            node.keys,
        )
    if isinstance(node.value, tuple):
        return Node(
            tuple(fill_references(item, value_of, dollar) for item in node.value),
            node.line,
            node.column,
        )
    if isinstance(node.value, str) and "$" in node.value:
        return Node(_fill_text(node.value, value_of, dollar), node.line, node.column)
    return node


def _fill_text(text: str, value_of: Callable[[str], Any], dollar: str) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole and not whole[1]:
        return value_of(whole[2] or whole[3])
    return _REFERENCE.sub(
        lambda match: dollar if match[1] else str(value_of(match[2] or match[3])), text
    )


def escape_references(value: Any) -> Any:
    """Return the plain value with every `$` in its texts doubled.

    So none is read as a reference.
    """
    if isinstance(value, dict):
        return {key: escape_references(member) for key, member in value.items()}
    if isinstance(value, list):
        return [escape_references(item) for item in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
