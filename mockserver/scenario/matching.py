"""Compares an expected value with an actual one: by members, by place, by operators.

A mapping compares the members it names; numbers and number texts are equal, as replies spell ids
both ways.  `OPERATORS` names what else can be expected of a value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from ..protocol.shapes import parse_time
from .yaml_text import FileMistake, Node

__all__ = [
    "MISSING",
    "OPERATORS",
    "Mismatch",
    "Operator",
    "compare",
    "find_operator_mistakes",
    "get_path",
    "is_literal",
    "is_operator",
]


class _Missing:
    def __repr__(self) -> str:
        return "(没有 absent)"


MISSING = _Missing()


class Mismatch(Struct, frozen=True):
    """A value that is not as expected: what it is, where the expectation stands, both values."""

    what: str
    line: int
    column: int
    expected: Any
    actual: Any


def is_operator(value: object) -> bool:
    """Return True if a mapping consists of operators instead of members."""
    return isinstance(value, dict) and bool(value) and set(value) <= set(OPERATORS)


def is_literal(node: Node) -> bool:
    """Return True for a value that is neither operators nor a reference."""
    return not isinstance(node.value, dict) and not (
        isinstance(node.value, str) and "$" in node.value
    )


def compare(what: str, expected: Node, actual: Any) -> Iterator[Mismatch]:
    """Yield where `actual` is not as expected; `what` names the value in the message."""
    value = expected.value
    if is_operator(value):
        for name, node in value.items():
            yield from OPERATORS[name].compare(what, node, actual)
    elif isinstance(value, dict):
        yield from _compare_members(what, expected, actual)
    elif isinstance(value, tuple):
        yield from _compare_items(what, expected, actual)
    elif not _is_same(value, actual):
        yield Mismatch(what, expected.line, expected.column, value, actual)


def _compare_members(what: str, expected: Node, actual: Any) -> Iterator[Mismatch]:
    if not isinstance(actual, Mapping):
        yield Mismatch(what, expected.line, expected.column, expected.plain(), actual)
        return
    for key, node in expected.value.items():
        yield from compare(f"{what}.{key}" if what else key, node, get_path(actual, key))


def _compare_items(what: str, expected: Node, actual: Any) -> Iterator[Mismatch]:
    if (
        not isinstance(actual, Sequence)
        or isinstance(actual, str)
        or len(actual) != len(expected.value)
    ):
        yield Mismatch(what, expected.line, expected.column, expected.plain(), actual)
        return
    for place, (node, item) in enumerate(zip(expected.value, actual, strict=True)):
        yield from compare(f"{what}.{place}", node, item)


def get_path(tree: Any, path: str) -> Any:
    """Return what a dotted path leads to; numbers are places in a list, from 0.

    MISSING if there is nothing.
    """
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


def _is_same(expected: object, actual: object) -> bool:
    if expected is None or actual is None or actual is MISSING:
        return expected is None and (actual is None or actual is MISSING)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, str | int | float) and isinstance(actual, str | int | float):
        return str(expected) == str(actual)
    return expected == actual


def _check_absent(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if (actual is MISSING) is not bool(node.value):
        yield Mismatch(what, node.line, node.column, MISSING if node.value else "present", actual)


def _check_present(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if (actual is not MISSING) is not bool(node.value):
        yield Mismatch(what, node.line, node.column, "present" if node.value else MISSING, actual)


def _check_count(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if isinstance(actual, list | tuple | dict):
        size: Any = len(actual)
    else:
        size = 0 if actual is MISSING else actual
    yield from compare(f"{what} count", node, size)


def _check_contains(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    holds = isinstance(actual, str) and str(node.value) in actual
    if not holds and not (
        isinstance(actual, list) and any(_is_same(node.value, item) for item in actual)
    ):
        yield Mismatch(f"{what} contains", node.line, node.column, node.plain(), actual)


def _check_one_of(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    alternatives = node.value if isinstance(node.value, tuple) else (node,)
    if not any(not list(compare(what, alternative, actual)) for alternative in alternatives):
        yield Mismatch(f"{what} one_of", node.line, node.column, node.plain(), actual)


def _check_not(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if not list(compare(what, node, actual)):
        yield Mismatch(f"{what} not", node.line, node.column, node.plain(), actual)


def _check_order(what: str, node: Node, actual: Any, *, above: bool) -> Iterator[Mismatch]:
    left = _to_comparable(actual)
    right = _to_comparable(node.value)
    if type(left) is not type(right) or left is None:
        holds = False
    else:
        holds = left > right if above else left < right
    if not holds:
        yield Mismatch(
            f"{what} {'above' if above else 'below'}", node.line, node.column, node.plain(), actual
        )


def _to_comparable(value: object) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    instant: datetime | None = parse_time(value) if isinstance(value, str) else None
    if instant is not None:
        return instant
    try:
        return float(value)
    except ValueError:
        return value


def _check_first(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    yield from compare(
        f"{what} first", node, actual[0] if isinstance(actual, list) and actual else MISSING
    )


def _check_last(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    yield from compare(
        f"{what} last", node, actual[-1] if isinstance(actual, list) and actual else MISSING
    )


def _check_any(what: str, node: Node, actual: Any) -> Iterator[Mismatch]:
    if not isinstance(actual, list) or not any(
        not list(compare(what, node, item)) for item in actual
    ):
        yield Mismatch(f"{what} any", node.line, node.column, node.plain(), actual)


class Operator(Struct, frozen=True):
    """One operator: how it compares, and what may stand behind it.

    `types` are those of its value; a reference, which has its value only later, may always stand
    there.  With `nested` it holds what is expected of a part, which may use operators itself.
    """

    compare: Callable[[str, Node, Any], Iterator[Mismatch]]
    zh: str
    en: str
    types: tuple[type, ...]
    nested: bool = False


_ANYTHING = (bool, int, float, str, dict, tuple, type(None))
_ORDERED = (int, float, str)
OPERATORS: Mapping[str, Operator] = {
    "absent": Operator(_check_absent, "true 或 false", "true or false", (bool,)),
    "present": Operator(_check_present, "true 或 false", "true or false", (bool,)),
    "count": Operator(
        _check_count, "数量或比较", "a number or a comparison", (int, dict), nested=True
    ),
    "contains": Operator(
        _check_contains, "文字或数字", "a text or a number", (bool, int, float, str)
    ),
    "one_of": Operator(
        _check_one_of, "非空列表", "a list that is not empty", (tuple,), nested=True
    ),
    "not": Operator(_check_not, "任何值", "any value", _ANYTHING, nested=True),
    "above": Operator(
        lambda what, node, actual: _check_order(what, node, actual, above=True),
        "数字或时刻",
        "a number or an instant",
        _ORDERED,
    ),
    "below": Operator(
        lambda what, node, actual: _check_order(what, node, actual, above=False),
        "数字或时刻",
        "a number or an instant",
        _ORDERED,
    ),
    "first": Operator(_check_first, "任何值", "any value", _ANYTHING, nested=True),
    "last": Operator(_check_last, "任何值", "any value", _ANYTHING, nested=True),
    "any": Operator(_check_any, "任何值", "any value", _ANYTHING, nested=True),
}


def find_operator_mistakes(node: Node) -> Iterator[FileMistake]:
    """Yield a mistake for each value behind an operator that it cannot compare with."""
    if isinstance(node.value, tuple):
        for item in node.value:
            yield from find_operator_mistakes(item)
    elif isinstance(node.value, dict):
        operates = is_operator(node.value)
        for name, member in node.value.items():
            if operates:
                yield from _find_operand_mistakes(name, member)
            if not operates or OPERATORS[name].nested:
                yield from find_operator_mistakes(member)


def _find_operand_mistakes(name: str, node: Node) -> Iterator[FileMistake]:
    operator = OPERATORS[name]
    value = node.value
    is_reference = isinstance(value, str) and "$" in value
    fits = isinstance(value, operator.types) and (
        not isinstance(value, bool) or bool in operator.types
    )
    if not is_reference and (not fits or (name == "one_of" and not value)):
        yield node.mistake(f"{name} 应为{operator.zh}", f"{name} takes {operator.en}")
