"""What the trade methods answer: one trade, and the trades sold by creation or modification."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from ..domain.catalogue import Trade
from ..protocol.binding import make_invalid_error
from ..protocol.errors import TopError
from ..protocol.shapes import Items, Tree
from ..world.view import WorldView
from .query_context import QueryContext, cut_page, requested_fields
from .trade_record import build_trade_record, last_modified

__all__ = ["TRADE_QUERIES", "find_orders"]

_LONGEST_WINDOW = timedelta(days=1)  # of trades by modification
_TRADE_TYPE = "fixed"


def find_orders(world: WorldView, tid: int, shop: str) -> list[Trade]:
    """Return the sub-orders of a trade.

    Raises:
        TopError: 15, if the shop has no such trade.
    """
    orders = [trade for trade in world.trades() if trade.tid == tid]
    if not orders or orders[0].shop != shop:
        raise TopError(
            15,
            sub_code="isv.trade-not-exist",
            sub_msg="交易订单不存在",
            zh=f"交易 {tid} 不存在，或属于另一个店铺",
            en=f"trade {tid} does not exist, or is another shop's",
        )
    return orders


def _trade(query: QueryContext) -> Tree:
    """Return the trade with what the sandbox knows of it: sub-orders, SKUs, buyer.

    Raises:
        TopError: 15, if the session's shop has no such trade.

    Source: docs/spec/neighbours.yaml.
    """
    orders = find_orders(query.world, cast("int", query.arguments["tid"]), query.shop)
    names = requested_fields(query.method, query.arguments)
    return {"trade": build_trade_record(orders, names, query.world, query.view)}


def _list_trades(
    query: QueryContext, instant: Callable[[Sequence[Trade]], datetime], names: tuple[str, str]
) -> Tree:
    """Return the page of the shop's trades whose `instant` (inner) lies in the window `names`."""
    arguments, world = query.arguments, query.world
    since, until = (
        None if value is None else world.clock.to_inner(cast("datetime", value))
        for value in map(arguments.get, names)
    )
    status, nick = arguments.get("status"), arguments.get("buyer_nick")
    open_uid = arguments.get("buyer_open_uid") or arguments.get("buyer_open_id")
    types = str(arguments.get("type", _TRADE_TYPE)).replace(" ", "").split(",")
    by_tid: dict[int, list[Trade]] = {}
    for order in world.trades():
        if order.shop == query.shop:
            by_tid.setdefault(order.tid, []).append(order)
    rows = []
    for orders in by_tid.values():
        buyer = world.buyer(orders[0].buyer)
        at = instant(orders)
        if (
            (since is None or at >= since)
            and (until is None or at <= until)
            and status in (None, orders[0].status)
            and nick in (None, orders[0].buyer)
            and open_uid in (None, buyer and buyer.open_uid)
            and _TRADE_TYPE in types
        ):
            rows.append((at, orders))
    rows.sort(key=lambda row: (row[0], row[1][0].tid), reverse=True)
    page, has_more = cut_page(query, rows)
    fields = _declared_fields(query)
    records = [build_trade_record(orders, fields, world, query.view) for _, orders in page]
    count: Tree = {"total_results": len(rows)}
    if arguments.get("use_has_next"):
        count = {"has_next": has_more}
    return {**count, **({"trades": Items("trade", records)} if records else {})}


def _declared_fields(query: QueryContext) -> list[str]:
    """Return the names in `fields` that the list's records have, `orders` by its members."""
    record = query.method.record
    members = [
        f"orders.{member.name}" for field in record if field.name == "orders" for member in field.of
    ]
    names = set(requested_fields(query.method, query.arguments))
    if "orders" in names:
        names.update(members)
    return sorted(names & {*members, *(field.name for field in record if field.name != "orders")})


def _trades_by_created(query: QueryContext) -> Tree:
    return _list_trades(query, lambda orders: orders[0].created, ("start_created", "end_created"))


def _trades_by_modified(query: QueryContext) -> Tree:
    """Return the trades modified in the window.

    Raises:
        TopError: 41, if the window is longer than a day.
    """
    names = "start_modified", "end_modified"
    start, end = (cast("datetime", query.arguments[name]) for name in names)
    if end - start > _LONGEST_WINDOW:
        raise make_invalid_error(
            "end_modified", "与 start_modified 最多相差一天", "a day after start_modified at most"
        )
    return _list_trades(query, lambda orders: last_modified(orders, query.world), names)


TRADE_QUERIES: Mapping[str, Callable[[QueryContext], Tree]] = {
    "trade": _trade,
    "trades_by_created": _trades_by_created,
    "trades_by_modified": _trades_by_modified,
}
