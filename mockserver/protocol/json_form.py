"""Replies as JSON: compact, raw UTF-8, lists wrapped twice unless simplified.

Official readers break on `\\uXXXX`, on blanks and on null (docs/spec/top-protocol.md#top-11), so
none is ever written: control characters that JSON would have to escape that way are left out.
"""

import re
from typing import Any

import msgspec

from .shapes import Items, Tree

__all__ = ["NESTED", "parse_tree", "to_plain_values", "write_json"]

_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_encode = msgspec.json.Encoder().encode
NESTED = frozenset({dict, Items, list})  # types of a tree's values that hold others


def write_json(root: str, tree: Tree, *, simplify: bool = False) -> str:
    """`{"root":{…}}` with lists as `{"element":[…]}`; simplified, no root and bare lists.

    The `error_response` root stays under `simplify`.  Source:
    docs/spec/top-protocol.md#top-3.2, #top-3.4.
    """
    bare = to_plain_values(tree, simplify)
    text = _encode(bare if simplify and root != "error_response" else {root: bare}).decode()
    return _ESCAPED.sub(_without_u, text) if "\\u" in text else text


def to_plain_values(value: Any, simplify: bool) -> Any:
    """A tree as plain JSON values: no Items, no None; see `write_json` for the lists."""
    if type(value) is dict:
        return {
            key: to_plain_values(each, simplify) if type(each) in NESTED else each
            for key, each in value.items()
            if each is not None
        }
    if type(value) is Items:
        rows = [to_plain_values(each, simplify) for each in value.values]
        return rows if simplify else {value.name: rows} if rows else {}
    return [to_plain_values(each, simplify) for each in value] if type(value) is list else value


def parse_tree(value: Any) -> Any:
    """Plain JSON values as a tree.

    `{"element":[…]}` is a list, so that XML and `simplify` hold for it too.
    """
    if type(value) is dict:
        if len(value) == 1:
            name, rows = next(iter(value.items()))
            if type(rows) is list:
                return Items(name, [parse_tree(row) for row in rows])
        return {name: parse_tree(each) for name, each in value.items()}
    return [parse_tree(each) for each in value] if type(value) is list else value


def _without_u(found: re.Match[str]) -> str:
    return "" if found[1][0] == "u" else found[0]
