"""List exchanges for a seller: newest `modified` first, then dispute id; windows include both ends.

A query by window and at most one status is two bisections over a sorted index; any other filter
walks the window.  Sort order and inclusive ends are assumed; the filters are the API page's.
"""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import islice
from math import inf

from msgspec import Struct

from ..domain.exchange import Exchange
from ..domain.vocabulary import Status
from .state import State

__all__ = ["ExchangeFilter", "Window", "list_exchanges"]

Window = tuple[datetime | None, datetime | None]


class ExchangeFilter(Struct, frozen=True, kw_only=True):
    """Filters of a list; inner instants; empty means any."""

    shop: str
    statuses: tuple[Status, ...] = ()
    modified: Window = (None, None)
    created: Window = (None, None)
    ids: frozenset[int] = frozenset()
    oid: int | None = None
    waybill: str = ""
    buyer_nick: str = ""
    buyer_open_uid: str = ""

    @property
    def plain(self) -> bool:
        """Whether the index alone answers."""
        filtered = self.ids or self.waybill or self.buyer_nick or self.buyer_open_uid
        return (
            not filtered
            and self.oid is None
            and self.created == (None, None)
            and len(self.statuses) < 2
        )


def list_exchanges(
    state: State, filters: ExchangeFilter, page_no: int, size: int
) -> tuple[int, list[Exchange]]:
    """Return how many exchanges match `filters`, and page `page_no` (from 1) of `size` exchanges.

    Newest `modified` first, then by dispute id.
    """
    skip = (page_no - 1) * size
    if filters.plain:
        rows = state.rows(filters.shop, filters.statuses[0] if filters.statuses else None)
        low, high = _bounds(filters)
        first = rows.bisect_left(low)
        # A window that ends before it starts holds nothing.
        last = max(first, rows.bisect_right(high))
        page = rows[min(first + skip, last) : min(first + skip + size, last)]
        return last - first, [state.as_read(state.exchanges[number]) for _, number in page]
    matching = [exchange for exchange in _walk(state, filters) if _matches(exchange, filters)]
    page = islice(matching, skip, skip + size)
    return len(matching), [state.as_read(exchange) for exchange in page]


def _bounds(filters: ExchangeFilter) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the first and last index row of the `modified` window; rows sort by minus
    `modified`."""
    start, end = filters.modified
    newest = -inf if end is None else -end.timestamp()
    oldest = inf if start is None else -start.timestamp()
    return (newest, -inf), (oldest, inf)


def _walk(state: State, filters: ExchangeFilter) -> Iterator[Exchange]:
    low, high = _bounds(filters)
    lists = [
        state.rows(filters.shop, status).irange(low, high)
        for status in dict.fromkeys(filters.statuses or (None,))
    ]
    return (state.exchanges[number] for _, number in merge(*lists))


def _matches(exchange: Exchange, filters: ExchangeFilter) -> bool:
    start, end = filters.created
    return (
        (start is None or exchange.created >= start)
        and (end is None or exchange.created <= end)
        and (not filters.ids or exchange.dispute_id in filters.ids)
        and filters.oid in (None, exchange.oid)
        and filters.waybill in ("", exchange.buyer_logistic_no, exchange.seller_logistic_no)
        and filters.buyer_nick in ("", exchange.buyer_nick)
        and filters.buyer_open_uid in ("", exchange.buyer_open_uid)
    )
