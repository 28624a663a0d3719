"""Finds exchanges for a seller: newest `modified` first, then dispute id; windows include both ends.

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

__all__ = ["ExchangeFilter", "list_exchanges"]

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
    state: State, wanted: ExchangeFilter, page_no: int, size: int
) -> tuple[int, list[Exchange]]:
    """How many match in all, and the page asked for."""
    skip = (page_no - 1) * size
    if wanted.plain:
        rows = state.rows(wanted.shop, wanted.statuses[0] if wanted.statuses else None)
        low, high = _bounds(wanted)
        first = rows.bisect_left(low)
        last = max(
            first, rows.bisect_right(high)
        )  # a window that ends before it starts holds nothing
        page = rows[min(first + skip, last) : min(first + skip + size, last)]
        return last - first, [state.as_read(state.exchanges[number]) for _, number in page]
    found = [exchange for exchange in _walk(state, wanted) if _matches(exchange, wanted)]
    page = islice(found, skip, skip + size)
    return len(found), [state.as_read(exchange) for exchange in page]


def _bounds(wanted: ExchangeFilter) -> tuple[tuple[float, float], tuple[float, float]]:
    start, end = wanted.modified
    return (-inf if end is None else -end.timestamp(), -inf), (
        inf if start is None else -start.timestamp(),
        inf,
    )


def _walk(state: State, wanted: ExchangeFilter) -> Iterator[Exchange]:
    low, high = _bounds(wanted)
    lists = [
        state.rows(wanted.shop, status).irange(low, high)
        for status in dict.fromkeys(wanted.statuses or (None,))
    ]
    return (state.exchanges[number] for _, number in merge(*lists))


def _matches(exchange: Exchange, wanted: ExchangeFilter) -> bool:
    start, end = wanted.created
    return (
        (start is None or exchange.created >= start)
        and (end is None or exchange.created <= end)
        and (not wanted.ids or exchange.dispute_id in wanted.ids)
        and wanted.oid in (None, exchange.oid)
        and wanted.waybill in ("", exchange.buyer_logistic_no, exchange.seller_logistic_no)
        and wanted.buyer_nick in ("", exchange.buyer_nick)
        and wanted.buyer_open_uid in ("", exchange.buyer_open_uid)
    )
