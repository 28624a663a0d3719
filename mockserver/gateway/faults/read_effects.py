"""Reads that see other than what is: an older state, or a list with one of the traps of incremental synchronisation.

Each gives the query a view of its own; the sandbox stays as it is, but for a moving row, which really is modified: the
next window finds it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast

from msgspec.structs import replace

from ...domain.exchange import Exchange
from ...world.faults.fault_matching import FaultMatch
from ...world.listing import list_exchanges
from ..queries import QueryContext, wanted_of

__all__ = ["READ_EFFECTS", "apply_read_effect"]


def apply_read_effect(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    """The query over what the fault lets it see; for who holds the settled world."""
    return READ_EFFECTS[hit.fault.kind](ask, hit)


def _stale(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    ago = cast("timedelta", hit.fault["ago"])
    if ago:
        return replace(ask, world=ask.world.before(since=ask.now - ago))
    return replace(ask, world=ask.world.before(writes=int(hit.fault.number("writes"))))


def _changed(ask: QueryContext, change: Callable[[Exchange], Exchange | None]) -> QueryContext:
    """The query over a view whose exchanges are `change`d; None where one is not there."""
    return replace(ask, world=ask.world.with_exchanges(change))


def _same_second(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    grain, clock = cast("timedelta", hit.fault["within"]), ask.world.clock

    def floored(exchange: Exchange) -> Exchange:
        past = timedelta(seconds=clock.shown(exchange.modified).timestamp() % grain.total_seconds())
        return replace(exchange, modified=exchange.modified - past)

    return _changed(ask, floored)


def _clock_skew(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    off = timedelta(seconds=hit.fault.number("seconds"))
    return _changed(ask, lambda exchange: replace(exchange, modified=exchange.modified + off))


def _late_rows(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    visible = ask.now - cast("timedelta", hit.fault["by"])
    return _changed(ask, lambda exchange: exchange if exchange.modified <= visible else None)


def _exclusive_end(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    wanted = wanted_of(ask)
    modified, created = wanted.modified[1], wanted.created[1]
    return _changed(
        ask,
        lambda exchange: (
            None if modified == exchange.modified or created == exchange.created else exchange
        ),
    )


def _moving_rows(ask: QueryContext, hit: FaultMatch) -> QueryContext:
    """A row is modified as a later page is asked for: the first of that page, or the very first of the list.

    It is newer than every other, by a second if need be, so that it really moves under a clock that stands still.
    """
    page_no, size = cast("int", ask.arguments["page_no"]), cast("int", ask.arguments["page_size"])
    state, wanted = ask.world._state, wanted_of(ask)
    place = 0 if hit.fault["row"] == "seen" else (page_no - 1) * size
    _, rows = list_exchanges(state, wanted, place + 1, 1)
    if rows:
        newest = max(exchange.modified for exchange in state.exchanges.values())
        state.put(replace(rows[0], modified=max(ask.now, newest + timedelta(seconds=1))))
    return ask


READ_EFFECTS: Mapping[str, Callable[[QueryContext, FaultMatch], QueryContext]] = {
    "stale_read": _stale,
    "same_second": _same_second,
    "moving_rows": _moving_rows,
    "exclusive_end": _exclusive_end,
    "late_rows": _late_rows,
    "clock_skew": _clock_skew,
}
