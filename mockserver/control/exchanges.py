"""Routes of the exchanges: list, open, read, move, read the messages."""

from typing import Any

from msgspec import Struct

from ..domain.errors import ConditionFailed, DomainError, IllegalMove, WrongFlow
from ..domain.exchange import Exchange
from ..domain.near_miss import describe_near_miss, find_near_miss, serialize_near_miss
from ..domain.play import possible
from ..protocol.shapes import show_time
from ..service.problem import Problem, by_actor
from ..service.serializers import serialize_exchange, serialize_message
from ..world.document import BadDocument
from ..world.move_parser import ParsedMove, parse_move
from ..world.opening import OpenDocument, read_status, status_texts
from ..world.world import World
from .route import MAX_ITEMS, ControlRequest, Route, parse_count, parse_dispute_id

__all__ = ["ROUTES"]


class MoveBody(Struct, frozen=True):
    """`by` an actor, `move` its name; the other members are the move's fields."""

    by: str
    move: str
    sub: bool = False


def _list(request: ControlRequest) -> tuple[int, Any]:
    world, limit = request.world, parse_count(request.query, "limit", 100, MAX_ITEMS)
    with world.unit_of_work():
        rows = sorted(world.view.exchanges(), key=lambda e: (-e.modified.timestamp(), e.dispute_id))
        if "status" in request.query:
            wanted = read_status(request.query["status"], status_texts(world.view.rules))
            rows = [row for row in rows if row.status is wanted]
        return 200, {
            "total": len(rows),
            "items": [serialize_exchange(world, row, request.base_url) for row in rows[:limit]],
        }


def _open(request: ControlRequest) -> tuple[int, Any]:
    raw = request.body if request.body is not None else {}
    if not isinstance(raw, dict):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    count = raw.get("count", 1)
    if type(count) is not int:
        raise BadDocument("count", "应为整数", "a whole number is wanted")
    world = request.world
    with world.lock:
        opened = world.open(raw, count)
        if "count" not in raw:
            return 201, serialize_exchange(world, opened[0], request.base_url)
        items = [serialize_exchange(world, exchange, request.base_url) for exchange in opened]
        return 201, {"total": len(items), "items": items}


def _one(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.lock:
        exchange = world.exchange(parse_dispute_id(request.path["dispute_id"], "dispute_id"))
        return 200, serialize_exchange(world, exchange, request.base_url)


def _move(request: ControlRequest) -> tuple[int, Any]:
    raw = dict(request.body) if isinstance(request.body, dict) else {}
    by, name, sub = raw.pop("by", ""), raw.pop("move", ""), raw.pop("sub", False)
    for field, value, kind in (("by", by, str), ("move", name, str), ("sub", sub, bool)):
        if type(value) is not kind or value == "":
            raise BadDocument(field, "缺少或类型不对", "missing or of a wrong type")
    world, dispute_id = request.world, parse_dispute_id(request.path["dispute_id"], "dispute_id")
    played = parse_move(by, name, raw, world.view.rules, sub=sub)
    with world.lock:
        try:
            outcome, _ = world.move(dispute_id, played.move, played.role, pictures=played.pictures)
        except (WrongFlow, IllegalMove, ConditionFailed) as refused:
            raise _at_state(refused, played, world.exchange(dispute_id), world) from None
        shown = serialize_exchange(world, outcome.exchange, request.base_url)
        return 200, {**shown, "warnings": list(outcome.warnings)} if outcome.warnings else shown


def _at_state(
    refused: DomainError, played: ParsedMove, exchange: Exchange, world: World
) -> Problem:
    """The refusal with the exchange's present status, what is possible, and how near the move was."""
    aged = world.view.clock.aged
    found = find_near_miss(exchange, type(played.move), played.role.actor, world.view.rules)
    zh, en = describe_near_miss(found, lambda at: show_time(at - aged))
    return Problem(
        409,
        refused.zh,
        refused.en,
        failure=refused.failure,
        status_now=exchange.status.value,
        status_text=world.view.rules.text(f"text.{exchange.status.value}"),
        possible=by_actor(possible(exchange)),
        **serialize_near_miss(found, lambda at: show_time(at - aged)),
        advice={"zh": zh, "en": en},
        **({"condition": refused.name} if isinstance(refused, ConditionFailed) else {}),
    )


def _messages(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.lock:
        exchange = world.exchange(parse_dispute_id(request.path["dispute_id"], "dispute_id"))
        thread = world.view.messages(exchange.dispute_id)
        return 200, {
            "total": len(thread),
            "items": [serialize_message(world, m, request.base_url) for m in thread],
        }


_S = "/_sandbox/sandboxes/{id}"
_E = f"{_S}/exchanges"
ROUTES: tuple[Route, ...] = (
    Route("GET", _E, _list, "列出换货单", "list exchanges", query=("status", "limit")),
    Route(
        "POST",
        _E,
        _open,
        "按 tmall.exchange.get 的字段开换货单",
        "open exchanges by wire names",
        body=OpenDocument,
        raw=True,
        status=201,
    ),
    Route("GET", f"{_E}/{{dispute_id}}", _one, "一张换货单", "one exchange"),
    Route(
        "POST",
        f"{_E}/{{dispute_id}}/moves",
        _move,
        "任一方操作",
        "a move by any actor",
        body=MoveBody,
        raw=True,
    ),
    Route("GET", f"{_E}/{{dispute_id}}/messages", _messages, "留言", "its messages"),
)
