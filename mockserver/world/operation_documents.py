"""Operations in a snapshot document: what was done to the sandbox, so that a restored one can be
recorded.

An operation is its class's fields under `kind`; a move is its name and fields.  Secrets and
sessions of the world document are left out, as everywhere in a snapshot.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from ..api.methods import METHODS
from ..domain.moves import MOVES
from ..domain.rules import DEFAULTS, BadRule
from .document import BadDocument, WorldDocument, read_document
from .operations import Aged, Called, Emptied, Founded, Moved, Opened, Operation, Ruled, Stocked
from .state import State

__all__ = ["read_operation", "read_operations", "serialize_operation"]

_KINDS: Mapping[str, type[Operation]] = {
    "found": Founded,
    "open": Opened,
    "move": Moved,
    "call": Called,
    "stock": Stocked,
    "rules": Ruled,
    "age": Aged,
    "empty": Emptied,
}
_NAMES = {operation: kind for kind, operation in _KINDS.items()}


def serialize_operation(operation: Operation) -> dict[str, Any]:
    """Return the operation as JSON values, without secrets and sessions."""
    if isinstance(operation, Founded):
        operation = replace(operation, document=_without_secrets(operation.document))
    members = msgspec.to_builtins(operation)
    if isinstance(operation, Moved):
        members |= {"move": operation.move.name(), "fields": members["move"]}
    return {"kind": _NAMES[type(operation)], **members}


def _without_secrets(document: WorldDocument) -> WorldDocument:
    apps = document.apps and tuple(replace(app, app_secret="") for app in document.apps)
    shops = document.shops and tuple(
        replace(
            shop,
            session="",
            subs=shop.subs and tuple(replace(sub, session="") for sub in shop.subs),
        )
        for shop in document.shops
    )
    return replace(document, apps=apps, shops=shops)


def read_operations(documents: Sequence[Mapping[str, Any]], state: State) -> list[Operation]:
    """Return the operations of a document whose exchanges and stock `state` has.

    Raises:
        BadDocument: one cannot be, or names what the state does not have; the place is named.
    """
    operations = []
    events = {event.number for timeline in state.events.values() for event in timeline}
    for place, document in enumerate(documents):
        try:
            operation = read_operation(document)
            _check_operation(operation, state, events)
        except BadDocument as wrong:
            raise BadDocument(f"operations[{place}].{wrong.field}", wrong.zh, wrong.en) from None
        operations.append(operation)
    return operations


def read_operation(document: Mapping[str, Any]) -> Operation:
    """Return the operation that `serialize_operation` wrote.

    Raises:
        BadDocument: an unknown kind or move, or a wrong field.
    """
    members = dict(document)
    kind = members.pop("kind", None)
    if kind not in _KINDS:
        raise BadDocument("kind", f"应为 {'、'.join(_KINDS)}", f"one of {', '.join(_KINDS)}")
    if _KINDS[kind] is Moved:
        name = members.pop("move", None)
        if name not in MOVES:
            raise BadDocument("move", "没有这个操作", "no such move")
        move = read_document(members.pop("fields", {}), MOVES[name])
        head = read_document(members, Operation)
        return Moved(head.number, head.at, move)
    return read_document(members, _KINDS[kind])


def _is_write(name: str) -> bool:
    method = METHODS.get(name)
    return method is not None and method.replays


def _check_operation(operation: Operation, state: State, events: set[int]) -> None:
    """Raise BadDocument if the operation names something that the state does not have."""
    if isinstance(operation, Moved) and operation.number not in events:
        raise BadDocument("number", "没有这个编号的操作记录", "no event has this number")
    if isinstance(operation, Opened) and not state.events.keys() >= set(operation.dispute_ids):
        raise BadDocument("dispute_ids", "没有这个换货单", "no such exchange")
    if isinstance(operation, Called) and not _is_write(operation.method):
        raise BadDocument("method", "没有这个写方法", "no such writing method")
    if isinstance(operation, Stocked) and operation.sku_id not in state.accounts:
        raise BadDocument("sku_id", "没有这个 SKU", "no such SKU")
    if isinstance(operation, Ruled):
        try:
            DEFAULTS.with_changes(operation.patch)
        except BadRule as wrong:
            raise BadDocument(f"patch.{wrong.name}", wrong.zh, wrong.en) from None
