"""References in values: `$it`, `$name`, `$name.field`, `${name}` inside a longer text, `$$` for a dollar."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from .yaml_text import Node

__all__ = ["escape_references", "fill_references", "find_references", "has_references"]

_REFERENCE = re.compile(r"\$(?:(\$)|\{([^\s{}$]+)\}|([^\W\d]\w*(?:\.\w+)*))")


def find_references(node: Node) -> Iterator[tuple[str, Node]]:
    """Every name that the values refer to, with the value's place."""
    value = node.value
    if isinstance(value, str):
        for found in _REFERENCE.finditer(value) if "$" in value else ():
            if not found[1]:
                yield found[2] or found[3], node
    elif isinstance(value, dict | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            if not isinstance(each.value, str) or "$" in each.value:  # most values are plain texts
                yield from find_references(each)


def has_references(node: Node) -> bool:
    """Whether any value refers to a name."""
    return any(True for _ in find_references(node))


def fill_references(node: Node, value_of: Callable[[str], Any], dollar: str = "$") -> Node:
    """The tree with every reference replaced; a text that is one reference takes the value's type.

    `dollar` is what `$$` becomes.
    """
    if isinstance(node.value, dict):
        return Node(
            {key: fill_references(each, value_of, dollar) for key, each in node.value.items()},
            node.line,
            node.column,
            node.keys,
        )
    if isinstance(node.value, tuple):
        return Node(
            tuple(fill_references(each, value_of, dollar) for each in node.value),
            node.line,
            node.column,
        )
    if isinstance(node.value, str) and "$" in node.value:
        return Node(_text(node.value, value_of, dollar), node.line, node.column)
    return node


def _text(text: str, value_of: Callable[[str], Any], dollar: str) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole and not whole[1]:
        return value_of(whole[2] or whole[3])
    return _REFERENCE.sub(
        lambda found: dollar if found[1] else str(value_of(found[2] or found[3])), text
    )


def escape_references(value: Any) -> Any:
    """The plain value with texts that refer to nothing: every dollar in them is one."""
    if isinstance(value, dict):
        return {key: escape_references(each) for key, each in value.items()}
    if isinstance(value, list):
        return [escape_references(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
