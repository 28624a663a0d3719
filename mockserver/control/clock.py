"""Routes of the clock: read it, freeze it, run it, advance or age the sandbox."""

from datetime import timedelta
from typing import Any

from msgspec import Struct

from ..domain.durations import parse_duration
from ..domain.play import deadline
from ..protocol.shapes import parse_time
from ..service import route_replies as replies
from ..service.problem import Problem
from ..service.route_replies import MovedClockDocument
from ..service.serializers import serialize_clock
from ..world.document import BadDocument, ClockDocument, read_instant
from ..world.world import World
from .events import serialize_events
from .route import MAX_ITEMS, ControlRequest, Route, parse_count, parse_dispute_id

__all__ = ["ROUTES"]


class SpanBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Either `by`, a duration, or `to`: `next`, an instant, or `deadline:<dispute_id>`."""

    by: str | None = None
    to: str | None = None


def _clock(request: ControlRequest) -> tuple[int, Any]:
    return 200, serialize_clock(
        request.world, parse_count(request.query, "limit", MAX_ITEMS, MAX_ITEMS)
    )


def _set_clock(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    body = request.body
    if body.mode not in ("frozen", "running"):
        raise BadDocument("mode", "应为 frozen 或 running", "frozen or running")
    now = None if body.now is None else read_instant(body.now, "now")
    fired = world.set_clock(running=body.mode == "running", now=now)
    return 200, {**serialize_clock(world, MAX_ITEMS), "fired": serialize_events(world, fired)}


def _span(world: World, body: SpanBody) -> timedelta:
    """Return how far to go.

    Raises:
        BadDocument: not exactly one of `by` and `to`, no such spelling, or the instant has passed.
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
    with world.unit_of_work() as work:
        if body.to == "next":
            at = world.view.next_event()
        elif body.to.startswith("deadline:"):
            exchange = world.exchange(parse_dispute_id(body.to[9:], "to"))
            at = deadline(exchange, world.view.rules, world.view.table)
        else:
            instant = parse_time(body.to)
            if instant is None:
                raise BadDocument(
                    "to",
                    "应为 next、时刻 yyyy-MM-dd HH:mm:ss 或 deadline:换货单号",
                    "next, an instant, or deadline:<dispute_id>",
                )
            at = world.view.clock.to_inner(instant)
            if at < work.now:
                raise BadDocument(
                    "to", "早于独立环境的当前时间", "earlier than the sandbox's now", conflict=True
                )
        if at is None:
            raise Problem(409, "没有将到期的时限", "no deadline is coming", field="to")
        return at - work.now


def _advance(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        fired = world.advance(_span(world, request.body))
        return 200, {**serialize_clock(world, MAX_ITEMS), "fired": serialize_events(world, fired)}


def _age(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        fired = world.age(_span(world, request.body))
        return 200, {**serialize_clock(world, MAX_ITEMS), "fired": serialize_events(world, fired)}


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/clock",
        _clock,
        "时钟与将到期的时限",
        "clock and coming deadlines",
        query=("limit",),
        reply=replies.ClockDocument,
    ),
    Route(
        "POST",
        f"{_S}/clock",
        _set_clock,
        "冻结或运行时钟",
        "freeze or run the clock",
        body=ClockDocument,
        reply=MovedClockDocument,
    ),
    Route(
        "POST",
        f"{_S}/clock/advance",
        _advance,
        "时间前进，到期依次触发",
        "advance time; deadlines fire in order",
        body=SpanBody,
        reply=MovedClockDocument,
    ),
    Route(
        "POST",
        f"{_S}/clock/age",
        _age,
        "数据变旧，当前时间不变",
        "make everything recorded older; now stays",
        body=SpanBody,
        reply=MovedClockDocument,
    ),
)
