"""Replies as JSON: compact, raw UTF-8, lists wrapped twice unless simplified.

Official readers fail on `\\uXXXX`, on blanks and on null (docs/spec/top-protocol.md#top-11), so
none is ever written: control characters that JSON would have to escape that way are left out.
"""

import json
import re
from typing import Any

import msgspec

from .shapes import Items, Tree

__all__ = ["NESTED", "parse_json", "parse_tree", "to_plain_values", "write_json"]

_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_LONG_NUMBER = 40  # digits
_encode = msgspec.json.Encoder().encode
NESTED = frozenset({dict, Items, list})  # types of a tree's values that hold others


def write_json(root: str, tree: Tree, *, simplify: bool = False) -> str:
    """Return `{"root":{…}}` as JSON, with lists as `{"element":[…]}`.

    With `simplify`, lists are bare and there is no root, except `error_response`.

    Source: docs/spec/top-protocol.md#top-3.2, #top-3.4.
    """
    plain = to_plain_values(tree, simplify)
    text = _encode(plain if simplify and root != "error_response" else {root: plain}).decode()
    return _ESCAPED.sub(_drop_unicode_escape, text) if "\\u" in text else text


def to_plain_values(value: Any, simplify: bool) -> Any:
    """Return a tree as plain JSON values, without Items and None; lists as in `write_json`."""
    if type(value) is dict:
        return {
            key: to_plain_values(member, simplify) if type(member) in NESTED else member
            for key, member in value.items()
            if member is not None
        }
    if type(value) is Items:
        rows = [to_plain_values(row, simplify) for row in value.values]
        if simplify:
            return rows
        return {value.name: rows} if rows else {}
    return [to_plain_values(row, simplify) for row in value] if type(value) is list else value


def parse_tree(value: Any) -> Any:
    """Parse plain JSON values into a tree.

    `{"element":[…]}` becomes Items, so that it can also be written as XML and simplified.
    """
    if type(value) is dict:
        if len(value) == 1:
            name, rows = next(iter(value.items()))
            if type(rows) is list:
                return Items(name, [parse_tree(row) for row in rows])
        return {name: parse_tree(member) for name, member in value.items()}
    return [parse_tree(row) for row in value] if type(value) is list else value


def parse_json(text: bytes) -> Any:
    """Return JSON as plain values in which numbers are written again as they were.

    A number that Python would spell in another way (`1e3`, `-0`, more digits than a double has)
    is a `msgspec.Raw` of its text.

    Raises:
        ValueError: not JSON in UTF-8; `NaN` and infinities are none, nor is a number above all
            doubles, which no JSON reader could take.
        RecursionError: nested too deep.
    """
    return json.loads(
        text.decode(), parse_int=_parse_int, parse_float=_parse_float, parse_constant=_refuse
    )


def _parse_int(text: str) -> int | msgspec.Raw:
    is_long = len(text) > _LONG_NUMBER  # Python reads no number of thousands of digits
    return msgspec.Raw(text.encode()) if is_long or text == "-0" else int(text)


def _parse_float(text: str) -> float | msgspec.Raw:
    value = float(text)
    if value - value != 0:
        raise ValueError(text)
    return value if repr(value) == text else msgspec.Raw(text.encode())


def _refuse(text: str) -> None:
    raise ValueError(text)


def _drop_unicode_escape(match: re.Match[str]) -> str:
    return "" if match[1][0] == "u" else match[0]
