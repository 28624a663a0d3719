"""Routes of the exchanges: list, open, read, move, read the messages."""

from typing import Any

from msgspec import Struct

from ..domain.errors import ConditionFailed, DomainError, IllegalMove, WrongRuleset
from ..domain.exchange import Exchange
from ..domain.near_miss import describe_near_miss, find_near_miss, serialize_near_miss
from ..domain.play import possible
from ..protocol.shapes import format_time
from ..service.problem import Problem, group_by_actor
from ..service.reply_documents import ExchangeDocument, MessageDocument
from ..service.route_replies import Listing
from ..service.serializers import serialize_exchange, serialize_message
from ..world.document import BadDocument
from ..world.move_parser import ParsedMove, parse_move
from ..world.opening_document import OpenDocument, read_status, status_texts
from ..world.world import World
from .body_schemas import describe_move, describe_opening
from .route import MAX_ITEMS, ControlRequest, Route, parse_count, parse_dispute_id

__all__ = ["ROUTES"]


class MoveBody(Struct, frozen=True):
    """A move: `by` is an actor, `move` its name; the other members are the move's fields.

    For the OpenAPI document; the body itself is read by `parse_move` (`world/move_parser.py`).
    """

    by: str
    move: str
    sub: bool = False


def _list(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    limit = parse_count(request.query, "limit", 100, MAX_ITEMS)
    with world.unit_of_work():
        exchanges = list(world.view.exchanges())
        if "status" in request.query:
            status = read_status(request.query["status"], status_texts(world.view.rules))
            exchanges = [exchange for exchange in exchanges if exchange.status is status]
        exchanges.sort(key=lambda item: (-item.modified.timestamp(), item.dispute_id))
        return 200, {
            "total": len(exchanges),
            "items": [
                serialize_exchange(world, exchange, request.base_url)
                for exchange in exchanges[:limit]
            ],
        }


def _open(request: ControlRequest) -> tuple[int, Any]:
    raw = request.body if request.body is not None else {}
    if not isinstance(raw, dict):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    count = raw.get("count", 1)
    if type(count) is not int:
        raise BadDocument("count", "应为整数", "a whole number is wanted")
    world = request.world
    with world.unit_of_work():
        opened = world.open(raw, count)
        if "count" not in raw:
            return 201, serialize_exchange(world, opened[0], request.base_url)
        items = [serialize_exchange(world, exchange, request.base_url) for exchange in opened]
        return 201, {"total": len(items), "items": items}


def _get(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        exchange = world.exchange(parse_dispute_id(request.path["dispute_id"], "dispute_id"))
        return 200, serialize_exchange(world, exchange, request.base_url)


def _move(request: ControlRequest) -> tuple[int, Any]:
    raw = dict(request.body) if isinstance(request.body, dict) else {}
    by = raw.pop("by", "")
    name = raw.pop("move", "")
    sub = raw.pop("sub", False)
    for field, value, kind in (("by", by, str), ("move", name, str), ("sub", sub, bool)):
        if type(value) is not kind or value == "":
            raise BadDocument(field, "缺少或类型不对", "missing or of a wrong type")
    world = request.world
    dispute_id = parse_dispute_id(request.path["dispute_id"], "dispute_id")
    parsed = parse_move(by, name, raw, world.view.rules, sub=sub, table=world.view.table)
    with world.unit_of_work():
        try:
            outcome, _ = world.move(dispute_id, parsed.move, parsed.role, pictures=parsed.pictures)
        except (WrongRuleset, IllegalMove, ConditionFailed) as refused:
            raise _describe_refusal(refused, parsed, world.exchange(dispute_id), world) from None
        document = serialize_exchange(world, outcome.exchange, request.base_url)
        if outcome.warnings:
            document["warnings"] = list(outcome.warnings)
        return 200, document


def _describe_refusal(
    refused: DomainError, parsed: ParsedMove, exchange: Exchange, world: World
) -> Problem:
    """Return the refusal with the present status, what is possible, and how near the move was."""
    aged = world.view.clock.aged
    rules, table = world.view.rules, world.view.table
    near_miss = find_near_miss(exchange, type(parsed.move), parsed.role.actor, rules, table=table)
    zh, en = describe_near_miss(near_miss, lambda at: format_time(at - aged))
    return Problem(
        409,
        refused.zh,
        refused.en,
        failure=refused.failure,
        status_now=exchange.status.value,
        status_text=rules.text(f"text.{exchange.status.value}"),
        possible=group_by_actor(possible(exchange, rules, table)),
        **serialize_near_miss(near_miss, lambda at: format_time(at - aged)),
        advice={"zh": zh, "en": en},
        **({"condition": refused.name} if isinstance(refused, ConditionFailed) else {}),
    )


def _messages(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        exchange = world.exchange(parse_dispute_id(request.path["dispute_id"], "dispute_id"))
        messages = world.view.messages(exchange.dispute_id)
        return 200, {
            "total": len(messages),
            "items": [serialize_message(world, message, request.base_url) for message in messages],
        }


_S = "/_sandbox/sandboxes/{id}"
_E = f"{_S}/exchanges"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        _E,
        _list,
        "列出换货单",
        "list exchanges",
        query=("status", "limit"),
        reply=Listing[ExchangeDocument],
    ),
    Route(
        "POST",
        _E,
        _open,
        "按 tmall.exchange.get 的字段开换货单",
        "open exchanges by wire names",
        body=OpenDocument,
        describe_body=describe_opening,
        raw=True,
        status=201,
        reply=(ExchangeDocument, Listing[ExchangeDocument]),
    ),
    Route(
        "GET", f"{_E}/{{dispute_id}}", _get, "一张换货单", "one exchange", reply=ExchangeDocument
    ),
    Route(
        "POST",
        f"{_E}/{{dispute_id}}/moves",
        _move,
        "任一方操作",
        "a move by any actor",
        body=MoveBody,
        describe_body=describe_move,
        raw=True,
        reply=ExchangeDocument,
    ),
    Route(
        "GET",
        f"{_E}/{{dispute_id}}/messages",
        _messages,
        "留言",
        "its messages",
        reply=Listing[MessageDocument],
    ),
)
