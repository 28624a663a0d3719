"""Checks of what may stand in an `expect`: types, keys, and the items of lists."""

from collections.abc import Callable, Collection, Iterator

from ..world.document import unknown_name
from .matching import is_operator
from .yaml_text import FileMistake, Node

__all__ = [
    "LIST_PLACES",
    "ShapeCheck",
    "check_keys",
    "check_list",
    "check_type",
    "is_reference",
    "list_items",
]

LIST_PLACES = ("first", "last", "any", "contains")
ShapeCheck = Callable[[Node], Iterator[FileMistake]]


def check_type(zh: str, en: str, *types: type) -> ShapeCheck:
    """Return a check that a value is of these types; references and operators always may be."""

    def check(node: Node) -> Iterator[FileMistake]:
        if is_reference(node.value) or is_operator(node.value):
            return
        if not isinstance(node.value, types) or (
            isinstance(node.value, bool) and bool not in types
        ):
            yield node.mistake(f"应为{zh}", f"{en} is wanted")

    return check


def is_reference(value: object) -> bool:
    """Return True if a text refers to what an earlier step has named."""
    return isinstance(value, str) and "$" in value


def check_keys(node: Node, names: Collection[str], what: str = "项") -> Iterator[FileMistake]:
    """Yield a mistake for each key of a mapping that is none of the known ones."""
    for key in node.value if isinstance(node.value, dict) and not is_operator(node.value) else ():
        if key not in names:
            wrong = unknown_name(key, key, names, what)
            yield node.mistake(wrong.zh, wrong.en, key)


def list_items(node: Node) -> tuple[Node, ...]:
    """Return what is expected of the items of a list: of each, of the first, the last, any."""
    if isinstance(node.value, dict):
        return tuple(item for name, item in node.value.items() if name in LIST_PLACES)
    return node.value if isinstance(node.value, tuple) else ()


check_list = check_type("数量或列表", "a number or a list", int, tuple)
