"""What a query or write of the gateway works on, and how it reads `fields` and pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

from msgspec import Struct

from ..api.declaration import Method, split_field_names
from ..api.records import RecordView
from ..protocol.binding import Arguments
from ..protocol.shapes import Tree
from ..world.identity import Session
from ..world.view import WorldView

__all__ = ["QueryContext", "cut_page", "requested_fields", "select_members"]

_Row = TypeVar("_Row")


class QueryContext(Struct, frozen=True):
    """A bound query, read-only: of which sandbox, whose, with which arguments; `now` is inner.

    `view` says how records are written.
    """

    method: Method
    world: WorldView
    now: datetime
    shop: str
    session: Session | None
    arguments: Arguments
    view: RecordView


def requested_fields(method: Method, arguments: Arguments) -> tuple[str, ...]:
    """Return the names in `fields`; all names of the record if the parameter is absent."""
    names = split_field_names(arguments.get("fields", ()))
    return names or tuple(field.name for field in method.record)


def select_members(members: Tree, names: Sequence[str]) -> Tree:
    """Return the requested members that have a value, alphabetically."""
    return {
        name: members[name]
        for name in sorted(set(names) & members.keys())
        if members[name] not in (None, "")
    }


def cut_page(query: QueryContext, rows: Sequence[_Row]) -> tuple[Sequence[_Row], bool]:
    """Return the rows of the page that the arguments name, and whether there are more behind it."""
    page_no = cast("int", query.arguments["page_no"])
    page_size = cast("int", query.arguments["page_size"])
    return rows[(page_no - 1) * page_size : page_no * page_size], page_no * page_size < len(rows)
