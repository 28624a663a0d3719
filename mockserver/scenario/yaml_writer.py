"""Writes values as the YAML that `yaml_text` reads back as the same values.

Texts stand plain where nothing could take them for something else, in double quotes otherwise.  A
list or mapping without others in it stands on one line if there is room, unless it is a mapping in
a list.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from .yaml_text import MAX_DEPTH, FileMistake, InvalidFile, parse_scalar

__all__ = ["write_yaml"]

_MAX_LINE_LENGTH = 110
_INSIDE = re.escape(
    "-+./$，。、；！？（）《》「」·"
)  # of a plain text, besides letters, digits and underscores
_PLAIN = re.compile(rf"[\w$](?:[\w{_INSIDE}]|[ :](?=[\w$]))*")
_ESCAPED = re.compile(
    r'["\\]|[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]'
)
_SHORT: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write_yaml(value: Mapping[str, Any]) -> str:
    """Return the text of one document, ending with a line break.

    A number without a plain spelling becomes text; what is no character (half a surrogate pair)
    U+FFFD.

    Raises:
        Unreadable: nested deeper than a text may be.
    """
    return "\n".join(_write(value, 0, spread=True)[1]) + "\n"


def _write(value: Any, depth: int, *, spread: bool) -> tuple[bool, list[str]]:
    """Return `(fits, lines)`: `fits` is True if the value can stand on the line of its key.

    `spread` keeps a mapping off that line.
    """
    if depth > MAX_DEPTH:
        raise InvalidFile([FileMistake(1, 1, f"超过 {MAX_DEPTH} 层", f"above {MAX_DEPTH} levels")])
    if isinstance(value, Mapping):
        members = list(value.values())
    else:
        members = list(value) if isinstance(value, list | tuple) else []
    if not members:
        return True, [_write_flow(value)]
    if not (spread and isinstance(value, Mapping)) and not any(
        isinstance(member, Mapping | list | tuple) and member for member in members
    ):
        line = _write_flow(value)
        if len(line) + 2 * depth < _MAX_LINE_LENGTH:
            return True, [line]
    return False, list(
        _write_members(value, depth) if isinstance(value, Mapping) else _write_items(value, depth)
    )


def _write_members(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, member in value.items():
        fits, lines = _write(member, depth + 1, spread=False)
        if fits:
            yield f"{_write_text(key)}: {lines[0]}"
        else:
            yield f"{_write_text(key)}:"
            yield from (f"  {line}" for line in lines)


def _write_items(value: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    for item in value:
        _, (first, *rest) = _write(item, depth + 1, spread=True)
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _write_flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(
                f"{_write_text(key)}: {_write_flow(member)}" for key, member in value.items()
            )
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_write_flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        digits = format(Decimal(repr(value)), "f")
        return digits if isinstance(parse_scalar(digits), int | float) else _quote(str(value))
    return _write_text(str(value))


def _write_text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and parse_scalar(text) is text else _quote(text)


def _quote(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return _SHORT.get(match[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
