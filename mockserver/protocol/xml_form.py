"""Replies as XML: the gateway's default form.

Declaration with a blank before `?>`, no white space, lists as repeated elements, booleans
`true`/`false`, nothing for an absent value; characters that XML forbids are left out.  Source:
docs/spec/top-protocol.md#top-3.3.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from .shapes import Items, Tree

__all__ = ["write_xml"]

_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(
    r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_.\u4e00-\u9fff-]*"
)  # of XML's names, those that occur
_HEAD = '<?xml version="1.0" encoding="utf-8" ?>'


def write_xml(root: str, tree: Tree) -> str:
    """Return the whole document with `root` as its element."""
    parts = [_HEAD]
    _write_element(root, tree, parts.append)
    return _FORBIDDEN.sub("", "".join(parts))


def _write_element(name: str, value: Any, put: Callable[[str], None]) -> None:
    if value is None:
        return
    if not _NAME.fullmatch(name):
        name = "_"
    if type(value) is str:
        if "&" in value or "<" in value or ">" in value or "\r" in value:
            value = (
                value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\r", "&#13;")
            )
        put(f"<{name}>{value}</{name}>")
    elif type(value) is dict:
        put(f"<{name}>")
        for key, member in value.items():
            _write_element(key, member, put)
        put(f"</{name}>")
    elif type(value) is Items:
        put(f"<{name}>")
        for row in value.values:
            _write_element(value.name, row, put)
        put(f"</{name}>")
    elif type(value) is list:
        for row in value:
            _write_element(name, row, put)
    elif type(value) is bool:
        put(f"<{name}>{'true' if value else 'false'}</{name}>")
    else:
        text = bytes(value).decode() if type(value) is msgspec.Raw else value
        put(f"<{name}>{text}</{name}>")
