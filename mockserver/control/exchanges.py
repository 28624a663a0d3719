"""Routes that move a world: clock, exchanges, moves, stock, events."""

from datetime import timedelta
from typing import Any

from msgspec import Struct

from ..domain.durations import parse_duration
from ..domain.errors import ConditionFailed, DomainError, IllegalMove, WrongFlow
from ..domain.exchange import Exchange
from ..domain.near_miss import describe_near_miss, find_near_miss, serialize_near_miss
from ..domain.play import deadline, possible
from ..protocol.shapes import read_time, show_time
from ..service.problem import Problem, by_actor
from ..service.serializers import (
    serialize_accounts,
    serialize_clock,
    serialize_event,
    serialize_exchange,
    serialize_message,
)
from ..world.document import BadDocument, ClockDocument
from ..world.move_parser import ParsedMove, parse_move
from ..world.opening import OpenDocument, read_status, status_texts
from ..world.world import World
from .route import ControlRequest, Route, bounded

__all__ = ["ROUTES"]

SHOWN_AT_MOST = 20_000


class SpanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Either `by`, a duration, or `to`: `next`, an instant, or `deadline:<dispute_id>`."""

    by: str | None = None
    to: str | None = None


class MoveBody(Struct, frozen=True):
    """`by` an actor, `move` its name; the other members are the move's fields."""

    by: str
    move: str
    sub: bool = False


class StockBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Units on the shelf."""

    available: int


def _clock(ask: ControlRequest) -> tuple[int, Any]:
    return 200, serialize_clock(
        ask.world, bounded(ask.query, "limit", SHOWN_AT_MOST, SHOWN_AT_MOST)
    )


def _set_clock(ask: ControlRequest) -> tuple[int, Any]:
    world, body = ask.world, ask.body
    if body.mode not in ("frozen", "running"):
        raise BadDocument("mode", "应为 frozen 或 running", "frozen or running")
    now = None if body.now is None else read_time(body.now)
    if body.now is not None and now is None:
        raise BadDocument("now", "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss")
    fired = world.set_clock(running=body.mode == "running", now=now)
    return 200, {**serialize_clock(world, SHOWN_AT_MOST), "fired": _facts(world, fired)}


def _facts(world: World, events: Any) -> list[Any]:
    return [serialize_event(event, world.state.clock.aged) for event in events]


def _span(world: World, body: SpanBody) -> timedelta:
    """How far to go.

    Raises:
        BadDocument: neither or both given, no such spelling, or the instant has passed.
        Problem: 409 where no deadline is coming.
    """
    if (body.by is None) == (body.to is None):
        raise BadDocument("by", "by 与 to 必须且只能给一个", "exactly one of by and to")
    if body.by is not None:
        try:
            return parse_duration(body.by)
        except (ValueError, OverflowError):
            raise BadDocument(
                "by", "应为时长，例如 3d12h、6d23h59m59s", "a duration such as 3d12h"
            ) from None
    assert body.to is not None
    with world.settled() as now:
        if body.to == "next":
            at = world.state.next_event()
        elif body.to.startswith("deadline:"):
            at = deadline(world.exchange(_number(body.to[9:], "to")), world.state.rules)
        else:
            instant = read_time(body.to)
            if instant is None:
                raise BadDocument(
                    "to",
                    "应为 next、时刻 yyyy-MM-dd HH:mm:ss 或 deadline:换货单号",
                    "next, an instant, or deadline:<dispute_id>",
                )
            at = world.state.clock.recorded(instant)
            if at < now:
                raise BadDocument("to", "早于独立环境的当前时间", "earlier than the sandbox's now")
        if at is None:
            raise Problem(409, "没有将到期的时限", "no deadline is coming", field="to")
        return at - now


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        raise BadDocument(field, "换货单号应为数字", "a dispute id is a number")
    return int(text)


def _advance(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.lock:
        fired = world.advance(_span(world, ask.body))
        return 200, {**serialize_clock(world, SHOWN_AT_MOST), "fired": _facts(world, fired)}


def _age(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.lock:
        fired = world.age(_span(world, ask.body))
        return 200, {**serialize_clock(world, SHOWN_AT_MOST), "fired": _facts(world, fired)}


def _list(ask: ControlRequest) -> tuple[int, Any]:
    world, limit = ask.world, bounded(ask.query, "limit", 100, SHOWN_AT_MOST)
    with world.settled():
        rows = sorted(
            world.state.exchanges.values(), key=lambda e: (-e.modified.timestamp(), e.dispute_id)
        )
        if "status" in ask.query:
            wanted = read_status(ask.query["status"], status_texts(world.state))
            rows = [row for row in rows if row.status is wanted]
        return 200, {
            "total": len(rows),
            "items": [serialize_exchange(world, row, ask.base_url) for row in rows[:limit]],
        }


def _open(ask: ControlRequest) -> tuple[int, Any]:
    raw = ask.body if ask.body is not None else {}
    if not isinstance(raw, dict):
        raise BadDocument("body", "应为 JSON 对象", "a JSON object is wanted")
    count = raw.get("count", 1)
    if type(count) is not int:
        raise BadDocument("count", "应为整数", "a whole number is wanted")
    world = ask.world
    with world.lock:
        opened = world.open(raw, count)
        if "count" not in raw:
            return 201, serialize_exchange(world, opened[0], ask.base_url)
        items = [serialize_exchange(world, exchange, ask.base_url) for exchange in opened]
        return 201, {"total": len(items), "items": items}


def _one(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.lock:
        exchange = world.exchange(_number(ask.path["dispute_id"], "dispute_id"))
        return 200, serialize_exchange(world, exchange, ask.base_url)


def _move(ask: ControlRequest) -> tuple[int, Any]:
    raw = dict(ask.body) if isinstance(ask.body, dict) else {}
    by, name, sub = raw.pop("by", ""), raw.pop("move", ""), raw.pop("sub", False)
    for field, value, kind in (("by", by, str), ("move", name, str), ("sub", sub, bool)):
        if type(value) is not kind or value == "":
            raise BadDocument(field, "缺少或类型不对", "missing or of a wrong type")
    world, dispute_id = ask.world, _number(ask.path["dispute_id"], "dispute_id")
    played = parse_move(by, name, raw, world.state.rules, sub=sub)
    with world.lock:
        try:
            outcome, _ = world.move(dispute_id, played.move, played.role, pictures=played.pictures)
        except (WrongFlow, IllegalMove, ConditionFailed) as refused:
            raise _at_state(refused, played, world.exchange(dispute_id), world) from None
        serialize_near_miss = serialize_exchange(world, outcome.exchange, ask.base_url)
        return 200, {
            **serialize_near_miss,
            "warnings": list(outcome.warnings),
        } if outcome.warnings else serialize_near_miss


def _at_state(
    refused: DomainError, played: ParsedMove, exchange: Exchange, world: World
) -> Problem:
    """The refusal with the exchange's present status, what is possible, and how near the move was."""
    aged = world.state.clock.aged
    found = find_near_miss(exchange, type(played.move), played.role.actor, world.state.rules)
    zh, en = describe_near_miss(found, lambda at: show_time(at - aged))
    return Problem(
        409,
        refused.zh,
        refused.en,
        failure=refused.failure,
        status_now=exchange.status.value,
        status_text=world.state.rules.text(f"text.{exchange.status.value}"),
        possible=by_actor(possible(exchange)),
        **serialize_near_miss(found, lambda at: show_time(at - aged)),
        advice={"zh": zh, "en": en},
        **({"condition": refused.name} if isinstance(refused, ConditionFailed) else {}),
    )


def _messages(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.lock:
        exchange = world.exchange(_number(ask.path["dispute_id"], "dispute_id"))
        thread = world.state.messages[exchange.dispute_id]
        return 200, {
            "total": len(thread),
            "items": [serialize_message(world, m, ask.base_url) for m in thread],
        }


def _stock(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.settled():
        items = [
            serialize_accounts(world, sku, accounts)
            for sku, accounts in world.state.accounts.items()
        ]
    return 200, {"total": len(items), "items": items}


def _put_stock(ask: ControlRequest) -> tuple[int, Any]:
    world = ask.world
    with world.lock:
        return 200, serialize_accounts(
            world, *world.put_stock(ask.path["name"], ask.body.available)
        )


def _events(ask: ControlRequest) -> tuple[int, Any]:
    """Facts and messages in the order they happened; `since` is the number of the last fact seen."""
    world, since = ask.world, bounded(ask.query, "since", 0, 10**9 - 1)
    wanted = ask.query.get("dispute_id", "")
    with world.settled():
        state = world.state
        chosen = [number for number in state.exchanges if wanted in ("", str(number))]
        events = sorted(
            (f for n in chosen for f in state.events[n] if f.number > since), key=lambda f: f.number
        )
        messages = sorted((m for n in chosen for m in state.messages[n]), key=lambda m: m.number)
        return 200, {
            "total": len(events),
            "items": _facts(world, events),
            "messages": [serialize_message(world, m, ask.base_url) for m in messages],
        }


_S = "/_sandbox/sandboxes/{id}"
_E = f"{_S}/exchanges"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/clock",
        _clock,
        "时钟与将到期的时限",
        "clock and coming deadlines",
        query=("limit",),
    ),
    Route(
        "POST",
        f"{_S}/clock",
        _set_clock,
        "冻结或运行时钟",
        "freeze or run the clock",
        body=ClockDocument,
    ),
    Route(
        "POST",
        f"{_S}/clock/advance",
        _advance,
        "时间前进，到期依次触发",
        "advance time; deadlines fire in order",
        body=SpanBody,
    ),
    Route(
        "POST",
        f"{_S}/clock/age",
        _age,
        "数据变旧，当前时间不变",
        "make everything recorded older; now stays",
        body=SpanBody,
    ),
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
    Route("GET", f"{_S}/stock", _stock, "库存账户", "stock accounts"),
    Route(
        "PUT",
        f"{_S}/stock/{{name}}",
        _put_stock,
        "设定可用库存",
        "set available stock",
        body=StockBody,
    ),
    Route(
        "GET",
        f"{_S}/events",
        _events,
        "发生过的操作与留言",
        "facts and messages",
        query=("since", "dispute_id"),
    ),
)
