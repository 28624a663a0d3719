"""Writes values as the YAML that `yaml_text` reads back as the same values.

Texts stand plain where nothing could take them for something else, in double quotes otherwise.  A list or
mapping without others in it stands on one line if there is room, unless it is a mapping in a list.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .yaml_text import MAX_DEPTH, FileMistake, InvalidFile, parse_scalar

__all__ = ["write_yaml"]

_WIDTH = 110
_INSIDE = re.escape(
    "-+./$，。、；！？（）《》「」·"
)  # of a plain text, besides letters, digits and underscores
_PLAIN = re.compile(rf"[\w$](?:[\w{_INSIDE}]|[ :](?=[\w$]))*")
_ESCAPED = re.compile(
    r'["\\]|[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]'
)
_SHORT: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write_yaml(value: Mapping[str, Any]) -> str:
    """The text of one document, ending with a line break.

    A number without a plain spelling becomes text; what is no character (half a surrogate pair) U+FFFD.

    Raises:
        Unreadable: nested deeper than a text may be.
    """
    return "\n".join(_written(value, 0, spread=True)[1]) + "\n"


def _written(value: Any, depth: int, *, spread: bool) -> tuple[bool, list[str]]:
    """Whether the value stands on the line of its key, and its lines; `spread` keeps a mapping off it."""
    if depth > MAX_DEPTH:
        raise InvalidFile([FileMistake(1, 1, f"超过 {MAX_DEPTH} 层", f"above {MAX_DEPTH} levels")])
    inside = (
        value.values()
        if isinstance(value, Mapping)
        else value
        if isinstance(value, list | tuple)
        else ()
    )
    if not inside:
        return True, [_flow(value)]
    if not (spread and isinstance(value, Mapping)) and not any(
        isinstance(each, Mapping | list | tuple) and each for each in inside
    ):
        line = _flow(value)
        if len(line) + 2 * depth < _WIDTH:
            return True, [line]
    return False, list(
        _members(value, depth) if isinstance(value, Mapping) else _items(value, depth)
    )


def _members(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, each in value.items():
        short, lines = _written(each, depth + 1, spread=False)
        if short:
            yield f"{_text(key)}: {lines[0]}"
        else:
            yield f"{_text(key)}:"
            yield from (f"  {line}" for line in lines)


def _items(value: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    for each in value:
        _, (first, *rest) = _written(each, depth + 1, spread=True)
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        shown = format(Decimal(repr(value)), "f")
        return shown if isinstance(parse_scalar(shown), int | float) else _quoted(str(value))
    return _text(str(value))


def _text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and parse_scalar(text) is text else _quoted(text)


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
