"""How what is wanted is compared with what is: by members, by place, by operators.

A mapping compares the members it names; numbers and number texts are equal, as replies spell ids
both ways.  `OPERATORS` names what else can be asked of a value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from ..protocol.shapes import read_time
from .yaml_text import Node

__all__ = ["MISSING", "OPERATORS", "Mismatch", "compare", "get_path", "is_operator"]


class _Missing:
    def __repr__(self) -> str:
        return "(没有 absent)"


MISSING = _Missing()


class Mismatch(Struct, frozen=True):
    """Something is not as wanted: what, where in the file, wanted and actual."""

    what: str
    line: int
    column: int
    wanted: Any
    actual: Any


def is_operator(value: object) -> bool:
    """Whether a mapping's value asks by operators instead of members."""
    return isinstance(value, dict) and bool(value) and set(value) <= set(OPERATORS)


def compare(what: str, wanted: Node, actual: Any) -> Iterator[Mismatch]:
    """Where `actual` is not as wanted, deepest places first found."""
    value = wanted.value
    if is_operator(value):
        for name, node in value.items():
            yield from OPERATORS[name](what, node, actual)
    elif isinstance(value, dict):
        yield from _compare_members(what, wanted, actual)
    elif isinstance(value, tuple):
        yield from _compare_items(what, wanted, actual)
    elif not _same(value, actual):
        yield Mismatch(what, wanted.line, wanted.column, value, actual)


def _compare_members(what: str, wanted: Node, actual: Any) -> Iterator[Mismatch]:
    if not isinstance(actual, Mapping):
        yield Mismatch(what, wanted.line, wanted.column, wanted.plain(), actual)
        return
    for key, node in wanted.value.items():
        yield from compare(f"{what}.{key}" if what else key, node, get_path(actual, key))


def _compare_items(what: str, wanted: Node, actual: Any) -> Iterator[Mismatch]:
    if (
        not isinstance(actual, Sequence)
        or isinstance(actual, str)
        or len(actual) != len(wanted.value)
    ):
        yield Mismatch(what, wanted.line, wanted.column, wanted.plain(), actual)
        return
    for place, (node, each) in enumerate(zip(wanted.value, actual, strict=True)):
        yield from compare(f"{what}.{place}", node, each)


def get_path(tree: Any, path: str) -> Any:
    """What a dotted path leads to in a reply; numbers are places of a list; MISSING where there is nothing."""
    if isinstance(tree, Mapping) and path in tree:
        return tree[path]
    for part in path.split("."):
        if isinstance(tree, Mapping) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list | tuple) and part.isdigit() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return MISSING
    return tree


def _same(wanted: object, actual: object) -> bool:
    if wanted is None or actual is None or actual is MISSING:
        return wanted is None and (actual is None or actual is MISSING)
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return wanted is actual
    if isinstance(wanted, str | int | float) and isinstance(actual, str | int | float):
        return str(wanted) == str(actual)
    return wanted == actual


def _absent(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if (actual is MISSING) is not bool(node.value):
        yield Mismatch(what, node.line, node.column, MISSING if node.value else "present", actual)


def _present(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if (actual is not MISSING) is not bool(node.value):
        yield Mismatch(what, node.line, node.column, "present" if node.value else MISSING, actual)


def _count(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    size = (
        len(actual)
        if isinstance(actual, list | tuple | dict)
        else 0
        if actual is MISSING
        else actual
    )
    yield from compare(f"{what} count", node, size)


def _contains(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    held = isinstance(actual, str) and str(node.value) in actual
    if not held and not (
        isinstance(actual, list) and any(_same(node.value, each) for each in actual)
    ):
        yield Mismatch(f"{what} contains", node.line, node.column, node.plain(), actual)


def _one_of(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if not any(not list(compare(what, each, actual)) for each in node.value or ()):
        yield Mismatch(f"{what} one_of", node.line, node.column, node.plain(), actual)


def _not(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if not list(compare(what, node, actual)):
        yield Mismatch(f"{what} not", node.line, node.column, node.plain(), actual)


def _order(what: str, node: Node, actual: Any, *, above: bool) -> Iterator[Mismatch]:
    left, right = _comparable(actual), _comparable(node.value)
    held = (
        type(left) is type(right) and left is not None and (left > right if above else left < right)
    )
    if not held:
        yield Mismatch(
            f"{what} {'above' if above else 'below'}", node.line, node.column, node.plain(), actual
        )


def _comparable(value: object) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    instant: datetime | None = read_time(value) if isinstance(value, str) else None
    if instant is not None:
        return instant
    try:
        return float(value)
    except ValueError:
        return value


def _first(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    yield from compare(
        f"{what} first", node, actual[0] if isinstance(actual, list) and actual else MISSING
    )


def _last(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    yield from compare(
        f"{what} last", node, actual[-1] if isinstance(actual, list) and actual else MISSING
    )


def _any(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if not isinstance(actual, list) or not any(
        not list(compare(what, node, each)) for each in actual
    ):
        yield Mismatch(f"{what} any", node.line, node.column, node.plain(), actual)


OPERATORS: Mapping[str, Callable[[str, Node, Any], Iterator[Mismatch]]] = {
    "absent": _absent,
    "present": _present,
    "count": _count,
    "contains": _contains,
    "one_of": _one_of,
    "not": _not,
    "above": lambda what, node, actual: _order(what, node, actual, above=True),
    "below": lambda what, node, actual: _order(what, node, actual, above=False),
    "first": _first,
    "last": _last,
    "any": _any,
}
