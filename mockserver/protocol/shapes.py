"""The shapes of TOP: kinds of values, request parameters, reply fields, Beijing time as text.

Pure declarations and their spelling; knows no exchange.  Sources:
docs/spec/top-protocol.md#top-1.3, #top-3.2.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

from msgspec import Struct

__all__ = [
    "BEIJING",
    "TIME",
    "Field",
    "Items",
    "Param",
    "Tree",
    "ValueKind",
    "format_price",
    "format_time",
    "is_epoch_seconds",
    "parse_epoch",
    "parse_time",
]

BEIJING = timezone(timedelta(hours=8), "GMT+8")
# How an instant is written; only 02-29 of a year that has none fits and is no instant.
TIME = (
    r"(?!0000)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
    r" (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
)
_TIME = re.compile(TIME)
Tree = dict[str, Any]  # a reply before its form is chosen: scalars, Tree, Items


class ValueKind(StrEnum):
    """A type as the API pages name it."""

    NUMBER = "Number"
    STRING = "String"
    BOOLEAN = "Boolean"
    DATE = "Date"
    PRICE = "Price"
    BYTES = "byte[]"
    STRINGS = "String[]"
    OBJECT = "Object"


class Param(Struct, frozen=True, kw_only=True):
    """One request parameter.

    `among` lists the only texts allowed; `least` and `most` bound a number; `limit` bounds the
    items of a list and `items` is their kind.  `maximum_rule` names the rule that bounds a number
    by value, a text by UTF-8 bytes, a file by bytes.  `allows_blank` lets an empty text through to
    the business check.  A `personal` value is masked in the journal.
    """

    name: str
    kind: ValueKind
    required: bool = False
    limit: int = 0
    among: tuple[str, ...] = ()
    items: ValueKind = ValueKind.STRING
    least: int = -(2**63)
    most: int = 2**63 - 1
    maximum_rule: str = ""
    default: str = ""
    allows_blank: bool = False
    personal: bool = False
    zh: str = ""


class Field(Struct, frozen=True, kw_only=True):
    """One reply field.

    `item` is the element name of a list, `of` are the members of an object or of a list's elements.
    `requested_as` is the name in `fields` where it differs from the reply's.
    """

    name: str
    kind: ValueKind
    of: tuple["Field", ...] = ()
    item: str = ""
    requested_as: str = ""
    personal: bool = False
    zh: str = ""


class Items(Struct, frozen=True):
    """A list in a reply, with the name of its elements: `results` holds `exchange`s."""

    name: str
    values: Sequence[Any]


def format_time(instant: datetime) -> str:
    """Return `yyyy-MM-dd HH:mm:ss` in GMT+8, whatever the zone of the machine."""
    if instant.tzinfo is not BEIJING:
        instant = instant.astimezone(BEIJING)
    return instant.isoformat(" ", "seconds")[:19]


def format_price(fen: int) -> str:
    """Return a price in yuan with two decimals, from fen."""
    return f"{fen // 100}.{fen % 100:02}"


def parse_time(text: str) -> datetime | None:
    """Parse a `yyyy-MM-dd HH:mm:ss` text in GMT+8; return None if it is none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        return None


def parse_epoch(text: str) -> datetime | None:
    """Parse 13 digits of milliseconds or 10 digits of seconds since 1970; return None for others.

    The official Python SDK sends milliseconds, the vendor's C SDK seconds.

    Source: docs/spec/evidence-2026-11.md#evidence-8.
    """
    if not (text.isascii() and text.isdigit()) or len(text) not in (10, 13):
        return None
    seconds = int(text) / 1000 if len(text) == 13 else int(text)
    return datetime.fromtimestamp(seconds, UTC).astimezone(BEIJING)


def is_epoch_seconds(text: str) -> bool:
    """Return whether `text` is 10 digits, which are read as seconds since 1970."""
    return len(text) == 10 and text.isascii() and text.isdigit()
