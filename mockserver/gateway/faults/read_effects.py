"""Planned faults of reads: an older state, or a list as it looks while others change it.

Each effect answers the query with another view of the sandbox; none changes an exchange.
`moving_rows` notes in the fault plan which `modified` reads are to show from now on (see
world/faults/fault_plan.py).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast

from msgspec.structs import replace

from ...domain.exchange import Exchange
from ...world.faults.fault_matching import FaultMatch
from ...world.unit_of_work import UnitOfWork
from ..queries import exchange_filter
from ..query_context import QueryContext

__all__ = ["READ_EFFECTS", "apply_read_effect"]

ReadEffect = Callable[[UnitOfWork, QueryContext, FaultMatch], QueryContext]


def apply_read_effect(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    """Return the query over what the fault lets it see."""
    return READ_EFFECTS[match.fault.kind](work, query, match)


def _with_exchanges(
    query: QueryContext, change: Callable[[Exchange], Exchange | None]
) -> QueryContext:
    return replace(query, world=query.world.with_exchanges(change))


def _stale_read(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    ago = cast("timedelta", match.fault["ago"])
    if ago:
        return replace(query, world=query.world.before(since=query.now - ago))
    return replace(query, world=query.world.before(writes=int(match.fault.number("writes"))))


def _same_second(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    grain = cast("timedelta", match.fault["within"]).total_seconds()
    clock = query.world.clock

    def floor_modified(exchange: Exchange) -> Exchange:
        rest = timedelta(seconds=clock.show(exchange.modified).timestamp() % grain)
        return replace(exchange, modified=exchange.modified - rest)

    return _with_exchanges(query, floor_modified)


def _clock_skew(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    skew = timedelta(seconds=match.fault.number("seconds"))
    return _with_exchanges(
        query, lambda exchange: replace(exchange, modified=exchange.modified + skew)
    )


def _late_rows(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    newest_visible = query.now - cast("timedelta", match.fault["by"])
    return _with_exchanges(
        query, lambda exchange: exchange if exchange.modified <= newest_visible else None
    )


def _exclusive_end(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    filters = exchange_filter(query)
    ends = filters.modified[1], filters.created[1]

    def drop_at_end(exchange: Exchange) -> Exchange | None:
        return None if exchange.modified == ends[0] or exchange.created == ends[1] else exchange

    return _with_exchanges(query, drop_at_end)


def _moving_rows(work: UnitOfWork, query: QueryContext, match: FaultMatch) -> QueryContext:
    """Show a row as modified when a later page is read: that page's first row, or the list's.

    It is shown newer than every other row, by a second if need be, so that it changes its place
    under a clock that stands still too.
    """
    page_no = cast("int", query.arguments["page_no"])
    page_size = cast("int", query.arguments["page_size"])
    place = 1 if match.fault["row"] == "seen" else (page_no - 1) * page_size + 1
    _, rows = query.world.list_exchanges(exchange_filter(query), place, 1)
    if rows:
        newest = query.world.newest_modified() + timedelta(seconds=1)
        work.show_moved(rows[0].dispute_id, max(query.now, newest))
    return query


READ_EFFECTS: Mapping[str, ReadEffect] = {
    "stale_read": _stale_read,
    "same_second": _same_second,
    "moving_rows": _moving_rows,
    "exclusive_end": _exclusive_end,
    "late_rows": _late_rows,
    "clock_skew": _clock_skew,
}
